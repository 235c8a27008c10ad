/*
 * scenario_loader.c: threads that keep the loader's locks.
 * Threads: the scenario's own.  Signal handlers: no.
 *
 * Truth
 *   dlopen-constructor  `dlopen-holder` waits for ever in pause(), called by zoo_stuck_constructor of the shared
 *                       library given as argument (Plugins/stuck_constructor.c), called by dlopen: dlopen, dlsym and
 *                       dladdr of everybody else block, as `dlopen-waiter` shows.
 *   dl-iterate-phdr     `phdr-holder` waits in a futex inside its dl_iterate_phdr callback phdr_callback_calls_blocked:
 *                       dl_iterate_phdr and dlopen of everybody else block, as `phdr-waiter` shows.
 */
#include "scenarios.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static ZOO_MARKER void dlopen_outer_calls_constructor(void *path) {
    zoo_arrive();
    if (dlopen(path, RTLD_NOW) == NULL)
        zoo_fail(dlerror());
    zoo_keep_frame();
}

static ZOO_MARKER void dlopen_waiter_calls_blocked(void *unused) {
    (void)unused;
    zoo_arrive();
    if (dlopen("libm.so.6", RTLD_NOW) != NULL)
        zoo_keep_frame();
}

static void build_dlopen(int count, char *const *arguments) {
    if (count < 1)
        zoo_fail("dlopen-constructor: give it stuck_constructor.so");
    zoo_spawn("dlopen-holder", SYS_pause, dlopen_outer_calls_constructor, arguments[0]);
    zoo_settle();
    zoo_spawn("dlopen-waiter", SYS_futex, dlopen_waiter_calls_blocked, NULL);
}

static ZOO_MARKER int phdr_callback_calls_blocked(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)info, (void)size, (void)unused;
    zoo_arrive();
    zoo_futex_wait_for_ever();
}

static ZOO_MARKER void phdr_outer_calls_callback(void *unused) {
    (void)unused;
    dl_iterate_phdr(phdr_callback_calls_blocked, NULL);
    zoo_keep_frame();
}

static ZOO_MARKER int phdr_callback_ends(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)info, (void)size, (void)unused;
    return 1;
}

static ZOO_MARKER void phdr_waiter_calls_blocked(void *unused) {
    (void)unused;
    zoo_arrive();
    dl_iterate_phdr(phdr_callback_ends, NULL);
    zoo_keep_frame();
}

static void build_phdr(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("phdr-holder", SYS_futex, phdr_outer_calls_callback, NULL);
    zoo_settle();
    zoo_spawn("phdr-waiter", SYS_futex, phdr_waiter_calls_blocked, NULL);
}

const zoo_scenario_t zoo_loader_scenarios[] = {
    {"dlopen-constructor", "PLUGIN.so: stuck in a constructor", NULL, build_dlopen, NULL, NULL},
    {"dl-iterate-phdr", "a thread is stuck in a dl_iterate_phdr callback", NULL, build_phdr, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
