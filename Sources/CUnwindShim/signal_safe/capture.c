/*
 * capture.c: all threads of the process: the sleeping ones from outside, the running ones by signal.
 * Runs on the agent thread, which is the only one that writes a slot's state other than its handler.
 * A handler may run it where waiting up to the deadline is allowed (a crash); nothing else here can block.
 */
#include "capture.h"

#include <errno.h>

#include "proc_text.h"
#include "syscalls_x86_64.h"
#include "trace.h"

#define SEEN_COUNT 16384u /* a power of two, four times the slots */
#define PASSES 4u         /* each finds the threads born since the one before */
#define RETRY_NS UINT64_C(2000000)
#define HANDLER_PATIENCE_NS UINT64_C(5000000)

static uint64_t seen[SEEN_COUNT]; /* generation << 32 | tid, open addressing */

gmr_arena_header_t *gmr_ss_own_arena(void) GMR_SIGNAL_SAFE {
    gmr_arena_header_t *arena = __atomic_load_n(&gmr_safe_state.arena, __ATOMIC_ACQUIRE);
    return arena && gmr_safe_state.arena_pid == gmr_ss_getpid() ? arena : 0;
}

gmr_slot_t *gmr_ss_slot_of(const gmr_arena_header_t *arena, int32_t tid) GMR_SIGNAL_SAFE {
    for (uint32_t i = 0; i < arena->slot_count && i < arena->slot_capacity; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->tid == tid && slot->generation == arena->generation) return slot;
    }
    return 0;
}

/* 1 where the thread is new in this generation. */
static int first_sight(uint32_t generation, int32_t tid) GMR_SIGNAL_SAFE {
    uint64_t key = (uint64_t)generation << 32 | (uint32_t)tid;
    for (uint32_t i = 0, at = (uint32_t)tid * 2654435761u; i < SEEN_COUNT; i++, at++) {
        uint64_t *entry = &seen[at % SEEN_COUNT];
        if (*entry == key) return 0;
        if (*entry >> 32 == generation) continue;
        *entry = key;
        return 1;
    }
    return 0;
}

static int has_crashed(const gmr_arena_header_t *arena, int32_t tid) GMR_SIGNAL_SAFE {
    return arena->crash.signal && arena->crash.tid == tid;
}

/* A thread of GMR's is no part of a report, unless the report is about it. */
static int is_own(const gmr_arena_header_t *arena, int32_t tid) GMR_SIGNAL_SAFE {
    if (has_crashed(arena, tid)) return 0;
    for (uint32_t i = 0; i < arena->own_thread_count && i < GMR_OWN_THREAD_CAPACITY; i++) {
        if (arena->own_threads[i] == tid) return 1;
    }
    return 0;
}

/* The next slot whose last handler is done with it. */
static gmr_slot_t *new_slot(gmr_arena_header_t *arena, int32_t tid, uint32_t *index) GMR_SIGNAL_SAFE {
    while (arena->slot_count < arena->slot_capacity) {
        *index = arena->slot_count++;
        gmr_slot_t *slot = gmr_arena_slot(arena, *index);
        if (gmr_slot_state(slot) == GMR_SLOT_FILLING) continue;
        __builtin_memset(slot, 0, sizeof *slot);
        slot->tid = tid;
        slot->generation = arena->generation;
        slot->syscall_number = -1;
        return slot;
    }
    return NULL;
}

/* The thread that crashed, where it did; it waits in its handler. */
static void take_from_crash(gmr_slot_t *slot, const gmr_crash_t *crash) GMR_SIGNAL_SAFE {
    __builtin_memcpy(slot->registers, crash->registers, sizeof slot->registers);
    slot->known_registers = (1u << GMR_REGISTER_COUNT) - 1;
    slot->method = GMR_CAPTURE_CRASH;
    slot->problem_errno = -gmr_ss_copy_stack(slot, slot->registers[GMR_REG_RSP], gmr_safe_state.agent_tid);
    gmr_slot_set_state(slot, GMR_SLOT_CAPTURED);
}

