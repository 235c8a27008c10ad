/*
 * process_memory.c: what the program has in memory, none of which can be trusted.
 * Runs on the agent thread.
 * A handler may not run it. Reading allocates nothing and takes no lock.
 */
#include "process_memory.h"

#include <dlfcn.h>
#include <string.h>

#include "../signal_safe/capture.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "gmr_agent.h"

uint64_t gmr_program_symbol(const char *name, const void *linked) {
    const void *found = dlsym(RTLD_DEFAULT, name);
    return (uint64_t)(uintptr_t)(found || gmr_own_interpreter ? found : linked);
}

int gmr_read_all(uint64_t address, void *buffer, uint64_t bytes) {
    return address >= GMR_PAGE_BYTES && gmr_ss_read_as_agent(address, buffer, bytes) == (long)bytes;
}

uint64_t gmr_read_word(uint64_t address) {
    uint64_t word;
    return gmr_read_all(address, &word, sizeof word) ? word : 0;
}

uint64_t gmr_read_string(uint64_t address, char *buffer, uint64_t capacity) {
    static char page[GMR_PAGE_BYTES];
    for (uint64_t size = 0; size < capacity;) {
        /* The next page may be missing. */
        uint64_t bytes = GMR_PAGE_BYTES - (address + size) % GMR_PAGE_BYTES;
        if (bytes > capacity - size) bytes = capacity - size;
        char *part = buffer ? buffer + size : page;
        if (!gmr_read_all(address + size, part, bytes)) return 0;
        const char *end = memchr(part, 0, bytes);
        if (end) return size + (uint64_t)(end - part);
        size += bytes;
    }
    return 0;
}
