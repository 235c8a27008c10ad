/*
 * interruptible.c: system calls that come back with EINTR from any signal, SA_RESTART or not (signal(7)); each on a
 * thread of its own that counts every early return.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench_threads.h"

#define FAR_AWAY_S 3600

static uint64_t interrupted;
static int silent[2]; /* a stream socket pair on which nobody writes */
static int queue_id, semaphore_id, poller;
static sem_t semaphore;

/* Each returns -1 with errno, or what the call returned; only time can end it. */
static long in_nanosleep(void) {
    struct timespec time = {.tv_sec = FAR_AWAY_S};
    return nanosleep(&time, NULL);
}
static long in_clock_nanosleep(void) {
    struct timespec time = {.tv_sec = FAR_AWAY_S};
    errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
    return errno ? -1 : 0;
}
static long in_sleep(void) { return sleep(FAR_AWAY_S); }
static long in_usleep(void) { return usleep(999999999); }
static long in_poll(void) {
    struct pollfd request = {.fd = silent[0], .events = POLLIN};
    return poll(&request, 1, FAR_AWAY_S * 1000);
}
static long in_ppoll(void) {
    struct timespec time = {.tv_sec = FAR_AWAY_S};
    struct pollfd request = {.fd = silent[0], .events = POLLIN};
    return ppoll(&request, 1, &time, NULL);
}
static long in_select(void) {
    struct timeval time = {.tv_sec = FAR_AWAY_S};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(silent[0], &set);
    return select(silent[0] + 1, &set, NULL, NULL, &time);
}
static long in_pselect(void) {
    struct timespec time = {.tv_sec = FAR_AWAY_S};
    return pselect(0, NULL, NULL, NULL, &time, NULL);
}
static long in_epoll_wait(void) {
    struct epoll_event event;
    return epoll_wait(poller, &event, 1, FAR_AWAY_S * 1000);
}
static long in_sigtimedwait(void) {
    struct timespec time = {.tv_sec = FAR_AWAY_S};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMAX);
    return sigtimedwait(&set, NULL, &time);
}
static long in_pause(void) { return pause(); }
static long in_sem_timedwait(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += FAR_AWAY_S;
    return sem_timedwait(&semaphore, &time);
}
static long in_semop(void) {
    struct sembuf take = {.sem_op = -1};
    return semop(semaphore_id, &take, 1);
}
static long in_msgrcv(void) {
    struct { long type; char byte; } message;
    return msgrcv(queue_id, &message, 1, 0, 0);
}
static long in_recv_with_timeout(void) {
    char byte;
    return recv(silent[1], &byte, 1, 0);
}

static long (*const calls[])(void) = {
    in_nanosleep, in_clock_nanosleep, in_sleep, in_usleep, in_poll, in_ppoll, in_select, in_pselect, in_epoll_wait,
    in_sigtimedwait, in_pause, in_sem_timedwait, in_semop, in_msgrcv, in_recv_with_timeout,
};
enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

static void *interruptible_main(void *index) {
    sigset_t last;
    sigemptyset(&last);
    sigaddset(&last, SIGRTMAX);
    pthread_sigmask(SIG_SETMASK, &last, NULL);
    /* Bounded: a call that fails at once for another reason must not spin. */
    for (int returns = 0; returns < 100000; returns++) {
        errno = 0;
        (void)calls[(uintptr_t)index]();
        if (errno == EIDRM || errno == EINVAL) return NULL;
        __atomic_fetch_add(&interrupted, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

int bench_start_interruptible(void) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, silent) != 0) return -errno;
    struct timeval time = {.tv_sec = FAR_AWAY_S};
    setsockopt(silent[1], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    poller = epoll_create1(EPOLL_CLOEXEC);
    sem_init(&semaphore, 0, 0);
    queue_id = msgget(IPC_PRIVATE, 0600);
    semaphore_id = semget(IPC_PRIVATE, 1, 0600);
    int started = 0;
    for (uintptr_t i = 0; i < CALL_COUNT; i++) {
        pthread_t thread;
        if ((calls[i] == in_msgrcv && queue_id < 0) || (calls[i] == in_semop && semaphore_id < 0)) continue;
        if (pthread_create(&thread, NULL, interruptible_main, (void *)i) == 0) started++;
    }
    usleep(50000); /* into the calls */
    return started;
}

uint64_t bench_interrupted_count(void) { return __atomic_load_n(&interrupted, __ATOMIC_RELAXED); }

/* System V objects outlive their process. */
__attribute__((destructor)) static void remove_objects(void) {
    if (queue_id > 0) msgctl(queue_id, IPC_RMID, NULL);
    if (semaphore_id > 0) semctl(semaphore_id, 0, IPC_RMID);
}
