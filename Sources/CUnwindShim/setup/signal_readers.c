/*
 * signal_readers.c: the signals that somebody in this process reads from a descriptor.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 */
#include <stdio.h>

#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"

static int starts_with(const char *text, const char *beginning) {
    while (*beginning && *text == *beginning) text++, beginning++;
    return *beginning == 0;
}

/* The mask of a signalfd, of a file that has the line `sigmask:` and 16 hexadecimal digits; 0 for others. */
static uint64_t mask_of(int directory, const char *name) {
    char text[512] = {0};
    int fd = gmr_ss_open_at(directory, name, O_RDONLY);
    if (fd < 0) return 0;
    (void)gmr_ss_read(fd, text, sizeof text - 1);
    gmr_ss_close(fd);
    const char *at = text;
    while (*at && !starts_with(at, "\nsigmask:\t")) at++;
    if (!*at) return 0;
    uint64_t mask = 0;
    for (at += sizeof "\nsigmask:\t" - 1; *at && *at != '\n'; at++) {
        mask = mask << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    }
    return mask;
}

static int is_signal_descriptor(int directory, const char *name) {
    char target[32] = {0};
    (void)gmr_ss_syscall4(SYS_readlinkat, directory, name, target, sizeof target - 1);
    return starts_with(target, "anon_inode:[signalfd]");
}

/* A directory of a thread that has the application's table, which the agent has not. The process's own is that of its
 * main thread, which may have ended. */
static int open_descriptors(const char *name) {
    char path[64];
    uint32_t sections = gmr_load_acquire(&gmr_agent_state.sections.tid);
    int length = sections ? snprintf(path, sizeof path, "/proc/self/task/%u/%s", sections, name)
                          : snprintf(path, sizeof path, "/proc/self/%s", name);
    if (length >= (int)sizeof path) return -1;
    return gmr_ss_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
}

uint64_t gmr_signals_read_by_descriptors(void) {
    uint64_t mask = 0;
    int links = open_descriptors("fd"), facts = open_descriptors("fdinfo");
    gmr_directory_t list = {.descriptor = links};
    const gmr_directory_entry_t *entry;
    while (links >= 0 && facts >= 0 && gmr_ss_directory_next(&list, &entry) > 0) {
        if (is_signal_descriptor(links, entry->name)) mask |= mask_of(facts, entry->name);
    }
    if (links >= 0) gmr_ss_close(links);
    if (facts >= 0) gmr_ss_close(facts);
    return mask;
}
