/*
 * helper_entry.c: takes over before main() where this executable was started as a helper.
 * Runs on the main thread of the helper, before main() and after the shared libraries' constructors.
 * A handler may not run it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../signal_safe/capture.h"
#include "../signal_safe/helper_spawn.h"
#include "agent_state.h"
#include "standby.h"

/* In GMRAgent. Weak, because the C core is tested without it. */
__attribute__((weak)) extern void gmr_helper_main(gmr_arena_header_t *arena);

#define LIFETIME_SECONDS 60

/* What serves as the helper, as it was at set-up: later the path may lead elsewhere, in a chroot for one, to a file of
 * somebody who must not say what a privileged process executes. */
static struct {
    char path[PATH_MAX];
    dev_t device;
    ino_t inode;
    int is_separate; /* a program that the settings name */
} helper;

void gmr_helper_choose(const char *separate) {
    struct stat status;
    Dl_info own;
    helper.path[0] = 0;
    helper.is_separate = separate != NULL && strlen(separate) < sizeof helper.path;
    if (helper.is_separate) {
        strcpy(helper.path, separate);
    } else if (!gmr_own_interpreter) {
        strcpy(helper.path, "/proc/self/exe");
    } else if (!dladdr(gmr_own_interpreter, &own) || !own.dli_fname || !realpath(own.dli_fname, helper.path)) {
        helper.path[0] = 0;
    }
    if (stat(helper.path, &status) == 0) {
        helper.device = status.st_dev;
        helper.inode = status.st_ino;
    } else {
        helper.path[0] = 0;
    }
}

int gmr_helper_open(void) {
    struct stat status;
    int fd = open(helper.path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    if (fstat(fd, &status) == 0 && status.st_dev == helper.device && status.st_ino == helper.inode) return fd;
    close(fd);
    return -ESTALE;
}

int gmr_helper_is_in(uint64_t executable_inode) {
    if (helper.is_separate) return 1; /* gmr_helper_check() has seen to it */
    /* Where this code came with a library that main() loads itself, the executable would not get here. */
    const gmr_module_t *module = gmr_ss_module_at(gmr_agent_arena(), (uint64_t)(uintptr_t)&gmr_helper_is_in);
    return gmr_helper_main && module && module->inode == executable_inode;
}

int gmr_is_privileged(void) { return getauxval(AT_SECURE) != 0; }

/* Default priority: with a static standard library the Swift runtime's own constructors must have run. */
__attribute__((constructor)) static void take_over(int count, char **arguments) {
    if (count != 1) return;
    int stands_by = strcmp(arguments[0], GMR_STANDBY_NAME) == 0;
    if (!stands_by && strcmp(arguments[0], GMR_HELPER_NAME) != 0) return;
    /* Whatever goes wrong from here on, main() must not run: it would be a second service. */
    if (!gmr_helper_main) _exit(124);
    /* Whoever starts a set-user-ID program could hand it an arena of his own making. */
    if (gmr_is_privileged()) _exit(126);
    if (stands_by) gmr_standby_main();
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
    gmr_helper_read_tasks(arena, arena->arena_bytes, arena->pid);
    gmr_helper_main(arena);
    _exit(0);
}
