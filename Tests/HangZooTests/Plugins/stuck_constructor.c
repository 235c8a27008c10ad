/*
 * stuck_constructor.c: a shared library whose constructor never returns, so that dlopen of it keeps the loader's lock.
 */
#include <unistd.h>

__attribute__((noinline)) static void constructor_middle_calls_blocked(void) {
    for (;;)
        pause();
}

__attribute__((constructor)) static void zoo_stuck_constructor(void) {
    constructor_middle_calls_blocked();
    __asm__ volatile("");
}
