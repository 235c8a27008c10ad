/*
 * modules.c: what a debugger needs of a process that cannot be read, from the files of its modules.
 * Runs on whichever thread writes a minicore.
 * A handler may not run it.
 *
 * Code and headers are the same in the file and in memory. The loader's chain of link maps is made anew, in addresses
 * that the process did not use; the executable's DT_DEBUG, which only executables have, leads there. The arena's
 * numbers are not trusted, and neither are those of the files.
 */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "../include/gmr_symbolize.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "minicore_internal.h"

#define SEGMENT_LIMIT 64u
#define DYNAMIC_LIMIT_BYTES 4096u
#define FIRST_PLACE UINT64_C(0x10000) /* below it the kernel maps nothing */
#define PUBLIC_MAP_BYTES 40u          /* of struct link_map, what debuggers know */
_Static_assert(sizeof(struct link_map) == PUBLIC_MAP_BYTES && sizeof(struct r_debug) == 40, "the loader's layout");

/* The chain, as it will lie in the core: r_debug, a link map for each module, then their names. */
typedef struct {
    uint64_t address;
    struct r_debug *debug;
    struct link_map *maps;
    char *names;
    uint64_t name_bytes, name_capacity;
    uint32_t count;      /* of modules */
    uint32_t executable; /* `count`: not found */
    Elf64_Dyn *debug_entry;
} chain_t;

typedef struct {
    int descriptor;
    const char *path;
    uint64_t bias;
    uint32_t count;
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENT_LIMIT];
} module_file_t;

static const char *module_name(const gmr_core_t *core, const gmr_module_t *module) {
    const gmr_arena_header_t *arena = core->arena;
    const char *strings = gmr_arena_strings(arena);
    uint32_t bytes = arena->string_bytes < GMR_STRING_CAPACITY_BYTES ? arena->string_bytes : GMR_STRING_CAPACITY_BYTES;
    if (module->path_offset >= bytes) return "";
    return memchr(strings + module->path_offset, 0, bytes - module->path_offset) ? strings + module->path_offset : "";
}

/* NULL: it is not here. */
static const char *module_path(const gmr_core_t *core, uint32_t index) {
    const gmr_module_t *module = &gmr_arena_modules(core->arena)[index];
    if (module->flags & GMR_MODULE_VDSO) return 0;
    if (core->module_files) return index < core->module_file_count ? core->module_files[index] : 0;
    return module->flags & GMR_MODULE_DELETED ? 0 : module_name(core, module);
}

/* Returns 1 where it is an ELF file of this kind. */
static int open_module(module_file_t *file) {
    const Elf64_Ehdr *header = &file->header;
    file->descriptor = gmr_ss_open_at(AT_FDCWD, file->path, O_RDONLY);
    if (file->descriptor < 0) return 0;
    if (gmr_ss_pread(file->descriptor, &file->header, sizeof *header, 0) == sizeof *header &&
        memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
        header->e_phentsize == sizeof file->segments[0] && header->e_phnum <= SEGMENT_LIMIT) {
        long bytes = (long)(header->e_phnum * sizeof file->segments[0]);
        file->count = header->e_phnum;
        if (gmr_ss_pread(file->descriptor, file->segments, (uint64_t)bytes, header->e_phoff) == bytes) return 1;
    }
    gmr_ss_close(file->descriptor);
    return 0;
}

/* Code and constants: not what the loader and the program write to. */
static void add_segment(gmr_core_t *core, const module_file_t *file, const Elf64_Phdr *segment) {
    uint64_t below = segment->p_vaddr & (GMR_PAGE_BYTES - 1);
    if (segment->p_flags & PF_W || segment->p_filesz == 0 || segment->p_offset < below) return;
    if (segment->p_filesz > GMR_CORE_ADDRESS_LIMIT) return;
    uint64_t bytes = (segment->p_filesz + below + GMR_PAGE_BYTES - 1) & ~(uint64_t)(GMR_PAGE_BYTES - 1);
    gmr_core_range_t range = {.address = file->bias + segment->p_vaddr - below, .bytes = bytes, .flags = PF_R};
    if (segment->p_flags & PF_X) range.flags |= PF_X;
    gmr_core_file_t place = {.start = range.address, .end = range.address + bytes, .offset = segment->p_offset - below,
                             .name_bytes = (uint32_t)strlen(file->path)};
    uint8_t *page = place.offset == 0 ? gmr_core_reserve(core, GMR_PAGE_BYTES) : 0;
    if (page && gmr_ss_pread(file->descriptor, page, GMR_PAGE_BYTES, 0) > 0) {
        range.data = page;
        range.data_bytes = GMR_PAGE_BYTES;
    }
    gmr_core_add_file(core, place, file->path, &range);
}

