/*
 * symbolizer.c: gmr_symbolize.h itself: which files of a module to use, and which name and line each frame gets.
 * Threads: one symbolizer belongs to one thread.
 * Signal safety: none (malloc, libelf, libdw).
 */
#include "symbolize_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX_BYTES = 64 * 1024, /* of a name out of DWARF; a broken string section may have no end in sight */
    ADDRESSES_PER_PROGRESS = 16, /* each may need the line table of another unit */
};

struct gmr_symbolizer {
    gmr_string_arena_t strings;
    gmr_debug_places_t places; /* Ownership: both lists are the symbolizer's */
    bool shows_awaits;
};

/* One module while it is being looked up. */
typedef struct {
    gmr_symbolizer_t *symbolizer;
    gmr_elf_image_t main;
    gmr_elf_image_t separate;
    gmr_elf_image_t mini;
    gmr_symbol_pass_t symbols;
    gmr_line_index_t lines; /* dwarf == NULL: names alone */
    gmr_symbolize_callback callback;
    void *context;
} lookup_t;

gmr_symbolizer_t *gmr_symbolizer_open(const char *debug_directories, const char *debuginfod_caches) {
    gmr_symbolizer_t *symbolizer = calloc(1, sizeof *symbolizer);
    if (symbolizer == NULL) return NULL;
    symbolizer->places.directories = strdup(debug_directories != NULL ? debug_directories : "/usr/lib/debug");
    symbolizer->places.caches = strdup(debuginfod_caches != NULL ? debuginfod_caches : "");
    if (symbolizer->places.directories != NULL && symbolizer->places.caches != NULL) return symbolizer;
    gmr_symbolizer_close(symbolizer);
    return NULL;
}

void gmr_symbolizer_close(gmr_symbolizer_t *symbolizer) {
    if (symbolizer == NULL) return;
    gmr_string_arena_free(&symbolizer->strings);
    free(symbolizer->places.directories);
    free(symbolizer->places.caches);
    free(symbolizer);
}

void gmr_symbolizer_set_progress(gmr_symbolizer_t *symbolizer, void (*progress)(void *context), void *context) {
    symbolizer->places.progress = (gmr_progress_t){progress, context};
}

void gmr_symbolizer_show_awaits(gmr_symbolizer_t *symbolizer) {
    symbolizer->shows_awaits = true;
}

static const char *keep(lookup_t *lookup, const char *text) {
    if (text == NULL) return NULL;
    return gmr_string_arena_copy(&lookup->symbolizer->strings, text, strnlen(text, TEXT_MAX_BYTES));
}

/* ---- the files ---- */

static int open_main(lookup_t *lookup, const char *path, const void *memory, uint64_t memory_size,
                     const uint8_t *build_id, uint32_t build_id_size, gmr_module_symbols_t *out) {
    int result = -ENOENT;
    if (memory != NULL) {
        result = gmr_elf_image_open_memory(&lookup->main, memory, memory_size, NULL);
    } else if (path != NULL) {
        result = gmr_elf_image_open(&lookup->main, path);
    }
    if (result != 0) {
        out->open_error = -result;
        return result;
    }
    if (build_id_size > 0
        && (lookup->main.build_id_size != build_id_size
            || memcmp(lookup->main.build_id, build_id, build_id_size) != 0)) {
        gmr_elf_image_close(&lookup->main);
        out->found |= GMR_SYMBOLS_WRONG_BUILD_ID;
        return -ESTALE;
    }
    out->found |= GMR_SYMBOLS_OPENED;
    return 0;
}

/* The executable may be gone or replaced and its debug file still be there: the build ID finds it. */
static void open_separate(lookup_t *lookup, const char *path, const uint8_t *build_id, uint32_t build_id_size,
                          bool want_dwarf, gmr_module_symbols_t *out) {
    const gmr_elf_image_t *main = &lookup->main;
    if (gmr_elf_image_has_symtab(main) && (!want_dwarf || gmr_elf_image_has_debug_info(main))) return;
    if (build_id_size == 0) {
        build_id = main->build_id;
        build_id_size = main->build_id_size;
    }
    if (gmr_debug_file_find(main, path, build_id, build_id_size, &lookup->symbolizer->places,
                            &lookup->symbolizer->strings, &lookup->separate, &out->debug_path) == 0) {
        out->found |= GMR_SYMBOLS_SEPARATE;
    }
}

