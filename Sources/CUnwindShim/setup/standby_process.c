/*
 * standby_process.c: a helper process that waits for reports, and for the end of the service.
 * Runs on the main thread of that process, before main(); reports in children of it.
 * A handler may not run it.
 *
 * Each report is made in a fork: what it needs of memory is given back, and a damaged arena costs no more than that
 * report. The process itself believes nothing that the service says after its set-up, and gives up the rights that the
 * service has given up (rights.c).
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
#include <sys/resource.h>
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
enum { BEGIN_DAMAGED = 0, BEGIN_WITHOUT_STDERR = 1, BEGIN_WITH_STDERR = 2 /* which the end will be reported on */ };
__attribute__((weak)) extern int gmr_standby_begin(gmr_arena_header_t *arena);
__attribute__((weak)) extern void gmr_standby_report(gmr_arena_header_t *arena);
__attribute__((weak)) extern void gmr_standby_end(gmr_arena_header_t *arena, const gmr_service_end_t *end);

#define LIFETIME_SECONDS 60 /* of one report */
#define EXECUTED_NS INT64_C(1000000000) /* the agent is gone so long, and the process lives: another program */
#define REAPED_NS INT64_C(5000000000) /* how long a parent may take to wait for the service */
#define LOOK_MS 50
#define MOST_DESCRIPTORS (1u << 20) /* that are closed one by one, before Linux 5.9 */

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
    uint64_t arena_bytes;
    ino_t arena_inode;
    int32_t service;
    int owner; /* pidfd, or -1 */
    int keeps_stderr;
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

static int is_asked_for(uint32_t call) {
    return __atomic_load_n(&self.arena->standby_call, __ATOMIC_SEQ_CST) == call;
}

static void begin_lifetime(void) {
    (void)signal(SIGALRM, SIG_DFL); /* ignored signals stay ignored over execve() */
    (void)alarm(LIFETIME_SECONDS);
    sigset_t alarm_alone;
    sigemptyset(&alarm_alone);
    sigaddset(&alarm_alone, SIGALRM);
    (void)sigprocmask(SIG_UNBLOCK, &alarm_alone, NULL);
}

static void make_report(uint32_t call) {
    begin_lifetime();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    /* Whoever takes the report back does it in the other order. */
    __atomic_store_n(&self.arena->helper_pid, getpid(), __ATOMIC_SEQ_CST);
    if (!is_asked_for(call)) return;
    gmr_arena_progress(self.arena, GMR_HELPER_RUNNING);
    gmr_helper_read_tasks(self.arena, self.arena_bytes, self.service);
    gmr_standby_report(self.arena);
}

