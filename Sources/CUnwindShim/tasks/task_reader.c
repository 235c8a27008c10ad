/*
 * task_reader.c: reads one Swift task: what it is, what it waits for, and where it will go on.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * The offsets are those of Swift 6.3.1 on x86-64, layout version 1 (swift/ABI/Task.h, TaskPrivate.h, TaskStatus.h). A
 * task that runs meanwhile changes under the reader's eyes: what it reads is believed only if it is the same
 * afterwards.
 */
#include "task_reader.h"

#include "../memory/process_memory.h"
#include "actor_type.h"
#include "task_births.h"
#include "task_locals.h"
#include "task_references.h"
#include "task_source.h"

/* swift::AsyncTask */
enum {
    TASK_REFERENCES = 0x08,
    TASK_JOB_FLAGS = 0x20,
    TASK_RESUME = 0x38,
    TASK_CONTEXT = 0x40,
    TASK_STATUS = 0x60,
    TASK_RECORDS = 0x68,
    TASK_LAST_ALLOCATION = 0x70,
    TASK_FIRST_SLAB = 0x78,
    TASK_LOCALS = 0x88,
    TASK_DEPENDENCY = 0xa0,
};
/* swift::AsyncTask::ChildFragment, which some have behind it. */
enum { CHILD_PARENT = 0, CHILD_NEXT = 8, CHILD_READ_BYTES = 8 };

#define JOB_KIND_MASK 0xffu /* 0: a task */
#define JOB_UNUSED_MASK 0x00ff0000u
#define STATUS_UNUSED_MASK 0xffff0000u
#define HIGHEST_PRIORITY 0x40u
#define LARGEST_ID (UINT64_C(1) << 48)
/* Of an inline reference count (swift/stdlib/public/SwiftShims/RefCount.h): its use of slow counts, and the end. */
#define REFERENCES_STATE (UINT64_C(1) << 63 | UINT64_C(1) << 32)
#define REFERENCES_DEINITING (UINT64_C(1) << 32)
#define JOB_IS_CHILD (1u << 24)
#define STATUS_COMPLETE 0x2000u
#define STATUS_DEPENDS 0x4000u

/* swift::TaskStatusRecord */
enum { RECORD_PARENT = 8, RECORD_CONTENT = 0x10, RECORD_GROUP_KIND = 2, RECORD_NAME_KIND = 6 };
/* swift::TaskDependencyStatusRecord */
enum { DEPENDENCY_KIND = 0x20, DEPENDENCY_BYTES = 0x28 };
/* swift::AsyncContextPrefix, before the first context: the function that the task begins with. */
enum { PREFIX_ENTRY = -0x18 };

#define MOST_RECORDS 64
#define MOST_CHILDREN 4096 /* of all groups, that are counted */
#define GROUP_BYTES 0x100 /* of a group its record is within */
#define MOST_CONTEXTS 16384 /* of an endless recursion; more are not looked at */
#define LONGEST_NAME_BYTES 256
#define FARTHEST_CONTEXT_BYTES 0x10000 /* of the first context: what a task returns lies before it */
#define MOST_ATTEMPTS 8
#define MOST_ALLOCATIONS 256 /* of a task that runs, among which its newest context is searched */
#define ALLOCATION_HEADER_BYTES 0x10 /* swift::StackAllocator::Allocation: the one before it, and its slab */

/* Between a task and the function that it was made with. */
GMR_MAYBE_LINKED(_swift_concurrency_debug_non_future_adapter);
GMR_MAYBE_LINKED(_swift_concurrency_debug_future_adapter);
GMR_MAYBE_LINKED(_swift_concurrency_debug_task_wait_throwing_resume_adapter);
GMR_MAYBE_LINKED(_swift_concurrency_debug_task_future_wait_resume_adapter);

static const gmr_task_source_t *const source = &gmr_task_source;

/* The runtime's variables never change. */
void gmr_task_reader_prepare(void) {
    uint64_t *adapters = gmr_task_source.adapters;
    adapters[0] = gmr_variable(GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_non_future_adapter));
    adapters[1] = gmr_variable(GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_future_adapter));
    adapters[2] = gmr_variable(GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_task_wait_throwing_resume_adapter));
    adapters[3] = gmr_variable(GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_task_future_wait_resume_adapter));
}

static uint64_t word_at(const uint8_t *task, uint64_t offset) {
    uint64_t word;
    __builtin_memcpy(&word, task + offset, sizeof word);
    return word;
}
static uint32_t half_at(const uint8_t *task, unsigned offset) {
    uint32_t half;
    __builtin_memcpy(&half, task + offset, sizeof half);
    return half;
}

