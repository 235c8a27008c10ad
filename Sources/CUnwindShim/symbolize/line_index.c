/*
 * line_index.c: addresses to compilation units by the units' own ranges, then to lines of source.
 * Threads: the symbolizer's own. Maps the file: one that is truncated meanwhile is a SIGBUS.
 * Signal safety: none (libdw).
 *
 * dwarf_addrdie and .debug_aranges find nothing in Swift code, which has no, or partial, aranges. The addresses are few
 * and sorted, the ranges many and not: so each range looks up the addresses, and no range is stored or sorted.
 */
#include "symbolize_internal.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORK_MAX = 50 * 1000 * 1000, UNITS_PER_PROGRESS = 64 };

/* libdw of Debian 12 can't unpack zstd; it would find no strings and say nothing. */
static bool is_unpackable(Elf *elf, const gmr_progress_t *progress) {
    size_t names_index = 0;
    if (elf_getshdrstrndx(elf, &names_index) != 0) return false;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr header;
        GElf_Chdr compression;
        if (gelf_getshdr(section, &header) == NULL || (header.sh_flags & SHF_COMPRESSED) == 0) continue;
        const char *name = elf_strptr(elf, names_index, header.sh_name);
        if (name == NULL || strncmp(name, ".debug_", 7) != 0) continue;
        if (gelf_getchdr(section, &compression) == NULL) return false;
        if (compression.ch_type != ELFCOMPRESS_ZLIB && elf_compress(section, 0, 0) < 0) return false;
        gmr_progress_made(progress);
    }
    return true;
}

uint32_t gmr_line_index_ranges(gmr_line_index_t *index, Dwarf_Die *die, gmr_range_visitor visit, void *context) {
    Dwarf_Addr base, start, end;
    uint32_t count = 0;
    for (ptrdiff_t next = 0; (next = dwarf_ranges(die, next, &base, &start, &end)) > 0;) {
        count++;
        if (index->work_left == 0) break;
        index->work_left--;
        /* Address 0 and ~0: code that the linker dropped. */
        if (start >= end || start == 0) continue;
        if (!visit(context, start, end)) break;
    }
    return count;
}

typedef struct {
    gmr_line_index_t *index;
    Dwarf_Die *unit;
    bool out_of_memory;
} claim_t;

static uint32_t add_unit(claim_t *claim) {
    gmr_line_index_t *index = claim->index;
    if (index->unit_count > 0 && index->units[index->unit_count - 1].addr == claim->unit->addr) {
        return index->unit_count - 1;
    }
    if (index->unit_count == index->unit_capacity) {
        const uint32_t capacity = index->unit_capacity == 0 ? 16 : index->unit_capacity * 2;
        Dwarf_Die *grown = realloc(index->units, capacity * sizeof *grown);
        if (grown == NULL) return UINT32_MAX;
        index->units = grown;
        index->unit_capacity = capacity;
    }
    index->units[index->unit_count] = *claim->unit;
    return index->unit_count++;
}

/* Where ranges overlap, the smallest one has it. */
static bool claim_addresses(void *context, uint64_t start, uint64_t end) {
    claim_t *claim = context;
    gmr_line_index_t *index = claim->index;
    uint32_t i = gmr_lower_bound(index->addresses, index->count, start);
    for (; i < index->count && index->addresses[i] < end; i++) {
        if (index->work_left == 0) return false;
        index->work_left--;
        if (index->unit_of_address[i] != UINT32_MAX && index->range_bytes[i] <= end - start) continue;
        const uint32_t unit = add_unit(claim);
        if (unit == UINT32_MAX) {
            claim->out_of_memory = true;
            return false;
        }
        index->unit_of_address[i] = unit;
        index->range_bytes[i] = end - start;
    }
    return true;
}

