/*
 * machine_probe.c: the calls that a service's set-up tries, and those that it makes without trying.
 * Runs on the thread of the tool that asks.
 * A handler may not run it; the bodies run in children that share the memory, so they keep to what a handler may do.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "../signal_safe/clone_x86_64.h"
#include "../signal_safe/probe.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "gmr_agent.h"

static void try_memfd(void) GMR_SIGNAL_SAFE {
    long fd = gmr_ss_syscall3(SYS_memfd_create, "gmr-probe", MFD_CLOEXEC, 0);
    gmr_ss_leave(fd < 0 && fd != -24 /* EMFILE: let through all the same */);
}

/* Of no descriptor, so that nothing is executed where the call is let through. */
static void try_exec(void) GMR_SIGNAL_SAFE {
    long result = gmr_ss_syscall6(SYS_execveat, -1, (long)"", 0, 0, AT_EMPTY_PATH, 0);
    gmr_ss_leave(result != -9 /* EBADF */);
}

uint32_t gmr_probe_machine(void) {
    uint32_t result = gmr_ss_probe();
    if (!(result & GMR_PROBE_CLONE)) return result;
    if (gmr_ss_survives(try_memfd) == 1) result |= GMR_PROBE_MEMFD;
    if (gmr_ss_survives(try_exec) == 1) result |= GMR_PROBE_EXEC;
    return result;
}