static int is_adapter(uint64_t function) {
    for (uint32_t i = 0; i < GMR_TASK_ADAPTERS; i++) {
        if (source->adapters[i] == function) return 1;
    }
    return 0;
}

/* What was read when the task was found; `bytes` is 0 where it has changed since. */
static struct {
    uint64_t address, bytes;
    const uint8_t *copy;
} seen;

void gmr_task_reader_see(uint64_t address, const uint8_t *copy, uint64_t bytes) {
    seen.address = address;
    seen.copy = copy;
    seen.bytes = bytes;
}

/* A task's contexts and records lie close together, and a call for each would take most of the time: what was read is
 * used, then whole pages. */
static int read_near(uint64_t address, void *buffer, uint64_t bytes) {
    if (address - seen.address < seen.bytes && bytes <= seen.bytes - (address - seen.address)) {
        __builtin_memcpy(buffer, seen.copy + (address - seen.address), bytes);
        return 1;
    }
    uint64_t start = address & ~(uint64_t)(GMR_PAGE_BYTES - 1), offset = address - start;
    if (offset + bytes > GMR_PAGE_BYTES) return gmr_read_all(address, buffer, bytes);
    if (gmr_task_copies.page_address != start) {
        gmr_task_copies.page_address = 0;
        if (!gmr_read_all(start, gmr_task_copies.page, GMR_PAGE_BYTES)) return 0;
        gmr_task_copies.page_address = start;
    }
    __builtin_memcpy(buffer, gmr_task_copies.page + offset, bytes);
    return 1;
}

static void add_frame(gmr_arena_header_t *arena, gmr_task_t *task, uint64_t function) {
    if (task->frame_count == GMR_TASK_MOST_FRAMES || arena->task_frame_count == GMR_TASK_FRAME_CAPACITY) {
        task->flags |= GMR_TASK_FRAMES_CUT;
        return;
    }
    gmr_arena_task_frames(arena)[arena->task_frame_count++] = function;
    task->frame_count++;
}

/* The contexts of functions that call each other, which end in the task's own first one: adds where each will go on,
 * and returns the last. 0 where they do not end so: then it is no task, or it runs.
 * `resume`: where the task will go on, which the context of a continuation says again. */
static uint64_t add_callers(gmr_arena_header_t *arena, gmr_task_t *task, uint64_t context, uint64_t resume) {
    uint64_t earlier = 0; /* the context at the last power of 2: a circle comes back to it */
    for (int i = 0; i < MOST_CONTEXTS; i++) {
        if (context == earlier) return 0;
        if ((i & (i - 1)) == 0) earlier = context;
        uint64_t link[2]; /* parent, and where that goes on */
        if (context % 8 != 0 || !read_near(context, link, sizeof link)) return 0;
        if (link[0] == 0) {
            uint64_t distance = context - task->address;
            return distance > source->task_bytes && distance <= FARTHEST_CONTEXT_BYTES ? context : 0;
        }
        if (!is_adapter(link[1]) && (i > 0 || link[1] != resume)) add_frame(arena, task, link[1]);
        context = link[0];
    }
    task->flags |= GMR_TASK_FRAMES_CUT;
    return context;
}

/* Of a task that does not run. Returns 0 where it is none. */
static int read_frames(gmr_arena_header_t *arena, gmr_task_t *task, uint64_t resume, uint64_t context) {
    int begins = is_adapter(resume);
    if (!begins) add_frame(arena, task, resume);
    uint64_t last = add_callers(arena, task, context, resume);
    if (begins && last == context && last != 0) {
        task->flags |= GMR_TASK_NEW;
        uint64_t entry = gmr_read_word(context + (uint64_t)PREFIX_ENTRY);
        if (entry) add_frame(arena, task, entry);
    }
    return last != 0;
}

static void forget_frames(gmr_arena_header_t *arena, gmr_task_t *task) {
    arena->task_frame_count = task->first_frame;
    task->frame_count = 0;
    task->flags &= ~(uint32_t)GMR_TASK_FRAMES_CUT;
}

/* Of a task that runs: the context of the function that its thread is in is the newest that the task has allocated.
 * Where only the first function runs there is none. */
static void read_callers(gmr_arena_header_t *arena, gmr_task_t *task, uint64_t allocation) {
    for (int i = 0; i < MOST_ALLOCATIONS && allocation; i++) {
        uint64_t previous;
        if (allocation % 16 != 0 || !read_near(allocation, &previous, sizeof previous)) return;
        if (add_callers(arena, task, allocation + ALLOCATION_HEADER_BYTES, 0)) return;
        forget_frames(arena, task);
        allocation = previous;
    }
}