/* Returns the DT_DEBUG in the core; NULL where it has none. */
static Elf64_Dyn *add_dynamic(gmr_core_t *core, const module_file_t *file, const Elf64_Phdr *segment) {
    uint64_t bytes = segment->p_filesz < DYNAMIC_LIMIT_BYTES ? segment->p_filesz : DYNAMIC_LIMIT_BYTES;
    uint64_t count = bytes / sizeof(Elf64_Dyn);
    bytes = count * sizeof(Elf64_Dyn);
    Elf64_Dyn *entries = (Elf64_Dyn *)gmr_core_reserve(core, bytes), *debug = 0;
    if (!entries || gmr_ss_pread(file->descriptor, entries, bytes, segment->p_offset) != (long)bytes) return 0;
    for (uint64_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
        if (entries[i].d_tag == DT_DEBUG) debug = &entries[i];
    }
    const uint8_t *data = (const uint8_t *)entries;
    gmr_core_add_range(core, &(gmr_core_range_t){file->bias + segment->p_vaddr, bytes, data, bytes, PF_R | PF_W, 0});
    return debug;
}

static void add_auxv(gmr_core_t *core, uint64_t type, uint64_t value) {
    uint64_t *entry = core->auxv + core->auxv_bytes / 8;
    entry[0] = type;
    entry[1] = value;
    core->auxv_bytes += 16;
}

static void add_executable(gmr_core_t *core, const module_file_t *file) {
    uint64_t bytes = strlen(file->path);
    if (bytes < sizeof core->executable) memcpy(core->executable, file->path, bytes);
    uint64_t headers = 0;
    for (uint32_t i = 0; i < file->count; i++) {
        const Elf64_Phdr *segment = &file->segments[i];
        if (segment->p_type == PT_PHDR) headers = file->bias + segment->p_vaddr;
    }
    if (headers) {
        add_auxv(core, AT_PHDR, headers);
        add_auxv(core, AT_PHENT, sizeof(Elf64_Phdr));
        add_auxv(core, AT_PHNUM, file->count);
    }
    add_auxv(core, AT_PAGESZ, GMR_PAGE_BYTES);
    add_auxv(core, AT_ENTRY, file->bias + file->header.e_entry);
}

static void add_module(gmr_core_t *core, chain_t *chain, uint32_t index) {
    const gmr_module_t *module = &gmr_arena_modules(core->arena)[index];
    module_file_t file = {.path = module_path(core, index), .bias = module->load_bias};
    if (!file.path || !open_module(&file)) return;
    int is_executable = 0;
    for (uint32_t i = 0; i < file.count; i++) {
        const Elf64_Phdr *segment = &file.segments[i];
        if (segment->p_type == PT_LOAD) add_segment(core, &file, segment);
        if (segment->p_type != PT_DYNAMIC) continue;
        Elf64_Dyn *debug = add_dynamic(core, &file, segment);
        chain->maps[index].l_ld = (Elf64_Dyn *)(uintptr_t)(file.bias + segment->p_vaddr);
        is_executable = debug && !chain->debug_entry;
        if (is_executable) chain->debug_entry = debug;
    }
    /* One without libraries is where it was linked to be. */
    if (file.header.e_type == ET_EXEC && !chain->debug_entry) is_executable = 1;
    if (is_executable && chain->executable == chain->count) {
        chain->executable = index;
        add_executable(core, &file);
    }
    gmr_ss_close(file.descriptor);
}

/* The kernel's, where it is the one that runs here: it is in no file. */
static void add_vdso(gmr_core_t *core, const gmr_module_t *module) {
    uint64_t bytes;
    const void *image = gmr_vdso_image(&bytes);
    uint32_t id_bytes = module->build_id_bytes;
    if (!image || id_bytes < 16 || id_bytes > GMR_BUILD_ID_CAPACITY_BYTES ||
        !memmem(image, bytes, module->build_id, id_bytes)) return;
    bytes &= ~(uint64_t)(GMR_CORE_ALIGNMENT - 1);
    gmr_core_add_range(core, &(gmr_core_range_t){module->start, bytes, image, bytes, PF_R | PF_X, 0});
    add_auxv(core, AT_SYSINFO_EHDR, module->start);
}

