/*
 * module_list.c: the ELF images of the process, from /proc/thread-self/maps and their own headers.
 * Runs on the agent thread.
 * A handler may run all of it. dl_iterate_phdr is not asked: a thread stuck in the loader holds its lock.
 */
#include <elf.h>
#include <errno.h>

#include "capture.h"
#include "maps.h"
#include "syscalls_x86_64.h"

#define PATH_BYTES 4096u

static const char deleted[] = " (deleted)";
static const char vdso[] = "[vdso]";

/* A file mapping of offset 0: what may turn out to be an ELF image once an executable mapping follows. */
typedef struct {
    uint64_t start, device, inode;
    char path[PATH_BYTES];
    uint32_t path_bytes;
    int pending;
} candidate_t;

static candidate_t candidate;

static long read_own(uint64_t address, void *buffer, size_t bytes) GMR_SIGNAL_SAFE {
    return gmr_ss_read_as_agent(address, buffer, bytes);
}

static uint32_t store_string(gmr_arena_header_t *arena, const char *text, uint32_t bytes) GMR_SIGNAL_SAFE {
    if (GMR_STRING_CAPACITY_BYTES - arena->string_bytes <= bytes) return 0; /* offset 0 is the empty string */
    uint32_t offset = arena->string_bytes;
    char *strings = gmr_arena_strings(arena) + offset;
    for (uint32_t i = 0; i < bytes; i++) strings[i] = text[i];
    strings[bytes] = 0;
    arena->string_bytes += bytes + 1;
    return offset;
}

static void read_build_id(gmr_module_t *module, uint64_t notes, uint64_t bytes) GMR_SIGNAL_SAFE {
    uint8_t buffer[1024] __attribute__((aligned(4)));
    long size = read_own(notes, buffer, bytes < sizeof buffer ? bytes : sizeof buffer);
    for (long at = 0; at + (long)sizeof(Elf64_Nhdr) <= size;) {
        const Elf64_Nhdr *note = (const Elf64_Nhdr *)(buffer + at);
        uint64_t name = (uint64_t)at + sizeof *note;
        uint64_t description = name + ((note->n_namesz + UINT64_C(3)) & ~UINT64_C(3));
        uint64_t next = description + ((note->n_descsz + UINT64_C(3)) & ~UINT64_C(3));
        if (next > (uint64_t)size) return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && buffer[name] == 'G' &&
            note->n_descsz <= GMR_BUILD_ID_CAPACITY_BYTES) {
            module->build_id_bytes = note->n_descsz;
            for (uint32_t i = 0; i < note->n_descsz; i++) module->build_id[i] = buffer[description + i];
            return;
        }
        at = (long)next;
    }
}

/* .eh_frame_hdr with the encodings that every linker writes: pcrel sdata4, udata4, datarel sdata4. */
static void read_unwind_header(gmr_module_t *module, uint64_t address) GMR_SIGNAL_SAFE {
    struct {
        uint8_t version, frame_encoding, count_encoding, table_encoding;
        int32_t frame;
        uint32_t count;
    } header;
    module->eh_frame_hdr = address;
    if (read_own(address, &header, sizeof header) != sizeof header) return;
    if (header.version != 1 || header.count_encoding != 0x03 || header.table_encoding != 0x3b) return;
    if (header.frame_encoding != 0x1b) return;
    module->table = address + sizeof header;
    module->table_entries = header.count;
    module->flags |= GMR_MODULE_TABLE;
}

