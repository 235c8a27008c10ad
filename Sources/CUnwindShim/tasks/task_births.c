/*
 * task_births.c: notes when and where Swift tasks are made, in programs linked with `--wrap=swift_task_create`.
 * Runs on whatever thread makes a task, and on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * The runtime keeps neither. Rejected: a function of the same name in front of the runtime's, which no static program
 * can be linked with; writing over the programs' tables of imported functions, which are read-only by then; a hook in
 * the runtime's description of the class, to learn when a task ends: who looks for a task has its number, too.
 */
#include "task_births.h"

#include <time.h>

#include "../signal_safe/capture.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "gmr_agent.h"
#include "task_reader.h"

#define SETS 16384u /* a power of 2 */
#define WAYS 4u
#define LARGEST_FRAME_BYTES 65536u

/* A line of the cache. */
typedef struct {
    uint64_t address; /* of the task; 0: free. Taken by exchange */
    uint64_t id;      /* release: publishes the rest; 0: being written */
    uint64_t born_ns; /* CLOCK_MONOTONIC */
    uint64_t sites[GMR_TASK_SITES];
} birth_t;
_Static_assert(sizeof(birth_t) == 64, "a line of the cache");

/* Memory only as it is used. */
static birth_t births[SETS][WAYS] __attribute__((aligned(64)));
static int is_noting; /* release */

typedef struct {
    void *task, *context;
} made_t;

/* `swift_task_create` of Swift's runtime: Swift's convention for such arguments and results is that of C. */
typedef made_t create_t(uint64_t flags, void *options, const void *type, void *entry, void *closure);
__attribute__((weak)) create_t __real_swift_task_create;
create_t __wrap_swift_task_create;

static birth_t *set_of(uint64_t address) { return births[(address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 50]; }
_Static_assert(UINT64_C(1) << (64 - 50) == SETS, "as many bits as there are sets");

static uint64_t id_of(const uint8_t *task) {
    uint32_t low, high;
    __builtin_memcpy(&low, task + GMR_TASK_ID_LOW, sizeof low);
    __builtin_memcpy(&high, task + GMR_TASK_ID_HIGH, sizeof high);
    return (uint64_t)high << 32 | low;
}

/* Whether there is something else now. */
static int is_gone(uint64_t address, const birth_t *birth) {
    uint8_t task[GMR_TASK_BYTES];
    uint64_t id = __atomic_load_n(&birth->id, __ATOMIC_ACQUIRE);
    if (id == 0 || !(gmr_safe_state.allowed & GMR_PROBE_VM_READ)) return 0;
    long count = gmr_ss_read_memory(gmr_ss_gettid(), address, task, sizeof task);
    return count != (long)sizeof task || id_of(task) != id;
}

/* The entry of an address, where no two tasks are at a time. NULL: there is none, for four others live. */
static birth_t *take(uint64_t address) {
    birth_t *set = set_of(address);
    for (uint32_t way = 0; way < WAYS; way++) {
        uint64_t there = __atomic_load_n(&set[way].address, __ATOMIC_RELAXED);
        if (there == address) return &set[way];
    }
    for (uint32_t way = 0; way < WAYS; way++) {
        uint64_t there = __atomic_load_n(&set[way].address, __ATOMIC_RELAXED);
        if (there != 0 && !is_gone(there, &set[way])) continue;
        int is_mine = __atomic_compare_exchange_n(&set[way].address, &there, address, 0, __ATOMIC_ACQ_REL,
                                                  __ATOMIC_RELAXED);
        if (is_mine) return &set[way];
    }
    return NULL;
}

/* Where the callers go on. All code in Swift has frame pointers; whoever called that may have something else there, and
 * is believed only close by on the stack. */
static void walk(const uint64_t *frame, uint64_t *sites) {
    for (uint32_t i = 0; i < GMR_TASK_SITES; i++) {
        sites[i] = frame[1];
        uint64_t here = (uint64_t)(uintptr_t)frame, next = frame[0];
        if (next <= here || next - here > LARGEST_FRAME_BYTES || next % 8 != 0) return;
        frame = (const uint64_t *)(uintptr_t)next;
    }
}

static void note(uint64_t address, const uint64_t *frame) {
    struct timespec now;
    birth_t *birth = take(address);
    if (!birth) return;
    __atomic_store_n(&birth->id, 0, __ATOMIC_RELEASE);
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    birth->born_ns = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
    __builtin_memset(birth->sites, 0, sizeof birth->sites);
    walk(frame, birth->sites);
    __atomic_store_n(&birth->id, id_of((const uint8_t *)(uintptr_t)address), __ATOMIC_RELEASE);
}

made_t __wrap_swift_task_create(uint64_t flags, void *options, const void *type, void *entry, void *closure) {
    made_t made = __real_swift_task_create(flags, options, type, entry, closure);
    if (__atomic_load_n(&is_noting, __ATOMIC_ACQUIRE) && made.task) {
        note((uint64_t)(uintptr_t)made.task, __builtin_frame_address(0));
    }
    return made;
}

void gmr_task_births_begin(void) { __atomic_store_n(&is_noting, 1, __ATOMIC_RELEASE); }

void gmr_task_births_find(gmr_task_t *task) {
    const birth_t *set = set_of(task->address);
    for (uint32_t way = 0; way < WAYS; way++) {
        const birth_t *birth = &set[way];
        if (__atomic_load_n(&birth->address, __ATOMIC_RELAXED) != task->address) continue;
        if (__atomic_load_n(&birth->id, __ATOMIC_ACQUIRE) != task->id) continue;
        task->born_ns = birth->born_ns;
        __builtin_memcpy(task->sites, birth->sites, sizeof task->sites);
        /* Another task took its place meanwhile? */
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&birth->id, __ATOMIC_RELAXED) == task->id) return;
        task->born_ns = 0;
        __builtin_memset(task->sites, 0, sizeof task->sites);
    }
}