/* Looks at one thread for the first time. */
static void meet(gmr_arena_header_t *arena, int task_directory, int32_t tid) GMR_SIGNAL_SAFE {
    uint32_t index;
    gmr_slot_t *slot = new_slot(arena, tid, &index);
    if (!slot) {
        arena->threads_dropped++;
        return;
    }
    if (has_crashed(arena, tid)) {
        take_from_crash(slot, &arena->crash);
        return;
    }
    int result = gmr_ss_capture_no_touch(task_directory, slot);
    if (result == 1) {
        gmr_slot_set_state(slot, GMR_SLOT_CAPTURED);
        return;
    }
    if (result == -ESRCH || result == -ENOENT) {
        gmr_slot_set_state(slot, GMR_SLOT_EXITED);
        return;
    }
    if (result < 0) slot->flags |= GMR_SLOT_SYSCALL_DENIED;
    result = gmr_ss_ask(task_directory, slot, index);
    if (result == 0) return;
    slot->problem_errno = -result;
    slot->flags |= GMR_SLOT_SIGNAL_REFUSED;
    gmr_slot_set_state(slot, result == -ESRCH ? GMR_SLOT_EXITED : GMR_SLOT_NO_RESPONSE);
}

/* One pass over the list of threads. Returns how many were new, or a negative errno. */
static int meet_all(gmr_arena_header_t *arena, int task_directory) GMR_SIGNAL_SAFE {
    gmr_directory_t list = {.descriptor = task_directory};
    int32_t tid;
    int fresh = 0, found;
    if (gmr_ss_syscall3(SYS_lseek, task_directory, 0, SEEK_SET) < 0) return -EIO;
    while ((found = gmr_ss_next_thread(&list, &tid)) > 0) {
        if (is_own(arena, tid) || !first_sight(arena->generation, tid)) continue;
        fresh++;
        meet(arena, task_directory, tid);
    }
    return found < 0 ? found : fresh;
}

/* A signalled thread that went to sleep with the signal masked can be read from outside after all. The slot is taken
 * back first, so that a late handler leaves it alone; where that was in vain the thread is asked again, because its
 * handler may have come meanwhile and left. */
static void retry_from_outside(gmr_arena_header_t *arena, int task_directory, uint32_t index) GMR_SIGNAL_SAFE {
    gmr_slot_t *slot = gmr_arena_slot(arena, index);
    if (gmr_ss_is_running(task_directory, slot->tid)) {
        /* One that masked the signal for a moment. */
        if (!(slot->flags & GMR_SLOT_ASKED)) (void)gmr_ss_ask(task_directory, slot, index);
        return;
    }
    if (!gmr_slot_move(slot, arena->generation, GMR_SLOT_WAITING, GMR_SLOT_NO_RESPONSE)) return;
    gmr_ss_count_answer(arena->generation);
    int result = gmr_ss_capture_no_touch(task_directory, slot);
    if (result == 1) gmr_slot_set_state(slot, GMR_SLOT_CAPTURED);
    else if (result == -ESRCH || result == -ENOENT) gmr_slot_set_state(slot, GMR_SLOT_EXITED);
    else if (gmr_ss_ask(task_directory, slot, index) < 0) gmr_slot_set_state(slot, GMR_SLOT_NO_RESPONSE);
}

static int is_waiting(const gmr_arena_header_t *arena, uint32_t index) GMR_SIGNAL_SAFE {
    const gmr_slot_t *slot = gmr_arena_slot(arena, index);
    return slot->generation == arena->generation && gmr_slot_state(slot) == GMR_SLOT_WAITING;
}

static void wait_for_answers(gmr_arena_header_t *arena, int task_directory) GMR_SIGNAL_SAFE {
    uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    uint64_t deadline = now + gmr_safe_state.capture_deadline_ns;
    for (; now < deadline && gmr_ss_missing_answers(); now = gmr_ss_clock_ns(CLOCK_MONOTONIC)) {
        uint32_t word = __atomic_load_n(&gmr_safe_state.outstanding, __ATOMIC_ACQUIRE);
        uint64_t slice = deadline - now < RETRY_NS ? deadline - now : RETRY_NS;
        if (gmr_ss_futex_wait(&gmr_safe_state.outstanding, word, slice) != -ETIMEDOUT) continue;
        for (uint32_t i = 0; i < arena->slot_count && gmr_ss_clock_ns(CLOCK_MONOTONIC) < deadline; i++) {
            if (is_waiting(arena, i)) retry_from_outside(arena, task_directory, i);
        }
    }
    /* From here on no handler begins to write; one that has begun (FILLING) is let finish, its slot is not used again
     * before it has. */
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        (void)gmr_slot_move(gmr_arena_slot(arena, i), arena->generation, GMR_SLOT_WAITING, GMR_SLOT_NO_RESPONSE);
    }
}

