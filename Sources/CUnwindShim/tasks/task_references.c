/*
 * task_references.c: which tasks have hold of a semaphore that a thread waits for.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * A semaphore has no owner; but whoever is to signal it has to have it: as a variable of its own, or captured by a
 * closure that it runs. Other objects are not looked into: an actor that has a semaphore is known to all who call it.
 * How many have it in all says its count of references. Not dispatch groups: work that a queue will do is counted in
 * them, and knows them by other references.
 */
#include "task_references.h"

#include "../memory/process_memory.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "ascending.h"
#include "task_reader.h"
#include "task_source.h"

#define MOST_WAITED 1024u
#define MOST_SLABS 4
#define FIRST_WORDS 32u /* of a task whose slabs are elsewhere */
#define CLOSURE_WORDS (GMR_TASK_OBJECT_WORDS - 1)
#define MOST_OBJECTS 4096u /* of one task that are looked into */
#define LIMIT_NS UINT64_C(100000000) /* of the processor, for all tasks, without what finding them takes */

/* swift::StackAllocator::Slab */
enum { SLAB_NEXT = 1, SLAB_SIZES = 2, SLAB_HEADER_BYTES = 0x20 };
/* Swift's object around a semaphore of libdispatch's, in words: its references, and the semaphore. Of that, the list
 * that it is in, as for all of libdispatch's objects that are in none; the value that it was made with; and its futex:
 * as measured with Swift 6.3.1. */
enum { WRAPPER_REFERENCES = 1, WRAPPER_OBJECT = 2, OBJECT_LIST = 0x10, SEMAPHORE_ORIGINAL = 0x38,
       SEMAPHORE_FUTEX = 0x40 };
#define IN_NO_LIST UINT64_C(0xffffffff89abcdef)
/* swift::InlineRefCountBits: whether the counts are elsewhere, and how many references there are beyond the first. */
#define COUNTS_ARE_ELSEWHERE(references) ((references) >> 63)
#define MORE_REFERENCES(references) ((uint32_t)((references) >> 33))
/* swift::MetadataKind of what closures have captured. */
enum { KIND_LOCAL = 0x400, KIND_GENERIC_LOCAL = 0x500 };

/* The futexes that threads wait at, ascending. */
static struct {
    uint64_t left_ns;
    uint32_t objects_left;
    uint32_t count;
    uint64_t futexes[MOST_WAITED];
} waited;

static uint32_t place_of(uint64_t futex) { return gmr_place_in(waited.futexes, waited.count, futex); }
static int is_waited(uint64_t futex) {
    uint32_t place = place_of(futex);
    return place < waited.count && waited.futexes[place] == futex;
}

/* A semaphore that was made with a value limits how many may do something: whoever has it waits for it first. */
static int is_semaphore(uint64_t object) {
    uint64_t original;
    return gmr_read_word(object + OBJECT_LIST) == IN_NO_LIST &&
           gmr_read_all(object + SEMAPHORE_ORIGINAL, &original, sizeof original) && original == 0;
}

/* Variables of the program's files are no objects; idle threads of libdispatch wait at such. */
static int is_static(const gmr_arena_header_t *arena, uint64_t address) {
    const gmr_module_t *modules = gmr_arena_modules(arena);
    for (uint32_t i = 0; i < arena->module_count && i < GMR_MODULE_CAPACITY; i++) {
        if (address >= modules[i].start && address < modules[i].end) return 1;
    }
    return 0;
}

void gmr_task_references_begin(gmr_arena_header_t *arena) {
    waited.count = 0;
    waited.left_ns = LIMIT_NS;
    for (uint32_t i = 0; i < arena->slot_count && waited.count < MOST_WAITED; i++) {
        const gmr_slot_t *slot = gmr_arena_slot(arena, i);
        uint64_t futex = slot->wait.address;
        if (slot->generation != arena->generation || !(slot->wait.flags & GMR_WAIT_FUTEX)) continue;
        if (is_waited(futex) || is_static(arena, futex) || !is_semaphore(futex - SEMAPHORE_FUTEX)) continue;
        uint32_t place = place_of(futex);
        for (uint32_t at = waited.count++; at > place; at--) waited.futexes[at] = waited.futexes[at - 1];
        waited.futexes[place] = futex;
    }
}

uint32_t gmr_task_references_sought(void) { return waited.count; }

/* Of this task; added where there is none. NULL: there is no room. */
static gmr_task_reference_t *reference_to(gmr_arena_header_t *arena, const gmr_task_t *task, uint64_t futex) {
    gmr_task_reference_t *references = gmr_arena_task_references(arena);
    /* Those of one task follow each other. */
    for (uint32_t i = arena->task_reference_count; i > 0 && references[i - 1].task == task->address; i--) {
        if (references[i - 1].futex == futex) return &references[i - 1];
    }
    if (arena->task_reference_count == GMR_TASK_REFERENCE_CAPACITY) {
        arena->task_references_cut = 1;
        return NULL;
    }
    gmr_task_reference_t *added = &references[arena->task_reference_count++];
    *added = (gmr_task_reference_t){.task = task->address, .futex = futex};
    return added;
}

