/*
 * waits.c: the futex a thread sleeps on and the memory around it, in which locks keep their owners.
 * Runs on the agent thread; the second look on the worker thread too.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * No kind of lock is told apart here: that takes the names of functions, which this process must not look up. A mutex
 * has its owner 8 bytes behind the futex, a FILE's lock a pthread_t there, an rwlock its writer 24 bytes behind a word
 * that is up to 12 bytes before the futex: what is copied is enough for all of glibc's.
 */
#include "waits.h"

#include <errno.h>
#include <linux/futex.h>

#include "../signal_safe/capture.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "../signal_safe/thread_descriptor.h"
#include "../signal_safe/trace.h"

#define REGISTERS_PATIENCE_NS UINT64_C(1000000000)

/* GMR_WAIT_* of a call; 0 for one that does not wait. */
static uint32_t flags_of(uint32_t operation) {
    const uint32_t flags = GMR_WAIT_FUTEX | (operation & FUTEX_PRIVATE_FLAG ? 0 : GMR_WAIT_SHARED);
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT: return flags;
    case FUTEX_WAIT_BITSET: return flags | GMR_WAIT_BITSET;
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2: return flags | GMR_WAIT_LOCK_PI;
    default: return 0;
    }
}

static int read_memory(uint64_t address, void *copy, uint32_t bytes) {
    int32_t tid = gmr_ss_gettid();
    long count = tid == gmr_safe_state.agent_tid ? gmr_ss_read_as_agent(address, copy, bytes)
                                                 : gmr_ss_read_memory(tid, address, copy, bytes);
    return count == (long)bytes;
}

static int read_words(const gmr_slot_t *slot, uint32_t *words) {
    if (read_memory(slot->wait.address - GMR_WAIT_WORDS_BEFORE * 4, words, GMR_WAIT_WORD_COUNT * 4)) return 1;
    /* The page before may be missing. */
    __builtin_memset(words, 0, GMR_WAIT_WORDS_BEFORE * 4);
    return read_memory(slot->wait.address, words + GMR_WAIT_WORDS_BEFORE, GMR_WAIT_WORDS_BEHIND * 4);
}

/*
 * DispatchQueue.sync waits in a `struct dispatch_sync_context_s` on its own stack: the futex (dsc_event) has the
 * waiter's thread number behind it, and dc_data, the queue, is 0x28 bytes before. Of a queue (`struct dispatch_lane_s`)
 * the target is at 0x18, the label at 0x48. As measured with Swift 6.3.1.
 */
enum { SYNC_QUEUE = -0x28, QUEUE_TARGET = 0x18, QUEUE_LABEL = 0x48, MOST_TARGETS = 4 };

static int is_on_own_stack(const gmr_slot_t *slot) {
    return slot->wait.address >= slot->stack_base && slot->wait.address - slot->stack_base < slot->stack_bytes;
}

static void read_label(uint64_t queue, char *label) {
    uint64_t at;
    if (!read_memory(queue + QUEUE_LABEL, &at, sizeof at) || at == 0) return;
    /* It may end just before a page that is missing. */
    uint32_t bytes = sizeof((gmr_wait_t *)0)->queue_label;
    uint32_t left = (uint32_t)(GMR_PAGE_BYTES - (at & (GMR_PAGE_BYTES - 1)));
    if (!read_memory(at, label, bytes < left ? bytes : left)) label[0] = 0;
}

/* The queue that somebody else drains: the one that was asked for, or one that it targets. */
static void read_queue(gmr_slot_t *slot) {
    gmr_wait_t *wait = &slot->wait;
    uint64_t queue;
    if (!is_on_own_stack(slot) || wait->words[GMR_WAIT_WORDS_BEFORE + 1] != (uint32_t)slot->tid) return;
    if (!read_memory(wait->address + (uint64_t)(int64_t)SYNC_QUEUE, &queue, sizeof queue)) return;
    for (int i = 0; i < MOST_TARGETS && queue; i++) {
        uint32_t state;
        if (!read_memory(queue + GMR_QUEUE_STATE, &state, sizeof state)) return;
        uint32_t owner = state & FUTEX_TID_MASK;
        if (owner && owner != (uint32_t)slot->tid) {
            wait->queue = queue;
            wait->queue_state = state;
            read_label(queue, wait->queue_label);
            wait->flags |= GMR_WAIT_QUEUE;
            return;
        }
        if (!read_memory(queue + QUEUE_TARGET, &queue, sizeof queue)) return;
    }
}

/*
 * The lock of a FILE (`_IO_lock_t`: lock, depth, owner) names its owner by pthread_t, the address of a struct pthread
 * that begins with a tcbhead_t: it has its own address at 0 and at 16. The tid in it is where the agent thread finds
 * its own.
 */
