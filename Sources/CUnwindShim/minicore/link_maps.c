/*
 * link_maps.c: what tells a debugger where the libraries are: the loader's r_debug and its chain of link maps.
 * Runs on whichever thread writes a minicore.
 * A handler may not run it.
 *
 * The process may be the victim of a stray write, and these structures with it, so each step is bounded. A chain of
 * which every member names the one before it cannot lead back into itself.
 */
#include <elf.h>
#include <link.h>

#include "minicore_internal.h"

#define LINK_MAP_LIMIT 4096u
#define NAMESPACE_LIMIT 16u /* dlmopen() */
#define NAME_LIMIT_BYTES 4096u
#define DYNAMIC_LIMIT_BYTES 4096u
#define SEGMENT_LIMIT 64u

static void add_name(gmr_core_t *core, uint64_t address) {
    uint64_t bytes = gmr_core_read(core, address, core->buffer, NAME_LIMIT_BYTES);
    for (uint64_t i = 0; i < bytes; i++) {
        if (core->buffer[i]) continue;
        gmr_core_add_memory(core, address, i + 1, PF_R | PF_W);
        return;
    }
}

/* Adds a dynamic section up to its end and returns the value of its DT_DEBUG; 0 where there is none. */
static uint64_t add_dynamic(gmr_core_t *core, uint64_t address) {
    const Elf64_Dyn *entries = (const Elf64_Dyn *)core->buffer;
    uint64_t count = gmr_core_read(core, address, core->buffer, DYNAMIC_LIMIT_BYTES) / sizeof(Elf64_Dyn);
    uint64_t debug = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (entries[i].d_tag == DT_DEBUG) debug = entries[i].d_un.d_ptr;
        if (entries[i].d_tag != DT_NULL) continue;
        gmr_core_add_memory(core, address, (i + 1) * sizeof(Elf64_Dyn), PF_R | PF_W);
        return debug;
    }
    return 0;
}

static void add_chain(gmr_core_t *core, uint64_t address) {
    uint64_t before = 0;
    for (uint32_t i = 0; address && i < LINK_MAP_LIMIT; i++) {
        struct link_map map;
        if (gmr_core_read(core, address, &map, sizeof map) != sizeof map || (uint64_t)map.l_prev != before) return;
        gmr_core_add_memory(core, address, sizeof map, PF_R | PF_W);
        if (map.l_name) add_name(core, (uint64_t)map.l_name);
        if (map.l_ld) add_dynamic(core, (uint64_t)map.l_ld);
        before = address;
        address = (uint64_t)map.l_next;
    }
}

/* The dynamic section of the executable; 0 where it has none. */
static uint64_t find_dynamic(gmr_core_t *core) {
    Elf64_Phdr segments[SEGMENT_LIMIT];
    uint64_t headers = gmr_core_auxv(core, AT_PHDR), count = gmr_core_auxv(core, AT_PHNUM);
    if (headers == 0 || gmr_core_auxv(core, AT_PHENT) != sizeof segments[0]) return 0;
    if (count > SEGMENT_LIMIT) count = SEGMENT_LIMIT;
    count = gmr_core_read(core, headers, segments, count * sizeof segments[0]) / sizeof segments[0];
    uint64_t bias = 0, dynamic = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (segments[i].p_type == PT_PHDR) bias = headers - segments[i].p_vaddr;
        if (segments[i].p_type == PT_DYNAMIC) dynamic = segments[i].p_vaddr;
    }
    return dynamic ? bias + dynamic : 0;
}

void gmr_core_add_link_maps(gmr_core_t *core) {
    uint64_t dynamic = find_dynamic(core);
    uint64_t debug = dynamic ? add_dynamic(core, dynamic) : 0;
    for (uint32_t i = 0; debug && i < NAMESPACE_LIMIT; i++) {
        struct {
            struct r_debug base;
            uint64_t next; /* of version 2 and later */
        } record;
        const uint8_t *copy = gmr_core_add_memory(core, debug, sizeof record, PF_R | PF_W);
        if (!copy) return;
        __builtin_memcpy(&record, copy, sizeof record);
        add_chain(core, (uint64_t)record.base.r_map);
        debug = record.base.r_version >= 2 ? record.next : 0;
    }
}
