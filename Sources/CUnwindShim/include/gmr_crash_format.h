/*
 * gmr_crash_format.h: registers, and the crash of a thread, in the arena (gmr_capture_format.h).
 */
#ifndef GMR_CRASH_FORMAT_H
#define GMR_CRASH_FORMAT_H

#include <stdint.h>

/* Indices into gmr_slot_t.registers, in DWARF order for x86-64. */
enum { GMR_REG_RAX = 0, GMR_REG_RDX = 1, GMR_REG_RSI = 4, GMR_REG_RDI = 5 };
enum { GMR_REG_R8 = 8, GMR_REG_R9 = 9, GMR_REG_R10 = 10 };
enum { GMR_REG_RBP = 6, GMR_REG_RSP = 7, GMR_REG_RIP = 16, GMR_REGISTER_COUNT = 17 };
/* A function gives these back as they were, and RBP. */
enum { GMR_REG_RBX = 3, GMR_REG_R12 = 12, GMR_REG_R13 = 13, GMR_REG_R14 = 14, GMR_REG_R15 = 15 };

/* gmr_crash_t.flags */
enum { GMR_CRASH_ADDRESS = 1u << 0 /* `address` is valid */ };

#define GMR_CRASH_MESSAGE_BYTES 1024u
#define GMR_CRASH_SELF_COUNT 12u

/* What a frame of the crashed thread worked on, if it is a method of Swift's: `self` is in r13. */
typedef struct {
    uint64_t address; /* r13 in that frame */
    uint32_t word;    /* in memory there */
    uint32_t is_read; /* 1: `word` is valid */
} gmr_crash_self_t;
_Static_assert(sizeof(gmr_crash_self_t) == 16, "wire format");

/* The fault that ends the process: what the kernel told the handler of the first thread that had one. */
typedef struct {
    int32_t signal; /* 0: none */
    int32_t code;   /* si_code */
    int32_t tid;
    int32_t sender_pid; /* of a signal that a process sent; 0: the kernel did */
    uint64_t address;   /* si_addr */
    uint64_t registers[GMR_REGISTER_COUNT];
    uint64_t thread_pointer; /* fs base */
    uint32_t flags;          /* GMR_CRASH_* */
    uint32_t message_bytes;
    gmr_crash_self_t selves[GMR_CRASH_SELF_COUNT]; /* of its first frames */
    uint8_t message[GMR_CRASH_MESSAGE_BYTES]; /* what the program said of it last; UTF-8 */
} gmr_crash_t;
_Static_assert(sizeof(gmr_crash_t) == 368 + GMR_CRASH_MESSAGE_BYTES, "wire format");

#endif
