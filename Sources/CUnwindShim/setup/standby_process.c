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
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../signal_safe/helper_spawn.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"
#include "standby.h"

/* In GMRAgent. Weak, because the C core is tested without it. */
__attribute__((weak)) extern int gmr_standby_begin(gmr_arena_header_t *arena);
__attribute__((weak)) extern void gmr_standby_report(gmr_arena_header_t *arena);
__attribute__((weak)) extern void gmr_standby_end(gmr_arena_header_t *arena, const gmr_service_end_t *end);

#define LIFETIME_SECONDS 60 /* of one report */
#define EXECUTED_NS INT64_C(10000000000) /* the agent is gone so long, and the process lives: another program */
#define REAPED_NS INT64_C(5000000000) /* how long a parent may take to wait for the service */
#define LOOK_MS 50

/* Linux 6.15; as in its pidfd.h, which older headers lack. */
typedef struct {
    uint64_t mask, cgroup;
    uint32_t pid, tgid, ppid, ids[8];
    int32_t exit_code;
} pidfd_info_t;
_Static_assert(sizeof(pidfd_info_t) == 64, "PIDFD_INFO_SIZE_VER0");
#define PIDFD_INFO_EXIT_MASK (UINT64_C(1) << 3)
#define PIDFD_GET_INFO_COMMAND _IOWR(0xff, 11, pidfd_info_t)

static struct {
    gmr_arena_header_t *arena;
    ino_t arena_inode;
    int32_t service;
    int owner; /* pidfd, or -1 */
    int32_t reported_crash; /* signal of the last crash that a report was made of here; 0: none */
} self;

static int64_t now_ns(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

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
        if (gmr_load_acquire(&self.arena->helper_state) == GMR_HELPER_DONE && self.arena->crash.signal) {
            self.reported_crash = self.arena->crash.signal;
        }
    }
    return 1;
}

/* The end of the service */

static int has_ended(int timeout_ms) {
    struct pollfd owner = {.fd = self.owner, .events = POLLIN};
    (void)poll(&owner, 1, timeout_ms);
    return self.owner >= 0 ? (owner.revents & POLLIN) != 0 : kill(self.service, 0) != 0 && errno == ESRCH;
}

/* Field `number` of /proc/PID/stat as proc(5) counts them, beyond the third; 0 where there is none. `state`: the third
 * one. */
static uint64_t stat_field(int number, char *state) {
    char path[64], text[2048];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", self.service);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0) close(fd);
    *state = 0;
    if (count <= 0) return 0;
    text[count] = 0;
    char *at = strrchr(text, ')');
    if (!at || at[1] != ' ') return 0;
    *state = at[2];
    for (int field = 2; field < number; field++) {
        at = strchr(at + 1, ' ');
        if (!at) return 0;
    }
    unsigned long long result = 0;
    (void)sscanf(at, "%llu", &result);
    return result;
}

static int is_ending(void) {
    const uint64_t exiting = 4; /* PF_EXITING of the kernel's sched.h */
    char state;
    uint64_t flags = stat_field(9, &state);
    return state == 0 || state == 'Z' || state == 'X' || flags & exiting;
}

/* From the kernel where it tells who is no parent (Linux 6.15), once the parent has been told; and before from the
 * zombie's exit_code, which is 0 too where it is not to be seen. */
static void find_status(gmr_service_end_t *end) {
    int64_t limit = now_ns(CLOCK_MONOTONIC) + REAPED_NS;
    for (;;) {
        char state;
        /* Before the kernel is asked: once it is no zombie any more, the kernel knows. */
        int32_t code = (int32_t)stat_field(52, &state);
        int is_zombie = state == 'Z' || state == 'X', is_late = now_ns(CLOCK_MONOTONIC) >= limit;
        pidfd_info_t info = {.mask = PIDFD_INFO_EXIT_MASK};
        if (self.owner >= 0 && ioctl(self.owner, PIDFD_GET_INFO_COMMAND, &info) == 0 &&
            info.mask & PIDFD_INFO_EXIT_MASK) {
            end->status = info.exit_code;
            end->knows_status = 1;
            return;
        }
        if (is_zombie && (code || is_late)) {
            end->status = code;
            end->knows_status = 1;
            return;
        }
        if (!is_zombie || is_late) return;
        (void)poll(NULL, 0, LOOK_MS);
    }
}

/* Whether the signal is how somebody ends a service on purpose. */
static int is_request(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGHUP; }

__attribute__((noreturn)) static void say_how_it_ended(void) {
    gmr_service_end_t end = {.realtime_ns = (uint64_t)now_ns(CLOCK_REALTIME)};
    uint32_t last_words = gmr_load_acquire(&self.arena->last_words);
    if (last_words == GMR_LAST_STOPPED) _exit(0);
    find_status(&end);
    /* A program may survive a crash, by a handler of its own, and end otherwise. */
    int32_t crash = last_words == GMR_LAST_CRASH ? self.arena->crash.signal : self.reported_crash;
    if (crash && (!end.knows_status || (WIFSIGNALED(end.status) && WTERMSIG(end.status) == crash))) _exit(0);
    int is_regular = end.knows_status ? WIFEXITED(end.status) || is_request(WTERMSIG(end.status))
                                      : last_words == GMR_LAST_EXITS;
    if (is_regular) _exit(0);
    (void)signal(SIGALRM, SIG_DFL);
    (void)alarm(LIFETIME_SECONDS);
    sigset_t alarm_alone;
    sigemptyset(&alarm_alone);
    sigaddset(&alarm_alone, SIGALRM);
    /* SIGTERM stays out: a service manager sends it to what is left of the service. */
    (void)sigprocmask(SIG_UNBLOCK, &alarm_alone, NULL);
    gmr_standby_end(self.arena, &end);
    _exit(0);
}

/* It ends now, has stopped reports, or executes another program. */
__attribute__((noreturn)) static void follow_to_the_end(void) {
    int64_t limit = now_ns(CLOCK_MONOTONIC) + EXECUTED_NS;
    for (;;) {
        if (gmr_load_acquire(&self.arena->last_words) == GMR_LAST_STOPPED) _exit(0);
        if (has_ended(LOOK_MS)) say_how_it_ended();
        if (now_ns(CLOCK_MONOTONIC) >= limit && !is_ending()) _exit(0);
        if (self.owner < 0) (void)poll(NULL, 0, LOOK_MS);
    }
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
    if (!gmr_standby_begin || !gmr_standby_report || !gmr_standby_end) _exit(124);
    settle();
    if (!map_arena()) _exit(125);
    self.service = self.arena->pid;
    if (!gmr_standby_begin(self.arena)) _exit(125);
    for (;;) {
        struct pollfd events[] = {{.fd = GMR_STANDBY_TALK_DESCRIPTOR, .events = POLLIN},
                                  {.fd = self.owner, .events = POLLIN}};
        (void)poll(events, 2, -1);
        /* Before the end of the service: it may have asked for the report of its crash. */
        if (events[0].revents && !take_message()) follow_to_the_end();
        if (!events[0].revents && events[1].revents) say_how_it_ended();
    }
}
