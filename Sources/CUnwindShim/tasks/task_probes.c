/*
 * task_probes.c: what the runtime's public functions say of GMR's own tasks, with which reports test what they read.
 * Runs on the thread that sets up, and on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 */
#include "task_probes.h"

#include "gmr_agent.h"

/* Swift's convention for such arguments and results is that of C. */
__attribute__((weak)) uint64_t swift_task_getJobTaskId(void *task);
__attribute__((weak)) uint64_t swift_task_getJobFlags(void *task);
__attribute__((weak)) uint64_t swift_task_currentPriority(void *task);
__attribute__((weak)) _Bool swift_task_isCancelled(void *task);

static gmr_task_probe_t probes[GMR_TASK_PROBES];

void gmr_agent_probe_tasks(const uintptr_t tasks[GMR_TASK_PROBES]) {
    if (!swift_task_getJobTaskId || !swift_task_getJobFlags || !swift_task_currentPriority || !swift_task_isCancelled) {
        return;
    }
    for (uint32_t i = 0; i < GMR_TASK_PROBES; i++) {
        void *task = (void *)tasks[i];
        probes[i].id = swift_task_getJobTaskId(task);
        probes[i].job_flags = (uint32_t)swift_task_getJobFlags(task);
        probes[i].priority = (uint32_t)swift_task_currentPriority(task);
        probes[i].is_cancelled = swift_task_isCancelled(task);
        __atomic_store_n(&probes[i].address, tasks[i], __ATOMIC_RELEASE);
    }
}

void gmr_task_probes_tell(gmr_arena_header_t *arena) {
    for (uint32_t i = 0; i < GMR_TASK_PROBES; i++) {
        int is_there = __atomic_load_n(&probes[i].address, __ATOMIC_ACQUIRE) != 0;
        arena->task_probes[i] = is_there ? probes[i] : (gmr_task_probe_t){0};
    }
}
