/*
 * gmr_minicore.h: an ELF core file with just what a debugger needs for the backtraces of all threads.
 *
 * Registers, the stacks as far as their frames reach, the auxiliary vector, the file mappings, the chain of loaded
 * libraries with their dynamic sections, the first page of each of them (which has its build ID) and the vdso: some
 * hundred KiB and a millisecond, where a whole core is gigabytes. Read it with `gdb EXECUTABLE CORE`, or eu-stack.
 *
 * No heap and no globals, which gdb says that it cannot read; so it warns that libthread_db finds no threads. No
 * arguments and no environment, but what a stack keeps of them whose end the walker has not found. A stack does hold
 * secrets, so such a file is for the eyes of whoever may trace the process.
 */
#ifndef GMR_MINICORE_H
#define GMR_MINICORE_H

#include <stdint.h>

#include "gmr_capture_format.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int32_t tid;        /* the thread that crashed: the first one in the file, which debuggers select */
    int32_t signal;
    int32_t code;       /* si_code */
    int32_t sender_pid; /* where `code` says that somebody sent the signal (<= 0); else 0 */
    uint64_t address;   /* si_addr of a fault; else 0 */
} gmr_minicore_crash_t;

/* Writes a core of the process `arena->pid` from where `descriptor` stands on; it may be a pipe. `crash`: NULL for a
 * process that lives on.
 *
 * The threads come from the capture that the arena holds, so this has its place between gmr_walk_all() and
 * gmr_arena_release_slots(): while a report is made. What else is needed is read from the process, which may be the
 * caller's own or another one that the caller may trace. Nothing that is read there or in the arena is trusted, but
 * for what gmr_arena_map() has checked. A slot that was not captured has no registers and is left out.
 *
 * Returns 0 or a negative errno: -ENODATA where the arena holds no captured thread, -EPROTO where it is damaged,
 * -ENOMEM, -ENOEXEC (below) or that of write(): -ENOSPC, -EAGAIN, -EPIPE (and SIGPIPE). Where a write failed, what the
 * file holds is no core.
 *
 * Where the process may not be read, as a debugger may not attach to it, its own files stand for its memory, as in a
 * record: frames beyond the arena's copies are missing then, and so are libraries that have been replaced.
 *
 * Threads: any, of any process; several at once. Blocks as long as `descriptor` does.
 * Signal safety: none needed and none promised, but it neither allocates from the heap nor takes a lock.
 * Memory: 8 MiB of address space while it runs, a tenth of that touched. Descriptors: two, while it runs. */
int gmr_minicore_write(const gmr_arena_header_t *arena, const gmr_minicore_crash_t *crash, int descriptor);

/* The same of a process that is gone, from gmr_record_map(): a record that has stacks. What would be read from the
 * process is made up from the files of its modules, as the loader would have it: `files[i]` is where the file of module
 * `i` is here, or NULL; beyond `file_count` there are none. Debuggers find the libraries under these paths.
 *
 * Returns -ENOEXEC too, where no file is that of the executable. */
int gmr_minicore_write_record(const gmr_arena_header_t *arena, const gmr_minicore_crash_t *crash,
                              const char *const *files, uint32_t file_count, int descriptor);

#ifdef __cplusplus
}
#endif
#endif