static int is_closure(uint64_t metadata) {
    uint64_t kind = metadata % 8 == 0 ? gmr_read_word(metadata) : 0;
    return kind == KIND_LOCAL || kind == KIND_GENERIC_LOCAL;
}

/* How many words of a closure are its own, where glibc's malloc says so: before each piece stands its size. */
static uint32_t words_of(uint64_t size) {
    uint64_t bytes = size & ~(uint64_t)15;
    return bytes < 32 || bytes / 8 - 1 > CLOSURE_WORDS ? CLOSURE_WORDS : (uint32_t)(bytes / 8 - 1);
}

/* Semaphores that one closure, or the task itself, has: each counts once. */
typedef struct {
    uint32_t count;
    uint64_t futexes[8];
} holding_t;

static void add(gmr_arena_header_t *arena, const gmr_task_t *task, holding_t *holding, uint64_t futex,
                uint32_t strong_count) {
    for (uint32_t i = 0; i < holding->count; i++) {
        if (holding->futexes[i] == futex) return;
    }
    gmr_task_reference_t *reference = reference_to(arena, task, futex);
    if (!reference) return;
    if (holding->count < 8) holding->futexes[holding->count++] = futex;
    reference->count++;
    if (strong_count > reference->strong_count) reference->strong_count = strong_count;
}

/* A word of a task's, or of what one of its closures has captured. */
static void look_at(gmr_arena_header_t *arena, const gmr_task_t *task, holding_t *holding, uint64_t word,
                    uint32_t depth) {
    uint64_t *piece = gmr_task_copies.objects[depth], *object = piece + 1;
    if (is_waited(word + SEMAPHORE_FUTEX)) add(arena, task, holding, word + SEMAPHORE_FUTEX, UINT32_MAX);
    if (word % 16 != 0 || word < GMR_PAGE_BYTES) return; /* malloc's memory is aligned so */
    if (waited.objects_left == 0 || --waited.objects_left == 0) {
        arena->task_references_cut = 1;
        return;
    }
    __builtin_memset(piece, 0, GMR_TASK_OBJECT_WORDS * sizeof *piece);
    if (!gmr_read_all(word - 8, piece, GMR_TASK_OBJECT_WORDS * sizeof *piece) &&
        !gmr_read_all(word - 8, piece, 5 * sizeof *piece)) {
        return;
    }
    uint64_t inner = object[WRAPPER_OBJECT], references = object[WRAPPER_REFERENCES];
    if (inner % 16 == 0 && is_waited(inner + SEMAPHORE_FUTEX)) {
        uint32_t strong_count = COUNTS_ARE_ELSEWHERE(references) ? UINT32_MAX : MORE_REFERENCES(references) + 1;
        add(arena, task, holding, inner + SEMAPHORE_FUTEX, strong_count);
        return;
    }
    if (depth + 1 == GMR_TASK_CLOSURE_DEPTH || !is_closure(object[0])) return;
    holding_t own = {0};
    for (uint32_t i = 2; i < words_of(piece[0]); i++) {
        if (object[i]) look_at(arena, task, &own, object[i], depth + 1);
    }
}

static void search(gmr_arena_header_t *arena, const gmr_task_t *task, holding_t *holding, uint64_t start,
                   uint64_t words) {
    uint64_t *copy = gmr_task_copies.slab;
    if (words > GMR_TASK_SLAB_WORDS) {
        words = GMR_TASK_SLAB_WORDS;
        arena->task_references_cut = 1;
    }
    if (!gmr_read_all(start, copy, words * sizeof *copy)) return;
    for (uint64_t i = 0; i < words; i++) {
        if (copy[i]) look_at(arena, task, holding, copy[i], 0);
    }
}

static void read_references(gmr_arena_header_t *arena, const gmr_task_t *task, uint64_t first_slab) {
    waited.objects_left = MOST_OBJECTS;
    holding_t holding = {0};
    /* Before the first slab, where that is part of the task: what it began with. */
    uint64_t rest = first_slab - task->address - gmr_task_source.task_bytes;
    uint64_t words = rest < GMR_TASK_SLAB_WORDS * 8 ? rest / 8 : FIRST_WORDS;
    search(arena, task, &holding, task->address + gmr_task_source.task_bytes, words);
    for (int i = 0; first_slab; i++) {
        uint64_t slab[3];
        if (i == MOST_SLABS) arena->task_references_cut = 1;
        if (i == MOST_SLABS || first_slab % 16 != 0 || !gmr_read_all(first_slab, slab, sizeof slab)) return;
        uint64_t used = slab[SLAB_SIZES] >> 32, capacity = slab[SLAB_SIZES] & UINT32_MAX;
        if (used <= capacity) search(arena, task, &holding, first_slab + SLAB_HEADER_BYTES, used / 8);
        first_slab = slab[SLAB_NEXT];
    }
}

void gmr_task_references_read(gmr_arena_header_t *arena, const gmr_task_t *task, uint64_t first_slab) {
    if (waited.count == 0 || arena->task_references_cut) return;
    uint64_t begin = gmr_ss_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    read_references(arena, task, first_slab);
    uint64_t used = gmr_ss_clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
    if (used >= waited.left_ns) arena->task_references_cut = 1;
    else waited.left_ns -= used;
}