static int add_symbols(lookup_t *lookup, gmr_module_symbols_t *out) {
    const gmr_elf_image_t *main = &lookup->main, *separate = &lookup->separate;
    const gmr_elf_image_t *complete = gmr_elf_image_has_symtab(main) ? main
        : gmr_elf_image_has_symtab(separate) ? separate : NULL;
    if (complete != NULL) {
        const int result = gmr_symbol_pass_add(&lookup->symbols, complete, SHT_SYMTAB);
        if (result == 0) out->found |= GMR_SYMBOLS_SYMTAB;
        if (result != -EBADMSG) return result;
    }
    if (main->elf == NULL) return 0;
    int result = gmr_symbol_pass_add(&lookup->symbols, main, SHT_DYNSYM);
    if ((result == 0 || result == -ENOENT) && gmr_minidebuginfo_open(main, &lookup->mini) == 0) {
        result = gmr_symbol_pass_add(&lookup->symbols, &lookup->mini, SHT_SYMTAB);
        if (result == 0) out->found |= GMR_SYMBOLS_MINIDEBUGINFO;
    }
    return result == -ENOENT ? 0 : result;
}

static int add_lines(lookup_t *lookup, const uint64_t *addresses, uint32_t count, gmr_module_symbols_t *out) {
    const gmr_elf_image_t *image = gmr_elf_image_has_debug_info(&lookup->main) ? &lookup->main : &lookup->separate;
    int result = gmr_line_index_begin(&lookup->lines, image, addresses, count,
                                      &lookup->symbolizer->places.progress);
    if (result == -ENOTSUP) out->found |= GMR_SYMBOLS_UNREADABLE_DWARF;
    if (result == -ENOTSUP || result == -ENODATA) return 0; /* names are a result too */
    if (result != 0) return result;
    out->found |= GMR_SYMBOLS_DWARF;
    for (uint32_t unit = 0; unit < lookup->lines.unit_count && result == 0; unit++) {
        result = gmr_inline_frames_resolve(&lookup->lines, unit);
        gmr_progress_made(lookup->lines.progress);
    }
    for (uint32_t i = 0; lookup->symbolizer->shows_awaits && i < count && result == 0; i++) {
        result = gmr_await_scopes_add(&lookup->lines, i);
    }
    return result;
}

/* ---- the frames ---- */

static bool is_mangled(const char *name) {
    return name[0] == '$' || (name[0] == '_' && name[1] != '\0' && strchr("ZR$T", name[1]) != NULL);
}

/* "work.cold", "work.isra.0": parts and variants that the compiler split off `work`. */
static bool is_part_of(const char *symbol_name, const char *name) {
    const size_t length = strlen(name);
    return strncmp(symbol_name, name, length) == 0 && symbol_name[length] == '.';
}

/* The function that the machine is in. The symbol table knows which of several aliases people call (poll, where DWARF
 * says __GI___poll); in all else DWARF knows better, as it was not guessed from the nearest address. */
static const char *physical_name(lookup_t *lookup, const gmr_symbol_t *symbol, gmr_scope_t *scope) {
    bool is_linkage_name = false;
    const char *name = scope == NULL ? NULL : gmr_scope_name(scope, &is_linkage_name);
    if (name != NULL && (symbol->image == NULL || symbol->start != scope->range_start
                         || (is_linkage_name && is_mangled(name)))) {
        return keep(lookup, name);
    }
    const char *from_symbol = gmr_symbol_name(symbol, &lookup->symbolizer->strings);
    if (name == NULL) return from_symbol;
    return from_symbol == NULL || is_part_of(from_symbol, name) ? keep(lookup, name) : from_symbol;
}

/* Where a suspended function waits. An inlined call without a line of its own, as of a specialized function that is
 * called out of line, is left out for where it stands in its caller. */
