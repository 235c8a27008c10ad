/*
 * scenario_stdio.c: the locks of stdio are never given back.
 * Threads: the scenario's own.  Signal handlers: no.
 *
 * Truth
 *   stdio-lock  `file-holder` owns the locks of stdout and stderr (flockfile) and waits in a futex; `fwrite-waiter`
 *               waits for stderr's. `list-holder` is in fflush(NULL), which keeps the lock of the list of all streams,
 *               stuck in cookie_write_calls_blocked, the write function of a stream of its own; `fopen-waiter` waits
 *               for the list: fopen, fork, localtime and exit of everybody else block too.
 */
#include "scenarios.h"

#include <stdio.h>
#include <sys/syscall.h>

static ZOO_MARKER void file_holder_waits(void *unused) {
    (void)unused;
    flockfile(stdout);
    flockfile(stderr);
    zoo_arrive();
    zoo_futex_wait_for_ever();
}

static ZOO_MARKER void fwrite_waiter_calls_blocked(void *unused) {
    (void)unused;
    zoo_arrive();
    if (fwrite("never printed\n", 14, 1, stderr) == 1) /* what compilers make of fputs too */
        zoo_keep_frame();
}

static ZOO_MARKER ssize_t cookie_write_calls_blocked(void *cookie, const char *bytes, size_t count) {
    (void)cookie, (void)bytes, (void)count;
    zoo_arrive();
    zoo_futex_wait_for_ever();
}

static ZOO_MARKER void list_holder_calls_fflush(void *unused) {
    (void)unused;
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = cookie_write_calls_blocked});
    if (stream == NULL || fputs("to be flushed", stream) == EOF)
        zoo_fail("fopencookie");
    fflush(NULL);
    zoo_keep_frame();
}

static ZOO_MARKER void fopen_waiter_calls_blocked(void *unused) {
    (void)unused;
    zoo_arrive();
    if (fopen("/dev/null", "r") != NULL)
        zoo_keep_frame();
}

static void build_stdio(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("file-holder", SYS_futex, file_holder_waits, NULL);
    zoo_settle();
    zoo_spawn("fwrite-waiter", SYS_futex, fwrite_waiter_calls_blocked, NULL);
    zoo_spawn("list-holder", SYS_futex, list_holder_calls_fflush, NULL); /* its stream is the first in the list */
    zoo_settle();
    zoo_spawn("fopen-waiter", SYS_futex, fopen_waiter_calls_blocked, NULL);
}

const zoo_scenario_t zoo_stdio_scenarios[] = {
    {"stdio-lock", "stderr's lock and the list of streams are kept", NULL, build_stdio, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
