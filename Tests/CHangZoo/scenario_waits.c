/*
 * scenario_waits.c: threads that wait in one plain system call.
 * Threads: the scenario's own.  Signal handlers: no.
 *
 * Truth
 *   epoll      `epoll-waiter`: epoll_outer_calls_middle → epoll_middle_calls_blocked → epoll_wait, no time limit.
 *   read       `read-waiter`: read_outer_calls_middle → read_middle_calls_blocked → read of an empty pipe.
 *   nanosleep  `sleeper`: sleep_outer_calls_middle → sleep_middle_calls_blocked → nanosleep (clock_nanosleep), one
 *              hour.
 */
#include "scenarios.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static ZOO_MARKER void epoll_middle_calls_blocked(int epoll) {
    struct epoll_event event;
    zoo_arrive();
    for (;;) /* a debugger that attaches makes it return EINTR */
        epoll_wait(epoll, &event, 1, -1);
}

static ZOO_MARKER void epoll_outer_calls_middle(void *unused) {
    (void)unused;
    epoll_middle_calls_blocked(epoll_create1(EPOLL_CLOEXEC));
}

static void build_epoll(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("epoll-waiter", SYS_epoll_wait, epoll_outer_calls_middle, NULL);
}

static ZOO_MARKER void read_middle_calls_blocked(int fd) {
    char byte;
    zoo_arrive();
    if (read(fd, &byte, 1) != 0)
        zoo_keep_frame();
}

static ZOO_MARKER void read_outer_calls_middle(void *unused) {
    (void)unused;
    int ends[2];
    if (pipe(ends) != 0)
        zoo_fail("pipe");
    read_middle_calls_blocked(ends[0]);
}

static void build_read(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("read-waiter", SYS_read, read_outer_calls_middle, NULL);
}

static ZOO_MARKER void sleep_middle_calls_blocked(void) {
    struct timespec an_hour = {.tv_sec = 3600};
    zoo_arrive();
    for (;;)
        nanosleep(&an_hour, NULL);
}

static ZOO_MARKER void sleep_outer_calls_middle(void *unused) {
    (void)unused;
    sleep_middle_calls_blocked();
}

static void build_nanosleep(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("sleeper", SYS_clock_nanosleep, sleep_outer_calls_middle, NULL);
}

const zoo_scenario_t zoo_wait_scenarios[] = {
    {"epoll", "a thread waits in epoll_wait", NULL, build_epoll, NULL, NULL},
    {"read", "a thread reads an empty pipe", NULL, build_read, NULL, NULL},
    {"nanosleep", "a thread sleeps for an hour", NULL, build_nanosleep, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
