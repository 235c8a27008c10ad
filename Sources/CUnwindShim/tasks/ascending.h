/*
 * ascending.h: sorted addresses.
 */
#ifndef GMR_ASCENDING_H
#define GMR_ASCENDING_H

#include <stdint.h>

/* The place of the first that is not below `value`; `count` where all are. */
static inline uint32_t gmr_place_in(const uint64_t *ascending, uint32_t count, uint64_t value) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ascending[middle] < value) low = middle + 1;
        else high = middle;
    }
    return low;
}

static inline void gmr_sift(uint64_t *heap, uint32_t parent, uint32_t count) {
    const uint64_t value = heap[parent];
    for (uint32_t child; (child = 2 * parent + 1) < count; parent = child) {
        if (child + 1 < count && heap[child + 1] > heap[child]) child++;
        if (heap[child] <= value) break;
        heap[parent] = heap[child];
    }
    heap[parent] = value;
}

/* qsort() may allocate. */
static inline void gmr_sort(uint64_t *values, uint32_t count) {
    for (uint32_t i = count / 2; i > 0; i--) gmr_sift(values, i - 1, count);
    for (uint32_t last = count; last > 1; last--) {
        uint64_t largest = values[0];
        values[0] = values[last - 1];
        values[last - 1] = largest;
        gmr_sift(values, 0, last - 1);
    }
}

#endif