static gmr_source_position_t await_position(lookup_t *lookup, uint32_t index, gmr_scope_t **scope) {
    gmr_string_arena_t *strings = &lookup->symbolizer->strings;
    const uint64_t address = (*scope)->await_address;
    const gmr_source_position_t own = gmr_line_index_position(&lookup->lines, index, address, strings);
    if (own.line > 0 && own.start == address) return own;
    const gmr_source_position_t site = gmr_line_index_call_site(*scope, strings);
    *scope = (*scope)->caller;
    return site.line > 0 ? site
                         : gmr_line_index_position(&lookup->lines, index, lookup->lines.addresses[index], strings);
}

static void report_address(lookup_t *lookup, uint32_t index) {
    const gmr_symbol_t symbol = gmr_symbol_pass_result(&lookup->symbols, index);
    gmr_scope_t *scope = NULL;
    gmr_source_position_t position = {0};
    if (lookup->lines.dwarf != NULL) {
        position = gmr_line_index_position(&lookup->lines, index, lookup->lines.addresses[index],
                                           &lookup->symbolizer->strings);
        scope = lookup->lines.innermost[index];
    }
    if (scope != NULL && scope->await_address != 0) position = await_position(lookup, index, &scope);
    uint32_t depth = 0;
    for (; scope != NULL && scope->caller != NULL; scope = scope->caller) {
        bool is_linkage_name;
        const gmr_source_frame_t frame = {.name = keep(lookup, gmr_scope_name(scope, &is_linkage_name)),
                                          .file = position.file, .line = position.line, .column = position.column,
                                          .is_inlined = 1};
        lookup->callback(lookup->context, index, depth++, &frame);
        position = gmr_line_index_call_site(scope, &lookup->symbolizer->strings);
    }
    const gmr_source_frame_t frame = {.name = physical_name(lookup, &symbol, scope), .file = position.file,
                                      .line = position.line, .column = position.column, .is_inlined = 0};
    lookup->callback(lookup->context, index, depth, &frame);
}

static bool is_sorted(const uint64_t *addresses, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        if (addresses[i] < addresses[i - 1]) return false;
    }
    return true;
}

static int report_nothing(uint32_t count, gmr_symbolize_callback callback, void *context, int result) {
    const gmr_source_frame_t unknown = {0};
    for (uint32_t i = 0; i < count; i++) callback(context, i, 0, &unknown);
    return result;
}

int gmr_symbolize_module(gmr_symbolizer_t *symbolizer, const char *path, const void *memory, uint64_t memory_size,
                         const uint8_t *build_id, uint32_t build_id_size, int want_dwarf, const uint64_t *addresses,
                         uint32_t count, gmr_symbolize_callback callback, void *context, gmr_module_symbols_t *out) {
    *out = (gmr_module_symbols_t){0};
    if (!is_sorted(addresses, count)) return report_nothing(count, callback, context, -EINVAL);
    lookup_t lookup = {.symbolizer = symbolizer, .main.fd = -1, .separate.fd = -1, .mini.fd = -1,
                       .callback = callback, .context = context};
    const gmr_progress_t *progress = &symbolizer->places.progress;
    int result = gmr_symbol_pass_begin(&lookup.symbols, addresses, count, progress);
    if (result != 0) return report_nothing(count, callback, context, result);

    const int open_result = open_main(&lookup, path, memory, memory_size, build_id, build_id_size, out);
    open_separate(&lookup, path, build_id, build_id_size, want_dwarf != 0, out);
    gmr_progress_made(progress);
    if (lookup.main.elf == NULL && lookup.separate.elf == NULL) {
        result = report_nothing(count, callback, context, open_result);
    } else {
        result = add_symbols(&lookup, out);
        gmr_progress_made(progress);
        const int line_result = want_dwarf ? add_lines(&lookup, addresses, count, out) : 0;
        if (result == 0) result = line_result;
        gmr_progress_made(progress);
        for (uint32_t i = 0; i < count; i++) {
            report_address(&lookup, i);
            if (i % ADDRESSES_PER_PROGRESS == 0) gmr_progress_made(progress);
        }
    }
    if (lookup.lines.dwarf != NULL) gmr_line_index_end(&lookup.lines);
    gmr_symbol_pass_end(&lookup.symbols);
    gmr_elf_image_close(&lookup.mini);
    gmr_elf_image_close(&lookup.separate);
    gmr_elf_image_close(&lookup.main);
    return result;
}
