/*
 * interruptible_calls.c: makes system calls that wait for what never comes. signal(7) lists which of them return EINTR
 * although the handler has SA_RESTART, and which come back with less than they were asked for.
 * Threads: each call on a thread of its own, which makes what it needs.  Signal handlers: no.
 */
#include "interruptible_calls.h"
#include "scenarios.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { AN_HOUR_S = 3600 };

static pid_t child;

void zoo_prepare_interruptible_calls(void) {
    child = fork();
    if (child < 0)
        zoo_fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
}

static int checked(int result) {
    if (result < 0)
        zoo_fail("preparing a system call");
    return result;
}

/* Descriptors are made once and kept: a call that came back is made again on the same one. */
#define ONCE(expression)                                                                                               \
    ({                                                                                                                 \
        static int made = -1;                                                                                          \
        if (made < 0)                                                                                                  \
            made = checked(expression);                                                                                \
        made;                                                                                                          \
    })

static int pipe_end(int index) {
    int ends[2];
    checked(pipe(ends));
    return ends[index];
}

static int socket_with(const char *bytes, int timeout_s) {
    int ends[2];
    checked(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    if (bytes != NULL)
        checked((int)write(ends[1], bytes, strlen(bytes)));
    struct timeval limit = {.tv_sec = timeout_s};
    checked(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    return ends[0];
}

/* With an abstract name that the kernel picks; its length counts. */
static int listening_socket(struct sockaddr_un *address, socklen_t *size, int backlog) {
    int fd = checked(socket(AF_UNIX, SOCK_STREAM, 0));
    *size = sizeof *address;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    checked(bind(fd, (struct sockaddr *)address, sizeof(sa_family_t)));
    checked(getsockname(fd, (struct sockaddr *)address, size));
    checked(listen(fd, backlog));
    return fd;
}

static struct timespec in_an_hour(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_sec += AN_HOUR_S;
    return time;
}

static long call_nanosleep(void) {
    return nanosleep(&(struct timespec){.tv_sec = AN_HOUR_S}, NULL);
}

static long call_sleep(void) {
    return sleep(AN_HOUR_S);
}

static long call_epoll_wait(void) {
    struct epoll_event event;
    return epoll_wait(ONCE(epoll_create1(0)), &event, 1, AN_HOUR_S * 1000);
}

static long call_poll(void) {
    return poll(&(struct pollfd){.fd = ONCE(pipe_end(0)), .events = POLLIN}, 1, AN_HOUR_S * 1000);
}

static long call_select(void) {
    int fd = ONCE(pipe_end(0));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &(struct timeval){.tv_sec = AN_HOUR_S});
}

static long call_sigtimedwait(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 9);
    return sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = AN_HOUR_S});
}

static long call_sem_timedwait(void) {
    static sem_t semaphore;
    struct timespec end = in_an_hour(CLOCK_REALTIME);
    return sem_timedwait(&semaphore, &end);
}

static long call_semop(void) {
    struct sembuf take_one = {.sem_num = 0, .sem_op = -1};
    return semop(ONCE(semget(IPC_PRIVATE, 1, 0600)), &take_one, 1);
}

static long call_msgrcv(void) {
    struct {
        long type;
        char text[8];
    } message;
    return msgrcv(ONCE(msgget(IPC_PRIVATE, 0600)), &message, sizeof message.text, 0, 0);
}

static long call_mq_receive(void) {
    char name[32] = "/gmr-hangzoo", message[8];
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = sizeof message};
    int queue = ONCE(mq_open(name, O_RDWR | O_CREAT, 0600, &attributes));
    mq_unlink(name);
    return mq_receive(queue, message, sizeof message, NULL);
}

static long call_read_pipe(void) {
    char byte;
    return read(ONCE(pipe_end(0)), &byte, 1);
}

static long call_read_eventfd(void) {
    uint64_t value;
    return read(ONCE(eventfd(0, 0)), &value, sizeof value);
}

static long call_read_signalfd(void) {
    struct signalfd_siginfo info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 9);
    return read(ONCE(signalfd(-1, &set, 0)), &info, sizeof info);
}

static long call_read_inotify(void) {
    char events[512];
    return read(ONCE(inotify_init1(0)), events, sizeof events);
}

