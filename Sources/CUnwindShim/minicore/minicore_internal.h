/*
 * minicore_internal.h: the pieces behind gmr_minicore.h and what they hand to each other.
 * Threads: one gmr_core_t belongs to one call; nothing here is shared or global.
 * Signal safety: none.
 */
#ifndef GMR_MINICORE_INTERNAL_H
#define GMR_MINICORE_INTERNAL_H

#include "../include/gmr_minicore.h"

/* Of user space; what lies above is no address, and sums of two below do not overflow. */
#define GMR_CORE_ADDRESS_LIMIT (UINT64_C(1) << 47)
#define GMR_CORE_ALIGNMENT 8u /* of ranges, in memory and in the file */
#define GMR_CORE_RANGE_CAPACITY 24576u
#define GMR_CORE_FILE_CAPACITY 8192u
#define GMR_CORE_COPY_CAPACITY_BYTES (4u << 20)
#define GMR_CORE_NAME_CAPACITY_BYTES (1u << 20)
#define GMR_CORE_AUXV_CAPACITY_BYTES 4096u
#define GMR_CORE_BUFFER_BYTES (64u * 1024u)

/* A PT_LOAD: memory of the process, of which the first `data_bytes` are in the core. */
typedef struct {
    uint64_t address, bytes;
    const uint8_t *data; /* in the arena or in `copies` */
    uint64_t data_bytes;
    uint32_t flags; /* PF_R, PF_W, PF_X */
    uint32_t reserved;
} gmr_core_range_t;

/* A line of NT_FILE. */
typedef struct {
    uint64_t start, end, offset;
    uint32_t name, name_bytes; /* in `names`, without a final NUL */
} gmr_core_file_t;

/* Collected before the first byte is written: all sizes are fixed then, whatever becomes of the process. */
typedef struct {
    const gmr_arena_header_t *arena;
    const gmr_minicore_crash_t *crash;

    /* How the process is read. */
    int32_t reader_tid;      /* a thread of it that has memory: a main thread that has ended has none; 0: none at all */
    int memory_descriptor;   /* its /proc file `mem`, where process_vm_readv is refused; else -1 */

    /* Where the files of its modules are, by their number; NULL: where it had them. */
    const char *const *module_files;
    uint32_t module_file_count;

    uint32_t thread_count;
    uint32_t range_count;
    uint32_t file_count;
    uint32_t copied_bytes;
    uint32_t name_bytes;
    uint32_t auxv_bytes;
    uint32_t stack_bytes_left; /* that may still be read beyond the arena's copies */
    uint32_t threads[GMR_MAX_THREADS]; /* indices of slots, the crashed one first */
    gmr_core_range_t ranges[GMR_CORE_RANGE_CAPACITY];
    gmr_core_file_t files[GMR_CORE_FILE_CAPACITY];
    char executable[GMR_PAGE_BYTES]; /* its path */
    uint64_t auxv[GMR_CORE_AUXV_CAPACITY_BYTES / 8];
    char names[GMR_CORE_NAME_CAPACITY_BYTES];
    uint8_t copies[GMR_CORE_COPY_CAPACITY_BYTES];
    uint8_t buffer[GMR_CORE_BUFFER_BYTES]; /* of whoever reads or writes a file at the moment */
} gmr_core_t;

/* target.c. Finds a thread to read through. Returns 0 or a negative errno: the one of a process that may not be read
 * is -EACCES or -EPERM, and only what is the same in files is known of it. */
int gmr_core_open_target(gmr_core_t *core);
void gmr_core_close_target(gmr_core_t *core);
/* Opens a file of the process in /proc. Returns a descriptor or a negative errno. */
int gmr_core_open(const gmr_core_t *core, const char *name);
/* Returns how many of the bytes could be read, from the first one on. */
uint64_t gmr_core_read(gmr_core_t *core, uint64_t address, void *buffer, uint64_t bytes);
/* Writes the path of the executable, cut at `capacity` - 1; empty where it is not known. */
void gmr_core_executable(const gmr_core_t *core, char *path, uint32_t capacity);
void gmr_core_read_auxv(gmr_core_t *core);
/* The entry of type AT_...; 0 where there is none. */
uint64_t gmr_core_auxv(const gmr_core_t *core, uint64_t type);

/* ranges.c */
void gmr_core_add_range(gmr_core_t *core, const gmr_core_range_t *range);
/* Room in `copies`; NULL where there is none. */
uint8_t *gmr_core_reserve(gmr_core_t *core, uint64_t bytes);
/* Reads memory of the process into `copies`; NULL where it is not all there or there is no room. */
const uint8_t *gmr_core_copy(gmr_core_t *core, uint64_t address, uint64_t bytes);
/* Takes back the last copy from its byte `kept` on. */
void gmr_core_uncopy(gmr_core_t *core, const uint8_t *copy, uint64_t kept);
/* Both: a copy that becomes a range. */
const uint8_t *gmr_core_add_memory(gmr_core_t *core, uint64_t address, uint64_t bytes, uint32_t flags);
/* Sorts the ranges by address and cuts where they overlap. */
void gmr_core_settle_ranges(gmr_core_t *core);

/* mappings.c: files and the vdso, from /proc. Returns 0 or a negative errno. */
int gmr_core_add_mappings(gmr_core_t *core);
/* A line of NT_FILE, but for its name, which is `file.name_bytes` of `path`; and what of it is in the core. */
void gmr_core_add_file(gmr_core_t *core, gmr_core_file_t file, const char *path, const gmr_core_range_t *range);

/* modules.c: files, libraries, the vdso and the auxiliary vector, where the process cannot be read: from the files of
 * the modules in the arena. Returns 0, or -ENOEXEC where the executable is not among them. */
int gmr_core_add_modules(gmr_core_t *core);

/* link_maps.c: the loader's chain of libraries. */
void gmr_core_add_link_maps(gmr_core_t *core);

/* stacks.c: the threads; 0, or -ENODATA where there are none. Then what their frames need. */
int gmr_core_add_threads(gmr_core_t *core);
void gmr_core_add_stacks(gmr_core_t *core);

/* output.c */
typedef struct {
    int descriptor;  /* -1: only counts */
    int error;       /* negative errno of the first write that failed; nothing is written after it */
    uint64_t bytes;
    uint8_t *buffer; /* GMR_CORE_BUFFER_BYTES */
    uint32_t used;
} gmr_core_output_t;
void gmr_core_put(gmr_core_output_t *output, const void *data, uint64_t bytes);
void gmr_core_flush(gmr_core_output_t *output);

/* notes.c */
void gmr_core_put_notes(const gmr_core_t *core, gmr_core_output_t *output);

#endif
