/*
 * tasks.c: every live Swift task.
 * Runs on the agent thread, and in a helper.
 * A handler may not run it. It allocates nothing and takes no lock.
 */
#include "tasks.h"

#include <linux/futex.h>

#include "../locks/waits.h"
#include "../memory/process_memory.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "task_births.h"
#include "task_locals.h"
#include "task_places.h"
#include "task_probes.h"
#include "task_reader.h"
#include "task_references.h"
#include "task_registry.h"
#include "task_scan.h"
#include "task_source.h"
#include "thread_tasks.h"

#define CRASH_LIMIT_NS UINT64_C(200000000)
#define REGISTRY_SHARE 4 /* of the time is for the runtime's lists */

GMR_MAYBE_LINKED(_swift_concurrency_debug_asyncTaskMetadata);
GMR_MAYBE_LINKED(_swift_concurrency_debug_asyncTaskSize);
GMR_MAYBE_LINKED(_swift_concurrency_debug_internal_layout_version);
GMR_MAYBE_LINKED(_dispatch_main_q);

static uint64_t main_queue; /* address of libdispatch's; 0: there is none */
static uint32_t runtime; /* GMR_TASKS_NONE, _READ or _STRANGE */

/* dispatch_queue_s.dq_state has the thread that drains a queue; of the main queue that is the main thread, until
 * dispatchMain() leaves it to the pool. */
static int32_t main_queue_drainer(uint64_t queue) {
    return queue ? (int32_t)(gmr_read_word(queue + GMR_QUEUE_STATE) & FUTEX_TID_MASK) : 0;
}

/* The runtime's variables never change. */
static uint32_t state_of_runtime(uint64_t class_variable) {
    uint32_t version = 0;
    uint64_t version_variable = GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_internal_layout_version);
    uint64_t bytes = gmr_variable(GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_asyncTaskSize));
    if (!class_variable) return GMR_TASKS_NONE;
    if (version_variable) __builtin_memcpy(&version, (const void *)(uintptr_t)version_variable, sizeof version);
    if (version != GMR_TASK_LAYOUT_VERSION || bytes % 16 != 0) return GMR_TASKS_STRANGE;
    if (bytes < GMR_TASK_KNOWN_BYTES || bytes > GMR_TASK_MOST_BYTES) return GMR_TASKS_STRANGE;
    gmr_task_source.task_class = gmr_variable(class_variable);
    gmr_task_source.task_bytes = (uint32_t)bytes;
    return GMR_TASKS_READ;
}

void gmr_tasks_prepare(void) {
    uint64_t class_variable = GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_asyncTaskMetadata);
    main_queue = GMR_PROGRAM_SYMBOL(_dispatch_main_q);
    runtime = state_of_runtime(class_variable);
    if (runtime != GMR_TASKS_READ) return;
    gmr_task_scan_prepare();
    gmr_task_reader_prepare();
    gmr_task_registry_prepare();
    gmr_thread_tasks_prepare(class_variable);
    gmr_task_births_begin();
}

static int is_probe(const gmr_arena_header_t *arena, const gmr_task_t *task) {
    for (uint32_t i = 0; i < GMR_TASK_PROBES; i++) {
        const gmr_task_probe_t *probe = &arena->task_probes[i];
        if (probe->address && task->address == probe->address && task->id == probe->id) return 1;
    }
    return 0;
}

/* Tasks that are larger than those that are known may have something inserted, too: believed where GMR's own were read
 * as such. Whether rightly, field for field, is seen later. */
static int is_layout_believable(const gmr_arena_header_t *arena) {
    const gmr_task_t *tasks = gmr_arena_tasks(arena);
    uint32_t seen = 0;
    if (gmr_task_source.task_bytes == GMR_TASK_KNOWN_BYTES) return 1;
    for (uint32_t i = 0; i < arena->task_count; i++) seen += (uint32_t)is_probe(arena, &tasks[i]);
    return seen == GMR_TASK_PROBES;
}

/* Returns GMR_TASKS_*. */
static uint32_t find_tasks(gmr_arena_header_t *arena, uint64_t begin, uint64_t limit_ns) {
    const uint64_t *addresses;
    uint32_t count = gmr_task_registry_read(arena, begin + limit_ns / REGISTRY_SHARE, &addresses);
    if (count == 0) return gmr_task_scan(arena, 1, begin + limit_ns);
    uint32_t state = gmr_task_scan_add(arena, addresses, count, begin + limit_ns);
    /* Where threads' descriptors are not found, their stacks say which tasks they run. */
    (void)gmr_task_scan(arena, 0, begin + limit_ns);
    return state;
}

static void read_tasks(gmr_arena_header_t *arena, uint64_t limit_ns) {
    uint64_t begin = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    arena->task_count = arena->tasks_dropped = arena->task_frame_count = arena->task_text_bytes = 0;
    arena->tasks_searched_bytes = 0;
    arena->task_reference_count = arena->task_references_cut = 0;
    arena->main_queue_drainer = main_queue_drainer(arena->main_queue);
    gmr_task_references_begin(arena);
    gmr_task_reader_see(0, NULL, 0);
    gmr_thread_tasks_begin(arena);
    arena->task_state = find_tasks(arena, begin, limit_ns);
    /* Where nothing at all could be read, or the process has ended meanwhile. */
    if (gmr_read_word(gmr_task_source.task_class) == 0) arena->task_state = GMR_TASKS_BLIND;
    gmr_task_source_progress();
    gmr_thread_tasks_find(arena);
    gmr_task_source_progress();
    gmr_task_groups_confirm(arena);
    gmr_task_source_progress();
    if (!is_layout_believable(arena)) {
        arena->task_count = arena->task_reference_count = arena->tasks_dropped = 0;
        if (arena->task_state == GMR_TASKS_READ) arena->task_state = GMR_TASKS_STRANGE;
    }
    if (arena->task_state != GMR_TASKS_READ || arena->tasks_dropped) arena->task_references_cut = 1;
    arena->task_semaphores = gmr_task_references_sought();
    arena->tasks_ns += gmr_ss_clock_ns(CLOCK_MONOTONIC) - begin;
}

void gmr_tasks_read(gmr_arena_header_t *arena, uint64_t limit_ns) {
    arena->task_state = runtime;
    arena->task_count = 0;
    arena->tasks_ns = 0;
    arena->main_queue = main_queue;
    arena->tasks_want_helper = 0;
    if (runtime != GMR_TASKS_READ) return;
    gmr_task_locals_begin(arena);
    gmr_task_probes_tell(arena);
    gmr_task_source.limit_ns = limit_ns;
    arena->task_source = gmr_task_source;
    int is_short = arena->crash.signal && limit_ns > CRASH_LIMIT_NS;
    read_tasks(arena, is_short ? CRASH_LIMIT_NS : limit_ns);
    gmr_task_places_compare(arena);
    arena->tasks_want_helper =
        arena->task_state == GMR_TASKS_BLIND || (is_short && arena->task_state == GMR_TASKS_CUT);
}

int gmr_tasks_read_outside(gmr_arena_header_t *arena, int32_t pid, gmr_arena_header_t *told) {
    if (!gmr_task_source_adopt(arena, pid, told)) return 0;
    const uint32_t had = arena->task_count;
    read_tasks(arena, gmr_task_source.limit_ns);
    return arena->task_state == GMR_TASKS_READ || (arena->task_state == GMR_TASKS_CUT && arena->task_count > had);
}
