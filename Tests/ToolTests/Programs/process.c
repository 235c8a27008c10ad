/*
 * process.c: a process in one of the states that `gmr doctor` tells of. Says "ready" and waits to be killed.
 * PROCESS refuse PROGRAM ARGUMENTS: executes the program where pidfd_getfd ends it and memfd_create is refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void nothing(int number) { (void)number; }

static void block(int number) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, number);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
}

static void forbid(unsigned first, unsigned first_answer, unsigned second, unsigned second_answer) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, first_answer),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, second_answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

/* Its number on standard output, once it has ended. */
static void leave_a_zombie(void) {
    pid_t child = fork();
    siginfo_t info;
    if (child == 0) _exit(0);
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    printf("%d\n", (int)child);
}

int main(int count, char **arguments) {
    const char *mode = count > 1 ? arguments[1] : "";
    if (strcmp(mode, "handle") == 0) signal(SIGUSR2, nothing);
    if (strcmp(mode, "ignore") == 0) signal(SIGUSR2, SIG_IGN);
    if (strcmp(mode, "block") == 0) block(SIGUSR2);
    if (strcmp(mode, "pending") == 0) {
        signal(SIGUSR2, nothing);
        block(SIGUSR2);
        kill(getpid(), SIGUSR2);
    }
    if (strcmp(mode, "signalfd") == 0) {
        sigset_t mask;
        sigemptyset(&mask);
        sigaddset(&mask, SIGUSR2);
        signal(SIGUSR2, nothing);
        if (signalfd(-1, &mask, 0) < 0) return 1;
    }
    if (strcmp(mode, "crash-handler") == 0) signal(SIGSEGV, nothing);
    if (strcmp(mode, "undumpable") == 0) {
        if (getuid() == 0 && setresuid(65534, 65534, 65534) != 0) return 1;
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    }
    if (strcmp(mode, "limits") == 0) {
        struct rlimit few = {.rlim_cur = 8, .rlim_max = 8}, small = {.rlim_cur = 4096, .rlim_max = 4096};
        setrlimit(RLIMIT_NOFILE, &few);
        setrlimit(RLIMIT_FSIZE, &small);
    }
    if (strcmp(mode, "filter") == 0) forbid(SYS_pidfd_getfd, SECCOMP_RET_KILL_PROCESS, SYS_memfd_create, EPERM);
    if (strcmp(mode, "chroot") == 0 && (chdir("/tmp") != 0 || chroot("/tmp") != 0)) return 1;
    if (strcmp(mode, "refuse") == 0 && count > 2) {
        forbid(SYS_pidfd_getfd, SECCOMP_RET_KILL_PROCESS, SYS_memfd_create, SECCOMP_RET_ERRNO | EPERM);
        execv(arguments[2], arguments + 2);
        return 1;
    }
    if (strcmp(mode, "zombie") == 0) leave_a_zombie();
    puts("ready");
    fflush(stdout);
    for (;;) pause();
}