static long call_large_write(void) {
    static char bytes[1 << 20];
    return write(ONCE(pipe_end(1)), bytes, sizeof bytes);
}

static long call_recv(void) {
    char byte;
    return recv(ONCE(socket_with(NULL, 0)), &byte, 1, 0);
}

static long call_recv_timeout(void) {
    char byte;
    return recv(ONCE(socket_with(NULL, AN_HOUR_S)), &byte, 1, 0);
}

static long call_recv_waitall(void) {
    char bytes[8];
    return recv(ONCE(socket_with("part", 0)), bytes, sizeof bytes, MSG_WAITALL);
}

static long call_accept(void) {
    struct sockaddr_un address;
    socklen_t size;
    return accept(ONCE(listening_socket(&address, &size, 8)), NULL, NULL);
}

/* The queue of a listener that accepts nobody takes one connection; the second waits. */
static long call_connect(void) {
    static struct sockaddr_un address;
    static socklen_t size;
    if (size == 0) {
        listening_socket(&address, &size, 0);
        checked(connect(checked(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&address, size));
    }
    return connect(ONCE(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&address, size);
}

static int open_lock_file(int *other) {
    char path[] = "/tmp/hangzoo-lock-XXXXXX";
    int fd = checked(mkstemp(path));
    *other = checked(open(path, O_RDWR | O_CLOEXEC)); /* an open file description of its own */
    unlink(path);
    return fd;
}

static long call_flock(void) {
    static int holder, waiter = -1;
    if (waiter < 0) {
        holder = open_lock_file(&waiter);
        checked(flock(holder, LOCK_EX));
    }
    return flock(waiter, LOCK_EX);
}

static long call_fcntl_lock(void) {
    static int holder, waiter = -1;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (waiter < 0) {
        holder = open_lock_file(&waiter);
        checked(fcntl(holder, F_OFD_SETLK, &whole));
    }
    return fcntl(waiter, F_OFD_SETLKW, &whole);
}

static long call_wait4(void) {
    return wait4(child, NULL, 0, NULL);
}

static long call_futex_timed(void) {
    static int word;
    return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &(struct timespec){.tv_sec = AN_HOUR_S}, NULL, 0);
}

static long call_pause(void) {
    return pause();
}

static long call_io_uring(void) {
    static struct io_uring_params parameters;
    int ring = ONCE((int)syscall(SYS_io_uring_setup, 4, &parameters));
    return syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

const zoo_interruptible_call_t zoo_interruptible_calls[] = {
    {"nanosleep", SYS_clock_nanosleep, call_nanosleep},
    {"sleep", SYS_clock_nanosleep, call_sleep},
    {"epoll_wait", SYS_epoll_wait, call_epoll_wait},
    {"poll", SYS_poll, call_poll},
    {"select", SYS_pselect6, call_select},
    {"sigtimedwait", SYS_rt_sigtimedwait, call_sigtimedwait},
    {"sem_timed", SYS_futex, call_sem_timedwait},
    {"semop", SYS_semtimedop, call_semop},
    {"msgrcv", SYS_msgrcv, call_msgrcv},
    {"mq_receive", SYS_mq_timedreceive, call_mq_receive},
    {"read_pipe", SYS_read, call_read_pipe},
    {"read_event", SYS_read, call_read_eventfd},
    {"read_signal", SYS_read, call_read_signalfd},
    {"read_inotify", SYS_read, call_read_inotify},
    {"large_write", SYS_write, call_large_write},
    {"recv", SYS_recvfrom, call_recv},
    {"recv_timed", SYS_recvfrom, call_recv_timeout},
    {"recv_waitall", SYS_recvfrom, call_recv_waitall},
    {"accept", SYS_accept, call_accept},
    {"connect", SYS_connect, call_connect},
    {"flock", SYS_flock, call_flock},
    {"fcntl_lock", SYS_fcntl, call_fcntl_lock},
    {"wait4", SYS_wait4, call_wait4},
    {"futex_timed", SYS_futex, call_futex_timed},
    {"pause", SYS_pause, call_pause},
    {"io_uring", SYS_io_uring_enter, call_io_uring},
    {NULL, 0, NULL},
};
