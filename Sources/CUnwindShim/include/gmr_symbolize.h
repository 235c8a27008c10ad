/*
 * gmr_symbolize.h: addresses of one ELF module to function names, source lines and inlined frames.
 *
 * Runs in the helper process, or on the worker thread where there is no helper. Uses malloc, libelf, libdw and liblzma.
 * Signal safety: none.  Threads: one symbolizer belongs to one thread.
 */
#ifndef GMR_SYMBOLIZE_H
#define GMR_SYMBOLIZE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gmr_symbolizer gmr_symbolizer_t;

/* What was found for a module; bits of gmr_module_symbols_t.found. */
enum {
    GMR_SYMBOLS_OPENED = 1u << 0,      /* the file could be read, and its build ID is the expected one, if any */
    GMR_SYMBOLS_WRONG_BUILD_ID = 1u << 1, /* the file at this path is not the one that is mapped; it was not used */
    GMR_SYMBOLS_SYMTAB = 1u << 2,      /* .symtab, in the file or in its separate debug file. Without: .dynsym alone */
    GMR_SYMBOLS_MINIDEBUGINFO = 1u << 3, /* names from .gnu_debugdata */
    GMR_SYMBOLS_DWARF = 1u << 4,       /* lines were looked up in DWARF */
    GMR_SYMBOLS_SEPARATE = 1u << 5,    /* a separate debug file (build ID or debuglink) was used */
    GMR_SYMBOLS_UNREADABLE_DWARF = 1u << 6, /* debug information is there but libdw cannot read it (zstd, damage) */
};

typedef struct {
    uint32_t found;         /* GMR_SYMBOLS_* */
    int32_t open_error;     /* errno of the failed open (ENOEXEC: no 64-bit ELF program or library), else 0 */
    const char *debug_path; /* separate debug file, or NULL. Ownership: the symbolizer's */
} gmr_module_symbols_t;

/* One source-level frame. Strings live until gmr_symbolizer_close; any may be NULL. */
typedef struct {
    const char *name; /* linker name where there is one (mangled, without "@@VERSION"), else DW_AT_name */
    const char *file; /* as DWARF gives it, absolute or joined with the compilation directory; "<compiler-generated>" */
    uint32_t line;    /* 1-based; 0: none, or made by the compiler */
    uint32_t column;  /* 1-based; 0: none */
    uint32_t is_inlined;
} gmr_source_frame_t;

/* Called for each address in the given order, for each frame at it from the innermost inlined one outward:
 * `depth` counts from 0, the last one has is_inlined == 0. An address nothing is known of gets one call
 * with name NULL. `frame` itself is valid during the call only. */
typedef void (*gmr_symbolize_callback)(void *context, uint32_t index, uint32_t depth,
                                       const gmr_source_frame_t *frame);

/* Directories searched for separate debug files, colon separated; NULL: "/usr/lib/debug". Then caches of debuginfod
 * clients ("CACHE/BUILDID/debuginfo"), colon separated; NULL: none. Never the network.
 * Ownership: the caller closes. NULL when out of memory. */
gmr_symbolizer_t *gmr_symbolizer_open(const char *debug_directories, const char *debuginfod_caches);
/* NULL is fine. */
void gmr_symbolizer_close(gmr_symbolizer_t *symbolizer);

/* Has `progress` called now and then while a module is looked up: every 64 compilation units, every 4096 symbols or
 * MiB of a file that is read, and between the stages. What a cold disk does in one read is not divided. NULL: none.
 * Threads: the symbolizer's own, during gmr_symbolize_module. */
void gmr_symbolizer_set_progress(gmr_symbolizer_t *symbolizer, void (*progress)(void *context), void *context);

/* From now on, the address at which a suspended Swift function will go on stands for the `await` that it is in. DWARF
 * describes that very instruction otherwise: without what is inlined there, and often with another line. */
void gmr_symbolizer_show_awaits(gmr_symbolizer_t *symbolizer);

/* Looks up `count` addresses as linked (address minus load bias, and adjusted by the caller: minus one for return
 * addresses), sorted ascending.
 * `path`: the ELF file. `memory`/`memory_size`: instead of a file, an ELF image in memory (the vDSO), or NULL; `path`
 * is then not opened.
 * `build_id`: as read from the mapped image; size 0: unknown, then not checked. Where the file is gone or another one,
 * a debug file that the build ID finds still answers.
 * `want_dwarf`: 0 names alone; 1 lines and inlined frames too. Names alone are read with pread; for DWARF the file is
 * mapped, so one that is truncated meanwhile raises SIGBUS: in a process that must live, ask for names alone.
 * No descriptor and no mapping outlives the call.
 * Returns 0, also when some of it is missing (see `found`), or a negative errno: that of the open, -ENOEXEC, -ESTALE
 * (wrong build ID), -EINVAL (not sorted), -ENOMEM, -EBADMSG or -E2BIG (a damaged symbol table, or one that would take
 * too long).
 * `out` is filled either way, and the callback is called for every address. */
int gmr_symbolize_module(gmr_symbolizer_t *symbolizer, const char *path, const void *memory, uint64_t memory_size,
                         const uint8_t *build_id, uint32_t build_id_size, int want_dwarf, const uint64_t *addresses,
                         uint32_t count, gmr_symbolize_callback callback, void *context, gmr_module_symbols_t *out);

/* The vDSO of the calling process: an ELF image, the same in every process of a machine. NULL where there is none.
 * Section headers, with the symbol table's, lie at its end. */
const void *gmr_vdso_image(uint64_t *bytes);

#ifdef __cplusplus
}
#endif
#endif
