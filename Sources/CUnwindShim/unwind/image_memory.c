/*
 * image_memory.c: a small direct-mapped cache of pages of loaded images: unwind tables are read word by word.
 * Runs on the agent thread.
 * A handler may not run it: it writes shared static memory.
 */
#include "image_memory.h"

#include "../signal_safe/syscalls_x86_64.h"

#define CACHED_PAGES 128u

static struct {
    uint64_t address[CACHED_PAGES]; /* 0: empty */
    uint8_t bytes[CACHED_PAGES][GMR_PAGE_BYTES];
} cache;

void gmr_image_forget(void) { __builtin_memset(cache.address, 0, sizeof cache.address); }

static const uint8_t *page_at(uint64_t page) {
    uint32_t index = (uint32_t)((page / GMR_PAGE_BYTES) * 2654435761u >> 8) % CACHED_PAGES;
    if (cache.address[index] == page) return cache.bytes[index];
    cache.address[index] = 0;
    long bytes = gmr_ss_read_as_agent(page, cache.bytes[index], GMR_PAGE_BYTES);
    if (bytes != GMR_PAGE_BYTES) return 0;
    cache.address[index] = page;
    return cache.bytes[index];
}

int gmr_image_read(uint64_t address, void *buffer, uint32_t bytes) {
    uint8_t *to = buffer;
    while (bytes > 0) {
        uint64_t page = address & ~(uint64_t)(GMR_PAGE_BYTES - 1);
        uint32_t offset = (uint32_t)(address - page);
        uint32_t part = GMR_PAGE_BYTES - offset < bytes ? GMR_PAGE_BYTES - offset : bytes;
        const uint8_t *from = page ? page_at(page) : 0;
        if (!from) return 0;
        __builtin_memcpy(to, from + offset, part);
        to += part;
        address += part;
        bytes -= part;
    }
    return 1;
}
