/*
 * symbolize_internal.h: the pieces behind gmr_symbolize.h and what they hand to each other.
 * Threads: one symbolizer belongs to one thread; nothing here is shared or global.
 * Signal safety: none.
 */
#ifndef GMR_SYMBOLIZE_INTERNAL_H
#define GMR_SYMBOLIZE_INTERNAL_H

#include "../include/gmr_symbolize.h"

#include <elfutils/libdw.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- that the work goes on ---- */

typedef struct {
    void (*call)(void *context); /* NULL: nobody wants to know */
    void *context;
} gmr_progress_t;

static inline void gmr_progress_made(const gmr_progress_t *progress) {
    if (progress->call != NULL) progress->call(progress->context);
}

/* ---- string_arena.c: strings that live as long as the symbolizer ---- */

typedef struct gmr_string_chunk gmr_string_chunk_t;
typedef struct {
    gmr_string_chunk_t *chunks;
} gmr_string_arena_t;

/* NULL when out of memory. `length` bytes are copied and a NUL is added. */
char *gmr_string_arena_copy(gmr_string_arena_t *arena, const char *text, size_t length);
/* `path` when it is absolute (or `directory` is NULL), else "directory/path". */
const char *gmr_string_arena_path(gmr_string_arena_t *arena, const char *directory, const char *path);
void gmr_string_arena_free(gmr_string_arena_t *arena);

/* ---- elf_image.c: one ELF file, or one ELF image in memory ---- */

enum { GMR_BUILD_ID_MAX = 64 };

typedef struct {
    Elf *elf;              /* NULL: not open */
    int fd;                /* -1: an image in memory */
    const uint8_t *memory; /* NULL: a file */
    void *owned_memory;    /* freed on close */
    uint64_t byte_count;
    uint32_t build_id_size;
    uint8_t build_id[GMR_BUILD_ID_MAX];
} gmr_elf_image_t;

/* 0 or a negative errno: -ENOEXEC for what isn't a 64-bit ELF file in this machine's byte order. `image` is written
 * either way, and closing an image that isn't open is harmless. */
int gmr_elf_image_open(gmr_elf_image_t *image, const char *path);
/* `owned`: to be freed with free() on close (also when this fails), or NULL. */
int gmr_elf_image_open_memory(gmr_elf_image_t *image, const void *memory, uint64_t byte_count, void *owned);
void gmr_elf_image_close(gmr_elf_image_t *image);
/* Bytes copied: fewer than `count` at the end of the image, 0 beyond it or on an error. Never maps the file, so a file
 * that shrinks under us is a short read and not a SIGBUS. */
size_t gmr_elf_image_read(const gmr_elf_image_t *image, uint64_t offset, void *buffer, size_t count);
/* The first section of that name, or of that type if `name` is NULL; NULL: none. */
Elf_Scn *gmr_elf_image_section(const gmr_elf_image_t *image, const char *name, uint32_t type, GElf_Shdr *header);
bool gmr_elf_image_has_symtab(const gmr_elf_image_t *image);
bool gmr_elf_image_has_debug_info(const gmr_elf_image_t *image);

/* ---- debug_file.c, minidebuginfo.c: where else symbols of a module may be ---- */

/* Where separate debug files may lie; colon separated, may be empty. */
typedef struct {
    char *directories; /* below them ".build-id/", and files of debug links */
    char *caches;      /* of debuginfod clients */
    gmr_progress_t progress;
} gmr_debug_places_t;

/* Opens the separate debug file that belongs to the build ID, or to the debug link of `main` (may be not open).
 * Returns 0 and the path in `arena`, or -ENOENT. Never the network. */
int gmr_debug_file_find(const gmr_elf_image_t *main, const char *main_path, const uint8_t *build_id,
                        uint32_t build_id_size, const gmr_debug_places_t *places, gmr_string_arena_t *arena,
                        gmr_elf_image_t *found, const char **found_path);
/* Unpacks .gnu_debugdata of `main`. 0, -ENOENT, -E2BIG, -ENOMEM or -EBADMSG (broken xz). */
int gmr_minidebuginfo_open(const gmr_elf_image_t *main, gmr_elf_image_t *found);

/* ---- symbol_table.c: addresses to symbols, one pass for all of them ---- */

typedef struct {
    const gmr_elf_image_t *image; /* NULL: no symbol */
    uint64_t start;
    uint64_t size;        /* 0: written in assembly without .size */
    uint64_t section_end; /* address: no symbol reaches beyond */
    uint64_t name_offset; /* in the image */
    uint64_t name_limit;  /* end of its string table */
    uint8_t kind;         /* see symbol_table.c: which of several at one address is taken */
    uint8_t is_global;
    uint16_t underscores; /* leading ones; UINT16_MAX: not read yet */
} gmr_symbol_t;

