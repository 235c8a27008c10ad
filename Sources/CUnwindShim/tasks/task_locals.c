/*
 * task_locals.c: task-local values, by the addresses of their keys.
 * Runs on the agent thread; a key is told from any thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * The layouts are those of Swift 6.3.1 on x86-64 (swift/ABI/TaskLocal.h; StringObject.swift).
 */
#include "task_locals.h"

#include <errno.h>
#include <string.h>

#include "../memory/process_memory.h"
#include "gmr_agent.h"
#include "task_source.h"

#define MOST_BINDINGS 128 /* of a task and of those whose child it is */
#define LINK_BITS UINT64_C(15) /* bindings are aligned; the lowest bits of a link say what it leads to */

/* swift::TaskLocal::Item, in words: next, key, type, value. */
enum { ITEM_NEXT = 0, ITEM_KEY = 1, ITEM_VALUE = 3, ITEM_WORDS = 5 };
/* Swift.String, in words: count and flags, object. */
#define STRING_COUNT_MASK UINT64_C(0xffffffffffff)
#define STRING_ADDRESS_MASK UINT64_C(0x0fffffffffffffff)
#define STRING_IS_SMALL(object) ((object) >> 60 == 0xe)
#define STRING_IS_FOREIGN(object) ((object) >> 60 & 1)
#define STRING_BIAS 32u /* from the object to its text */

typedef struct {
    uint64_t key; /* release: publishes the rest */
    uint32_t kind;
    char name[GMR_TASK_LOCAL_NAME_BYTES];
} shown_key_t;

static shown_key_t keys[GMR_TASK_LOCAL_CAPACITY];

int gmr_agent_show_task_local(const void *key, uint32_t kind, const char *name) {
    for (uint32_t i = 0; i < GMR_TASK_LOCAL_CAPACITY; i++) {
        if (keys[i].key) continue;
        keys[i].kind = kind;
        (void)strncpy(keys[i].name, name, sizeof keys[i].name - 1);
        __atomic_store_n(&keys[i].key, (uint64_t)(uintptr_t)key, __ATOMIC_RELEASE);
        return 0;
    }
    return -ENOSPC;
}

void gmr_agent_hide_task_locals(void) {
    for (uint32_t i = 0; i < GMR_TASK_LOCAL_CAPACITY; i++) __atomic_store_n(&keys[i].key, 0, __ATOMIC_RELEASE);
}

void gmr_task_locals_begin(gmr_arena_header_t *arena) {
    for (uint32_t i = 0; i < GMR_TASK_LOCAL_CAPACITY; i++) {
        uint64_t key = __atomic_load_n(&keys[i].key, __ATOMIC_ACQUIRE);
        gmr_task_source.local_keys[i] = key;
        gmr_task_source.local_kinds[i] = key ? keys[i].kind : 0;
        __builtin_memset(arena->task_local_names[i], 0, GMR_TASK_LOCAL_NAME_BYTES);
        if (key) __builtin_memcpy(arena->task_local_names[i], keys[i].name, GMR_TASK_LOCAL_NAME_BYTES);
    }
}

static int is_any_shown(void) {
    uint64_t any = 0;
    for (uint32_t i = 0; i < GMR_TASK_LOCAL_CAPACITY; i++) any |= gmr_task_source.local_keys[i];
    return any != 0;
}

static uint32_t read_text(uint64_t counted, uint64_t object, char *text) {
    uint64_t count = counted & STRING_COUNT_MASK;
    if (STRING_IS_SMALL(object)) {
        uint64_t words[2] = {counted, object};
        count = object >> 56 & 15;
        __builtin_memcpy(text, words, count);
        return (uint32_t)count;
    }
    if (object == 0 || STRING_IS_FOREIGN(object)) return 0;
    if (count > GMR_TASK_LOCAL_VALUE_BYTES) count = GMR_TASK_LOCAL_VALUE_BYTES;
    return gmr_read_all((object & STRING_ADDRESS_MASK) + STRING_BIAS, text, count) ? (uint32_t)count : 0;
}

static uint32_t put_number(int64_t value, char *text) {
    char digits[20];
    uint32_t count = 0, bytes = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do digits[count++] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0) text[bytes++] = '-';
    while (count > 0) text[bytes++] = digits[--count];
    return bytes;
}

/* Returns the bytes of the value as text; 0: it is nil, empty or unreadable. */
static uint32_t read_value(uint32_t kind, const uint64_t *value, char *text) {
    if (kind == GMR_TASK_LOCAL_STRING) return read_text(value[0], value[1], text);
    if (kind == GMR_TASK_LOCAL_OPTIONAL_INT && (value[1] & 0xff) != 0) return 0;
    return put_number((int64_t)value[0], text);
}

static void add(gmr_arena_header_t *arena, gmr_task_t *task, uint32_t index, const uint64_t *value) {
    char text[GMR_TASK_LOCAL_VALUE_BYTES];
    uint32_t bytes = read_value(gmr_task_source.local_kinds[index], value, text);
    if (bytes == 0 || GMR_TASK_TEXT_CAPACITY_BYTES - arena->task_text_bytes < bytes + 2) return;
    char *place = gmr_arena_task_text(arena) + arena->task_text_bytes;
    place[0] = (char)index;
    place[1] = (char)bytes;
    __builtin_memcpy(place + 2, text, bytes);
    task->local_bytes += bytes + 2;
    arena->task_text_bytes += bytes + 2;
}

void gmr_task_locals_read(gmr_arena_header_t *arena, gmr_task_t *task, uint64_t first) {
    uint32_t seen = 0; /* bit i: key i; the innermost binding counts */
    task->local_offset = arena->task_text_bytes;
    if (!first || !is_any_shown()) return;
    for (int i = 0; i < MOST_BINDINGS && first; i++) {
        uint64_t item[ITEM_WORDS] = {0};
        /* One without a value is shorter. */
        if (!gmr_read_all(first, item, sizeof item) && !gmr_read_all(first, item, ITEM_VALUE * sizeof *item)) return;
        for (uint32_t key = 0; item[ITEM_KEY] && key < GMR_TASK_LOCAL_CAPACITY; key++) {
            if (seen & 1u << key || gmr_task_source.local_keys[key] != item[ITEM_KEY]) continue;
            seen |= 1u << key;
            add(arena, task, key, item + ITEM_VALUE);
        }
        first = item[ITEM_NEXT] & ~LINK_BITS;
    }
}
