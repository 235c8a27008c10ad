/*
 * rights.c: a helper that stands by has no more rights than the service has.
 * Runs on the only thread of that helper, or of a child of it.
 * A handler may not run it.
 *
 * A service may have been started as root and have given that up since. What it says, in the arena, is then what
 * somebody without rights says: which files hold its symbols and its source, for one. So the helper gives up with the
 * service, and for good: what /proc says of a process later may be said of another program, one with a set-user-ID bit.
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
    uint32_t users[3], groups[3]; /* real, effective, saved */
    gid_t others[GROUP_LIMIT];
    size_t other_count;
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

/* Of `Uid:` and `Gid:`, real, effective, saved. */
static int parse_ids(const char *numbers, uint32_t *ids) {
    for (int i = 0; numbers && i < 3; i++) {
        char *end;
        ids[i] = (uint32_t)strtoul(numbers, &end, 10);
        if (end == numbers || *end != '\t') return 0;
        numbers = end;
    }
    return numbers != NULL;
}

static int parse(const char *text, rights_t *rights) {
    if (!parse_ids(value(text, "Uid:"), rights->users) || !parse_ids(value(text, "Gid:"), rights->groups)) return 0;
    const char *capabilities = value(text, "CapPrm:"), *groups = value(text, "Groups:");
    if (!capabilities || !groups) return 0;
    rights->capabilities = strtoull(capabilities, NULL, 16);
    rights->other_count = 0;
    for (;;) {
        while (*groups == ' ' || *groups == '\t') groups++;
        if (*groups == '\n' || *groups == 0) return 1;
        char *end;
        unsigned long group = strtoul(groups, &end, 10);
        if (end == groups || rights->other_count == GROUP_LIMIT) return 0;
        rights->others[rights->other_count++] = (gid_t)group;
        groups = end;
    }
}

static int is_same_text(const char *path, const char *other) {
    char text[64], other_text[64];
    ssize_t count = readlink(path, text, sizeof text), other_count = readlink(other, other_text, sizeof other_text);
    return count > 0 && count == other_count && memcmp(text, other_text, (size_t)count) == 0;
}

/* False too where /proc is none, or that of another PID namespace. */
static int read_rights(int32_t pid, rights_t *rights) {
    static char text[32768];
    char path[64], own[16] = "";
    if (readlink("/proc/self", own, sizeof own - 1) <= 0 || atoi(own) != getpid()) return 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0) close(fd);
    if (count <= 0) return 0;
    text[count] = 0;
    if (!parse(text, rights)) return 0;
    /* In a user namespace of its own a process has all capabilities, which mean nothing outside. */
    (void)snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
    if (!is_same_text(path, "/proc/self/ns/user")) rights->capabilities = 0;
    return 1;
}

static int is_all(const uint32_t *ids, uint32_t id) { return ids[0] == id && ids[1] == id && ids[2] == id; }

static void keep_capabilities(uint64_t kept) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    if (syscall(SYS_capget, &header, data) != 0) return;
    for (int half = 0; half < 2; half++) {
        data[half].permitted &= (uint32_t)(kept >> (32 * half));
        data[half].effective = data[half].permitted;
        data[half].inheritable = 0;
    }
    (void)syscall(SYS_capset, &header, data);
}

static int take(uint32_t user, uint32_t group, const rights_t *known) {
    gid_t own[GROUP_LIMIT];
    int own_count = getgroups(GROUP_LIMIT, own);
    size_t wanted = known ? known->other_count : 0;
    int has_same = own_count >= 0 && (size_t)own_count == wanted &&
                   (wanted == 0 || memcmp(own, known->others, wanted * sizeof(gid_t)) == 0);
    /* Each is refused to who has no rights to give up; and nobody becomes root by it. */
    if (!has_same) (void)setgroups(wanted, known ? known->others : NULL);
    (void)setresgid(group, group, group);
    if (user != 0) (void)setresuid(user, user, user);
    keep_capabilities(known ? known->capabilities : 0);
    return geteuid() == user || geteuid() != 0 ? 0 : -EPERM;
}

int gmr_take_rights_of(const struct ucred *sender) {
    static rights_t known;
    int is_known = read_rights(sender->pid, &known) && is_all(known.users, sender->uid) &&
                   is_all(known.groups, sender->gid);
    return take(sender->uid, sender->gid, is_known ? &known : NULL);
}

void gmr_take_rights_of_zombie(int32_t pid) {
    static rights_t known;
    if (!read_rights(pid, &known)) return;
    if (!is_all(known.users, known.users[0]) || !is_all(known.groups, known.groups[0])) return;
    (void)take(known.users[0], known.groups[0], &known);
}
