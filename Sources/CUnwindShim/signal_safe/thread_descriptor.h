/*
 * thread_descriptor.h: where glibc keeps a thread's tid: in its struct pthread, to which the thread pointer leads.
 * Any thread of glibc's. A handler may use it.
 */
#ifndef GMR_THREAD_DESCRIPTOR_H
#define GMR_THREAD_DESCRIPTOR_H

#include <asm/prctl.h>

#include "syscalls_x86_64.h"

#define GMR_THREAD_DESCRIPTOR_BYTES 1024u /* the part that has the tid */

static inline uint64_t gmr_ss_thread_pointer(void) GMR_SIGNAL_SAFE {
    uint64_t pointer = 0;
    (void)gmr_ss_syscall3(SYS_arch_prctl, ARCH_GET_FS, &pointer, 0);
    return pointer;
}

/* From the thread pointer; -1 where it is not found. 0x2d0 in glibc 2.36. */
static inline int32_t gmr_ss_tid_offset(void) GMR_SIGNAL_SAFE {
    const uint8_t *descriptor = (const uint8_t *)gmr_ss_thread_pointer();
    int32_t tid = gmr_ss_gettid(), word;
    for (uint32_t at = 0; descriptor && at < GMR_THREAD_DESCRIPTOR_BYTES; at += sizeof word) {
        __builtin_memcpy(&word, descriptor + at, sizeof word);
        if (word == tid) return (int32_t)at;
    }
    return -1;
}

#endif