static void read_handle(gmr_wait_t *wait) {
    uint64_t handle, head[3];
    __builtin_memcpy(&handle, &wait->words[GMR_WAIT_WORDS_BEFORE + 2], sizeof handle);
    if (handle == 0 || handle % 16 != 0 || !read_memory(handle, head, sizeof head)) return;
    if (head[0] != handle || head[2] != handle) return;
    int32_t offset = gmr_ss_tid_offset();
    if (offset >= 0 && read_memory(handle + (uint64_t)offset, &wait->handle_tid, sizeof wait->handle_tid)) {
        wait->flags |= GMR_WAIT_HANDLE;
    }
}

static void read_futex(gmr_slot_t *slot, uint64_t address, uint32_t flags) {
    gmr_wait_t *wait = &slot->wait;
    wait->address = address;
    if (flags == 0 || address % 4 != 0 || !read_words(slot, wait->words)) return;
    wait->flags = flags;
    read_queue(slot);
    read_handle(wait);
    int is_timed_or_lock = (flags & (GMR_WAIT_TIMED | GMR_WAIT_LOCK_PI)) != 0;
    if (wait->value == 0 && !is_timed_or_lock && is_on_own_stack(slot)) wait->flags |= GMR_WAIT_PARKED;
}

/* A signal that ends the process may have been sent to a thread that slept, a watchdog's SIGABRT for one. The kernel
 * has then set up the call to begin again behind the handler: it is at the instruction, with its number in rax. */
static void find_interrupted_call(gmr_slot_t *slot) {
    static const uint8_t call[] = {0x0f, 0x05};
    const uint64_t *registers = slot->registers;
    uint8_t there[sizeof call];
    if (!read_memory(registers[GMR_REG_RIP], there, sizeof there)) return;
    if (__builtin_memcmp(there, call, sizeof call) != 0) return;
    const uint64_t arguments[] = {registers[GMR_REG_RDI], registers[GMR_REG_RSI], registers[GMR_REG_RDX],
                                  registers[GMR_REG_R10], registers[GMR_REG_R8],  registers[GMR_REG_R9]};
    slot->syscall_number = (int64_t)registers[GMR_REG_RAX];
    __builtin_memcpy(slot->syscall_args, arguments, sizeof slot->syscall_args);
}

static void read_wait(gmr_slot_t *slot) {
    const uint64_t *registers = slot->registers, *arguments = slot->syscall_args;
    const uint64_t needed = 1u << GMR_REG_RAX | 1u << GMR_REG_RSI | 1u << GMR_REG_RDI;
    if (slot->method == GMR_CAPTURE_CRASH) find_interrupted_call(slot);
    int sleeps = slot->method == GMR_CAPTURE_NO_TOUCH || slot->method == GMR_CAPTURE_CRASH;
    if (sleeps && slot->syscall_number == SYS_futex) {
        uint32_t flags = flags_of((uint32_t)arguments[1]);
        /* All of them have their time limit in the same place. */
        if (flags && arguments[3] != 0) flags |= GMR_WAIT_TIMED;
        slot->wait.value = (uint32_t)arguments[2];
        read_futex(slot, arguments[0], flags);
    } else if (sleeps && slot->syscall_number >= 0) {
        slot->wait.flags = GMR_WAIT_CALL;
    } else if ((slot->known_registers & needed) == needed && registers[GMR_REG_RAX] == (uint64_t)-EDEADLK) {
        /* Interrupted behind the call: Swift's lazy globals ask again and again. */
        uint32_t flags = flags_of((uint32_t)registers[GMR_REG_RSI]);
        if (flags & GMR_WAIT_LOCK_PI) read_futex(slot, registers[GMR_REG_RDI], flags | GMR_WAIT_SPINS);
    }
}

static void read_selves(gmr_crash_t *crash) {
    for (uint32_t i = 0; i < GMR_CRASH_SELF_COUNT; i++) {
        gmr_crash_self_t *self = &crash->selves[i];
        self->is_read = self->address % 4 == 0 && read_memory(self->address, &self->word, sizeof self->word);
    }
}

void gmr_waits_read(gmr_arena_header_t *arena) {
    if (arena->crash.signal) read_selves(&arena->crash);
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation == arena->generation && gmr_slot_state(slot) == GMR_SLOT_CAPTURED) read_wait(slot);
    }
}

