/*
 * probe.c: one short-lived child for each unusual system call.
 * gmr_ss_probe runs at set-up; the bodies in children.
 * A handler may run all of it: raw system calls only.
 */
#include "probe.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <sys/inotify.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "clone_x86_64.h"
#include "proc_text.h"

#define STACK_BYTES (8u * 1024u)

static struct {
    uint32_t word; /* to be read */
    uint8_t stack[STACK_BYTES] __attribute__((aligned(16)));
} probe;

/* The calls' own errors do not matter where the mere attempt was let through, but for those that must work. */
static void try_getfd(void) GMR_SIGNAL_SAFE {
    long owner = gmr_ss_syscall3(SYS_pidfd_open, gmr_ss_getpid(), 0, 0);
    long fetched = gmr_ss_syscall3(SYS_pidfd_getfd, owner, 0, 0);
    gmr_ss_leave(owner < 0 || (fetched < 0 && fetched != -9 /* EBADF: nothing open at 0 */));
}

static void try_unshare(void) GMR_SIGNAL_SAFE {
    gmr_ss_leave(gmr_ss_syscall1(SYS_unshare, CLONE_FILES) < 0);
}

static void try_vm_read(void) GMR_SIGNAL_SAFE {
    uint32_t word = 0;
    gmr_ss_leave(gmr_ss_read_memory(gmr_ss_gettid(), (uint64_t)&probe.word, &word, sizeof word) != sizeof word);
}

static void try_inotify(void) GMR_SIGNAL_SAFE {
    long inotify = gmr_ss_syscall1(SYS_inotify_init1, IN_NONBLOCK);
    long watch = gmr_ss_syscall3(SYS_inotify_add_watch, inotify, "/proc/self", IN_DELETE_SELF);
    (void)gmr_ss_syscall3(SYS_inotify_rm_watch, inotify, watch, 0);
    long wake = gmr_ss_syscall3(SYS_eventfd2, 0, 0, 0);
    /* The application's table may be full; ours will not be. */
    gmr_ss_leave((inotify < 0 && inotify != -24 /* EMFILE */) || (inotify >= 0 && watch < 0) ||
                 (wake < 0 && wake != -24 /* EMFILE */));
}

/* Of no thread. What it would be let do only a thread can tell. */
static void try_ptrace(void) GMR_SIGNAL_SAFE {
    gmr_ss_leave(gmr_ss_syscall4(SYS_ptrace, PTRACE_SEIZE, 0, 0, 0) != -3 /* ESRCH */);
}

static void try_nothing(void) GMR_SIGNAL_SAFE { gmr_ss_leave(0); }

/* Before Linux 5.16 a process that is ended for a call takes with it all that share its memory (zap_threads). There it
 * has a copy, which costs a large process some time at set-up. */
static uint64_t sharing(void) GMR_SIGNAL_SAFE {
    struct utsname system;
    int64_t major, minor;
    if (gmr_ss_syscall1(SYS_uname, &system) < 0) return 0;
    gmr_text_t text = {system.release, system.release + sizeof system.release};
    if (!gmr_ss_text_decimal(&text, &major) || !gmr_ss_text_word(&text, ".")) return 0;
    if (!gmr_ss_text_decimal(&text, &minor)) return 0;
    return major > 5 || (major == 5 && minor >= 16) ? CLONE_VM : 0;
}

static int survives(uint64_t flags, void (*body)(void)) GMR_SIGNAL_SAFE {
    long child = gmr_ss_clone_to(flags | CLONE_VFORK, probe.stack + STACK_BYTES, body);
    if (child == -ENOMEM) child = gmr_ss_clone_to(CLONE_VM | CLONE_VFORK, probe.stack + STACK_BYTES, body);
    if (child < 0) return (int)child;
    int32_t status = -1;
    while (gmr_ss_syscall4(SYS_wait4, child, &status, __WALL, 0) == -4 /* EINTR */) {
    }
    return status == 0;
}

static uint64_t block_all(void) GMR_SIGNAL_SAFE {
    uint64_t all = ~UINT64_C(0), before = 0;
    (void)gmr_ss_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    return before;
}

static void restore(uint64_t mask) GMR_SIGNAL_SAFE {
    (void)gmr_ss_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask);
}

int gmr_ss_survives(void (*body)(void)) GMR_SIGNAL_SAFE {
    uint64_t before = block_all();
    int result = survives(sharing(), body);
    restore(before);
    return result;
}

uint32_t gmr_ss_probe(void) GMR_SIGNAL_SAFE {
    uint64_t before = block_all();
    uint32_t result = 0;
    if (survives(CLONE_VM, try_nothing) == 1) {
        const uint64_t flags = sharing();
        result |= GMR_PROBE_CLONE;
        if (survives(flags, try_getfd) == 1) result |= GMR_PROBE_GETFD;
        if (survives(flags, try_unshare) == 1) result |= GMR_PROBE_UNSHARE;
        if (survives(flags, try_vm_read) == 1) result |= GMR_PROBE_VM_READ;
        if (survives(flags, try_inotify) == 1) result |= GMR_PROBE_INOTIFY;
        if (survives(flags, try_ptrace) == 1) result |= GMR_PROBE_PTRACE;
    }
    restore(before);
    return result;
}
