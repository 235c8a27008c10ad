/*
 * actor_type.c: what an object is called in Swift, by the descriptor of its class.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * Not swift_getTypeName(): a pointer that is none would be the end of the process.
 */
#include "actor_type.h"

#include "../memory/process_memory.h"

#define NAME_BYTES 128u
#define MOST_PARTS 4

/* Class metadata without Objective-C, and context descriptors (swift/ABI/Metadata.h). */
enum { CLASS_DESCRIPTOR = 0x28, CONTEXT_PARENT = 4, CONTEXT_NAME = 8 };
#define CLASS_IS_ACTOR (1u << (16 + 7))
enum { KIND_MASK = 0x1f, KIND_MODULE = 0, KIND_EXTENSION = 1, KIND_ANONYMOUS = 2, KIND_CLASS = 16 };

/* A relative reference; with the lowest bit set, to where the address is. 0: none. */
static uint64_t follow(uint64_t place) {
    int32_t distance;
    if (!gmr_read_all(place, &distance, sizeof distance) || distance == 0) return 0;
    uint64_t target = place + (uint64_t)(int64_t)(distance & ~1);
    return distance & 1 ? gmr_read_word(target) : target;
}

static uint32_t flags_of(uint64_t context) {
    uint32_t flags = UINT32_MAX;
    (void)gmr_read_all(context, &flags, sizeof flags);
    return flags;
}
static uint32_t kind_of(uint64_t context) { return flags_of(context) & KIND_MASK; }

static void append(gmr_arena_header_t *arena, gmr_task_t *task, const char *name, uint64_t bytes) {
    if (GMR_TASK_TEXT_CAPACITY_BYTES - arena->task_text_bytes <= bytes) return;
    char *text = gmr_arena_task_text(arena) + arena->task_text_bytes;
    uint32_t dot = task->type_bytes > 0;
    if (dot) *text = '.';
    __builtin_memcpy(text + dot, name, bytes);
    task->type_bytes += (uint32_t)bytes + dot;
    arena->task_text_bytes += (uint32_t)bytes + dot;
}

void gmr_actor_read(gmr_arena_header_t *arena, gmr_task_t *task) {
    uint64_t parts[MOST_PARTS], class = gmr_read_word(task->awaited);
    uint64_t context = class ? gmr_read_word(class + CLASS_DESCRIPTOR) : 0;
    if (!context || kind_of(context) != KIND_CLASS) return;
    if (flags_of(context) & CLASS_IS_ACTOR) task->flags |= GMR_TASK_AWAITS_ACTOR;
    int count = 0;
    for (; context && count < MOST_PARTS; context = follow(context + CONTEXT_PARENT)) {
        uint32_t kind = kind_of(context);
        if (kind != KIND_EXTENSION && kind != KIND_ANONYMOUS) parts[count++] = context;
        if (kind == KIND_MODULE) break;
    }
    task->type_offset = arena->task_text_bytes;
    while (count-- > 0) {
        char name[NAME_BYTES];
        uint64_t place = parts[count] + CONTEXT_NAME, bytes = gmr_read_string(follow(place), name, sizeof name);
        if (bytes > 0) append(arena, task, name, bytes);
    }
}
