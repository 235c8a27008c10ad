/*
 * probe.h: tries calls that a sandbox may answer with the end of the process.
 */
#ifndef GMR_PROBE_H
#define GMR_PROBE_H

#include "safe.h"

enum {
    GMR_PROBE_GETFD = 1u << 0,   /* pidfd_open and pidfd_getfd: another descriptor table's descriptors */
    GMR_PROBE_UNSHARE = 1u << 1, /* unshare(CLONE_FILES) */
    GMR_PROBE_VM_READ = 1u << 2, /* process_vm_readv */
    GMR_PROBE_CLONE = 1u << 3,   /* clone() of a process that shares memory */
    GMR_PROBE_INOTIFY = 1u << 4, /* inotify and eventfd */
};

/* The calls that this process may make and that work, GMR_PROBE_*. Each is tried in a child that shares this one's
 * memory and raises no SIGCHLD, because a seccomp filter may kill for it (systemd's SystemCallFilter= does).
 * Threads: set-up, one at a time. Signal safety: yes. */
uint32_t gmr_ss_probe(void) GMR_SIGNAL_SAFE;

#endif