/* Where a range that begins at `place` would overlap this one, `place` moves behind it. */
static void avoid(uint64_t *place, uint64_t bytes, uint64_t start, uint64_t end) {
    if (end > GMR_CORE_ADDRESS_LIMIT || start >= end || *place >= end || start >= *place + bytes) return;
    *place = (end + GMR_PAGE_BYTES - 1) & ~(uint64_t)(GMR_PAGE_BYTES - 1);
}

static uint64_t unused_place(const gmr_core_t *core, uint32_t module_count, uint64_t bytes) {
    const gmr_module_t *modules = gmr_arena_modules(core->arena);
    uint64_t place = FIRST_PLACE, before;
    do {
        before = place;
        for (uint32_t i = 0; i < module_count; i++) avoid(&place, bytes, modules[i].start, modules[i].end);
        for (uint32_t i = 0; i < core->thread_count; i++) {
            const gmr_slot_t *slot = gmr_arena_slot(core->arena, core->threads[i]);
            avoid(&place, bytes, slot->stack_base, slot->stack_base + GMR_STACK_CAPACITY_BYTES);
        }
    } while (place != before);
    return place;
}

static int reserve_chain(gmr_core_t *core, chain_t *chain) {
    uint64_t bytes = sizeof(struct r_debug) + chain->count * (uint64_t)PUBLIC_MAP_BYTES;
    chain->name_capacity = 1;
    for (uint32_t i = 0; i < chain->count; i++) {
        const char *here = module_path(core, i);
        const char *path = here ? here : module_name(core, &gmr_arena_modules(core->arena)[i]);
        chain->name_capacity += strlen(path) + 1;
    }
    bytes += chain->name_capacity;
    uint8_t *place = gmr_core_reserve(core, bytes);
    if (!place) return -ENOMEM;
    chain->debug = (struct r_debug *)place;
    chain->maps = (struct link_map *)(chain->debug + 1);
    chain->names = (char *)(chain->maps + chain->count);
    chain->name_bytes = 1; /* the executable's, which is empty */
    chain->address = unused_place(core, chain->count, bytes);
    bytes = (bytes + GMR_CORE_ALIGNMENT - 1) & ~(uint64_t)(GMR_CORE_ALIGNMENT - 1);
    gmr_core_add_range(core, &(gmr_core_range_t){chain->address, bytes, place, bytes, PF_R | PF_W, 0});
    return 0;
}

/* Where a part of the chain will be in the core. */
static uint64_t place_of(const chain_t *chain, const void *part) {
    return chain->address + (uint64_t)((const char *)part - (const char *)chain->debug);
}

static void link_module(const gmr_core_t *core, chain_t *chain, uint32_t index, struct link_map **last) {
    const gmr_module_t *module = &gmr_arena_modules(core->arena)[index];
    struct link_map *map = &chain->maps[index];
    const char *path = module_path(core, index);
    if (!path) path = module_name(core, module);
    uint64_t bytes = strlen(path) + 1;
    map->l_addr = module->load_bias;
    map->l_name = (char *)place_of(chain, chain->names);
    if (*last && bytes <= chain->name_capacity - chain->name_bytes) {
        char *name = chain->names + chain->name_bytes;
        memcpy(name, path, bytes);
        chain->name_bytes += bytes;
        map->l_name = (char *)place_of(chain, name);
    }
    if (*last) {
        map->l_prev = (struct link_map *)place_of(chain, *last);
        (*last)->l_next = (struct link_map *)place_of(chain, map);
    }
    *last = map;
}

int gmr_core_add_modules(gmr_core_t *core) {
    const gmr_arena_header_t *arena = core->arena;
    chain_t chain = {.count = arena->module_count < GMR_MODULE_CAPACITY ? arena->module_count : GMR_MODULE_CAPACITY};
    chain.executable = chain.count;
    int error = reserve_chain(core, &chain);
    if (error) return error;
    for (uint32_t i = 0; i < chain.count; i++) add_module(core, &chain, i);
    if (chain.executable == chain.count) return -ENOEXEC;
    struct link_map *last = 0;
    link_module(core, &chain, chain.executable, &last);
    for (uint32_t i = 0; i < chain.count; i++) {
        const gmr_module_t *module = &gmr_arena_modules(arena)[i];
        if (module->flags & GMR_MODULE_VDSO) add_vdso(core, module);
        else if (i != chain.executable) link_module(core, &chain, i, &last);
    }
    chain.debug->r_version = 1;
    chain.debug->r_map = (struct link_map *)place_of(&chain, &chain.maps[chain.executable]);
    if (chain.debug_entry) chain.debug_entry->d_un.d_ptr = chain.address;
    add_auxv(core, AT_NULL, 0);
    return 0;
}
