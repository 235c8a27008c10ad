/*
 * detached_command.c: starts a program that outlives the helper and keeps nothing of it or of the service.
 * Runs on the main thread of the helper, once its report is delivered.
 * A handler may not run it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#include "gmr_agent.h"

/* The arena, and where the agent could not have a descriptor table of its own all that the service left inheritable.
 * Rejected: posix_spawn_file_actions_addclosefrom_np() needs glibc 2.34, close_range() Linux 5.11. */
static int close_all_on_exec(void) {
    DIR *descriptors = opendir("/proc/self/fd");
    if (!descriptors) return -errno;
    for (struct dirent *entry; (entry = readdir(descriptors));) {
        int fd = atoi(entry->d_name); /* 0 for "." and ".." */
        if (fd > STDERR_FILENO) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    closedir(descriptors);
    return 0;
}

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setflags(attributes,
                                         POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(attributes, &all);
    return error;
}

static int set_actions(posix_spawn_file_actions_t *actions) {
    int error = posix_spawn_file_actions_addchdir_np(actions, "/");
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && !error; fd++) {
        error = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
    }
    return error;
}

int gmr_spawn_detached(char *const *arguments, char *const *environment) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int error = -close_all_on_exec();
    if (error) return -error;
    if ((error = posix_spawnattr_init(&attributes))) return -error;
    if ((error = posix_spawn_file_actions_init(&actions)) == 0) {
        pid_t pid;
        error = set_attributes(&attributes);
        if (!error) error = set_actions(&actions);
        if (!error) error = posix_spawn(&pid, arguments[0], &actions, &attributes, arguments, environment);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)posix_spawnattr_destroy(&attributes);
    return -error;
}
