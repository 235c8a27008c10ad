/*
 * heap.c: memory in use as a service has it: blocks of malloc's, all of them written.
 */
#include <stdlib.h>
#include <string.h>

#include "bench_threads.h"

#define BLOCK_BYTES (64u * 1024u) /* less than what malloc gives a mapping of its own */

/* Volatile, and each block leads to the one before: else the compiler leaves all of them out. */
static void *volatile newest_block;

int bench_fill_heap(uint64_t bytes) {
    for (uint64_t filled = 0; filled < bytes; filled += BLOCK_BYTES) {
        void **block = malloc(BLOCK_BYTES);
        if (block == NULL) return -1;
        memset(block, 1, BLOCK_BYTES);
        *block = newest_block;
        newest_block = block;
    }
    return 0;
}
