/*
 * scenario_stacks.c: frames whose size is hard to know, and a stack that is long.
 * Threads: the scenario's own.  Signal handlers: no.
 *
 * Truth
 *   deep-recursion  `deep`: 400 frames of deep_calls_itself, more than 160 KiB of stack, then pthread_mutex_lock.
 *   realigned       `realigned`: realigned_outer_calls_middle → realigned_middle_calls_blocked, whose frame is aligned
 *                   to 64 bytes (so its distance from the caller's is not constant) → victim's mutex.
 *   alloca          `alloca`: alloca_outer_calls_middle → alloca_middle_calls_blocked with a variable-length array.
 *   gcc-frames      `gcc-frames` runs zoo_plugin_outer of the shared library given as argument (Plugins/gcc_frames.c,
 *                   compiled with -O2 -fomit-frame-pointer): no frame pointer anywhere, one realigned frame found
 *                   through a DWARF expression, one call as the last instruction of its function.
 */
#include "scenarios.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

enum { DEPTH = 400, FRAME_BYTES = 400 };

static ZOO_MARKER void deep_calls_itself(int depth) {
    char bytes[FRAME_BYTES];
    memset(bytes, depth, sizeof bytes);
    __asm__ volatile("" : : "r"(bytes) : "memory");
    if (depth == 1)
        zoo_block_in_mutex();
    else
        deep_calls_itself(depth - 1);
    zoo_keep_frame();
}

static ZOO_MARKER void deep_outer_calls_recursion(void *unused) {
    (void)unused;
    deep_calls_itself(DEPTH);
}

static void build_deep(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("deep", SYS_futex, deep_outer_calls_recursion, NULL);
}

static ZOO_MARKER void realigned_middle_calls_blocked(void) {
    _Alignas(64) char vector[128];
    memset(vector, 1, sizeof vector);
    __asm__ volatile("" : : "r"(vector) : "memory");
    zoo_block_in_mutex();
    zoo_keep_frame();
}

static ZOO_MARKER void realigned_outer_calls_middle(void *unused) {
    (void)unused;
    realigned_middle_calls_blocked();
}

static void build_realigned(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("realigned", SYS_futex, realigned_outer_calls_middle, NULL);
}

static ZOO_MARKER void alloca_middle_calls_blocked(size_t size) {
    char bytes[size];
    memset(bytes, 1, size);
    __asm__ volatile("" : : "r"(bytes) : "memory");
    zoo_block_in_mutex();
    zoo_keep_frame();
}

static ZOO_MARKER void alloca_outer_calls_middle(void *size) {
    alloca_middle_calls_blocked((size_t)(uintptr_t)size);
}

static void build_alloca(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("alloca", SYS_futex, alloca_outer_calls_middle, (void *)(uintptr_t)1237);
}

typedef void (*plugin_outer_t)(void (*block)(void));

static ZOO_MARKER void gcc_frames_call_plugin(void *outer) {
    ((plugin_outer_t)outer)(zoo_block_in_mutex);
    zoo_keep_frame();
}

static void build_gcc_frames(int count, char *const *arguments) {
    void *plugin = count > 0 ? dlopen(arguments[0], RTLD_NOW) : NULL;
    void *outer = plugin != NULL ? dlsym(plugin, "zoo_plugin_outer") : NULL;
    if (outer == NULL)
        zoo_fail("gcc-frames: give it gcc_frames.so");
    zoo_spawn("gcc-frames", SYS_futex, gcc_frames_call_plugin, outer);
}

const zoo_scenario_t zoo_stack_scenarios[] = {
    {"deep-recursion", "a stack deeper than 64 KiB", NULL, build_deep, NULL, NULL},
    {"realigned", "a frame aligned to 64 bytes", NULL, build_realigned, NULL, NULL},
    {"alloca", "a frame of variable size", NULL, build_alloca, NULL, NULL},
    {"gcc-frames", "PLUGIN.so: optimized frames without frame pointers", NULL, build_gcc_frames, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
