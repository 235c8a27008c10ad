/*
 * task_places.c: which Swift tasks stand where they stood in the report before.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * The runtime does not say since when a task waits. But whoever looks into a service that hangs asks it more than once.
 */
#include "task_places.h"

typedef struct {
    uint64_t address, id;
    uint64_t place;    /* what it waits for, and where it will go on */
    uint64_t since_ns; /* as in gmr_task_t */
} seen_t;

/* Of the report before, and of this one, by address; memory only as it is used. */
static seen_t tables[2][GMR_TASK_CAPACITY];
static uint32_t counts[2], newest;
static int32_t process; /* a fork child has its parent's */

static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint64_t place_of(const gmr_arena_header_t *arena, const gmr_task_t *task) {
    const uint64_t *frames = gmr_arena_task_frames(arena) + task->first_frame;
    uint64_t hash = mix(mix(mix(task->flags, task->awaited_kind), task->awaited), task->awaited_id);
    for (uint32_t i = 0; i < task->frame_count; i++) hash = mix(hash, frames[i]);
    return hash;
}

static int stands(const gmr_task_t *task) {
    return !(task->status_flags & GMR_TASK_STATUS_RUNS) && !(task->flags & GMR_TASK_MOVED);
}

/* Both tables are in the order of the addresses, as tasks are found. */
void gmr_task_places_compare(gmr_arena_header_t *arena) {
    gmr_task_t *tasks = gmr_arena_tasks(arena);
    if (process != arena->pid) counts[0] = counts[1] = 0;
    process = arena->pid;
    const seen_t *before = tables[newest], *end = before + counts[newest];
    seen_t *now = tables[newest ^= 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < arena->task_count; i++) {
        if (!stands(&tasks[i])) continue;
        seen_t seen = {tasks[i].address, tasks[i].id, place_of(arena, &tasks[i]), arena->monotonic_ns};
        while (before < end && before->address < seen.address) before++;
        if (before < end && before->address == seen.address && before->id == seen.id && before->place == seen.place) {
            seen.since_ns = before->since_ns;
        }
        tasks[i].since_ns = seen.since_ns;
        now[count++] = seen;
    }
    counts[newest] = count;
}