typedef struct {
    const uint64_t *addresses; /* sorted ascending */
    uint32_t count;
    gmr_symbol_t *containing; /* per address: a sized symbol that holds it */
    gmr_symbol_t *preceding;  /* per address: the last symbol at or below it and above the address before */
    const gmr_progress_t *progress;
    uint64_t work_left;       /* comparisons and name reads, so that no table of a broken file holds us up */
} gmr_symbol_pass_t;

/* The first index whose address is >= `address`; `count` if none. */
uint32_t gmr_lower_bound(const uint64_t *addresses, uint32_t count, uint64_t address);
int gmr_symbol_pass_begin(gmr_symbol_pass_t *pass, const uint64_t *addresses, uint32_t count,
                          const gmr_progress_t *progress);
/* Adds the function symbols of a section of type SHT_SYMTAB or SHT_DYNSYM. May be called for several images. */
int gmr_symbol_pass_add(gmr_symbol_pass_t *pass, const gmr_elf_image_t *image, uint32_t section_type);
/* After the last add: the symbol of address `index`, or one with image == NULL. Ascending indices only. */
gmr_symbol_t gmr_symbol_pass_result(gmr_symbol_pass_t *pass, uint32_t index);
void gmr_symbol_pass_end(gmr_symbol_pass_t *pass);
/* Copied into `arena` without its "@@VERSION"; NULL: unreadable, empty, or out of memory. */
const char *gmr_symbol_name(const gmr_symbol_t *symbol, gmr_string_arena_t *arena);

/* ---- line_index.c: addresses to compilation units and source lines ---- */

/* One function (out of line) or one inlined call that holds an address; innermost to outermost by `caller`. */
typedef struct gmr_scope gmr_scope_t;
struct gmr_scope {
    gmr_scope_t *caller; /* NULL: this is the function that the machine is in */
    gmr_scope_t *next;   /* ownership: the list in gmr_line_index_t */
    Dwarf_Die die;
    uint64_t range_start; /* of the one contiguous range that holds the address */
    uint32_t address_index;
    uint64_t await_address; /* await_scopes.c: of its await; 0: not known by it */
};

typedef struct {
    Dwarf *dwarf;
    Elf *elf; /* a second, mapped handle: DWARF is too large to copy */
    const uint64_t *addresses;
    uint32_t count;
    uint32_t unit_count;
    uint32_t unit_capacity;
    Dwarf_Die *units;          /* those that hold at least one address */
    uint32_t *unit_of_address; /* index into units, UINT32_MAX: none */
    uint64_t *range_bytes;     /* size of the range that decided it */
    gmr_scope_t **innermost;   /* per address; NULL: no DIE known */
    gmr_scope_t *scopes;
    const gmr_progress_t *progress;
    uint64_t work_left; /* DIEs and ranges that may still be visited; stops what a broken file could loop on */
} gmr_line_index_t;

typedef struct {
    const char *file; /* Ownership: libdw's or the arena's */
    uint32_t line;
    uint32_t column;
    uint64_t start; /* of the row; 0: a call site */
} gmr_source_position_t;

/* 0; -ENODATA: no DWARF; -ENOTSUP: there, but not readable. On a failure nothing needs to be ended. */
int gmr_line_index_begin(gmr_line_index_t *index, const gmr_elf_image_t *image, const uint64_t *addresses,
                         uint32_t count, const gmr_progress_t *progress);
void gmr_line_index_end(gmr_line_index_t *index);
/* The line table's row for `address`, in the unit of the address of that index. */
gmr_source_position_t gmr_line_index_position(gmr_line_index_t *index, uint32_t address_index, uint64_t address,
                                              gmr_string_arena_t *arena);
/* Where an inlined call stands in its caller. */
gmr_source_position_t gmr_line_index_call_site(const gmr_scope_t *scope, gmr_string_arena_t *arena);
/* Calls `visit` for each contiguous range of the DIE, until it returns false. Returns the number of ranges. */
typedef bool (*gmr_range_visitor)(void *context, uint64_t start, uint64_t end);
uint32_t gmr_line_index_ranges(gmr_line_index_t *index, Dwarf_Die *die, gmr_range_visitor visit, void *context);

/* ---- inline_frames.c, await_scopes.c ---- */

/* Fills index->innermost for the addresses of one unit by walking its DIEs. 0 or -ENOMEM. */
int gmr_inline_frames_resolve(gmr_line_index_t *index, uint32_t unit);
/* After that, where the address is where a suspended Swift function goes on: adds what it has inlined of the calls that
 * it is in. The innermost has an `await_address`. 0 or -ENOMEM. */
int gmr_await_scopes_add(gmr_line_index_t *index, uint32_t address_index);
/* The mangled name where there is one, else the plain one, else NULL. Ownership: libdw's, until the index ends. */
const char *gmr_scope_name(gmr_scope_t *scope, bool *is_linkage_name);

#endif
