/*
 * limits.c: crashes in processes that may not do much, and in children that are not what was set up.
 * Threads: main.  Signal handlers: no.
 */
#include "zoo.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static MARKER void limited_faults(void) { (void)*(volatile int *)crash_zoo_opaque(0x30); }

static MARKER void without_descriptors(void) {
    struct rlimit few = {16, 16};
    setrlimit(RLIMIT_NOFILE, &few);
    while (open("/dev/null", O_RDONLY) >= 0) {
    }
    limited_faults();
}

static MARKER void without_memory(void) {
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%ld", &pages) != 1) crash_zoo_fail("statm");
    struct rlimit limit = {(rlim_t)pages * 4096, RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0) crash_zoo_fail("RLIMIT_AS");
    while (malloc(4096)) {
    }
    limited_faults();
}

static MARKER void with_all_closed(void) {
    for (int fd = 0; fd < 1024; fd++) close(fd);
    limited_faults();
}

static void forbid_exec(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execveat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
        crash_zoo_fail("seccomp");
    }
}
static MARKER void without_exec(void) {
    forbid_exec();
    limited_faults();
}

/* As a user whose processes are counted; what the files of /proc say of it is its own all the same. */
static void become_nobody(void) {
    if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0) {
        crash_zoo_fail("setuid");
    }
}
static MARKER void without_processes(void) {
    struct rlimit one = {1, 1};
    if (setrlimit(RLIMIT_NPROC, &one) != 0) crash_zoo_fail("RLIMIT_NPROC");
    limited_faults();
}

static MARKER void not_dumpable(void) {
    prctl(PR_SET_DUMPABLE, 0);
    limited_faults();
}

static MARKER void after_setuid(void) {
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) {
        crash_zoo_fail("setuid");
    }
    limited_faults();
}

static MARKER void in_chroot(void) {
    char directory[] = "/tmp/crash-zoo-XXXXXX";
    if (!mkdtemp(directory) || chroot(directory) != 0 || chdir("/") != 0) crash_zoo_fail("chroot");
    limited_faults();
}

/* Reports go to standard error where the log directory cannot be written to. */
static void mount_log_directory(void) {
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", getenv("GMR_LOG_DIR"), "tmpfs", 0, NULL) != 0) {
        crash_zoo_fail("mount");
    }
}
static MARKER void on_read_only_file_system(void) {
    if (mount(NULL, getenv("GMR_LOG_DIR"), NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0) crash_zoo_fail("remount");
    limited_faults();
}

/* A signal of its own does not end the first process of a namespace; a fault does. */
static MARKER void as_first_process(void) {
    if (getpid() != 1) {
        errno = EINVAL;
        crash_zoo_fail("not the first process");
    }
    limited_faults();
}
static MARKER void abort_as_first_process(void) { abort(); }
static void become_first_process(void) {
    if (unshare(CLONE_NEWPID) != 0) crash_zoo_fail("unshare");
    pid_t child = fork();
    if (child < 0) crash_zoo_fail("fork");
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("proc", "/proc", "proc", 0, NULL) != 0) {
            crash_zoo_fail("mount");
        }
        return;
    }
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 0);
}

/* The child of a process with reports has none. */
static MARKER void in_fork_child(void) {
    pid_t child = fork();
    if (child == 0) limited_faults();
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 0);
}

static MARKER void in_vfork_child(void) {
    pid_t child = vfork();
    if (child == 0) limited_faults();
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 0);
}

/* The parent's memory is used by the child's child alone here. */
static MARKER void in_children_of_fork_child(void) {
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        char *arguments[] = {"sh", "-c", "kill -BUS $$", NULL};
        pid_t grandchild = vfork();
        if (grandchild == 0) limited_faults();
        waitpid(grandchild, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV) _exit(11);
        if (posix_spawn(&grandchild, "/bin/sh", NULL, NULL, arguments, environ) != 0) _exit(12);
        waitpid(grandchild, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGBUS) _exit(13);
        limited_faults();
    }
    waitpid(child, &status, 0);
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* No helper can be started, and the worker cannot allocate. */
static MARKER void with_nothing_left(void) {
    size_t bytes;
    void *heap = crash_zoo_heap(&bytes);
    forbid_exec();
    mprotect(heap, bytes, PROT_NONE);
    limited_faults();
}

/* The arena is taken from under the agent, which crashes in the midst of a report. */
static MARKER void agent_itself(void) {
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long start = 0, end = 0;
    while (fgets(line, sizeof line, maps)) {
        if (strstr(line, "gmr-arena") && strstr(line, "rw-s") && sscanf(line, "%lx-%lx", &start, &end) == 2 &&
            end - start > 1024 * 1024) {
            mprotect((void *)start, end - start, PROT_NONE);
        }
    }
    kill(getpid(), SIGUSR2);
    for (;;) pause();
}

#define HELPER "helper process"
#define FAULT(name, stack, by, body) {name, "SIGSEGV", "SEGV_MAPERR", stack, "", by, NULL, body}
const crash_zoo_program_t crash_zoo_limits[] = {
    FAULT("no-descriptors", "limited_faults<without_descriptors", HELPER, without_descriptors),
    FAULT("no-memory", "limited_faults<without_memory", HELPER, without_memory),
    FAULT("all-closed", "limited_faults<with_all_closed", HELPER, with_all_closed),
    FAULT("no-exec", "limited_faults<without_exec", "worker thread", without_exec),
    {"no-processes", "SIGSEGV", "SEGV_MAPERR", "limited_faults<without_processes", "", "worker thread", become_nobody,
     without_processes},
    FAULT("not-dumpable", "limited_faults<not_dumpable", HELPER, not_dumpable),
    FAULT("after-setuid", "limited_faults<after_setuid", HELPER, after_setuid),
    FAULT("chroot", "", "nameless", in_chroot),
    {"read-only", "SIGSEGV", "SEGV_MAPERR", "limited_faults<on_read_only_file_system", "", HELPER "!",
     mount_log_directory, on_read_only_file_system},
    {"first-process", "SIGSEGV", "SEGV_MAPERR", "limited_faults<as_first_process", "", HELPER, become_first_process,
     as_first_process},
    {"first-process-aborts", "SIGABRT then SIGSEGV", "SI_TKILL", "abort<abort_as_first_process", "SIGABRT", HELPER,
     become_first_process, abort_as_first_process},
    FAULT("fork-child", "", "none", in_fork_child),
    FAULT("vfork-child", "", "none", in_vfork_child),
    FAULT("children-of-fork-child", "", "none", in_children_of_fork_child),
    FAULT("nothing-left", "limited_faults<with_nothing_left", "record", with_nothing_left),
    {"agent-itself", "SIGSEGV", "SEGV_ACCERR", "", "", "raw", NULL, agent_itself},
    {0},
};
