/*
 * symbol_table.c: addresses to function symbols, in one streaming pass over the table for all addresses together.
 * Threads: the symbolizer's own. Reads with pread into a buffer, never maps the file.
 * Signal safety: none (malloc, libelf).
 *
 * Of the symbols that hold an address the one that starts last wins; one with a size beats one without. Of several that
 * start at one address gdb takes whichever its sort left last. Here it is the name a programmer would look for:
 *   1. a function before an untyped label, one with a size before one without,
 *   2. exported (global or weak) before local      (not __GI___poll),
 *   3. fewest leading underscores                  (poll, not __poll),
 *   4. global before weak, and then the first in the table.
 */
#include "symbolize_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    SYMBOLS_PER_READ = 4096,
    NAME_MAX_BYTES = 64 * 1024,
    WORK_MAX = 20 * 1000 * 1000,
    NAME_READ_WORK = 500, /* a pread costs about as much as so many comparisons */
    KIND_EXPORTED = 1,
    KIND_SIZED = 2,
    KIND_FUNCTION = 4,
};

typedef struct {
    uint64_t start;
    uint64_t end;
    bool is_code;
} section_extent_t;

uint32_t gmr_lower_bound(const uint64_t *addresses, uint32_t count, uint64_t address) {
    uint32_t low = 0;
    while (count > 0) {
        const uint32_t half = count / 2;
        if (addresses[low + half] < address) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

int gmr_symbol_pass_begin(gmr_symbol_pass_t *pass, const uint64_t *addresses, uint32_t count,
                          const gmr_progress_t *progress) {
    *pass = (gmr_symbol_pass_t){.addresses = addresses, .count = count, .progress = progress, .work_left = WORK_MAX};
    pass->containing = calloc((size_t)count + 1, sizeof *pass->containing);
    pass->preceding = calloc((size_t)count + 1, sizeof *pass->preceding);
    if (pass->containing != NULL && pass->preceding != NULL) return 0;
    gmr_symbol_pass_end(pass);
    return -ENOMEM;
}

void gmr_symbol_pass_end(gmr_symbol_pass_t *pass) {
    free(pass->containing);
    free(pass->preceding);
    pass->containing = pass->preceding = NULL;
}

static bool spend(gmr_symbol_pass_t *pass, uint64_t work) {
    if (pass->work_left < work) return false;
    pass->work_left -= work;
    return true;
}

static bool is_mangled(const char *name) {
    return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

static uint16_t underscores(gmr_symbol_pass_t *pass, gmr_symbol_t *symbol) {
    if (symbol->underscores == UINT16_MAX) {
        char name[8] = {0};
        if (spend(pass, NAME_READ_WORK)) gmr_elf_image_read(symbol->image, symbol->name_offset, name, sizeof name - 1);
        symbol->underscores = is_mangled(name) ? 0 : (uint16_t)strspn(name, "_");
    }
    return symbol->underscores;
}

static bool is_better(gmr_symbol_pass_t *pass, gmr_symbol_t *candidate, gmr_symbol_t *best) {
    if (best->image == NULL) return true;
    if (candidate->start != best->start) return candidate->start > best->start;
    if (candidate->kind != best->kind) return candidate->kind > best->kind;
    const uint16_t candidate_underscores = underscores(pass, candidate), best_underscores = underscores(pass, best);
    if (candidate_underscores != best_underscores) return candidate_underscores < best_underscores;
    return candidate->is_global > best->is_global;
}

static bool consider(gmr_symbol_pass_t *pass, gmr_symbol_t *symbol) {
    uint32_t index = gmr_lower_bound(pass->addresses, pass->count, symbol->start);
    if (index == pass->count) return true;
    if (is_better(pass, symbol, &pass->preceding[index])) pass->preceding[index] = *symbol;
    for (; index < pass->count && pass->addresses[index] - symbol->start < symbol->size; index++) {
        if (!spend(pass, 1)) return false;
        if (is_better(pass, symbol, &pass->containing[index])) pass->containing[index] = *symbol;
    }
    return true;
}

static section_extent_t *read_extents(const gmr_elf_image_t *image, size_t *count) {
    if (elf_getshdrnum(image->elf, count) != 0 || *count == 0) return NULL;
    section_extent_t *extents = calloc(*count, sizeof *extents);
    for (size_t i = 0; extents != NULL && i < *count; i++) {
        GElf_Shdr header;
        Elf_Scn *section = elf_getscn(image->elf, i);
        if (section == NULL || gelf_getshdr(section, &header) == NULL) continue;
        extents[i] = (section_extent_t){header.sh_addr, header.sh_addr + header.sh_size,
                                        (header.sh_flags & SHF_EXECINSTR) != 0};
    }
    return extents;
}

/* Fills in kind, is_global and the extent; false: not a name for code, nor for a variable. */
static bool classify(const Elf64_Sym *raw, const section_extent_t *extents, size_t extent_count, gmr_symbol_t *symbol) {
    const uint8_t type = ELF64_ST_TYPE(raw->st_info), binding = ELF64_ST_BIND(raw->st_info);
    const bool is_function = type == STT_FUNC || type == STT_GNU_IFUNC;
    const bool is_variable = type == STT_OBJECT && raw->st_size > 0;
    if (!is_function && !is_variable && type != STT_NOTYPE) return false;
    if (raw->st_shndx == SHN_UNDEF || raw->st_name == 0) return false;
    symbol->start = raw->st_value;
    symbol->size = raw->st_size;
    symbol->section_end = UINT64_MAX;
    if (raw->st_shndx < SHN_LORESERVE) {
        if (raw->st_shndx >= extent_count) return false;
        const section_extent_t *extent = &extents[raw->st_shndx];
        if (extent->is_code == is_variable) return false;
        if (raw->st_value < extent->start || raw->st_value >= extent->end) return false;
        symbol->section_end = extent->end;
    } else if (!is_function || raw->st_shndx != SHN_XINDEX) {
        return false;
    }
    const bool is_exported = binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE;
    symbol->kind = (uint8_t)((is_function ? KIND_FUNCTION : 0) | (raw->st_size > 0 ? KIND_SIZED : 0)
                             | (is_exported ? KIND_EXPORTED : 0));
    symbol->is_global = binding == STB_GLOBAL;
    symbol->underscores = UINT16_MAX;
    return true;
}

/* "$x", "$d.7" mark code and data on Arm, ".L…" are labels that the assembler kept. Only local untyped ones. */
static bool is_marker(gmr_symbol_pass_t *pass, const gmr_symbol_t *symbol) {
    if ((symbol->kind & (KIND_FUNCTION | KIND_EXPORTED)) != 0) return false;
    if (symbol->start > pass->addresses[pass->count - 1]) return true;
    char name[4] = {0};
    if (!spend(pass, NAME_READ_WORK)) return true;
    gmr_elf_image_read(symbol->image, symbol->name_offset, name, sizeof name - 1);
    return (name[0] == '.' && name[1] == 'L')
        || (name[0] == '$' && strchr("xdat", name[1]) != NULL && (name[2] == '\0' || name[2] == '.'));
}

int gmr_symbol_pass_add(gmr_symbol_pass_t *pass, const gmr_elf_image_t *image, uint32_t section_type) {
    GElf_Shdr table, names;
    if (pass->count == 0) return 0;
    if (gmr_elf_image_section(image, NULL, section_type, &table) == NULL) return -ENOENT;
    Elf_Scn *names_section = elf_getscn(image->elf, table.sh_link);
    if (names_section == NULL || gelf_getshdr(names_section, &names) == NULL || names.sh_type != SHT_STRTAB
        || ((table.sh_flags | names.sh_flags) & SHF_COMPRESSED) != 0 || names.sh_offset > image->byte_count) {
        return -EBADMSG;
    }
    const uint64_t names_left = image->byte_count - names.sh_offset;
    const uint64_t names_size = names.sh_size < names_left ? names.sh_size : names_left;

    size_t extent_count = 0;
    section_extent_t *extents = read_extents(image, &extent_count);
    Elf64_Sym *buffer = malloc(SYMBOLS_PER_READ * sizeof *buffer);
    int result = extents == NULL || buffer == NULL ? -ENOMEM : 0;
    const uint64_t last_address = pass->addresses[pass->count - 1];
    uint64_t left = table.sh_size / sizeof *buffer, offset = table.sh_offset;
    while (result == 0 && left > 0) {
        const size_t wanted = left < SYMBOLS_PER_READ ? (size_t)left : SYMBOLS_PER_READ;
        const size_t got = gmr_elf_image_read(image, offset, buffer, wanted * sizeof *buffer) / sizeof *buffer;
        for (size_t i = 0; i < got && result == 0; i++) {
            gmr_symbol_t symbol = {.image = image, .name_limit = names.sh_offset + names_size};
            if (buffer[i].st_value > last_address || buffer[i].st_name >= names_size) continue;
            if (!classify(&buffer[i], extents, extent_count, &symbol)) continue;
            symbol.name_offset = names.sh_offset + buffer[i].st_name;
            if (!is_marker(pass, &symbol) && !consider(pass, &symbol)) result = -E2BIG;
        }
        gmr_progress_made(pass->progress);
        if (got < wanted) break; /* the table is cut off: what was read counts */
        left -= got;
        offset += got * sizeof *buffer;
    }
    free(extents);
    free(buffer);
    return result;
}

gmr_symbol_t gmr_symbol_pass_result(gmr_symbol_pass_t *pass, uint32_t index) {
    if (index > 0 && is_better(pass, &pass->preceding[index - 1], &pass->preceding[index])
        && pass->preceding[index - 1].image != NULL) {
        pass->preceding[index] = pass->preceding[index - 1];
    }
    if (pass->containing[index].image != NULL) return pass->containing[index];
    const gmr_symbol_t *preceding = &pass->preceding[index];
    const bool reaches = preceding->image != NULL && preceding->size == 0
        && pass->addresses[index] < preceding->section_end;
    return reaches ? *preceding : (gmr_symbol_t){0};
}

const char *gmr_symbol_name(const gmr_symbol_t *symbol, gmr_string_arena_t *arena) {
    if (symbol->image == NULL) return NULL;
    char first[512];
    char *text = first, *grown = NULL;
    size_t capacity = sizeof first, length = 0;
    for (;;) {
        const uint64_t there = symbol->name_limit - symbol->name_offset;
        const size_t wanted = there < capacity ? (size_t)there : capacity;
        const size_t got = gmr_elf_image_read(symbol->image, symbol->name_offset, text, wanted);
        length = strnlen(text, got);
        if (length < got || got < capacity || capacity >= NAME_MAX_BYTES) break;
        capacity = NAME_MAX_BYTES;
        grown = malloc(capacity);
        if (grown == NULL) break;
        text = grown;
    }
    const char *version = memchr(text, '@', length);
    if (version != NULL && version > text) length = (size_t)(version - text);
    const char *name = length == 0 ? NULL : gmr_string_arena_copy(arena, text, length);
    free(grown);
    return name;
}
