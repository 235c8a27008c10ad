/*
 * process_memory.h: the program's symbols, and reads of its memory that cannot fault.
 * Threads: the agent thread. Signal safety: none. Reading allocates nothing and takes no lock.
 */
#ifndef GMR_PROCESS_MEMORY_H
#define GMR_PROCESS_MEMORY_H

#include <stdint.h>

/* The program's own symbol; `linked` is the one that the linker found for a weak reference, or NULL. 0: there is none.
 * May take the loader's lock. */
uint64_t gmr_program_symbol(const char *name, const void *linked);
#define GMR_PROGRAM_SYMBOL(name) gmr_program_symbol(#name, (const void *)(name))
/* A function that the program may have; its real type does not matter here. */
#define GMR_MAYBE_LINKED(name) __attribute__((weak)) extern void name(void)

/* What a variable of this process's own program has; 0 where there is none. Not checked, so it can be had before the
 * agent can read anything. */
static inline uint64_t gmr_variable(uint64_t address) {
    uint64_t value = 0;
    if (address) __builtin_memcpy(&value, (const void *)(uintptr_t)address, sizeof value);
    return value;
}

/* 1 where all of it could be read. */
int gmr_read_all(uint64_t address, void *buffer, uint64_t bytes);
/* 0 where it cannot be read. */
uint64_t gmr_read_word(uint64_t address);
/* The length of a C string that ends within `capacity` bytes, copied to `buffer` unless that is NULL. 0: it is empty,
 * longer or unreadable. */
uint64_t gmr_read_string(uint64_t address, char *buffer, uint64_t capacity);

#endif
