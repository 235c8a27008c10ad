/*
 * helper_finish.c: has a helper process finish a report, and waits for it.
 * Runs on the agent thread.
 * A handler may not run it. Nothing here allocates or takes a lock.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../locks/waits.h"
#include "../signal_safe/helper_spawn.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"

#define LIMIT_NS UINT64_C(30000000000) /* for a helper that keeps saying it works */
#define REAP_PATIENCE_NS UINT64_C(1000000000)
#define STANDBY_LOOK_NS UINT64_C(20000000) /* between looks whether it is still there: nobody waits for it */

int gmr_adopts_orphans(void) {
    int is_subreaper = 0;
    (void)prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0);
    return is_subreaper || getpid() == 1;
}

/* Where Yama lets only ancestors trace: who is named here may read this process now, and so may its descendants. */
static void let_read(int32_t pid) {
    if (gmr_safe_state.arena->tasks_want_helper) (void)prctl(PR_SET_PTRACER, pid, 0, 0, 0);
}

static void let_helper_read(int is_standby) {
    let_read(is_standby ? gmr_ss_helper_pid(GMR_HELPER_STANDS_BY) : getpid());
}

/* Returns 0 where the helper said in time how it went, or -ETIMEDOUT, or -EPIPE where it was one that stands by and has
 * ended. */
static int await(int is_standby) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    uint64_t end = gmr_ss_clock_ns(CLOCK_MONOTONIC) + LIMIT_NS;
    gmr_listener_t listener = {0};
    for (;;) {
        /* Before the state: the helper changes the state first. Read the other way round, its last word could come
         * between the two, and this would wait for one more until its silence ends the wait. */
        uint32_t progress = gmr_load_acquire(&arena->helper_progress);
        int was_there = !is_standby || gmr_standby_is_there();
        if (gmr_load_acquire(&arena->helper_state) >= GMR_HELPER_DONE) return 0;
        if (!was_there) return -EPIPE;
        if (gmr_load_acquire(&arena->second_look) == GMR_SECOND_LOOK_ASKED) {
            (void)gmr_waits_look_again(arena);
            let_helper_read(is_standby); /* it may have named another one */
        }
        uint64_t patience_ns = gmr_listen(&listener);
        if (!patience_ns || gmr_ss_clock_ns(CLOCK_MONOTONIC) >= end) return -ETIMEDOUT;
        if (is_standby && patience_ns > STANDBY_LOOK_NS) patience_ns = STANDBY_LOOK_NS;
        (void)gmr_ss_futex_wait(&arena->helper_progress, progress, patience_ns);
    }
}

static void reset(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    arena->helper_pid = 0;
    arena->helper_error = 0;
    arena->helper_attempts = 1;
    gmr_store_release(&arena->helper_state, GMR_HELPER_STARTING);
}

/* Before anybody else goes on with a report, who had it must not write into it any more. */
static void kill_helper(void) {
    int32_t helper = __atomic_load_n(&gmr_safe_state.arena->helper_pid, __ATOMIC_SEQ_CST);
    if (helper > 0) (void)kill(helper, SIGKILL);
}

/* What a helper does behind the report, a core file, must not have the report made a second time. */
static int is_delivered(int error) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    return (!error && arena->helper_state == GMR_HELPER_DONE) || arena->delivery == GMR_DELIVERED;
}

/* 1 where the helper that stands by delivered the report. */
static int finish_in_standby(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    reset();
    int error = gmr_standby_ask();
    if (!error) error = await(1);
    gmr_standby_answered();
    if (error) {
        /* After it was told: a child of it that begins now sees that, or is seen. */
        kill_helper();
        gmr_standby_drop();
    }
    if (is_delivered(error)) return 1;
    arena->standby_error = error ? -error : ECHILD;
    return 0;
}

static int finish_once(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    if (!(gmr_safe_state.allowed & GMR_PROBE_CLONE)) {
        arena->helper_error = EPERM;
        return 0;
    }
    if (state->executable_descriptor < 0) {
        arena->helper_error = -state->executable_descriptor;
        return 0;
    }
    /* The one before may still be about to end: where disks are slow, tidying up takes a moment. */
    uint64_t short_ns = gmr_safe_state.crash_patience_ns / 16;
    (void)gmr_ss_helper_reap(GMR_HELPER_ONCE, gmr_agent_has_crash() ? short_ns : REAP_PATIENCE_NS);
    reset();
    gmr_helper_start_t start = {.executable = state->executable_descriptor, .arena = state->arena_descriptor};
    int error = gmr_ss_helper_spawn(GMR_HELPER_ONCE, &start);
    if (error) {
        arena->helper_error = -error;
        gmr_store_release(&arena->helper_state, GMR_HELPER_FAILED);
        return 0;
    }
    error = await(0);
    if (error) {
        /* Ends the keeper too, which waits for it. */
        kill_helper();
        arena->helper_error = ETIMEDOUT;
    }
    (void)gmr_ss_helper_reap(GMR_HELPER_ONCE, REAP_PATIENCE_NS);
    return is_delivered(error);
}

int gmr_helper_finish(void) {
    gmr_safe_state.arena->adopts_orphans = (uint32_t)gmr_adopts_orphans();
    int is_done = 0;
    if (gmr_standby_is_wanted()) {
        if (gmr_standby_is_there()) let_helper_read(1);
        is_done = finish_in_standby();
    }
    if (!is_done) {
        let_helper_read(0);
        is_done = finish_once();
    }
    let_read(0);
    return is_done;
}
