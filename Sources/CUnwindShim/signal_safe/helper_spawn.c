/*
 * helper_spawn.c: from a capture to a process that can do what this one may not: allocate, lock, load.
 * gmr_ss_… run on the agent thread; keep_…() and execute() in processes that share its memory.
 * A handler may run all of it: raw system calls only, stacks of its own, no thread-local storage.
 *
 * Two steps, because execve() makes SIGCHLD the exit signal of whoever calls it: a service would be told of a child
 * it never had. The keeper never executes anything and has no exit signal; the helper is the keeper's child.
 */
#include "helper_spawn.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "clone_x86_64.h"

#define STACK_BYTES (16u * 1024u)
#define OLD_KERNEL_DESCRIPTORS 1024 /* before Linux 5.9 */
#define ENVIRONMENT_BYTES (16u * 1024u)

/* One for each GMR_HELPER_*, because the keeper of one that stands by may stay on its stack. */
typedef struct {
    gmr_helper_start_t start;
    int32_t keeper; /* not waited for yet; 0: none */
    int32_t helper; /* written by the keeper, which shares this memory; 0: it was not started */
    int32_t error;  /* errno: it was not executed */
    uint8_t keeper_stack[STACK_BYTES] __attribute__((aligned(16)));
    uint8_t helper_stack[STACK_BYTES] __attribute__((aligned(16)));
    char *arguments[2];
} spawn_t;

static spawn_t spawns[2];
static char library_path[ENVIRONMENT_BYTES];
static char *helper_environment[2];
static char once_name[] = GMR_HELPER_NAME, standby_name[] = GMR_STANDBY_NAME;

/* Shared libraries are found as the service found them; nothing else of its environment is of use, and a preloaded
 * allocator would be in the way. */
void gmr_ss_helper_prepare(char *const *environment) GMR_SIGNAL_SAFE {
    spawns[GMR_HELPER_ONCE].arguments[0] = once_name;
    spawns[GMR_HELPER_STANDS_BY].arguments[0] = standby_name;
    helper_environment[0] = NULL;
    for (; environment && *environment; environment++) {
        const char *name = "LD_LIBRARY_PATH=";
        const char *entry = *environment;
        while (*name && *entry == *name) name++, entry++;
        if (*name) continue;
        uint32_t i = 0;
        for (; (*environment)[i] && i < ENVIRONMENT_BYTES - 1; i++) library_path[i] = (*environment)[i];
        library_path[i] = 0;
        helper_environment[0] = library_path;
        return;
    }
}

void gmr_ss_helper_progress(gmr_arena_header_t *arena, uint32_t helper_state) GMR_SIGNAL_SAFE {
    if (helper_state) gmr_store_release(&arena->helper_state, helper_state);
    __atomic_fetch_add(&arena->helper_progress, 1, __ATOMIC_ACQ_REL);
    gmr_ss_futex_wake(&arena->helper_progress);
}

static void tell(uint32_t state, int32_t error) GMR_SIGNAL_SAFE {
    gmr_safe_state.arena->helper_error = error;
    gmr_ss_helper_progress(gmr_safe_state.arena, state);
}

static void execute(spawn_t *spawn) GMR_SIGNAL_SAFE {
    /* The process may be at its own address space limit; the helper needs room. */
    struct rlimit64 limit;
    if (gmr_ss_syscall4(SYS_prlimit64, 0, RLIMIT_AS, 0, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)gmr_ss_syscall4(SYS_prlimit64, 0, RLIMIT_AS, &limit, 0);
    }
    long error = gmr_ss_syscall6(SYS_execveat, spawn->start.executable, (long)"", (long)spawn->arguments,
                                 (long)helper_environment, AT_EMPTY_PATH, 0);
    spawn->error = (int32_t)-error;
    gmr_ss_leave(127);
}
static void execute_once(void) GMR_SIGNAL_SAFE { execute(&spawns[GMR_HELPER_ONCE]); }
static void execute_standby(void) GMR_SIGNAL_SAFE { execute(&spawns[GMR_HELPER_STANDS_BY]); }