static void read_name(gmr_arena_header_t *arena, gmr_task_t *task, uint64_t record) {
    for (int i = 0; i < MOST_RECORDS && record; i++) {
        uint64_t words[3];
        if (record % 8 != 0 || !read_near(record, words, sizeof words)) return;
        if ((words[0] & 0xff) == RECORD_NAME_KIND) {
            char name[LONGEST_NAME_BYTES]; /* what lies behind the name in memory is nobody's business */
            if (GMR_TASK_TEXT_CAPACITY_BYTES - arena->task_text_bytes < sizeof name) return;
            task->name_offset = arena->task_text_bytes;
            task->name_bytes = (uint32_t)gmr_read_string(words[RECORD_CONTENT / 8], name, sizeof name);
            __builtin_memcpy(gmr_arena_task_text(arena) + arena->task_text_bytes, name, task->name_bytes);
            arena->task_text_bytes += task->name_bytes;
            return;
        }
        record = words[RECORD_PARENT / 8];
    }
}

static uint64_t read_id(uint64_t task) {
    uint32_t low = 0;
    (void)gmr_read_all(task + GMR_TASK_ID_LOW, &low, sizeof low);
    return gmr_read_word(task + GMR_TASK_ID_HIGH) << 32 | low;
}

static void read_dependency(gmr_arena_header_t *arena, gmr_task_t *task, uint64_t record) {
    uint8_t bytes[DEPENDENCY_BYTES];
    if (!(task->status_flags & STATUS_DEPENDS) || !read_near(record, bytes, sizeof bytes)) return;
    uint32_t kind = half_at(bytes, DEPENDENCY_KIND);
    if (kind > GMR_AWAITS_EXECUTOR) return;
    task->awaited_kind = kind;
    task->awaited = word_at(bytes, RECORD_CONTENT);
    if (kind == GMR_AWAITS_TASK) task->awaited_id = read_id(task->awaited);
    if (kind == GMR_AWAITS_EXECUTOR) gmr_actor_read(arena, task);
}

/* A task that loops through an await comes back to the same place, and waits for another one there. */
static int still_awaits(const gmr_task_t *task, uint64_t record) {
    return gmr_read_word(record + RECORD_CONTENT) == task->awaited && read_id(task->awaited) == task->awaited_id;
}

gmr_task_copies_t gmr_task_copies;

typedef int read_fn_t(uint64_t address, void *buffer, uint64_t bytes);

static int read_raw(uint64_t address, uint8_t *raw, read_fn_t *read) {
    __builtin_memset(raw + source->task_bytes, 0, CHILD_READ_BYTES);
    return read(address, raw, source->task_bytes + CHILD_READ_BYTES) || read(address, raw, source->task_bytes);
}

/* Neither has it run meanwhile, nor has its place been taken by something else. Of one that runs the rest changes all
 * the time. */
static int is_unmoved(const uint8_t *raw, uint64_t address, int runs) {
    const uint64_t compared = (runs ? TASK_RECORDS : TASK_DEPENDENCY + 8) - TASK_JOB_FLAGS;
    uint8_t *again = gmr_task_copies.second;
    return read_raw(address, again, gmr_read_all) && word_at(again, 0) == source->task_class &&
           __builtin_memcmp(raw + TASK_JOB_FLAGS, again + TASK_JOB_FLAGS, compared) == 0;
}

static int is_same(const uint8_t *raw, unsigned offset) {
    return word_at(raw, offset) == word_at(gmr_task_copies.second, offset);
}

/* What every task is, whatever it does: of one that runs nothing else can be proven. */
static int is_plausible(const gmr_task_t *task, const uint8_t *raw) {
    return (task->job_flags & (JOB_KIND_MASK | JOB_UNUSED_MASK)) == 0 &&
           (task->status_flags & STATUS_UNUSED_MASK) == 0 && (task->job_flags >> 8 & 0xff) <= HIGHEST_PRIORITY &&
           (task->status_flags & 0xff) <= HIGHEST_PRIORITY &&
           task->id > 0 && task->id < LARGEST_ID && word_at(raw, 0) == source->task_class &&
           (word_at(raw, TASK_REFERENCES) & REFERENCES_STATE) != REFERENCES_DEINITING &&
           word_at(raw, TASK_CONTEXT) % 8 == 0;
}

