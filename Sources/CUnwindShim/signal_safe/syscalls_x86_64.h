/*
 * syscalls_x86_64.h: system calls without libc: no errno, no cancellation points, no lazy binding, no locks.
 * Any thread. A handler may use all of them. Each returns the result or a negative errno.
 */
#ifndef GMR_SYSCALLS_X86_64_H
#define GMR_SYSCALLS_X86_64_H

#include <fcntl.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "safe.h"

static inline long gmr_ss_syscall6(long number, long a, long b, long c, long d, long e, long f) GMR_SIGNAL_SAFE {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#define gmr_ss_syscall4(n, a, b, c, d) gmr_ss_syscall6((n), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define gmr_ss_syscall3(n, a, b, c) gmr_ss_syscall4((n), (a), (b), (c), 0)
#define gmr_ss_syscall1(n, a) gmr_ss_syscall4((n), (a), 0, 0, 0)

static inline int gmr_ss_open_at(int directory, const char *path, int flags) GMR_SIGNAL_SAFE {
    return (int)gmr_ss_syscall4(SYS_openat, directory, path, flags | O_CLOEXEC, 0);
}
static inline long gmr_ss_read(int fd, void *buffer, size_t bytes) GMR_SIGNAL_SAFE {
    return gmr_ss_syscall3(SYS_read, fd, buffer, bytes);
}
static inline long gmr_ss_pread(int fd, void *buffer, size_t bytes, uint64_t offset) GMR_SIGNAL_SAFE {
    return gmr_ss_syscall4(SYS_pread64, fd, buffer, bytes, offset);
}
static inline long gmr_ss_write(int fd, const void *buffer, size_t bytes) GMR_SIGNAL_SAFE {
    return gmr_ss_syscall3(SYS_write, fd, buffer, bytes);
}
/* All of it, however long that takes: 0 or a negative errno. */
static inline int gmr_ss_write_all(int fd, const void *bytes, uint64_t count) GMR_SIGNAL_SAFE {
    const uint8_t *at = bytes;
    while (count > 0) {
        long written = gmr_ss_write(fd, at, count);
        if (written == -4 /* EINTR */) continue;
        if (written <= 0) return written < 0 ? (int)written : -5 /* EIO */;
        at += written;
        count -= (uint64_t)written;
    }
    return 0;
}
static inline void gmr_ss_close(int fd) GMR_SIGNAL_SAFE { (void)gmr_ss_syscall1(SYS_close, fd); }
static inline int32_t gmr_ss_getpid(void) GMR_SIGNAL_SAFE { return (int32_t)gmr_ss_syscall1(SYS_getpid, 0); }
static inline int32_t gmr_ss_gettid(void) GMR_SIGNAL_SAFE { return (int32_t)gmr_ss_syscall1(SYS_gettid, 0); }

static inline uint64_t gmr_ss_clock_ns(int clock) GMR_SIGNAL_SAFE {
    struct timespec now = {0, 0};
    (void)gmr_ss_syscall3(SYS_clock_gettime, clock, &now, 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Sleeps while *word == expected, at most `timeout_ns` (relative). Shared futexes work across the helper too. */
static inline long gmr_ss_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns) GMR_SIGNAL_SAFE {
    struct timespec timeout = {(time_t)(timeout_ns / 1000000000u), (long)(timeout_ns % 1000000000u)};
    return gmr_ss_syscall4(SYS_futex, word, FUTEX_WAIT, expected, &timeout);
}
static inline void gmr_ss_futex_wake(uint32_t *word) GMR_SIGNAL_SAFE {
    (void)gmr_ss_syscall4(SYS_futex, word, FUTEX_WAKE, INT32_MAX, 0);
}

/* Reads this process's own memory without trusting the address. `tid`: the calling thread; the process's number would
 * not do, because a main thread that has ended has no memory any more. Returns the bytes read before the first page
 * that cannot be, or a negative errno where not even the first byte can. Each remote element is one page at most,
 * because the kernel promises partial results only between elements. At most 16 pages and a part of one. */
static inline long gmr_ss_read_memory(int32_t tid, uint64_t address, void *buffer, size_t bytes) GMR_SIGNAL_SAFE {
    struct iovec local = {buffer, bytes};
    struct iovec remote[18];
    unsigned count = 0;
    size_t left = bytes;
    while (left > 0 && count < 18) {
        size_t part = GMR_PAGE_BYTES - (address & (GMR_PAGE_BYTES - 1));
        if (part > left) part = left;
        remote[count].iov_base = (void *)address;
        remote[count].iov_len = part;
        count++;
        address += part;
        left -= part;
    }
    return gmr_ss_syscall6(SYS_process_vm_readv, tid, (long)&local, 1, (long)remote, count, 0);
}

/* The same for the agent thread, which has another way where a sandbox refuses that call. */
static inline long gmr_ss_read_as_agent(uint64_t address, void *buffer, size_t bytes) GMR_SIGNAL_SAFE {
    int descriptor = gmr_safe_state.memory_descriptor;
    if (descriptor < 0) return gmr_ss_read_memory(gmr_safe_state.agent_tid, address, buffer, bytes);
    return gmr_ss_pread(descriptor, buffer, bytes, address);
}

/* What getdents64 writes. */
typedef struct {
    uint64_t inode;
    int64_t offset;
    uint16_t record_bytes;
    uint8_t type;
    char name[];
} gmr_directory_entry_t;

/* A directory that is being listed: all but the descriptor is 0 before the first entry. */
typedef struct {
    int descriptor;
    long bytes, at;
    char entries[4096] __attribute__((aligned(8)));
} gmr_directory_t;

/* The next entry, valid until the call after. Returns 1, 0 behind the last one, or a negative errno. */
static inline int gmr_ss_directory_next(gmr_directory_t *list, const gmr_directory_entry_t **entry) GMR_SIGNAL_SAFE {
    if (list->at >= list->bytes) {
        list->at = 0;
        list->bytes = gmr_ss_syscall3(SYS_getdents64, list->descriptor, list->entries, sizeof list->entries);
        if (list->bytes <= 0) return (int)list->bytes;
    }
    *entry = (const gmr_directory_entry_t *)(list->entries + list->at);
    list->at += (*entry)->record_bytes;
    return 1;
}

#endif