/* Returns when the helper has been executed, or not: see `helper` and `error`. */
static void start(spawn_t *spawn, void (*body)(void)) GMR_SIGNAL_SAFE {
    /* The keeper shares the service's memory: it must not outlive it. The helper, which does not, goes on. */
    (void)gmr_ss_syscall3(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
    (void)gmr_ss_syscall3(SYS_dup3, spawn->start.arena, GMR_HELPER_ARENA_DESCRIPTOR, 0);
    long helper = gmr_ss_clone_to(CLONE_VM | CLONE_VFORK | SIGCHLD, spawn->helper_stack + STACK_BYTES, body);
    if (helper < 0) spawn->error = (int32_t)-helper;
    else spawn->helper = (int32_t)helper;
}

static int32_t await_end(int32_t helper) GMR_SIGNAL_SAFE {
    int32_t status = 0;
    while (gmr_ss_syscall4(SYS_wait4, helper, &status, 0, 0) == -EINTR) {
    }
    return status;
}

static void keep_once(void) GMR_SIGNAL_SAFE {
    spawn_t *spawn = &spawns[GMR_HELPER_ONCE];
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    start(spawn, execute_once);
    if (spawn->error) tell(GMR_HELPER_FAILED, spawn->error);
    if (!spawn->helper) gmr_ss_leave(1);
    __atomic_store_n(&arena->helper_pid, spawn->helper, __ATOMIC_RELEASE);
    int32_t status = await_end(spawn->helper);
    /* Not of a later report, which has another helper, or none yet. */
    int is_its = __atomic_load_n(&arena->helper_pid, __ATOMIC_ACQUIRE) == spawn->helper;
    if (is_its && gmr_load_acquire(&arena->helper_state) < GMR_HELPER_DONE) tell(GMR_HELPER_ENDED, status);
    gmr_ss_leave(0);
}

/* Without a keeper the helper goes to init; but whoever adopts orphans would be given it as a child. */
static void keep_standby(void) GMR_SIGNAL_SAFE {
    spawn_t *spawn = &spawns[GMR_HELPER_STANDS_BY];
    (void)gmr_ss_syscall3(SYS_dup3, spawn->start.talk, GMR_STANDBY_TALK_DESCRIPTOR, 0);
    if (gmr_ss_syscall3(SYS_dup3, spawn->start.owner, GMR_STANDBY_OWNER_DESCRIPTOR, 0) < 0) {
        gmr_ss_close(GMR_STANDBY_OWNER_DESCRIPTOR); /* something of the application's */
    }
    /* A child of the helper that outlives it comes here too. */
    if (spawn->start.keeper_stays) (void)gmr_ss_syscall3(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0);
    start(spawn, execute_standby);
    if (spawn->start.keeper_stays && spawn->helper && !spawn->error) {
        /* Its copies of the descriptors would hide the end of who has them. */
        if (gmr_ss_syscall3(SYS_close_range, 0, ~0u, 0) < 0) {
            for (int fd = 0; fd < OLD_KERNEL_DESCRIPTORS; fd++) gmr_ss_close(fd);
        }
        long ended;
        do {
            ended = gmr_ss_syscall4(SYS_wait4, -1, 0, 0, 0);
        } while (ended > 0 || ended == -EINTR);
    }
    gmr_ss_leave(0);
}

int gmr_ss_helper_spawn(uint32_t kind, const gmr_helper_start_t *start) GMR_SIGNAL_SAFE {
    spawn_t *spawn = &spawns[kind];
    /* One that hangs, in execve() from a dead file server for instance, still stands on these stacks. */
    if (spawn->keeper > 0) gmr_ss_helper_reap(kind, 0);
    if (spawn->keeper > 0) return -EBUSY;
    spawn->start = *start;
    spawn->helper = spawn->error = 0;
    void (*keep)(void) = kind == GMR_HELPER_ONCE ? keep_once : keep_standby;
    long keeper = gmr_ss_clone_masked(CLONE_VM, spawn->keeper_stack + STACK_BYTES, keep, 0, 0, 0);
    if (keeper > 0) spawn->keeper = (int32_t)keeper;
    return keeper < 0 ? (int)keeper : 0;
}

int gmr_ss_helper_reap(uint32_t kind, uint64_t patience_ns) GMR_SIGNAL_SAFE {
    spawn_t *spawn = &spawns[kind];
    uint64_t deadline = gmr_ss_clock_ns(CLOCK_MONOTONIC) + patience_ns;
    uint32_t never = 0;
    while (spawn->keeper > 0 && gmr_ss_syscall4(SYS_wait4, spawn->keeper, 0, __WALL | WNOHANG, 0) == 0) {
        if (gmr_ss_clock_ns(CLOCK_MONOTONIC) >= deadline) return 0;
        (void)gmr_ss_futex_wait(&never, 0, 200000);
    }
    spawn->keeper = 0;
    return 1;
}

int32_t gmr_ss_helper_keeper(uint32_t kind) GMR_SIGNAL_SAFE { return spawns[kind].keeper; }

int32_t gmr_ss_helper_pid(uint32_t kind) GMR_SIGNAL_SAFE {
    return __atomic_load_n(&spawns[kind].helper, __ATOMIC_RELAXED);
}

int gmr_ss_standby_result(uint64_t patience_ns) GMR_SIGNAL_SAFE {
    spawn_t *spawn = &spawns[GMR_HELPER_STANDS_BY];
    uint64_t deadline = gmr_ss_clock_ns(CLOCK_MONOTONIC) + patience_ns;
    uint32_t never = 0;
    for (;;) {
        int has_ended = gmr_ss_helper_reap(GMR_HELPER_STANDS_BY, 0);
        int32_t error = __atomic_load_n(&spawn->error, __ATOMIC_RELAXED);
        if (error) return -error;
        /* Written after the vfork() has ended, with the execution of the program. */
        if (__atomic_load_n(&spawn->helper, __ATOMIC_RELAXED)) return 0;
        if (has_ended) return -ECHILD;
        if (gmr_ss_clock_ns(CLOCK_MONOTONIC) >= deadline) return -ETIMEDOUT;
        (void)gmr_ss_futex_wait(&never, 0, 200000);
    }
}
