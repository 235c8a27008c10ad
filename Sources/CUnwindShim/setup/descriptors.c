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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../signal_safe/helper_spawn.h"
#include "../signal_safe/probe.h"
#include "agent_state.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

int gmr_descriptors_raise(int descriptor) {
    if (descriptor < 0) return -errno;
    int raised = fcntl(descriptor, F_DUPFD_CLOEXEC, GMR_HELPER_FREE_DESCRIPTOR);
    int error = errno;
    close(descriptor);
    return raised < 0 ? -error : raised;
}

uint64_t gmr_descriptors_inode(int descriptor) {
    struct stat status;
    return descriptor >= 0 && fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

/* A pidfd of a thread that has the application's table; the main thread, which older kernels need, may have ended. */
static int open_owner(void) {
    int owner = -1;
    uint32_t sections = gmr_load_acquire(&gmr_agent_state.sections.tid);
    if (sections) owner = (int)syscall(SYS_pidfd_open, sections, PIDFD_THREAD);
    return owner >= 0 ? owner : (int)syscall(SYS_pidfd_open, getpid(), 0);
}

/* The application's descriptor `number` under a number of ours, or a negative errno. */
static int fetch(int number) {
    int owner = open_owner();
    if (owner < 0) return -errno;
    int fetched = (int)syscall(SYS_pidfd_getfd, owner, number, 0);
    int error = errno;
    close(owner);
    return fetched < 0 ? -error : fetched;
}

/* The directory is none that a service opens under these numbers. */
static const char placeholder[] = "/proc/self/task";

uint32_t gmr_descriptors_fill_standard(void) {
    uint32_t filled = 0;
    int fd;
    while ((fd = open(placeholder, O_RDONLY | O_CLOEXEC | O_PATH)) >= 0 && fd <= STDERR_FILENO) filled |= 1u << fd;
    if (fd >= 0) close(fd);
    return filled;
}

void gmr_descriptors_empty_standard(uint32_t filled) {
    struct stat ours, present;
    if (!filled || stat(placeholder, &ours) != 0) return;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (!(filled & 1u << fd) || fstat(fd, &present) != 0) continue;
        /* Another thread may have opened the service's log there meanwhile. */
        if (present.st_dev == ours.st_dev && present.st_ino == ours.st_ino) close(fd);
    }
}

int gmr_descriptors_separate(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    if (!(gmr_safe_state.allowed & GMR_PROBE_UNSHARE)) return -EPERM;
    if (unshare(CLONE_FILES) != 0) return -errno;
    state->has_own_table = 1;
    state->can_fetch = (gmr_safe_state.allowed & GMR_PROBE_GETFD) != 0;
    /* What the application had open at this moment must not stay open here for ever: another process may wait for
     * the end of a pipe. stderr is fetched anew for each report, and kept only where the kernel cannot do that. */
    (void)syscall(SYS_close_range, 3, ~0u, 0);
    /* Not open for writing: what is written where there is no stderr must fail, and be counted as lost. */
    state->null_descriptor = gmr_descriptors_raise(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (state->null_descriptor < 0) return state->null_descriptor;
    for (int fd = STDIN_FILENO; fd < STDERR_FILENO; fd++) (void)dup3(state->null_descriptor, fd, 0);
    gmr_descriptors_leave_stderr();
    return 0;
}

void gmr_descriptors_close_own(void) {
    const int own[] = {gmr_agent_state.arena_descriptor, gmr_agent_state.executable_descriptor,
                       gmr_safe_state.memory_descriptor};
    for (unsigned i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (own[i] >= 0) close(own[i]);
    }
}

void gmr_descriptors_adopt_stderr(void) {
    if (!gmr_agent_state.can_fetch) return;
    int fd = fetch(STDERR_FILENO);
    if (fd < 0) return;
    (void)dup3(fd, STDERR_FILENO, 0);
    close(fd);
}

void gmr_descriptors_leave_stderr(void) {
    if (gmr_agent_state.can_fetch) (void)dup3(gmr_agent_state.null_descriptor, STDERR_FILENO, 0);
}
