/*
 * scenario_privileges.c: the victim of scenario_locks.c in a process that lost a right, or its main thread.
 * Threads: main, and `reporter` where main ends.  Signal handlers: no.
 *
 * Truth, of all: `victim` as in scenario_locks.c, and
 *   not-dumpable    PR_SET_DUMPABLE 0, and uid 65534 where it was root: /proc/self/task/TID/syscall cannot be opened.
 *   exec-forbidden  a seccomp filter on all threads answers execve and execveat with EPERM.
 *   main-exited     main called pthread_exit: it is a zombie with no stack; the signal must reach another thread.
 */
#include "scenarios.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static void drop_privileges(void) {
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        zoo_fail("setuid");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        zoo_fail("PR_SET_DUMPABLE");
    zoo_settle(); /* setuid interrupts every thread; they go back to where they were */
}

static void forbid(unsigned first, unsigned second) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        zoo_fail("seccomp");
}

void zoo_forbid_exec(void) {
    forbid(SYS_execve, SYS_execveat);
    zoo_settle();
}

void zoo_forbid_unshare(void) {
    forbid(SYS_unshare, SYS_unshare);
}

static char main_state(void) {
    char stat[512];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);
    close(fd);
    if (count <= 0)
        zoo_fail("/proc/self/stat");
    stat[count] = 0;
    return strrchr(stat, ')')[2];
}

static ZOO_MARKER void *reporter_waits_for_ever(void *unused) {
    while (main_state() != 'Z')
        usleep(100);
    zoo_settle();
    zoo_announce_ready();
    for (;;)
        pause();
    return unused;
}

/* With main gone the kernel gives SIGUSR2 to any thread that does not block it: `victim` does, so that it stays put. */
static void build_main_exited(int count, char *const *arguments) {
    sigset_t trigger;
    sigemptyset(&trigger);
    sigaddset(&trigger, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &trigger, NULL);
    zoo_build_victim(count, arguments);
    pthread_sigmask(SIG_UNBLOCK, &trigger, NULL);
}

static void serve_main_exited(void) {
    pthread_t reporter;
    pthread_create(&reporter, NULL, reporter_waits_for_ever, NULL);
    pthread_setname_np(reporter, "reporter");
    pthread_exit(NULL);
}

const zoo_scenario_t zoo_privilege_scenarios[] = {
    {"not-dumpable", "not dumpable, and not root any more", NULL, zoo_build_victim, drop_privileges, NULL},
    {"exec-forbidden", "seccomp refuses execve", NULL, zoo_build_victim, zoo_forbid_exec, NULL},
    {"main-exited", "main called pthread_exit", NULL, build_main_exited, NULL, serve_main_exited},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
