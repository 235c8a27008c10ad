/*
 * standby_process.c: a helper process that waits for reports, and for the end of the service.
 * Runs on the main thread of that process, before main(); reports in children of it.
 * A handler may not run it.
 *
 * Each report is made in a fork: what it needs of memory is given back, a damaged arena costs no more than that report,
 * and the rights that the service has given up are given up there alone. The process itself believes nothing that the
 * service says after its set-up.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../signal_safe/helper_spawn.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"
#include "standby.h"

/* In GMRAgent. Weak, because the C core is tested without it. */
__attribute__((weak)) extern int gmr_standby_begin(gmr_arena_header_t *arena);
__attribute__((weak)) extern void gmr_standby_report(gmr_arena_header_t *arena);

#define LIFETIME_SECONDS 60 /* of one report */

static struct {
    gmr_arena_header_t *arena;
    ino_t arena_inode;
    int32_t service;
    int owner; /* pidfd, or -1 */
} self;

/* Reports */

static void set_mask(int blocks) {
    sigset_t mask;
    if (blocks) sigfillset(&mask);
    else sigemptyset(&mask);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void make_report(void) {
    (void)signal(SIGALRM, SIG_DFL); /* ignored signals stay ignored over execve() */
    (void)alarm(LIFETIME_SECONDS);
    set_mask(0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    int error = gmr_take_rights_of(self.service);
    if (error) {
        self.arena->helper_error = -error;
        gmr_arena_progress(self.arena, GMR_HELPER_FAILED);
        return;
    }
    gmr_arena_progress(self.arena, GMR_HELPER_RUNNING);
    gmr_standby_report(self.arena);
}

static int is_asked_for(uint32_t call) { return gmr_load_acquire(&self.arena->standby_call) == call; }

static void report(uint32_t call) {
    pid_t child = fork();
    if (child == 0) {
        close(GMR_STANDBY_TALK_DESCRIPTOR);
        make_report();
        _exit(0);
    }
    if (child < 0) {
        /* RLIMIT_NPROC, most likely. */
        self.arena->helper_pid = getpid();
        make_report();
        (void)alarm(0);
        set_mask(1);
        return;
    }
    self.arena->helper_pid = child;
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    /* Where the child was done, the agent may be at the next report by now. */
    if (is_asked_for(call) && gmr_load_acquire(&self.arena->helper_state) < GMR_HELPER_DONE) {
        self.arena->helper_error = status;
        gmr_arena_progress(self.arena, GMR_HELPER_ENDED);
    }
}

static void adopt_arena(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) == 0 && status.st_ino != self.arena_inode) {
        gmr_arena_header_t *arena = gmr_arena_map(descriptor);
        if (arena) {
            (void)munmap(self.arena, self.arena->arena_bytes);
            self.arena = arena;
            self.arena_inode = status.st_ino;
        }
    }
    close(descriptor);
}

/* For a service that has no /proc any more. */
static void list_threads(void) {
    char path[64];
    gmr_listed_thread_t *listed = gmr_arena_listed_threads(self.arena);
    uint32_t count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task", self.service);
    DIR *tasks = opendir(path);
    for (struct dirent *entry; tasks && (entry = readdir(tasks)) && count < GMR_MAX_THREADS;) {
        int32_t tid = atoi(entry->d_name); /* 0 for "." and ".." */
        if (tid <= 0) continue;
        memset(&listed[count], 0, sizeof listed[count]);
        listed[count].tid = tid;
        (void)snprintf(path, sizeof path, "/proc/%d/task/%d/comm", self.service, tid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t bytes = fd >= 0 ? read(fd, listed[count].comm, sizeof listed[count].comm) : 0;
        if (fd >= 0) close(fd);
        if (bytes > 0 && listed[count].comm[bytes - 1] == '\n') listed[count].comm[bytes - 1] = 0;
        count++;
    }
    if (tasks) closedir(tasks);
    self.arena->listed_thread_count = count;
    gmr_store_release(&self.arena->list_state, 1);
    gmr_ss_futex_wake(&self.arena->list_state);
}

/* 0 where the agent is gone. */
static int take_message(void) {
    gmr_standby_message_t message = {0};
    int descriptors[GMR_STANDBY_DESCRIPTORS];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof descriptors)];
    } control;
    struct iovec part = {&message, sizeof message};
    struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                           .msg_controllen = sizeof control};
    ssize_t count = recvmsg(GMR_STANDBY_TALK_DESCRIPTOR, &whole, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count != sizeof message) return 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&whole);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        size_t bytes = header->cmsg_len - CMSG_LEN(0);
        memcpy(descriptors, CMSG_DATA(header), bytes);
        adopt_arena(descriptors[0]);
        if (bytes >= 2 * sizeof(int)) {
            (void)dup2(descriptors[1], STDERR_FILENO);
            close(descriptors[1]);
        }
    }
    if (message.kind == GMR_STANDBY_LIST_THREADS) list_threads();
    /* One that was given up meanwhile is somebody else's. */
    if (message.kind == GMR_STANDBY_REPORT && is_asked_for(message.call)) {
        report(message.call);
    }
    return 1;
}

/* Its life */

/* Nothing of the service's may be held by it: neither its terminal and directory, nor descriptors other than those that
 * it was given. It is ended by SIGKILL alone, and by the end of the service. */
static void settle(void) {
    set_mask(1);
    (void)setsid();
    (void)chdir("/");
    (void)prctl(PR_SET_NAME, "gmr-standby");
    if (syscall(SYS_close_range, GMR_HELPER_FREE_DESCRIPTOR, ~0u, 0) != 0) {
        for (int fd = GMR_HELPER_FREE_DESCRIPTOR; fd < 1024; fd++) close(fd);
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; fd < STDERR_FILENO && null >= 0; fd++) (void)dup2(null, fd);
    if (fcntl(STDERR_FILENO, F_GETFD) < 0) (void)dup2(null, STDERR_FILENO);
    if (null > STDERR_FILENO) close(null);
    (void)fcntl(GMR_STANDBY_TALK_DESCRIPTOR, F_SETFD, FD_CLOEXEC);
    self.owner = fcntl(GMR_STANDBY_OWNER_DESCRIPTOR, F_SETFD, FD_CLOEXEC) == 0 ? GMR_STANDBY_OWNER_DESCRIPTOR : -1;
}

static int map_arena(void) {
    struct stat status;
    if (fstat(GMR_HELPER_ARENA_DESCRIPTOR, &status) != 0) return 0;
    self.arena = gmr_arena_map(GMR_HELPER_ARENA_DESCRIPTOR);
    self.arena_inode = status.st_ino;
    close(GMR_HELPER_ARENA_DESCRIPTOR);
    return self.arena != NULL;
}

void gmr_standby_main(void) {
    if (!gmr_standby_begin || !gmr_standby_report) _exit(124);
    settle();
    if (!map_arena()) _exit(125);
    self.service = self.arena->pid;
    if (!gmr_standby_begin(self.arena)) _exit(125);
    for (;;) {
        struct pollfd events[] = {{.fd = GMR_STANDBY_TALK_DESCRIPTOR, .events = POLLIN},
                                  {.fd = self.owner, .events = POLLIN}};
        (void)poll(events, 2, -1);
        /* Before the end of the service: it may have asked for the report of its crash. */
        if (events[0].revents && !take_message()) _exit(0);
        if (!events[0].revents && events[1].revents) _exit(0);
    }
}
