/*
 * rights.c: a helper takes no more rights to its work than the service has by now.
 * Runs on the only thread of a helper that stands by, or of a child of it.
 * A handler may not run it.
 *
 * A service may have been started as root and have given that up since. What it says, in the arena, is then what
 * somebody without rights says: which files hold its symbols and its source, for one. Nothing of it is read with rights
 * that the service does not have.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "standby.h"

#define GROUP_LIMIT 1024

typedef struct {
    uid_t user;
    gid_t group;
    gid_t groups[GROUP_LIMIT];
    size_t group_count;
    uint64_t capabilities; /* permitted */
} rights_t;

/* The text behind `name` at the start of a line, or NULL. */
static const char *value(const char *text, const char *name) {
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        if (strncmp(line, name, length) == 0) return line + length;
    }
    return NULL;
}

/* Of `Uid:` and `Gid:`, real, effective, saved, file system. */
static int effective(const char *numbers, uint32_t *id) {
    char *end;
    if (!numbers) return 0;
    (void)strtoul(numbers, &end, 10);
    *id = (uint32_t)strtoul(end, &end, 10);
    return *end == '\t';
}

static int parse(const char *text, rights_t *rights) {
    if (!effective(value(text, "Uid:"), &rights->user) || !effective(value(text, "Gid:"), &rights->group)) return 0;
    const char *capabilities = value(text, "CapPrm:"), *groups = value(text, "Groups:");
    if (!capabilities || !groups) return 0;
    rights->capabilities = strtoull(capabilities, NULL, 16);
    rights->group_count = 0;
    for (;;) {
        while (*groups == ' ' || *groups == '\t') groups++;
        if (*groups == '\n' || *groups == 0) return 1;
        char *end;
        unsigned long group = strtoul(groups, &end, 10);
        if (end == groups || rights->group_count == GROUP_LIMIT) return 0;
        rights->groups[rights->group_count++] = (gid_t)group;
        groups = end;
    }
}

static int read_rights(const char *pid, rights_t *rights) {
    static char text[32768];
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%s/status", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t count = read(fd, text, sizeof text - 1);
    close(fd);
    if (count <= 0) return -EIO;
    text[count] = 0;
    return parse(text, rights) ? 0 : -EPROTO;
}

/* Those are fewer, or as many. */
static int keep_capabilities(uint64_t permitted) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    for (int half = 0; half < 2; half++) {
        data[half].permitted = data[half].effective = (uint32_t)(permitted >> (32 * half));
    }
    return syscall(SYS_capset, &header, data) == 0 ? 0 : -errno;
}

int gmr_take_rights_of(int32_t pid) {
    static rights_t wanted, own;
    char number[16];
    (void)snprintf(number, sizeof number, "%d", pid);
    int error = read_rights(number, &wanted);
    if (!error) error = read_rights("self", &own);
    if (error) return error;
    int has_groups = own.group_count == wanted.group_count &&
                     memcmp(own.groups, wanted.groups, wanted.group_count * sizeof(gid_t)) == 0;
    if (!has_groups && setgroups(wanted.group_count, wanted.groups) != 0) return -errno;
    if (setresgid(wanted.group, wanted.group, wanted.group) != 0) return -errno;
    if (setresuid(wanted.user, wanted.user, wanted.user) != 0) return -errno;
    error = read_rights("self", &own);
    if (!error && own.capabilities & ~wanted.capabilities) {
        error = keep_capabilities(own.capabilities & wanted.capabilities);
    }
    return error;
}
