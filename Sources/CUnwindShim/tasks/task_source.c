/*
 * task_source.c: the process whose Swift tasks are read: this one, or in a helper that of the arena.
 * Runs on the agent thread; in a helper on its main thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 */
#include "task_source.h"

#include "../memory/process_memory.h"
#include "../signal_safe/capture.h"
#include "../signal_safe/helper_spawn.h"
#include "../signal_safe/maps.h"
#include "../signal_safe/proc_text.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "task_reader.h"

gmr_task_source_t gmr_task_source;
int gmr_task_source_is_outside;
static int32_t process, thread;
static gmr_arena_header_t *agents_arena;

void gmr_task_source_progress(void) {
    if (gmr_task_source_is_outside) gmr_ss_helper_progress(agents_arena, 0);
}

__attribute__((constructor)) static void meet_main_thread(void) {
    if (gmr_ss_gettid() != gmr_ss_getpid()) return; /* another thread has loaded the library */
    gmr_task_source.main_pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();
}

static char *append(char *end, const char *text) {
    while (*text) *end++ = *text++;
    *end = 0;
    return end;
}

const char *gmr_task_source_path(const char *name) {
    static char path[80];
    char *end = append(path, "/proc/");
    if (!gmr_task_source_is_outside) {
        (void)append(append(end, "thread-self/"), name);
        return path;
    }
    gmr_ss_task_path(end, process, "task/");
    while (*end) end++;
    gmr_ss_task_path(end, thread, name);
    return path;
}

static int is_sound(const gmr_task_source_t *source) {
    return source->task_class != 0 && source->task_bytes >= GMR_TASK_KNOWN_BYTES &&
           source->task_bytes <= GMR_TASK_MOST_BYTES && source->limit_ns <= GMR_TASK_LONGEST_SEARCH_NS;
}

/* Only of a thread of the process: no other's memory is read. */
static int has_mappings(void) {
    if (gmr_ss_maps_open(gmr_task_source_path("maps")) != 0) return 0;
    gmr_ss_maps_close();
    return 1;
}

int gmr_task_source_adopt(const gmr_arena_header_t *arena, int32_t pid, gmr_arena_header_t *told) {
    gmr_task_source = arena->task_source;
    gmr_task_source_is_outside = 1;
    process = pid;
    agents_arena = told;
    gmr_safe_state.memory_descriptor = -1;
    for (uint32_t i = 0; i < GMR_OWN_THREAD_CAPACITY && is_sound(&gmr_task_source); i++) {
        /* Those of GMR's live as long as the report is made; the main thread may have ended. */
        thread = gmr_safe_state.agent_tid = arena->own_threads[i];
        if (thread > 0 && has_mappings() && gmr_read_word(gmr_task_source.task_class)) return 1;
    }
    return 0;
}
