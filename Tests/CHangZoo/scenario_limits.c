/*
 * scenario_limits.c: the victim of scenario_locks.c in a process that has run out of something.
 * Threads: main takes it away when the victim hangs.  Signal handlers: no.
 *
 * Truth, of all: `victim` in victim_outer_calls_middle → victim_middle_calls_blocked → pthread_mutex_lock, and
 *   closed-descriptors     every descriptor from 3 on was closed, GMR's own among them.
 *   exhausted-descriptors  no descriptor can be opened: EMFILE.
 *   memory-limit           no memory can be mapped: RLIMIT_AS (soft) is what the process uses; malloc of more than what
 *                          lies free fails.
 */
#include "scenarios.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void close_descriptors(void) {
    const char *ready = getenv("ZOO_READY_FD");
    if (ready != NULL && atoi(ready) > 2)
        zoo_fail("closed-descriptors: ZOO_READY_FD must be 1 or 2");
    if (syscall(SYS_close_range, 3, ~0u, 0) != 0)
        zoo_fail("close_range");
}

static void exhaust_descriptors(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur > 1024)
        limit.rlim_cur = 1024;
    setrlimit(RLIMIT_NOFILE, &limit);
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
        continue;
    if (errno != EMFILE)
        zoo_fail("open");
}

static void limit_memory(void) {
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm == NULL || fscanf(statm, "%lu", &pages) != 1)
        zoo_fail("statm");
    fclose(statm);
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = pages * (unsigned long)sysconf(_SC_PAGESIZE);
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        zoo_fail("RLIMIT_AS");
    if (mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        zoo_fail("memory-limit: memory is still to be had");
}

const zoo_scenario_t zoo_limit_scenarios[] = {
    {"closed-descriptors", "descriptors 3… closed", NULL, zoo_build_victim, close_descriptors, NULL},
    {"exhausted-descriptors", "no descriptor is left", NULL, zoo_build_victim, exhaust_descriptors, NULL},
    {"memory-limit", "no memory can be mapped", NULL, zoo_build_victim, limit_memory, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