static void report(uint32_t call) {
    pid_t child = fork();
    if (child == 0) {
        close(GMR_STANDBY_TALK_DESCRIPTOR);
        set_mask(0);
        make_report(call);
        _exit(0);
    }
    if (child < 0) {
        /* RLIMIT_NPROC, most likely. SIGTERM and the like stay out: this process has to live on. */
        make_report(call);
        (void)alarm(0);
        return;
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    /* Where the child was done, the agent may be at the next report by now. */
    if (is_asked_for(call) && gmr_load_acquire(&self.arena->helper_state) < GMR_HELPER_DONE) {
        self.arena->helper_error = status;
        gmr_arena_progress(self.arena, GMR_HELPER_ENDED);
    }
}

/* Whoever reads the other end of a pipe waits for its end. */
static void leave_stderr(void) {
    if (self.keeps_stderr) return;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return;
    (void)dup2(null, STDERR_FILENO);
    close(null);
}

static void adopt_arena(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) == 0 && status.st_ino != self.arena_inode) {
        gmr_arena_header_t *arena = gmr_arena_map(descriptor);
        if (arena) {
            (void)munmap(self.arena, self.arena_bytes);
            self.arena = arena;
            self.arena_bytes = (uint64_t)status.st_size;
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

/* What came with a message. */
typedef struct {
    struct ucred sender; /* pid 0: unknown */
    int descriptors[GMR_STANDBY_DESCRIPTORS];
    size_t count; /* of them */
} enclosure_t;

static enclosure_t open_enclosure(struct msghdr *message) {
    enclosure_t result = {.count = 0};
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        size_t bytes = part->cmsg_len - CMSG_LEN(0);
        if (part->cmsg_level != SOL_SOCKET) continue;
        if (part->cmsg_type == SCM_CREDENTIALS && bytes == sizeof result.sender) {
            memcpy(&result.sender, CMSG_DATA(part), bytes);
        } else if (part->cmsg_type == SCM_RIGHTS && bytes <= sizeof result.descriptors) {
            memcpy(result.descriptors, CMSG_DATA(part), bytes);
            result.count = bytes / sizeof(int);
        }
    }
    return result;
}

/* 0 where the agent is gone. */
static int take_message(void) {
    gmr_standby_message_t message = {0};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(GMR_STANDBY_DESCRIPTORS * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec part = {&message, sizeof message};
    struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                           .msg_controllen = sizeof control};
    ssize_t count = recvmsg(GMR_STANDBY_TALK_DESCRIPTOR, &whole, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    enclosure_t enclosure = open_enclosure(&whole);
    /* A fork child may have the service's end too; and who keeps rights must not listen to who has none. */
    if (count != sizeof message || enclosure.sender.pid != self.service || gmr_take_rights_of(&enclosure.sender) != 0) {
        for (size_t i = 0; i < enclosure.count; i++) close(enclosure.descriptors[i]);
        return count != 0;
    }
    if (enclosure.count > 0) adopt_arena(enclosure.descriptors[0]);
    if (enclosure.count > 1) {
        (void)dup2(enclosure.descriptors[1], STDERR_FILENO);
        close(enclosure.descriptors[1]);
    }
    if (message.kind == GMR_STANDBY_LIST_THREADS) list_threads();
    /* One that was given up meanwhile is somebody else's. */
    if (message.kind == GMR_STANDBY_REPORT && is_asked_for(message.call)) {
        report(message.call);
        if (gmr_load_acquire(&self.arena->helper_state) == GMR_HELPER_DONE && self.arena->crash.signal) {
            self.reported_crash = self.arena->crash.signal;
        }
        leave_stderr();
    }
    return 1;
}

/* The end of the service */

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

static int has_ended(int timeout_ms) {
    struct pollfd owner = {.fd = self.owner, .events = POLLIN};
    (void)poll(&owner, 1, timeout_ms);
    if (self.owner >= 0) return (owner.revents & POLLIN) != 0;
    /* A process whose main thread alone has ended looks like a zombie too. */
    char state;
    uint64_t threads = stat_field(20, &state);
    return (state == 'Z' && threads <= 1) || (kill(self.service, 0) != 0 && errno == ESRCH);
}

static int is_ending(void) {
    const uint64_t exiting = 4; /* PF_EXITING of the kernel's sched.h */
    char state;
    uint64_t flags = stat_field(9, &state);
    return state == 0 || state == 'Z' || state == 'X' || flags & exiting;
}

/* Whether the kernel tells this process the exit_code of a zombie; it tells others that it is 0. The link, which leads
 * nowhere, it refuses for the same reasons. */
static int may_read_status(void) {
    char path[64], target[8];
    (void)snprintf(path, sizeof path, "/proc/%d/cwd", self.service);
    return readlink(path, target, sizeof target) < 0 && errno == ENOENT;
}

/* Returns 1 where it is known. The kernel tells who is no parent since Linux 6.15, once the parent has been told. */
static int find_status(int has_called_exit, int32_t *status) {
    int64_t limit = now_ns(CLOCK_MONOTONIC) + REAPED_NS;
    for (;;) {
        char state;
        /* Before the kernel is asked: once it is no zombie any more, the kernel knows. */
        int32_t code = (int32_t)stat_field(52, &state);
        int is_zombie = state == 'Z' || state == 'X';
        pidfd_info_t info = {.mask = PIDFD_INFO_EXIT_MASK};
        int can_tell = self.owner >= 0 && ioctl(self.owner, PIDFD_GET_INFO_COMMAND, &info) == 0;
        if (can_tell && info.mask & PIDFD_INFO_EXIT_MASK) {
            *status = info.exit_code;
            return 1;
        }
        if (is_zombie && (code || has_called_exit || may_read_status())) {
            *status = code;
            return 1;
        }
        if (!(is_zombie || can_tell) || now_ns(CLOCK_MONOTONIC) >= limit) return 0;
        (void)poll(NULL, 0, LOOK_MS);
    }
}

/* Whether the signal is how somebody ends a service on purpose. */
static int is_request(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGHUP; }

static int is_replaced(void) { return __atomic_load_n(&self.arena->standby_pid, __ATOMIC_ACQUIRE) != getpid(); }

__attribute__((noreturn)) static void say_how_it_ended(void) {
    gmr_service_end_t end = {.realtime_ns = (uint64_t)now_ns(CLOCK_REALTIME)};
    uint32_t last_words = gmr_load_acquire(&self.arena->last_words);
    if (is_replaced()) _exit(0);
    gmr_take_rights_of_zombie(self.service);
    end.knows_status = (uint32_t)find_status(last_words == GMR_LAST_EXITS, &end.status);
    /* A program may survive a crash, by a handler of its own, and end otherwise. */
    int32_t crash = last_words == GMR_LAST_CRASH ? self.arena->crash.signal : self.reported_crash;
    if (crash && (!end.knows_status || (WIFSIGNALED(end.status) && WTERMSIG(end.status) == crash))) _exit(0);
    if (end.knows_status && (WIFEXITED(end.status) || is_request(WTERMSIG(end.status)))) _exit(0);
    /* SIGTERM stays out: a service manager sends it to what is left of the service. */
    begin_lifetime();
    gmr_standby_end(self.arena, &end);
    _exit(0);
}

/* It ends now, has stopped reports, or executes another program. */
__attribute__((noreturn)) static void follow_to_the_end(void) {
    int64_t limit = now_ns(CLOCK_MONOTONIC) + EXECUTED_NS;
    for (;;) {
        if (is_replaced()) _exit(0);
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
        struct rlimit limit = {MOST_DESCRIPTORS, MOST_DESCRIPTORS};
        (void)getrlimit(RLIMIT_NOFILE, &limit);
        int last = (int)(limit.rlim_cur < MOST_DESCRIPTORS ? limit.rlim_cur : MOST_DESCRIPTORS);
        for (int fd = GMR_HELPER_FREE_DESCRIPTOR; fd < last; fd++) close(fd);
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
    self.arena_bytes = (uint64_t)status.st_size;
    self.arena_inode = status.st_ino;
    close(GMR_HELPER_ARENA_DESCRIPTOR);
    return self.arena != NULL;
}

void gmr_standby_main(void) {
    if (!gmr_standby_begin || !gmr_standby_report || !gmr_standby_end) _exit(124);
    settle();
    if (!map_arena()) _exit(125);
    self.service = self.arena->pid;
    int began = gmr_standby_begin(self.arena);
    if (began == BEGIN_DAMAGED) _exit(125);
    self.keeps_stderr = began == BEGIN_WITH_STDERR;
    leave_stderr();
    for (;;) {
        struct pollfd events[] = {{.fd = GMR_STANDBY_TALK_DESCRIPTOR, .events = POLLIN},
                                  {.fd = self.owner, .events = POLLIN}};
        (void)poll(events, 2, -1);
        /* Before the end of the service: it may have asked for the report of its crash. */
        if (events[0].revents && !take_message()) follow_to_the_end();
        if (!events[0].revents && events[1].revents) say_how_it_ended();
    }
}
