/*
 * zoo.h: what the programs of the crash zoo are made with.
 */
#ifndef CRASH_ZOO_H
#define CRASH_ZOO_H

#include "CCrashZoo.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* A function whose name a report must show: neither inlined nor left by a jump. */
#define MARKER __attribute__((noinline, disable_tail_calls))

/* The address, unknown to the compiler. */
void *crash_zoo_opaque(uintptr_t address);

/* Runs `body` on a new thread and waits for it. */
void crash_zoo_on_thread(const char *name, void *(*body)(void *));

/* All of malloc's main arena, which opening a file has made before. */
void *crash_zoo_heap(size_t *bytes);

void crash_zoo_fail(const char *what) __attribute__((noreturn));

extern const crash_zoo_program_t crash_zoo_faults[], crash_zoo_aborts[], crash_zoo_places[], crash_zoo_handlers[],
    crash_zoo_limits[], crash_zoo_cxx[];

#endif
