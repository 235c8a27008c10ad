/*
 * helper_entry.c: takes over before main() where this executable was started as a helper.
 * Runs on the main thread of the helper, before main() and after the shared libraries' constructors.
 * A handler may not run it.
 */
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../signal_safe/helper_spawn.h"
#include "../unwind/image_memory.h"
#include "agent_state.h"

/* In GMRAgent. Weak, because the C core is tested without it. */
__attribute__((weak)) extern void gmr_helper_main(gmr_arena_header_t *arena);

/* In CGMRPreload: where this code came with libgmr.so, that library is a program too. */
__attribute__((weak)) extern const char gmr_own_interpreter[];

#define LIFETIME_SECONDS 60

static const gmr_module_t *own_module(void) {
    return gmr_module_at(gmr_agent_arena(), (uint64_t)(uintptr_t)&own_module);
}

const char *gmr_helper_path(void) {
    const gmr_module_t *module = gmr_own_interpreter ? own_module() : NULL;
    return module ? gmr_arena_strings(gmr_agent_arena()) + module->path_offset : "/proc/self/exe";
}

int gmr_helper_is_in(uint64_t executable_inode) {
    /* Where this code came with a library that main() loads itself, the executable would not get here. */
    const gmr_module_t *module = own_module();
    return gmr_helper_main && module && module->inode == executable_inode;
}

/* Default priority: with a static standard library the Swift runtime's own constructors must have run. */
__attribute__((constructor)) static void take_over(int count, char **arguments) {
    if (count != 1 || strcmp(arguments[0], GMR_HELPER_NAME) != 0) return;
    /* Whatever goes wrong from here on, main() must not run: it would be a second service. */
    if (!gmr_helper_main) _exit(124);
    /* Whoever starts a set-user-ID program could hand it an arena of his own making. */
    if (getauxval(AT_SECURE)) _exit(126);
    gmr_arena_header_t *arena = gmr_arena_map(GMR_HELPER_ARENA_DESCRIPTOR);
    if (!arena) _exit(125);
    signal(SIGALRM, SIG_DFL); /* ignored signals stay ignored over execve() */
    alarm(LIFETIME_SECONDS);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files: writing fails, and standard error has the report */
    gmr_arena_progress(arena, GMR_HELPER_RUNNING);
    gmr_helper_main(arena);
    _exit(0);
}