static void capture_threads(gmr_arena_header_t *arena, int task_directory) GMR_SIGNAL_SAFE {
    gmr_ss_expect_answers(arena->generation);
    for (unsigned pass = 0; pass < PASSES; pass++) {
        int fresh = meet_all(arena, task_directory);
        if (fresh < 0 && pass == 0) arena->capture_error = (uint32_t)-fresh;
        if (fresh <= 0) break;
    }
    wait_for_answers(arena, task_directory);
}

/* Where there is no /proc, as in a chroot: who crashed, and those that a helper outside has listed. */
static void capture_listed_threads(gmr_arena_header_t *arena) GMR_SIGNAL_SAFE {
    const gmr_listed_thread_t *listed = gmr_arena_listed_threads(arena);
    gmr_ss_expect_answers(arena->generation);
    if (arena->crash.signal && first_sight(arena->generation, arena->crash.tid)) {
        meet(arena, -1, arena->crash.tid);
    }
    for (uint32_t i = 0; i < arena->listed_thread_count && i < GMR_MAX_THREADS; i++) {
        if (is_own(arena, listed[i].tid) || !first_sight(arena->generation, listed[i].tid)) continue;
        meet(arena, -1, listed[i].tid);
    }
    wait_for_answers(arena, -1);
    for (uint32_t i = 0; i < arena->listed_thread_count && i < GMR_MAX_THREADS; i++) {
        gmr_slot_t *slot = gmr_ss_slot_of(arena, listed[i].tid);
        if (!slot) continue;
        __builtin_memcpy(slot->comm, listed[i].comm, sizeof slot->comm);
        slot->facts |= GMR_FACT_COMM;
    }
}

/* The thread that took the trigger is shown where it was, not inside our handler, which is about to return. */
static void wait_for_trigger_handlers(void) GMR_SIGNAL_SAFE {
    uint64_t end = gmr_ss_clock_ns(CLOCK_MONOTONIC) + HANDLER_PATIENCE_NS;
    uint32_t inside;
    while ((inside = gmr_load_acquire(&gmr_safe_state.trigger_handlers)) && gmr_ss_clock_ns(CLOCK_MONOTONIC) < end) {
        (void)gmr_ss_futex_wait(&gmr_safe_state.trigger_handlers, inside, 50000);
    }
}

int gmr_ss_capture(void) GMR_SIGNAL_SAFE {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    wait_for_trigger_handlers();
    uint64_t start = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    arena->realtime_ns = gmr_ss_clock_ns(CLOCK_REALTIME);
    arena->monotonic_ns = start;
    arena->slot_count = 0;
    arena->threads_dropped = 0;
    arena->capture_error = 0;
    arena->generation++;

    int modules = gmr_ss_list_modules();
    uint64_t listed = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    arena->modules_ns = listed - start;

    int task_directory = gmr_ss_open_at(AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY);
    if (task_directory < 0) {
        capture_listed_threads(arena);
        arena->capture_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC) - listed;
        if (arena->listed_thread_count == 0) arena->capture_error = (uint32_t)-task_directory;
        return -(int)arena->capture_error;
    }
    capture_threads(arena, task_directory);
    gmr_ss_trace_silent(arena, gmr_safe_state.capture_deadline_ns);
    uint64_t captured = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    arena->capture_ns = captured - listed;

    for (uint32_t i = 0; i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation == arena->generation) gmr_ss_read_facts(task_directory, slot);
    }
    arena->facts_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC) - captured;
    gmr_ss_close(task_directory);
    return arena->capture_error ? -(int)arena->capture_error : modules;
}