int gmr_waits_is_unmoved(int task_directory, const gmr_slot_t *slot) {
    gmr_slot_t now = {.tid = slot->tid};
    if (!(slot->facts & GMR_FACT_STATUS) || !gmr_ss_is_unmoved(task_directory, slot)) return 0;
    gmr_ss_read_facts(task_directory, &now);
    /* Of another process's threads that is not known; but who slept on has not been switched. */
    int has_run = now.facts & slot->facts & GMR_FACT_CPU_TIME && now.cpu_ns != slot->cpu_ns;
    return now.facts & GMR_FACT_STATUS && now.voluntary_switches == slot->voluntary_switches &&
           now.involuntary_switches == slot->involuntary_switches && !has_run;
}

static void look_again(int task_directory, gmr_slot_t *slot) {
    gmr_wait_t *wait = &slot->wait;
    /* For one that spins the kernel has found the circle. */
    if (!(wait->flags & GMR_WAIT_SPINS) && !gmr_waits_is_unmoved(task_directory, slot)) return;
    if (wait->flags & GMR_WAIT_FUTEX && !read_words(slot, wait->words_again)) return;
    wait->flags |= GMR_WAIT_UNMOVED;
    if (wait->flags & GMR_WAIT_QUEUE) (void)read_memory(wait->queue + GMR_QUEUE_STATE, &wait->queue_state_again, 4);
}

/* Of a `struct __pthread_mutex_s`: lock 0, count 4, owner 8, nusers 12, kind 16; one that has an owner. */
enum { MUTEX_WORDS = 5, MUTEX_KIND = 16, INHERITS_PRIORITY = 32 };

static int is_inheriting_mutex(uint64_t address) {
    uint32_t words[MUTEX_WORDS];
    if (address % 4 != 0 || !read_memory(address, words, sizeof words)) return 0;
    return words[2] != 0 && words[2] == (words[0] & FUTEX_TID_MASK) && words[3] != 0 && words[4] & INHERITS_PRIORITY &&
           words[4] < 1024;
}

/* glibc keeps the address of the mutex's kind, which it looks at last. What points to the beginning of one is the
 * caller's, and may be another one. 0 where no register has one, or more than one has. */
static uint64_t mutex_in_registers(const gmr_slot_t *slot) {
    static const uint8_t kept[] = {GMR_REG_RBX, GMR_REG_RBP, GMR_REG_R12, GMR_REG_R13, GMR_REG_R14, GMR_REG_R15};
    uint64_t found = 0;
    for (unsigned i = 0; i < sizeof kept; i++) {
        uint64_t address = slot->registers[kept[i]] - MUTEX_KIND;
        if (address == found || !(slot->known_registers >> kept[i] & 1) || !is_inheriting_mutex(address)) continue;
        if (found) return 0;
        found = address;
    }
    return found;
}

static void find_refused_mutex(gmr_slot_t *slot) {
    gmr_wait_t *wait = &slot->wait;
    if (!(wait->flags & GMR_WAIT_REFUSED)) return;
    /* Who looks a third time has no more to learn. */
    wait->flags &= ~(uint32_t)GMR_WAIT_REFUSED;
    int has_stayed = wait->flags & GMR_WAIT_UNMOVED || slot->method == GMR_CAPTURE_CRASH;
    if (wait->flags & GMR_WAIT_LOCK_PI || !has_stayed) return;
    uint64_t mutex = mutex_in_registers(slot), parked = wait->address;
    wait->address = mutex;
    if (mutex && read_words(slot, wait->words)) {
        __builtin_memcpy(wait->words_again, wait->words, sizeof wait->words);
        wait->flags |= GMR_WAIT_LOCK_PI;
    } else {
        wait->address = parked;
    }
}

int gmr_waits_look_again(gmr_arena_header_t *arena) {
    static uint32_t never;
    const uint32_t generation = arena->generation;
    uint64_t due = arena->monotonic_ns + arena->modules_ns + arena->capture_ns + arena->facts_ns + GMR_SECOND_LOOK_NS;
    for (uint64_t now; (now = gmr_ss_clock_ns(CLOCK_MONOTONIC)) < due;) (void)gmr_ss_futex_wait(&never, 0, due - now);
    if (arena->generation != generation) return 0;
    int task_directory = gmr_ss_open_at(AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY);
    for (uint32_t i = 0; task_directory >= 0 && i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation == arena->generation && slot->wait.flags) look_again(task_directory, slot);
    }
    if (task_directory >= 0) gmr_ss_close(task_directory);
    gmr_ss_trace_refused(arena, REGISTERS_PATIENCE_NS);
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation == arena->generation) find_refused_mutex(slot);
    }
    gmr_store_release(&arena->second_look, GMR_SECOND_LOOK_DONE);
    gmr_ss_futex_wake(&arena->second_look);
    return 1;
}
