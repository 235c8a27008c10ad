/*
 * thread_tasks.c: which Swift task each thread runs, by the runtime's thread-local variable.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * The variable has no name that can be looked up, and its place differs from program to program. But it is at the same
 * distance from the thread pointer in every thread, and in those that run tasks it holds the address of one: the
 * distance at which most threads have an address of a running task is the one. Rejected: asking the runtime, which
 * answers for the calling thread alone; and the task's address on the thread's stack, where others' addresses lie too.
 */
#include "thread_tasks.h"

#include <link.h>

#include "../memory/process_memory.h"
#include "../signal_safe/capture.h"
#include "../signal_safe/thread_descriptor.h"

#define STATUS_RUNS 0x800u
#define MOST_LOCAL_BYTES GMR_PAGE_BYTES
#define MOST_LOCAL_WORDS (MOST_LOCAL_BYTES / 8)
#define DESCRIPTOR_SELF 0x10 /* tcbhead_t.self */
#define EXECUTOR_DISTANCE 4u /* words: the runtime's two variables lie close together */

static int32_t tid_offset = -1;
/* Of the thread-local variables below the thread pointer, those of the libraries that were there at set-up; what is
 * further below may be the stack. */
static uint64_t local_bytes;
static uint64_t local[MOST_LOCAL_WORDS];
static uint32_t votes[MOST_LOCAL_WORDS], most;

static int add_local_bytes(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_TLS) local_bytes += segment->p_memsz + segment->p_align;
    }
    return 0;
}

void gmr_thread_tasks_prepare(void) {
    tid_offset = gmr_ss_tid_offset();
    local_bytes = 0;
    (void)dl_iterate_phdr(add_local_bytes, NULL);
    local_bytes = (local_bytes + 7) & ~UINT64_C(7);
    if (local_bytes > MOST_LOCAL_BYTES) local_bytes = MOST_LOCAL_BYTES;
}

void gmr_thread_tasks_meet(gmr_arena_header_t *arena, uint64_t address) {
    int32_t tid = 0;
    if (tid_offset < 0 || gmr_read_word(address + DESCRIPTOR_SELF) != address) return;
    if (!gmr_read_all(address + (uint64_t)tid_offset, &tid, sizeof tid)) return;
    gmr_slot_t *slot = gmr_ss_slot_of(arena, tid);
    if (slot) slot->thread_pointer = address;
}

/* The tasks stand in the order of their addresses, as they were found. */
static int is_running_task(const gmr_arena_header_t *arena, uint64_t address) {
    const gmr_task_t *tasks = gmr_arena_tasks(arena);
    uint32_t low = 0, high = arena->task_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tasks[middle].address < address) low = middle + 1;
        else high = middle;
    }
    return low < arena->task_count && tasks[low].address == address && tasks[low].status_flags & STATUS_RUNS;
}

/* Of the main thread fewer bytes may be there: the other words are 0. The last word is next to the thread pointer. */
static int read_local(const gmr_slot_t *slot) {
    const uint64_t end = slot->thread_pointer, page = (end - 1) & ~(uint64_t)(GMR_PAGE_BYTES - 1);
    if (end == 0) return 0;
    __builtin_memset(local, 0, sizeof local);
    uint8_t *copy_end = (uint8_t *)(local + MOST_LOCAL_WORDS);
    return gmr_read_all(end - local_bytes, copy_end - local_bytes, local_bytes) ||
           gmr_read_all(page, copy_end - (end - page), end - page);
}

/* Calls for every thread whose variables can be read. */
static void for_each_thread(gmr_arena_header_t *arena, void (*body)(gmr_arena_header_t *, gmr_slot_t *)) {
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation == arena->generation && read_local(slot)) body(arena, slot);
    }
}

static void vote(gmr_arena_header_t *arena, gmr_slot_t *slot) {
    (void)slot;
    for (uint32_t i = 0; i < MOST_LOCAL_WORDS; i++) votes[i] += (uint32_t)is_running_task(arena, local[i]);
}

/* The executor that the thread is on stands in a structure on its stack, to which a variable close by leads. Believed
 * where it is one that a task waits for. */
static uint64_t find_executor(const gmr_arena_header_t *arena, const gmr_slot_t *slot, uint32_t place) {
    const gmr_task_t *tasks = gmr_arena_tasks(arena);
    for (uint32_t i = place < EXECUTOR_DISTANCE ? 0 : place - EXECUTOR_DISTANCE;
         i < MOST_LOCAL_WORDS && i <= place + EXECUTOR_DISTANCE; i++) {
        if (local[i] < slot->stack_base || local[i] >= slot->thread_pointer) continue;
        uint64_t executor = gmr_read_word(local[i]);
        for (uint32_t at = 0; executor && at < arena->task_count; at++) {
            if (tasks[at].awaited_kind == GMR_AWAITS_EXECUTOR && tasks[at].awaited == executor) return executor;
        }
    }
    return 0;
}

/* Where places have as many votes, they have to agree. */
static void choose(gmr_arena_header_t *arena, gmr_slot_t *slot) {
    uint32_t chosen = MOST_LOCAL_WORDS;
    for (uint32_t i = 0; i < MOST_LOCAL_WORDS; i++) {
        if (votes[i] != most) continue;
        if (chosen < MOST_LOCAL_WORDS && local[i] != local[chosen]) return;
        chosen = i;
    }
    if (!is_running_task(arena, local[chosen])) return;
    slot->task = local[chosen];
    slot->executor = find_executor(arena, slot, chosen);
}

void gmr_thread_tasks_find(gmr_arena_header_t *arena) {
    __builtin_memset(votes, 0, sizeof votes);
    for_each_thread(arena, vote);
    most = 0;
    for (uint32_t i = 0; i < MOST_LOCAL_WORDS; i++) {
        if (votes[i] > most) most = votes[i];
    }
    if (most > 0) for_each_thread(arena, choose);
}
