/*
 * ranges.c: the list of what memory goes into a core.
 * Runs on whichever thread writes a minicore.
 * A handler may not run it.
 *
 * Ranges are as long as what they hold: whole pages would be more, and tell more than a backtrace needs. They begin and
 * end on words, because elfutils rounds to p_align, and takes a p_align of 1 for a page.
 */
#include "minicore_internal.h"

#define ADDRESS_LIMIT GMR_CORE_ADDRESS_LIMIT

static uint64_t round_up(uint64_t number) {
    return (number + GMR_CORE_ALIGNMENT - 1) & ~(uint64_t)(GMR_CORE_ALIGNMENT - 1);
}

void gmr_core_add_range(gmr_core_t *core, const gmr_core_range_t *range) {
    if (range->bytes == 0 || range->address >= ADDRESS_LIMIT || range->bytes > ADDRESS_LIMIT) return;
    if (core->range_count == GMR_CORE_RANGE_CAPACITY) return;
    core->ranges[core->range_count++] = *range;
}

uint8_t *gmr_core_reserve(gmr_core_t *core, uint64_t bytes) {
    if (bytes > GMR_CORE_COPY_CAPACITY_BYTES - core->copied_bytes) return 0;
    uint8_t *place = core->copies + core->copied_bytes;
    core->copied_bytes += (uint32_t)round_up(bytes); /* the capacity is a multiple too */
    return place;
}

const uint8_t *gmr_core_copy(gmr_core_t *core, uint64_t address, uint64_t bytes) {
    uint8_t *copy = address < ADDRESS_LIMIT ? gmr_core_reserve(core, bytes) : 0;
    if (!copy || gmr_core_read(core, address, copy, bytes) == bytes) return copy;
    gmr_core_uncopy(core, copy, 0);
    return 0;
}

void gmr_core_uncopy(gmr_core_t *core, const uint8_t *copy, uint64_t kept) {
    core->copied_bytes = (uint32_t)((uint64_t)(copy - core->copies) + round_up(kept));
}

const uint8_t *gmr_core_add_memory(gmr_core_t *core, uint64_t address, uint64_t bytes, uint32_t flags) {
    uint64_t start = round_up(address + 1) - GMR_CORE_ALIGNMENT, end = round_up(address + bytes);
    const uint8_t *copy = gmr_core_copy(core, start, end - start);
    if (!copy) return 0;
    gmr_core_add_range(core, &(gmr_core_range_t){start, end - start, copy, end - start, flags, 0});
    return copy + (address - start);
}

/* By address, the longer one first. */
static int is_behind(const gmr_core_range_t *left, const gmr_core_range_t *right) {
    return left->address != right->address ? left->address > right->address : left->bytes < right->bytes;
}

/* Shell's: libc's qsort allocates. */
static void sort(gmr_core_range_t *ranges, uint32_t count) {
    for (uint32_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : (uint32_t)((uint64_t)gap * 5 / 11)) {
        for (uint32_t i = gap; i < count; i++) {
            gmr_core_range_t range = ranges[i];
            uint32_t at = i;
            for (; at >= gap && is_behind(&ranges[at - gap], &range); at -= gap) ranges[at] = ranges[at - gap];
            ranges[at] = range;
        }
    }
}

void gmr_core_settle_ranges(gmr_core_t *core) {
    sort(core->ranges, core->range_count);
    uint64_t end = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < core->range_count; i++) {
        gmr_core_range_t range = core->ranges[i];
        if (range.address < end) {
            uint64_t cut = end - range.address;
            if (cut >= range.bytes) continue;
            uint64_t data_cut = cut < range.data_bytes ? cut : range.data_bytes;
            range.address = end;
            range.bytes -= cut;
            range.data += data_cut;
            range.data_bytes -= data_cut;
        }
        end = range.address + range.bytes;
        core->ranges[kept++] = range;
    }
    core->range_count = kept;
}
