/*
 * task_births.c: notes when and where Swift tasks are made, in programs linked with `--wrap=swift_task_create`.
 * Runs on whatever thread makes a task, and on the agent thread.
 * A handler may not run it. It allocates nothing, waits for nobody and makes no system call.
 *
 * The runtime keeps neither. Rejected: a function of the same name in front of the runtime's, which no static program
 * can be linked with; writing over the programs' tables of imported functions, which are read-only by then; a hook in
 * the runtime's description of the class, to learn when a task ends: who looks for a task has its number, too.
 */
#include "task_births.h"

#include <time.h>

#include "../memory/process_memory.h"
#include "task_reader.h"
#include "task_source.h"

#define SETS_LOG2 14
#define WAYS 8u
#define LARGEST_DEPTH_BYTES (UINT64_C(1) << 20)

typedef struct {
    uint64_t id;      /* of the task; release: publishes the rest. 0: free, or being written */
    uint64_t address;
    uint64_t born_ns; /* CLOCK_MONOTONIC */
    uint64_t sites[GMR_TASK_SITES];
} birth_t;
_Static_assert(sizeof(birth_t) == 64, "a line of the cache");

typedef struct {
    uint32_t is_taken; /* by who writes; whoever comes meanwhile leaves its task without a note */
    uint64_t addresses[WAYS];
    birth_t births[WAYS];
} set_t;

/* Memory only as it is used. */
static set_t sets[1u << SETS_LOG2] __attribute__((aligned(64)));
static int is_noting;            /* release */
extern void *__libc_stack_end;   /* of the main thread */

typedef struct {
    void *task, *context;
} made_t;

/* `swift_task_create` of Swift's runtime: Swift's convention for such arguments and results is that of C. */
typedef made_t create_t(uint64_t flags, void *options, const void *type, void *entry, void *closure);
__attribute__((weak)) create_t __real_swift_task_create;
create_t __wrap_swift_task_create;

static set_t *set_of(uint64_t address) {
    return &sets[(address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SETS_LOG2)];
}

/* Where the address has been before; or what is free, or was noted longest ago. */
static uint32_t way_for(const set_t *set, uint64_t address) {
    uint32_t oldest = 0;
    for (uint32_t way = 0; way < WAYS; way++) {
        if (set->addresses[way] == address) return way;
    }
    for (uint32_t way = 0; way < WAYS; way++) {
        if (set->addresses[way] == 0) return way;
        if (set->births[way].born_ns < set->births[oldest].born_ns) oldest = way;
    }
    return oldest;
}

/* Where the thread's stack ends, if this is on it: glibc has the thread pointer behind it, but for the main thread. */
static uint64_t end_of_stack(uint64_t here) {
    uint64_t pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();
    uint64_t end = pointer == gmr_task_source.main_pointer ? (uint64_t)(uintptr_t)__libc_stack_end : pointer;
    return here < end && end - here <= LARGEST_DEPTH_BYTES ? end : 0;
}

/* Where the callers go on. Code in Swift has frame pointers; whoever has none there leads to nothing, or to some other
 * place of the stack. */
static void walk(const uint64_t *frame, uint64_t *sites) {
    uint64_t here = (uint64_t)(uintptr_t)frame, end = end_of_stack(here);
    for (uint32_t i = 0; i < GMR_TASK_SITES; i++) {
        const uint64_t *link = (const uint64_t *)(uintptr_t)here;
        sites[i] = link[1];
        uint64_t next = link[0];
        if (next <= here || next % 8 != 0 || end < 2 * sizeof *link || next > end - 2 * sizeof *link) return;
        here = next;
    }
}

static void note(uint8_t *task, const uint64_t *frame) {
    struct timespec now;
    uint64_t address = (uint64_t)(uintptr_t)task;
    set_t *set = set_of(address);
    if (__atomic_exchange_n(&set->is_taken, 1, __ATOMIC_ACQUIRE)) return;
    uint32_t way = way_for(set, address);
    birth_t *birth = &set->births[way];
    __atomic_store_n(&birth->id, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    set->addresses[way] = birth->address = address;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    birth->born_ns = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
    __builtin_memset(birth->sites, 0, sizeof birth->sites);
    walk(frame, birth->sites);
    __atomic_store_n(&birth->id, gmr_task_id_in(task), __ATOMIC_RELEASE);
    __atomic_store_n(&set->is_taken, 0, __ATOMIC_RELEASE);
}

made_t __wrap_swift_task_create(uint64_t flags, void *options, const void *type, void *entry, void *closure) {
    made_t made = __real_swift_task_create(flags, options, type, entry, closure);
    if (__atomic_load_n(&is_noting, __ATOMIC_ACQUIRE) && made.task) note(made.task, __builtin_frame_address(0));
    return made;
}

void gmr_task_births_begin(void) {
    gmr_task_source.births = __real_swift_task_create ? (uint64_t)(uintptr_t)sets : 0;
    __atomic_store_n(&is_noting, 1, __ATOMIC_RELEASE);
}

/* NULL where there are none. */
static const set_t *find_set(uint64_t address) {
    static set_t copy;
    const set_t *set = set_of(address);
    if (!gmr_task_source.births) return NULL;
    if (!gmr_task_source_is_outside) return set;
    uint64_t place = gmr_task_source.births + (uint64_t)((const char *)set - (const char *)sets);
    return gmr_read_all(place, &copy, sizeof copy) ? &copy : NULL;
}

void gmr_task_births_find(gmr_task_t *task) {
    const set_t *set = find_set(task->address);
    for (uint32_t way = 0; set && way < WAYS; way++) {
        const birth_t *birth = &set->births[way];
        if (__atomic_load_n(&birth->id, __ATOMIC_ACQUIRE) != task->id) continue;
        birth_t copy = *birth;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        /* Neither another task, nor one that took its place meanwhile. */
        if (copy.address != task->address || __atomic_load_n(&birth->id, __ATOMIC_RELAXED) != task->id) continue;
        task->born_ns = copy.born_ns;
        __builtin_memcpy(task->sites, copy.sites, sizeof task->sites);
        return;
    }
}