/* Returns 1 for a task, 0 for something else, -1 where it moved. */
static int read_task(gmr_arena_header_t *arena, gmr_task_t *task) {
    uint8_t *raw = gmr_task_copies.first;
    gmr_task_copies.page_address = 0; /* it may have changed since */
    if (!read_raw(task->address, raw, read_near)) return 0;
    task->job_flags = half_at(raw, TASK_JOB_FLAGS);
    task->status_flags = half_at(raw, TASK_STATUS);
    task->id = gmr_task_id_in(raw);
    if (!is_plausible(task, raw)) return 0;
    if (task->job_flags & JOB_IS_CHILD) task->parent = word_at(raw, source->task_bytes + CHILD_PARENT);
    if (task->status_flags & STATUS_COMPLETE) return 0; /* somebody still refers to it, or its memory is free */
    task->first_frame = arena->task_frame_count;
    const int runs = (task->status_flags & GMR_TASK_STATUS_RUNS) != 0;
    int is_whole = 1;
    if (runs) read_callers(arena, task, word_at(raw, TASK_LAST_ALLOCATION));
    else is_whole = read_frames(arena, task, word_at(raw, TASK_RESUME), word_at(raw, TASK_CONTEXT));
    if (is_whole) {
        if (!runs) read_dependency(arena, task, word_at(raw, TASK_DEPENDENCY));
        read_name(arena, task, word_at(raw, TASK_RECORDS));
        gmr_task_locals_read(arena, task, word_at(raw, TASK_LOCALS));
    }
    if (!is_unmoved(raw, task->address, runs)) return -1;
    if (!is_whole) return 0;
    if (runs) {
        if (!is_same(raw, TASK_LAST_ALLOCATION)) forget_frames(arena, task);
        if (!is_same(raw, TASK_RECORDS)) task->name_bytes = 0;
        if (!is_same(raw, TASK_LOCALS)) task->local_bytes = 0;
    } else if (task->awaited_kind == GMR_AWAITS_TASK && !still_awaits(task, word_at(raw, TASK_DEPENDENCY))) {
        return -1;
    }
    gmr_task_references_read(arena, task, word_at(raw, TASK_FIRST_SLAB));
    return 1;
}

/* How many children the group has that a task waits for; 0: none, too many, or the task no longer waits for it. The
 * group has a record among the task's, inside of it, with the first child; each knows the next one. */
static uint64_t count_children(const gmr_task_t *task, uint64_t most) {
    uint8_t *raw = gmr_task_copies.first;
    uint64_t count = 0, words[3] = {0};
    if (!read_raw(task->address, raw, gmr_read_all) || word_at(raw, 0) != source->task_class) return 0;
    if (gmr_task_id_in(raw) != task->id) return 0;
    if (half_at(raw, TASK_STATUS) != task->status_flags) return 0;
    uint64_t what = gmr_read_word(word_at(raw, TASK_DEPENDENCY) + RECORD_CONTENT);
    uint64_t record = what == task->awaited ? word_at(raw, TASK_RECORDS) : 0;
    for (int i = 0; i < MOST_RECORDS && record; i++) {
        if (!gmr_read_all(record, words, sizeof words)) return 0;
        if ((words[0] & 0xff) == RECORD_GROUP_KIND && record - task->awaited < GROUP_BYTES) break;
        record = words[RECORD_PARENT / 8];
    }
    uint64_t child = record ? words[RECORD_CONTENT / 8] : 0;
    while (child && count < most) {
        count++;
        child = gmr_read_word(child + source->task_bytes + CHILD_NEXT);
    }
    return child ? 0 : count;
}

void gmr_task_groups_confirm(gmr_arena_header_t *arena) {
    gmr_task_t *tasks = gmr_arena_tasks(arena);
    uint64_t left = MOST_CHILDREN;
    for (uint32_t i = 0; i < arena->task_count && left > 0; i++) {
        if (tasks[i].awaited_kind != GMR_AWAITS_GROUP || tasks[i].flags & GMR_TASK_MOVED) continue;
        uint64_t count = count_children(&tasks[i], left);
        tasks[i].awaited_id = count;
        left -= count > 0 ? count : 1;
    }
}

void gmr_task_add(gmr_arena_header_t *arena, uint64_t address) {
    if (arena->task_count == GMR_TASK_CAPACITY) {
        arena->tasks_dropped++;
        return;
    }
    const uint32_t frames = arena->task_frame_count, text = arena->task_text_bytes;
    gmr_task_t *task = &gmr_arena_tasks(arena)[arena->task_count];
    int result = -1;
    for (int i = 0; i < MOST_ATTEMPTS && result < 0; i++) {
        *task = (gmr_task_t){.address = address};
        if (i > 0) seen.bytes = 0;
        arena->task_frame_count = frames;
        arena->task_text_bytes = text;
        result = read_task(arena, task);
    }
    if (result <= 0) {
        arena->task_frame_count = frames;
        arena->task_text_bytes = text;
    }
    if (result < 0) {
        *task = (gmr_task_t){address, task->id, task->parent, .job_flags = task->job_flags,
                             .status_flags = task->status_flags, .flags = GMR_TASK_MOVED};
        arena->task_references_cut = 1; /* it may have any of them */
    }
    if (result == 0) return;
    gmr_task_births_find(task);
    arena->task_count++;
}