/* Returns 1 where an ELF image starts at `start`. */
static int read_image(gmr_module_t *module, uint64_t start) GMR_SIGNAL_SAFE {
    uint8_t page[GMR_PAGE_BYTES] __attribute__((aligned(8)));
    long size = read_own(start, page, sizeof page);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)page;
    if (size < (long)sizeof *header || __builtin_memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return 0;
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phentsize != sizeof(Elf64_Phdr)) return 0;
    if (header->e_phoff > (uint64_t)size) return 0;
    uint64_t count = ((uint64_t)size - header->e_phoff) / sizeof(Elf64_Phdr);
    if (count > header->e_phnum) count = header->e_phnum;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(page + header->e_phoff);

    uint64_t first = UINT64_MAX, last = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (segments[i].p_type != PT_LOAD) continue;
        if (segments[i].p_vaddr - segments[i].p_offset < first) first = segments[i].p_vaddr - segments[i].p_offset;
        if (segments[i].p_vaddr + segments[i].p_memsz > last) last = segments[i].p_vaddr + segments[i].p_memsz;
    }
    if (last == 0) return 0;
    module->start = start;
    module->load_bias = start - first;
    module->end = module->load_bias + last;
    module->text_start = UINT64_MAX;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t address = module->load_bias + segments[i].p_vaddr;
        if (segments[i].p_type == PT_LOAD && segments[i].p_flags & PF_X) {
            if (address < module->text_start) module->text_start = address;
            if (address + segments[i].p_memsz > module->text_end) module->text_end = address + segments[i].p_memsz;
        } else if (segments[i].p_type == PT_NOTE && module->build_id_bytes == 0) {
            read_build_id(module, address, segments[i].p_memsz);
        } else if (segments[i].p_type == PT_GNU_EH_FRAME) {
            read_unwind_header(module, address);
        }
    }
    return module->text_end > module->text_start;
}

static void add_module(gmr_arena_header_t *arena, uint64_t start, uint64_t device, uint64_t inode, const char *path,
                       uint32_t path_bytes) GMR_SIGNAL_SAFE {
    if (arena->module_count >= GMR_MODULE_CAPACITY) {
        arena->modules_dropped++;
        return;
    }
    gmr_module_t *module = &gmr_arena_modules(arena)[arena->module_count];
    __builtin_memset(module, 0, sizeof *module);
    if (!read_image(module, start)) return;
    const uint32_t suffix = sizeof deleted - 1;
    if (path_bytes > suffix && __builtin_memcmp(path + path_bytes - suffix, deleted, suffix) == 0) {
        module->flags |= GMR_MODULE_DELETED;
        path_bytes -= suffix;
    }
    module->device = device;
    module->inode = inode;
    module->path_offset = store_string(arena, path, path_bytes);
    arena->module_count++;
}

static void see_mapping(gmr_arena_header_t *arena, const gmr_mapping_t *mapping) GMR_SIGNAL_SAFE {
    if (mapping->inode == 0) {
        if (mapping->executable && mapping->path_bytes == sizeof vdso - 1 &&
            __builtin_memcmp(mapping->path, vdso, sizeof vdso - 1) == 0) {
            uint32_t before = arena->module_count;
            add_module(arena, mapping->start, 0, 0, vdso, sizeof vdso - 1);
            if (arena->module_count > before) gmr_arena_modules(arena)[before].flags |= GMR_MODULE_VDSO;
        }
        return;
    }
    if (mapping->offset == 0) {
        candidate.pending = 1;
        candidate.start = mapping->start;
        candidate.device = mapping->device;
        candidate.inode = mapping->inode;
        candidate.path_bytes = mapping->path_bytes < PATH_BYTES ? mapping->path_bytes : PATH_BYTES;
        for (uint32_t i = 0; i < candidate.path_bytes; i++) candidate.path[i] = mapping->path[i];
    }
    if (!mapping->executable || !candidate.pending) return;
    if (mapping->device != candidate.device || mapping->inode != candidate.inode) return;
    candidate.pending = 0;
    add_module(arena, candidate.start, candidate.device, candidate.inode, candidate.path, candidate.path_bytes);
}

int gmr_ss_list_modules(void) GMR_SIGNAL_SAFE {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    /* Where there is no /proc, as in a chroot, what was read before is most likely still so. */
    int result = gmr_ss_maps_open(GMR_OWN_MAPS);
    if (result < 0) return result;
    arena->module_count = 0;
    arena->modules_dropped = 0;
    gmr_arena_strings(arena)[0] = 0;
    arena->string_bytes = 1;
    candidate.pending = 0;
    gmr_mapping_t mapping;
    while ((result = gmr_ss_maps_next(&mapping)) > 0) see_mapping(arena, &mapping);
    gmr_ss_maps_close();
    return result;
}

const gmr_module_t *gmr_ss_module_at(const gmr_arena_header_t *arena, uint64_t address) GMR_SIGNAL_SAFE {
    /* /proc lists mappings by address, so the table is sorted. */
    const gmr_module_t *modules = gmr_arena_modules(arena);
    uint32_t low = 0, high = arena->module_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (modules[middle].end <= address) low = middle + 1;
        else high = middle;
    }
    return low < arena->module_count && modules[low].start <= address ? &modules[low] : 0;
}
