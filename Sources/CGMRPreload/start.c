/*
 * start.c: sets up reports in a preloaded program, between its constructors and its main().
 * Runs on the main thread.
 * A handler may not run it.
 *
 * The place is found by standing in for glibc's __libc_start_main, which every program's _start calls. Rejected: a
 * constructor of this library, because it runs before the program's own, which may fork, close descriptors or set
 * the signals up that they expect.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gmr_agent.h"
#include "gmr_preload.h"
#include "start.h"

static gmr_main_t *program_main;

/* LD_PRELOAD names this library, by any path. */
static int is_preloaded(void) {
    const char *list = getenv("LD_PRELOAD");
    Dl_info own;
    if (!list || !dladdr((void *)&is_preloaded, &own) || !own.dli_fname) return 0;
    const char *slash = strrchr(own.dli_fname, '/');
    return strstr(list, slash ? slash + 1 : own.dli_fname) != NULL;
}

static int is_turned_off(void) {
    const char *enable = getenv("GMR_ENABLE");
    return enable && strcmp(enable, "0") == 0;
}

static int main_with_reports(int count, char **arguments, char **environment) {
    gmr_preload_set_up();
    /* No frame of ours stays on the program's stack. */
    __attribute__((musttail)) return program_main(count, arguments, environment);
}

int gmr_start_main(gmr_main_t *main, int count, char **arguments, void (*initialize)(void), void (*finish)(void),
                   void (*finish_loader)(void), void *stack_end) {
    gmr_start_main_t *next = (gmr_start_main_t *)dlsym(RTLD_NEXT, "__libc_start_main");
    if (!next) _exit(127);
    __attribute__((musttail)) return next(main, count, arguments, initialize, finish, finish_loader, stack_end);
}

int __libc_start_main(gmr_main_t *main, int count, char **arguments, void (*initialize)(void), void (*finish)(void),
                      void (*finish_loader)(void), void *stack_end) {
    /* As ld.so does, which drops LD_PRELOAD there: who starts a set-user-ID program must not have it write reports. */
    if (!gmr_is_privileged() && !is_turned_off() && is_preloaded()) {
        program_main = main;
        main = main_with_reports;
    }
    __attribute__((musttail)) return gmr_start_main(main, count, arguments, initialize, finish, finish_loader,
                                                    stack_end);
}
