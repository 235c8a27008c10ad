/*
 * thread_tasks.c: which Swift task each thread runs, by the runtime's thread-local variable.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * The variable has no name that can be looked up. But it is among the few of the runtime's library (of a program that
 * the runtime is linked into, among the program's), at the same distance from the thread pointer in every thread, and
 * in those that run tasks it holds the address of one: the distance at which most threads have an address of a running
 * task is the one. Rejected: asking the runtime, which answers for the calling thread alone; and the task's address on
 * the thread's stack, where others' addresses lie too.
 */
#include "thread_tasks.h"

#include <link.h>

#include "../locks/waits.h"
#include "../memory/process_memory.h"
#include "../signal_safe/capture.h"
#include "../signal_safe/thread_descriptor.h"
#include "task_source.h"

#define MOST_LOCAL_WORDS 4096u
#define FARTHEST_BYTES (UINT64_C(1) << 20) /* below the thread pointer; what was loaded later is anywhere */
#define EXECUTOR_DISTANCE 4u /* words: the runtime's two variables lie close together */
#define LONGEST_STACK_BYTES (UINT64_C(8) << 20)

/* Where the variables are at no fixed place, there are none. */
static uint64_t local[MOST_LOCAL_WORDS];
static uint32_t votes[MOST_LOCAL_WORDS], most;

static int find_local(struct dl_phdr_info *info, size_t size, void *argument) {
    const uint64_t variable = *(const uint64_t *)argument, pointer = gmr_ss_thread_pointer();
    const ElfW(Phdr) *variables = NULL;
    int has_it = 0;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_TLS) variables = segment;
        has_it |= segment->p_type == PT_LOAD && variable - (info->dlpi_addr + segment->p_vaddr) < segment->p_memsz;
    }
    if (!has_it) return 0;
    uint64_t start = (uint64_t)(uintptr_t)info->dlpi_tls_data;
    if (variables && start && start < pointer && pointer - start <= FARTHEST_BYTES && start % 8 == 0) {
        gmr_task_source.variables_distance = pointer - start;
        uint64_t words = variables->p_memsz / 8;
        gmr_task_source.variables_words = words < MOST_LOCAL_WORDS ? (uint32_t)words : MOST_LOCAL_WORDS;
    }
    return 1;
}

void gmr_thread_tasks_prepare(uint64_t variable) {
    gmr_task_source.tid_offset = gmr_ss_tid_offset();
    gmr_task_source.variables_distance = gmr_task_source.variables_words = 0;
    if (variable) (void)dl_iterate_phdr(find_local, &variable);
}

void gmr_thread_tasks_meet(gmr_arena_header_t *arena, uint64_t address) {
    int32_t tid = 0, offset = gmr_task_source.tid_offset;
    if (offset < 0 || !gmr_read_all(address + (uint64_t)offset, &tid, sizeof tid)) return;
    gmr_slot_t *slot = gmr_ss_slot_of(arena, tid);
    if (slot) slot->thread_pointer = address;
}

void gmr_thread_tasks_begin(gmr_arena_header_t *arena) {
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        slot->thread_pointer = slot->task = slot->executor = 0;
        slot->task_is_certain = 0;
    }
    /* What the loader has of it may lie anywhere. */
    const uint64_t pointer = gmr_task_source.main_pointer;
    if (pointer && gmr_read_word(pointer + GMR_DESCRIPTOR_SELF) == pointer) gmr_thread_tasks_meet(arena, pointer);
}

/* The tasks stand in the order of their addresses, as they were found. */
static int is_running_task(const gmr_arena_header_t *arena, uint64_t address) {
    const gmr_task_t *tasks = gmr_arena_tasks(arena);
    uint32_t low = 0, high = arena->task_count;
    if (address == 0) return 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tasks[middle].address < address) low = middle + 1;
        else high = middle;
    }
    return low < arena->task_count && tasks[low].address == address && tasks[low].status_flags & GMR_TASK_STATUS_RUNS;
}

static uint32_t local_count(void) {
    uint32_t words = gmr_task_source.variables_words;
    return words < MOST_LOCAL_WORDS ? words : MOST_LOCAL_WORDS;
}

/* Calls for every thread whose variables can be read, which are then in `local`. */
static void for_each_thread(gmr_arena_header_t *arena, void (*body)(gmr_arena_header_t *, gmr_slot_t *)) {
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation != arena->generation || slot->thread_pointer == 0) continue;
        uint64_t place = slot->thread_pointer - gmr_task_source.variables_distance;
        if (gmr_read_all(place, local, local_count() * sizeof *local)) body(arena, slot);
    }
}

static void vote(gmr_arena_header_t *arena, gmr_slot_t *slot) {
    (void)slot;
    for (uint32_t i = 0; i < local_count(); i++) votes[i] += (uint32_t)is_running_task(arena, local[i]);
}

/* The executor that the thread is on stands in a structure on its stack, to which a variable close by leads. Believed
 * where it is one that a task waits for. */
static uint64_t find_executor(const gmr_arena_header_t *arena, const gmr_slot_t *slot, uint32_t place) {
    const gmr_task_t *tasks = gmr_arena_tasks(arena);
    for (uint32_t i = place < EXECUTOR_DISTANCE ? 0 : place - EXECUTOR_DISTANCE;
         i < local_count() && i <= place + EXECUTOR_DISTANCE; i++) {
        if (local[i] - slot->stack_base >= LONGEST_STACK_BYTES) continue;
        uint64_t executor = gmr_read_word(local[i]);
        for (uint32_t at = 0; executor && at < arena->task_count; at++) {
            if (tasks[at].awaited_kind == GMR_AWAITS_EXECUTOR && tasks[at].awaited == executor) return executor;
        }
    }
    return 0;
}

static int task_directory;

/* Where places have as many votes, they have to agree. */
static void choose(gmr_arena_header_t *arena, gmr_slot_t *slot) {
    uint32_t chosen = MOST_LOCAL_WORDS;
    for (uint32_t i = 0; i < local_count(); i++) {
        if (votes[i] != most) continue;
        if (chosen < MOST_LOCAL_WORDS && local[i] != local[chosen]) return;
        chosen = i;
    }
    if (!is_running_task(arena, local[chosen])) return;
    slot->task = local[chosen];
    slot->executor = find_executor(arena, slot, chosen);
    slot->task_is_certain = (uint32_t)gmr_waits_is_unmoved(task_directory, slot);
}

void gmr_thread_tasks_find(gmr_arena_header_t *arena) {
    __builtin_memset(votes, 0, sizeof votes);
    most = 0;
    for_each_thread(arena, vote);
    for (uint32_t i = 0; i < local_count(); i++) {
        if (votes[i] > most) most = votes[i];
    }
    if (most == 0) return;
    task_directory = gmr_ss_open_at(AT_FDCWD, gmr_task_source_path(".."), O_RDONLY | O_DIRECTORY);
    for_each_thread(arena, choose);
    if (task_directory >= 0) gmr_ss_close(task_directory);
}
