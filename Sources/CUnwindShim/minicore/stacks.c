/*
 * stacks.c: the threads of a core, and as much of their stacks as their frames need.
 * Runs on whichever thread writes a minicore.
 * A handler may not run it.
 *
 * Beyond the outermost frame lie a thread's local variables, and the environment of the main one: a backtrace does not
 * need them. On the other side, frames may need more than the arena's copy: those of a deep stack, and those that a
 * handler on another stack has interrupted. The walker has read these from the sleeping thread, or from the one that
 * waits in the crash handler, and so does this.
 */
#include <elf.h>
#include <errno.h>

#include "minicore_internal.h"

#define STACK_LIMIT_BYTES (1u << 20)       /* read beyond the arena's copies, of all threads together */
#define FRAME_LIMIT_BYTES (64u * 1024u)    /* of one frame there */
#define SIGNAL_FRAME_BYTES 1024u           /* the registers in what the kernel pushes for a handler */

/* A slot's numbers, read once: the process may change them at any time. */
typedef struct {
    const gmr_frame_t *frames;
    uint32_t frame_count;
    uint64_t sp;
    uint64_t base, end; /* of the copy */
} thread_stack_t;

/* Where the last frame ends that lies in the copy. */
static uint64_t end_of_frames(const thread_stack_t *stack) {
    uint64_t end = stack->base, sp = stack->sp;
    for (uint32_t i = 0; i < stack->frame_count; i++) {
        uint64_t cfa = stack->frames[i].cfa;
        uint64_t need = stack->frames[i].flags & GMR_FRAME_SIGNAL ? sp + SIGNAL_FRAME_BYTES : cfa;
        if (sp >= stack->base && sp < stack->end && need > end) end = need;
        if (cfa == 0) break;
        sp = cfa;
    }
    return end < stack->end ? end : stack->end;
}

/* How many of the bytes from `start` on still hold the return addresses of the frames that the walker found there. */
static uint64_t coherent_bytes(const thread_stack_t *stack, uint64_t start, const uint8_t *bytes, uint64_t count) {
    uint64_t sp = stack->sp;
    for (uint32_t i = 0; i + 1 < stack->frame_count; i++) {
        uint64_t cfa = stack->frames[i].cfa, word;
        if (cfa >= start + sizeof word && cfa <= start + count && !(stack->frames[i].flags & GMR_FRAME_SIGNAL)) {
            __builtin_memcpy(&word, bytes + (cfa - sizeof word - start), sizeof word);
            if (word != stack->frames[i + 1].address) return sp > start && sp < cfa ? sp - start : 0;
        }
        sp = cfa;
    }
    return count;
}

static void add_live(gmr_core_t *core, const thread_stack_t *stack, uint64_t start, uint64_t end) {
    start &= ~(uint64_t)(GMR_CORE_ALIGNMENT - 1);
    end &= ~(uint64_t)(GMR_CORE_ALIGNMENT - 1);
    if (end <= start || end - start > core->stack_bytes_left) return;
    const uint8_t *copy = gmr_core_copy(core, start, end - start);
    if (!copy) return;
    uint64_t bytes = coherent_bytes(stack, start, copy, end - start) & ~(uint64_t)(GMR_CORE_ALIGNMENT - 1);
    gmr_core_uncopy(core, copy, bytes);
    core->stack_bytes_left -= (uint32_t)bytes;
    gmr_core_add_range(core, &(gmr_core_range_t){start, bytes, copy, bytes, PF_R | PF_W, 0});
}

/* Frames beyond the copy, in as few pieces as there are stacks. */
static void add_frames_elsewhere(gmr_core_t *core, const thread_stack_t *stack) {
    uint64_t start = 0, end = 0, sp = stack->sp;
    for (uint32_t i = 0; i < stack->frame_count; i++) {
        uint64_t cfa = stack->frames[i].cfa;
        if (cfa == 0) break;
        int is_frame = cfa > sp && cfa - sp <= FRAME_LIMIT_BYTES;
        if (is_frame && !(sp >= stack->base && cfa <= stack->end)) {
            uint64_t from = sp >= stack->base && sp < stack->end ? stack->end : sp;
            if (from != end) {
                add_live(core, stack, start, end);
                start = from;
            }
            end = cfa;
        }
        sp = cfa;
    }
    add_live(core, stack, start, end);
}

static void add_stack(gmr_core_t *core, const gmr_slot_t *slot) {
    thread_stack_t stack = {.frames = gmr_slot_frames(slot), .sp = slot->registers[GMR_REG_RSP]};
    uint32_t bytes = slot->stack_bytes, stop = slot->stop;
    stack.frame_count = slot->frame_count < GMR_FRAME_CAPACITY ? slot->frame_count : GMR_FRAME_CAPACITY;
    stack.base = slot->stack_base;
    if (stack.base > UINT64_MAX / 2) return;
    stack.end = stack.base + (bytes < GMR_STACK_CAPACITY_BYTES ? bytes : GMR_STACK_CAPACITY_BYTES);
    uint64_t end = stop == GMR_STOP_COMPLETE ? end_of_frames(&stack) : stack.end;
    uint64_t skipped = -stack.base & (GMR_CORE_ALIGNMENT - 1); /* a smashed stack pointer */
    if (end > stack.base + skipped) {
        uint64_t used = (end - stack.base - skipped) & ~(uint64_t)(GMR_CORE_ALIGNMENT - 1);
        const uint8_t *data = gmr_slot_stack(slot) + skipped;
        gmr_core_add_range(core, &(gmr_core_range_t){stack.base + skipped, used, data, used, PF_R | PF_W, 0});
    }
    if (slot->method != GMR_CAPTURE_SIGNAL) add_frames_elsewhere(core, &stack);
}

int gmr_core_add_threads(gmr_core_t *core) {
    const gmr_arena_header_t *arena = core->arena;
    core->stack_bytes_left = STACK_LIMIT_BYTES;
    uint32_t count = arena->slot_count < arena->slot_capacity ? arena->slot_count : arena->slot_capacity;
    for (uint32_t i = 0; i < count && core->thread_count < GMR_MAX_THREADS; i++) {
        const gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation != arena->generation || gmr_slot_state(slot) != GMR_SLOT_CAPTURED) continue;
        core->threads[core->thread_count++] = i;
        if (core->crash && slot->tid == core->crash->tid) {
            core->threads[core->thread_count - 1] = core->threads[0];
            core->threads[0] = i;
        }
    }
    return core->thread_count ? 0 : -ENODATA;
}

void gmr_core_add_stacks(gmr_core_t *core) {
    for (uint32_t i = 0; i < core->thread_count; i++) add_stack(core, gmr_arena_slot(core->arena, core->threads[i]));
}
