/*
 * helper_spawn.c: from a capture to a process that can do what this one may not: allocate, lock, load.
 * gmr_ss_helper_spawn runs on the agent thread; keep() and execute() in processes that share its memory.
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
#define ENVIRONMENT_BYTES (16u * 1024u)

static struct {
    int executable, arena;
    int32_t keeper; /* not waited for yet; 0: none */
    uint8_t keeper_stack[STACK_BYTES] __attribute__((aligned(16)));
    uint8_t helper_stack[STACK_BYTES] __attribute__((aligned(16)));
    char library_path[ENVIRONMENT_BYTES];
    char *environment[2];
    char *arguments[2];
} spawn;

static char helper_name[] = GMR_HELPER_NAME;

/* Shared libraries are found as the service found them; nothing else of its environment is of use, and a preloaded
 * allocator would be in the way. */
void gmr_ss_helper_prepare(char *const *environment) GMR_SIGNAL_SAFE {
    spawn.arguments[0] = helper_name;
    spawn.environment[0] = NULL;
    for (; environment && *environment; environment++) {
        const char *name = "LD_LIBRARY_PATH=";
        const char *entry = *environment;
        while (*name && *entry == *name) name++, entry++;
        if (*name) continue;
        uint32_t i = 0;
        for (; (*environment)[i] && i < ENVIRONMENT_BYTES - 1; i++) spawn.library_path[i] = (*environment)[i];
        spawn.library_path[i] = 0;
        spawn.environment[0] = spawn.library_path;
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

static void execute(void) GMR_SIGNAL_SAFE {
    /* The process may be at its own address space limit; the helper needs room. */
    struct rlimit64 limit;
    if (gmr_ss_syscall4(SYS_prlimit64, 0, RLIMIT_AS, 0, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)gmr_ss_syscall4(SYS_prlimit64, 0, RLIMIT_AS, &limit, 0);
    }
    long error = gmr_ss_syscall6(SYS_execveat, spawn.executable, (long)"", (long)spawn.arguments,
                                 (long)spawn.environment, AT_EMPTY_PATH, 0);
    tell(GMR_HELPER_FAILED, (int32_t)-error);
    gmr_ss_leave(127);
}

static void keep(void) GMR_SIGNAL_SAFE {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    /* The keeper shares the service's memory: it must not outlive it. The helper, which does not, goes on. */
    (void)gmr_ss_syscall3(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
    (void)gmr_ss_syscall3(SYS_dup3, spawn.arena, GMR_HELPER_ARENA_DESCRIPTOR, 0);
    long helper = gmr_ss_clone_to(CLONE_VM | CLONE_VFORK | SIGCHLD, spawn.helper_stack + STACK_BYTES, execute);
    if (helper < 0) {
        tell(GMR_HELPER_FAILED, (int32_t)-helper);
        gmr_ss_leave(1);
    }
    __atomic_store_n(&arena->helper_pid, (int32_t)helper, __ATOMIC_RELEASE);
    int32_t status = 0;
    while (gmr_ss_syscall4(SYS_wait4, helper, &status, 0, 0) == -EINTR) {
    }
    if (gmr_load_acquire(&arena->helper_state) < GMR_HELPER_DONE) tell(GMR_HELPER_ENDED, status);
    gmr_ss_leave(0);
}

int gmr_ss_helper_spawn(int executable_descriptor, int arena_descriptor) GMR_SIGNAL_SAFE {
    /* One that hangs, in execve() from a dead file server for instance, still stands on these stacks. */
    if (spawn.keeper > 0) gmr_ss_helper_reap(0);
    if (spawn.keeper > 0) return -EBUSY;
    spawn.executable = executable_descriptor;
    spawn.arena = arena_descriptor;
    long keeper = gmr_ss_clone_masked(CLONE_VM, spawn.keeper_stack + STACK_BYTES, keep, 0, 0, 0);
    if (keeper > 0) spawn.keeper = (int32_t)keeper;
    return keeper < 0 ? (int)keeper : 0;
}

void gmr_ss_helper_reap(uint64_t patience_ns) GMR_SIGNAL_SAFE {
    uint64_t deadline = gmr_ss_clock_ns(CLOCK_MONOTONIC) + patience_ns;
    uint32_t never = 0;
    while (gmr_ss_syscall4(SYS_wait4, spawn.keeper, 0, __WALL | WNOHANG, 0) == 0) {
        if (gmr_ss_clock_ns(CLOCK_MONOTONIC) >= deadline) return;
        (void)gmr_ss_futex_wait(&never, 0, 200000);
    }
    spawn.keeper = 0;
}