static int find_units(gmr_line_index_t *index) {
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    uint32_t unit_number = 0;
    /* No sub-DIE: it would open split units, and clang's module units name thousands of .pcm files. */
    while (index->work_left > 0 && dwarf_get_units(index->dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
        index->work_left--;
        if (++unit_number % UNITS_PER_PROGRESS == 0) gmr_progress_made(index->progress);
        const int tag = dwarf_tag(&die);
        if (tag != DW_TAG_compile_unit && tag != DW_TAG_skeleton_unit) continue;
        /* A unit without code is a clang module (or types alone); dwarf_ranges would open its .pcm. */
        if (!dwarf_hasattr(&die, DW_AT_low_pc) && !dwarf_hasattr(&die, DW_AT_ranges)) continue;
        claim_t claim = {.index = index, .unit = &die};
        gmr_line_index_ranges(index, &die, claim_addresses, &claim);
        if (claim.out_of_memory) return -ENOMEM;
    }
    return 0;
}

int gmr_line_index_begin(gmr_line_index_t *index, const gmr_elf_image_t *image, const uint64_t *addresses,
                         uint32_t count, const gmr_progress_t *progress) {
    *index = (gmr_line_index_t){.addresses = addresses, .count = count, .progress = progress, .work_left = WORK_MAX};
    if (!gmr_elf_image_has_debug_info(image)) return -ENODATA;
    index->elf = image->fd >= 0 ? elf_begin(image->fd, ELF_C_READ_MMAP, NULL)
                                : elf_memory((char *)(uintptr_t)image->memory, (size_t)image->byte_count);
    int result = index->elf != NULL && is_unpackable(index->elf, progress) ? 0 : -ENOTSUP;
    if (result == 0) {
        index->dwarf = dwarf_begin_elf(index->elf, DWARF_C_READ, NULL);
        if (index->dwarf == NULL) result = -ENOTSUP;
        gmr_progress_made(progress);
    }
    if (result == 0) {
        index->unit_of_address = malloc(((size_t)count + 1) * sizeof *index->unit_of_address);
        index->range_bytes = calloc((size_t)count + 1, sizeof *index->range_bytes);
        index->innermost = calloc((size_t)count + 1, sizeof *index->innermost);
        if (index->unit_of_address == NULL || index->range_bytes == NULL || index->innermost == NULL) result = -ENOMEM;
    }
    if (result == 0) {
        memset(index->unit_of_address, 0xff, ((size_t)count + 1) * sizeof *index->unit_of_address);
        result = find_units(index);
    }
    if (result != 0) gmr_line_index_end(index);
    return result;
}

void gmr_line_index_end(gmr_line_index_t *index) {
    while (index->scopes != NULL) {
        gmr_scope_t *next = index->scopes->next;
        free(index->scopes);
        index->scopes = next;
    }
    free(index->units);
    free(index->unit_of_address);
    free(index->range_bytes);
    free(index->innermost);
    if (index->dwarf != NULL) dwarf_end(index->dwarf);
    if (index->elf != NULL) elf_end(index->elf);
    *index = (gmr_line_index_t){0};
}

static const char *absolute_path(Dwarf_Die *unit, const char *path, gmr_string_arena_t *arena) {
    if (path == NULL) return NULL;
    /* "<compiler-generated>", "<stdin>": no file, though libdw has put a directory before it. */
    const char *last = strrchr(path, '/');
    last = last == NULL ? path : last + 1;
    if (last[0] == '<' && last[strlen(last) - 1] == '>') return gmr_string_arena_copy(arena, last, strlen(last));
    /* libdw has joined it with the unit's directory already, unless the table names none. */
    Dwarf_Attribute attribute;
    const char *directory = path[0] == '/' ? NULL : dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    return gmr_string_arena_path(arena, directory, path);
}

gmr_source_position_t gmr_line_index_position(gmr_line_index_t *index, uint32_t address_index, uint64_t address,
                                              gmr_string_arena_t *arena) {
    gmr_source_position_t position = {0};
    const uint32_t unit = index->unit_of_address[address_index];
    if (unit == UINT32_MAX) return position;
    Dwarf_Line *row = dwarf_getsrc_die(&index->units[unit], address);
    if (row == NULL) return position;
    int number = 0;
    Dwarf_Addr start;
    if (dwarf_lineaddr(row, &start) == 0) position.start = start;
    position.file = absolute_path(&index->units[unit], dwarf_linesrc(row, NULL, NULL), arena);
    if (dwarf_lineno(row, &number) == 0 && number > 0) position.line = (uint32_t)number;
    if (position.line > 0 && dwarf_linecol(row, &number) == 0 && number > 0) position.column = (uint32_t)number;
    return position;
}

static uint64_t unsigned_attribute(Dwarf_Die *die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) == 0 ? value : 0;
}

gmr_source_position_t gmr_line_index_call_site(const gmr_scope_t *scope, gmr_string_arena_t *arena) {
    gmr_source_position_t position = {0};
    /* The unit that the DIE is in: a split unit has a file table of its own. */
    Dwarf_Die die = scope->die, unit;
    if (dwarf_diecu(&die, &unit, NULL, NULL) == NULL) return position;
    Dwarf_Files *files = NULL;
    size_t file_count = 0;
    const uint64_t file = unsigned_attribute(&die, DW_AT_call_file);
    const uint64_t line = unsigned_attribute(&die, DW_AT_call_line);
    const uint64_t column = unsigned_attribute(&die, DW_AT_call_column);
    if (dwarf_getsrcfiles(&unit, &files, &file_count) == 0 && file < file_count) {
        position.file = absolute_path(&unit, dwarf_filesrc(files, file, NULL, NULL), arena);
    }
    if (line <= UINT32_MAX) position.line = (uint32_t)line;
    if (position.line > 0 && column <= UINT32_MAX) position.column = (uint32_t)column;
    return position;
}
