/*
 * helper_tasks.c: has a helper read the Swift tasks of its process, where the process itself could not.
 * Runs on the main thread of a helper, before its report.
 * A handler may not run it.
 *
 * In a copy of what it needs of the arena: the service may write into the arena meanwhile, so its numbers must not lead
 * a helper that stands by anywhere; and what the process has read itself stays where this does not succeed.
 */
#include <string.h>
#include <sys/mman.h>

#include "../tasks/tasks.h"
#include "agent_state.h"

/* The header, the modules and the threads; NULL where it is not sound. */
static gmr_arena_header_t *copy_of(const gmr_arena_header_t *arena, uint64_t bytes) {
    gmr_arena_header_t *copy =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (copy == MAP_FAILED) return NULL;
    *copy = *arena;
    if (!gmr_arena_is_sound(copy, bytes)) {
        (void)munmap(copy, bytes);
        return NULL;
    }
    const char *from = (const char *)arena;
    memcpy(gmr_arena_modules(copy), from + copy->module_offset, copy->module_count * sizeof(gmr_module_t));
    for (uint32_t i = 0; i < copy->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(copy, i);
        memcpy(slot, from + ((char *)slot - (char *)copy), sizeof *slot);
    }
    return copy;
}

/* The parts of tasks are at places that no number in the header says. */
static void hand_over(const gmr_arena_header_t *copy, gmr_arena_header_t *arena) {
    /* Whoever is ended meanwhile leaves nothing that is half of one and half of the other. */
    arena->task_references_cut = 1;
    arena->task_count = arena->task_reference_count = 0;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(gmr_arena_tasks(arena), gmr_arena_tasks(copy), copy->task_count * sizeof(gmr_task_t));
    memcpy(gmr_arena_task_frames(arena), gmr_arena_task_frames(copy), copy->task_frame_count * sizeof(uint64_t));
    memcpy(gmr_arena_task_text(arena), gmr_arena_task_text(copy), copy->task_text_bytes);
    memcpy(gmr_arena_task_references(arena), gmr_arena_task_references(copy),
           copy->task_reference_count * sizeof(gmr_task_reference_t));
    for (uint32_t i = 0; i < copy->slot_count; i++) {
        const gmr_slot_t *slot = gmr_arena_slot(copy, i);
        gmr_slot_t *target = (gmr_slot_t *)((char *)arena + ((const char *)slot - (const char *)copy));
        target->thread_pointer = slot->thread_pointer;
        target->task = slot->task;
        target->executor = slot->executor;
        target->task_is_certain = slot->task_is_certain;
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
    arena->task_state = copy->task_state;
    arena->task_count = copy->task_count;
    arena->tasks_dropped = copy->tasks_dropped;
    arena->task_frame_count = copy->task_frame_count;
    arena->task_text_bytes = copy->task_text_bytes;
    arena->task_reference_count = copy->task_reference_count;
    arena->task_references_cut = copy->task_references_cut;
    arena->task_semaphores = copy->task_semaphores;
    arena->tasks_ns = copy->tasks_ns;
    arena->tasks_searched_bytes = copy->tasks_searched_bytes;
    arena->main_queue_drainer = copy->main_queue_drainer;
}

void gmr_helper_read_tasks(gmr_arena_header_t *arena, uint64_t bytes, int32_t pid) {
    if (!arena->tasks_want_helper) return;
    gmr_arena_header_t *copy = copy_of(arena, bytes);
    if (!copy) return;
    if (gmr_tasks_read_outside(copy, pid, arena)) hand_over(copy, arena);
    (void)munmap(copy, bytes);
}
