/*
 * install.c: starts and stops the agent.
 * Runs on the thread that calls it; worker_main and sections_main on threads of theirs.
 * A handler may not run it, except gmr_agent_trigger.
 */
#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "../signal_safe/syscalls_x86_64.h"
#include "../signal_safe/trigger.h"
#include "agent_state.h"

#define AGENT_STACK_BYTES (256u * 1024u)
#define WORKER_STACK_BYTES (2u * 1024u * 1024u)
#define SECTIONS_STACK_BYTES (512u * 1024u)

gmr_agent_state_t gmr_agent_state;

/* Both keep the application's descriptors: a generator may use them, and whatever Swift code they wake may be run by a
 * thread that libdispatch starts right there, which inherits the table. */
static void *worker_main(void *unused) {
    gmr_agent_state_t *state = &gmr_agent_state;
    (void)unused;
    gmr_desk_introduce(&state->worker, "gmr-worker");
    while (gmr_desk_next(&state->worker)) {
        state->config.finish(gmr_safe_state.arena, state->worker_work);
        gmr_desk_finish(&state->worker);
    }
    return NULL;
}

static void *sections_main(void *unused) {
    gmr_agent_state_t *state = &gmr_agent_state;
    (void)unused;
    gmr_desk_introduce(&state->sections, "gmr-sections");
    gmr_signals_let_triggers_in();
    while (gmr_desk_next(&state->sections)) {
        gmr_arena_header_t *arena = gmr_safe_state.arena;
        uint32_t generation = arena->generation;
        state->config.make_sections(arena, generation);
        gmr_arena_set_section_state(arena, generation, GMR_SECTIONS_DONE);
        gmr_desk_finish(&state->sections);
    }
    return NULL;
}

static void end_threads(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    gmr_store_release(&state->stopping, 1);
    __atomic_fetch_add(&gmr_safe_state.posted, 1, __ATOMIC_ACQ_REL);
    gmr_ss_futex_wake(&gmr_safe_state.posted);
    gmr_ss_futex_wake(&state->worker.asked);
    gmr_ss_futex_wake(&state->sections.asked);
    pthread_join(state->agent, NULL);
    if (state->worker.started) pthread_join(state->worker.thread, NULL);
    if (state->sections.started) pthread_join(state->sections.thread, NULL);
    gmr_safe_state.installed = 0;
}

int gmr_agent_install(const gmr_agent_config_t *config, const char **what) {
    gmr_agent_state_t *state = &gmr_agent_state;
    gmr_safe_state_t *safe = &gmr_safe_state;
    *what = "";
    if (safe->installed && safe->pid == getpid()) return -EALREADY;
    *state = (gmr_agent_state_t){.config = *config};
    for (uint32_t i = 0; i < config->signal_count && i < 64; i++) {
        state->signals[state->signal_count++] = config->signals[i];
    }
    safe->pid = getpid();
    safe->installed = 1;
    safe->taken = safe->posted;
    safe->taken_tickets = safe->tickets;
    safe->pending_kinds = 0;
    safe->capture_deadline_ns = config->capture_deadline_ns;
    if (getrandom(&safe->capture_cookie, sizeof safe->capture_cookie, 0) < 0) {
        safe->capture_cookie = (uint32_t)gmr_ss_clock_ns(CLOCK_REALTIME);
    }
    *what = "taking the signals";
    int error = gmr_signals_install();
    if (error) {
        safe->installed = 0;
        return error;
    }
    *what = "starting the agent thread";
    error = gmr_thread_start(&state->agent, AGENT_STACK_BYTES, gmr_agent_main, NULL);
    if (error) {
        gmr_signals_restore();
        safe->installed = 0;
        return error;
    }
    while (!gmr_load_acquire(&state->agent_ready)) (void)gmr_ss_futex_wait(&state->agent_ready, 0, GMR_FOR_EVER);
    error = state->agent_error;
    if (error) {
        *what = state->agent_step;
    } else {
        *what = "starting the worker thread";
        error = gmr_desk_start(&state->worker, WORKER_STACK_BYTES, worker_main, NULL);
        if (!error) error = gmr_desk_start(&state->sections, SECTIONS_STACK_BYTES, sections_main, NULL);
    }
    if (error) {
        end_threads();
        gmr_signals_restore();
    }
    return error;
}

int gmr_agent_stop(void) {
    if (!gmr_safe_state.installed || gmr_safe_state.pid != getpid()) return -ESRCH;
    end_threads();
    /* Now that the agent takes none of them again. */
    gmr_signals_restore();
    return 0;
}

void gmr_agent_want(uint32_t work) { __atomic_store_n(&gmr_agent_state.wanted, work, __ATOMIC_RELAXED); }

void gmr_agent_did(uint32_t work) { __atomic_fetch_or(&gmr_agent_state.worker_did, work, __ATOMIC_RELEASE); }

int gmr_agent_waits_for_worker(void) { return !gmr_load_acquire(&gmr_agent_state.worker_is_late); }

void gmr_agent_trigger(uint32_t kind) { gmr_ss_post_trigger(kind, 0, 0); }
