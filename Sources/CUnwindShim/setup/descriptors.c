/*
 * descriptors.c: a descriptor table that belongs to the agent's threads alone.
 * Runs on the agent thread.
 * A handler may not run it.
 *
 * With a table of its own the agent needs no spare descriptor when the application has none left, keeps what it
 * opened when the application closes everything, and shows up in nobody's descriptor count. Rejected: high numbers
 * in the shared table, which closefrom() and RLIMIT_NOFILE reach.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../signal_safe/helper_spawn.h"
#include "agent_state.h"

/* The application's descriptor `number` under a number of ours, or -1. */
static int application_descriptor(int number) {
    return (int)syscall(SYS_pidfd_getfd, gmr_agent_state.process_descriptor, number, 0);
}

int gmr_descriptors_raise(int descriptor) {
    if (descriptor < 0) return -errno;
    int raised = fcntl(descriptor, F_DUPFD_CLOEXEC, GMR_HELPER_ARENA_DESCRIPTOR + 1);
    int error = errno;
    close(descriptor);
    return raised < 0 ? -error : raised;
}

static int process_descriptor(void) { return gmr_descriptors_raise((int)syscall(SYS_pidfd_open, getpid(), 0)); }

int gmr_descriptors_separate(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    if (unshare(CLONE_FILES) != 0) return -errno;
    state->process_descriptor = process_descriptor();
    int probe = state->process_descriptor < 0 ? -1 : application_descriptor(STDERR_FILENO);
    int can_fetch = probe >= 0 || (state->process_descriptor >= 0 && errno == EBADF);
    /* What the application had open at this moment must not stay open here for ever: another process may wait for
     * the end of a pipe. stderr is fetched anew for each report, and kept only where the kernel cannot do that. */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++) {
        if (null >= 0 && (fd != STDERR_FILENO || can_fetch)) (void)dup3(null, fd, O_CLOEXEC);
    }
    int kept = state->process_descriptor;
    if (kept >= 0) (void)syscall(SYS_close_range, 3, kept - 1, 0);
    (void)syscall(SYS_close_range, kept < 0 ? 3 : kept + 1, ~0u, 0);
    return 0;
}

void gmr_descriptors_adopt_stderr(void) {
    if (gmr_agent_state.process_descriptor < 0) return;
    int fd = application_descriptor(STDERR_FILENO);
    if (fd < 0) return;
    (void)dup3(fd, STDERR_FILENO, 0);
    close(fd);
}
