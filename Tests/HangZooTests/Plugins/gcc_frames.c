/*
 * gcc_frames.c: frames as gcc -O2 -fomit-frame-pointer makes them: an array of variable size, a realigned stack whose
 * caller is found through a DWARF expression, and a call that is the last instruction of its function.
 */
#include <string.h>

#define NOINLINE __attribute__((noinline, noipa))

NOINLINE static void keep(void *bytes) {
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

NOINLINE __attribute__((noreturn)) static void plugin_last_calls_blocked(void (*block)(void)) {
    block();
    __builtin_unreachable(); /* what follows the call belongs to the next function */
}

NOINLINE static void plugin_realigned_calls_last(void (*block)(void), int size) {
    char variable[size];
    _Alignas(64) char aligned[64];
    memset(variable, 1, (size_t)size);
    memset(aligned, 2, sizeof aligned);
    keep(variable);
    keep(aligned);
    plugin_last_calls_blocked(block);
}

NOINLINE static int plugin_middle_calls_realigned(void (*block)(void), int size, int *result) {
    plugin_realigned_calls_last(block, size * 3);
    keep(result);
    return *result + size;
}

void zoo_plugin_outer(void (*block)(void)) {
    int result = 0;
    result += plugin_middle_calls_realigned(block, 111, &result);
    keep(&result);
}
