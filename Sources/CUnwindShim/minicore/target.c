/*
 * target.c: how the process of a core is read: its memory, and its files in /proc.
 * Runs on whichever thread writes a minicore, in that process or in another one.
 * A handler may not run it.
 */
#include <elf.h>
#include <errno.h>
#include <sys/auxv.h>

#include "../signal_safe/proc_text.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "minicore_internal.h"

#define CHUNK_BYTES (64u * 1024u) /* what gmr_ss_read_memory() does at once */

static int is_own(const gmr_core_t *core) {
    return core->arena->pid == gmr_ss_getpid();
}

/* "/proc/PID/task/TID/NAME": a thread that has no part in the process is not found. */
static void write_path(const gmr_core_t *core, int32_t tid, const char *name, char path[80]) {
    static const char head[] = "/proc/";
    char *end = path;
    __builtin_memcpy(end, head, sizeof head - 1);
    end += sizeof head - 1;
    gmr_ss_task_path(end, core->arena->pid, "task/");
    while (*end) end++;
    gmr_ss_task_path(end, tid, name);
}

int gmr_core_open(const gmr_core_t *core, const char *name) {
    char path[80];
    write_path(core, core->reader_tid, name, path);
    return gmr_ss_open_at(AT_FDCWD, path, O_RDONLY);
}

/* A thread that has ended has no mappings, and neither has its memory any more. */
static int try_reader(gmr_core_t *core, int32_t tid) {
    char byte;
    if (tid <= 0) return -ESRCH;
    core->reader_tid = tid;
    int fd = gmr_core_open(core, "maps");
    if (fd < 0) return fd;
    long bytes = gmr_ss_read(fd, &byte, 1);
    gmr_ss_close(fd);
    return bytes < 0 ? (int)bytes : bytes == 0 ? -ESRCH : 0;
}

static int has_ended(int error) { return error == -ESRCH || error == -ENOENT; }

static long read_chunk(gmr_core_t *core, uint64_t address, void *buffer, uint64_t bytes) {
    if (core->memory_descriptor < 0) {
        long result = gmr_ss_read_memory(core->reader_tid, address, buffer, bytes);
        if (result != -EPERM && result != -EACCES && result != -ENOSYS) return result;
        core->memory_descriptor = gmr_core_open(core, "mem");
        if (core->memory_descriptor < 0) return core->memory_descriptor;
    }
    return gmr_ss_pread(core->memory_descriptor, buffer, bytes, address);
}

/* Its files in /proc may be readable where its memory is not. */
static int try_memory(gmr_core_t *core) {
    char byte;
    if (core->arena->module_count == 0) return 0;
    long result = read_chunk(core, gmr_arena_modules(core->arena)->start, &byte, 1);
    return result == -EPERM || result == -EACCES ? (int)result : 0;
}

static int find_reader(gmr_core_t *core) {
    const gmr_arena_header_t *arena = core->arena;
    if (is_own(core)) return try_reader(core, gmr_ss_gettid());
    int error = try_reader(core, arena->pid);
    for (uint32_t i = 0; i < GMR_OWN_THREAD_CAPACITY && has_ended(error); i++) {
        error = try_reader(core, arena->own_threads[i]);
    }
    for (uint32_t i = 0; i < core->thread_count && has_ended(error); i++) {
        error = try_reader(core, gmr_arena_slot(arena, core->threads[i])->tid);
    }
    return error;
}

int gmr_core_open_target(gmr_core_t *core) {
    int error = find_reader(core);
    return error ? error : try_memory(core);
}

void gmr_core_close_target(gmr_core_t *core) {
    if (core->memory_descriptor >= 0) gmr_ss_close(core->memory_descriptor);
}

uint64_t gmr_core_read(gmr_core_t *core, uint64_t address, void *buffer, uint64_t bytes) {
    uint64_t done = 0;
    if (core->reader_tid <= 0) return 0;
    while (done < bytes) {
        uint64_t part = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;
        long result = read_chunk(core, address + done, (uint8_t *)buffer + done, part);
        if (result <= 0) break;
        done += (uint64_t)result;
    }
    return done;
}

void gmr_core_executable(const gmr_core_t *core, char *path, uint32_t capacity) {
    char link[80];
    write_path(core, core->reader_tid, "exe", link);
    long bytes = gmr_ss_syscall4(SYS_readlinkat, AT_FDCWD, link, path, capacity - 1);
    path[bytes > 0 ? bytes : 0] = 0;
}

/* A process that is not dumpable may not open its own file, but it knows what was in there. */
static void recall_auxv(gmr_core_t *core) {
    static const uint64_t types[] = {AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_ENTRY, AT_SYSINFO_EHDR};
    for (uint32_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        core->auxv[2 * i] = types[i];
        core->auxv[2 * i + 1] = getauxval(types[i]);
        core->auxv_bytes += 16;
    }
    core->auxv_bytes += 16; /* AT_NULL */
}

void gmr_core_read_auxv(gmr_core_t *core) {
    int fd = gmr_core_open(core, "auxv");
    if (fd >= 0) {
        long bytes = gmr_ss_read(fd, core->auxv, sizeof core->auxv);
        gmr_ss_close(fd);
        if (bytes > 0) core->auxv_bytes = (uint32_t)bytes & ~15u;
    }
    if (core->auxv_bytes == 0 && is_own(core)) recall_auxv(core);
}

uint64_t gmr_core_auxv(const gmr_core_t *core, uint64_t type) {
    for (uint32_t i = 0; i + 1 < core->auxv_bytes / 8; i += 2) {
        if (core->auxv[i] == type) return core->auxv[i + 1];
    }
    return 0;
}
