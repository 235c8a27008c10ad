/*
 * gmr_agent.h: the agent inside a process: threads, signals, and the hand-over of a capture to who finishes it.
 */
#ifndef GMR_AGENT_H
#define GMR_AGENT_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

#include "gmr_capture_format.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const void *setup; /* encoded package, settings and configuration; copied into the arena */
    uint32_t setup_bytes;
    const void *record; /* the same without secrets, for raw records; copied */
    uint32_t record_bytes;
    /* Where raw records go, without the time that ends their names, at most 511 bytes; NULL: nowhere. Copied. */
    const char *record_path;
    uint32_t records_always; /* 1: one beside every report, not only where there can be none */
    uint32_t records_stacks; /* 1: with what the stacks hold */
    const int32_t *signals; /* trigger signals; copied */
    uint32_t signal_count;
    const int32_t *crash_signals; /* that end the process, which makes a report; copied */
    uint32_t crash_signal_count;
    const char *watched_path;   /* absolute; copied. A file that triggers a report when it changes; NULL: none */
    uint64_t watch_interval_ns; /* how long it may go unlooked at, and the least time between two of its triggers */
    uint32_t thread_capacity; /* slots, at most GMR_MAX_THREADS */
    uint64_t capture_deadline_ns;
    uint64_t task_search_ns; /* how long the memory is searched for Swift tasks, at most */
    uint64_t helper_silence_ns; /* how long a helper may say nothing before the worker takes over */
    uint64_t crash_patience_ns; /* how long a thread that crashed waits for its report */
    /* An executable that serves as the helper, absolute, one that gmr_helper_check() has passed; NULL: the process's
     * own. Copied. */
    const char *helper_path;
    /* 1: a helper is started now, and stands by for every report and for the end of the process. Not on demand. */
    uint32_t helper_stands_by;
    /* 0: reports go to sinks of the service's own alone, and to standard error where these fail. */
    uint32_t delivers;
    /* 1: there are no threads of GMR's but for the time of a report, and so no worker, no sections, and nobody to
     * watch a file. */
    uint32_t is_on_demand;
    /* 1: a fork child answers too, as if it were set up on demand, without what was published since. */
    uint32_t follows_forks;
    /* Does what can only be done in this process, on the worker thread; `work`: bits GMR_WORK_*. Each part that is
     * done is told by gmr_agent_did(). Called with 0 where callers came while it was busy: the arena may be
     * the next report's then. */
    void (*finish)(gmr_arena_header_t *arena, uint32_t work);
    /* Runs the registered sections and appends them to the arena, on the sections thread. */
    void (*make_sections)(gmr_arena_header_t *arena, uint32_t generation);
} gmr_agent_config_t;

/* What the worker thread is asked for. */
enum {
    GMR_WORK_DELIVER = 1u << 0, /* what a helper could not */
    GMR_WORK_CALLERS = 1u << 1, /* whoever waits for report() */
    GMR_WORK_SINKS = 1u << 2,   /* the service's own sinks */
    GMR_WORK_ACCOUNT = 1u << 3, /* tell the observers how it went */
};

/* Starts the agent. Returns 0 or a negative errno: -EALREADY where it runs, -ENOENT where libunwind is missing, the
 * error of memfd_create, mmap, pthread_create or sigaction otherwise; `*what` then names the step.
 * Threads: any, one at a time. Signal safety: none. */
int gmr_agent_install(const gmr_agent_config_t *config, const char **what);

/* Ends the agent: earlier handlers are put back, its threads joined. A report under way is finished first.
 * Returns 0, or -ESRCH where none runs. Blocks. */
int gmr_agent_stop(void);

/* sigaction() for a program whose trigger signals GMR shares: its handler is called by GMR's, and `old` is what the
 * program has set, or found. Returns 1, or 0 where the signal is none of GMR's and nothing was done. Threads: any.
 * Signal safety: yes. */
int gmr_agent_share_signal(int number, const struct sigaction *action, struct sigaction *old);

/* For a program that knows nothing of GMR, and sets a handler of its own only where it finds none: `found` becomes what
 * was there before GMR's handler of crashes. Threads: any. Signal safety: yes. */
void gmr_agent_hide_crash_handler(int number, struct sigaction *found);

/* In CGMRPreload, so that it is there only where this code came with libgmr.so, which is a program too: the runtimes
 * that it was linked with are then not those of the program. */
__attribute__((weak)) extern const char gmr_own_interpreter[];

/* Whether the executable at this path can be a helper of this process. Returns 0 or a negative errno: -ENOEXEC where it
 * is no program that GMR is linked into, -EPROTO where that is another version of GMR. Threads: any. */
int gmr_helper_check(const char *path);

/* 1 in a set-user-ID program and its like: its caller's environment is not to be trusted. Any process. */
int gmr_is_privileged(void);

/* Has the values of a task-local variable shown with each task; `key` is its Swift.TaskLocal, which must last until
 * gmr_agent_hide_task_locals(); `kind` is GMR_TASK_LOCAL_*. Returns 0, or -ENOSPC. Threads: one at a time. */
int gmr_agent_show_task_local(const void *key, uint32_t kind, const char *name);
void gmr_agent_hide_task_locals(void);

/* Two tasks that never go on, by which reports test what they read of all. Threads: one at a time. */
void gmr_agent_probe_tasks(const uintptr_t tasks[GMR_TASK_PROBES]);

/* Asks for a report. Threads: any. Signal safety: yes. */
void gmr_agent_trigger(uint32_t kind);

/* The same for something that did not answer the watchdog for so long; of its name GMR_WATCHDOG_TARGET_BYTES are kept.
 * Threads: the watchdog. Signal safety: yes. */
void gmr_agent_trigger_watchdog(const char *target, uint64_t silence_ns);

/* What the process got of the machine between two calls. */
typedef struct {
    uint64_t ran_ns, waited_ns; /* all threads together: on a processor, and ready to run without one */
    uint64_t stalled_ns;        /* in which nothing went on for lack of memory */
    uint32_t processors;        /* that the process may use */
    uint32_t reserved;
} gmr_machine_share_t;

/* Fills `share` with what came to it since the last call, in `elapsed_ns`. After is_first there was no last call, and
 * all times are 0. What cannot be read is 0. `memory_pressure` is a file such as /proc/pressure/memory.
 * Threads: the watchdog. Signal safety: none, but it allocates nothing and takes no lock. */
void gmr_machine_share(gmr_machine_share_t *share, uint64_t elapsed_ns, int is_first, const char *memory_pressure);

/* Unusual system calls, which a sandbox may refuse. */
enum {
    GMR_PROBE_GETFD = 1u << 0,   /* pidfd_open and pidfd_getfd: another descriptor table's descriptors */
    GMR_PROBE_UNSHARE = 1u << 1, /* unshare(CLONE_FILES) */
    GMR_PROBE_VM_READ = 1u << 2, /* process_vm_readv */
    GMR_PROBE_CLONE = 1u << 3,   /* clone() of a process that shares memory */
    GMR_PROBE_INOTIFY = 1u << 4, /* inotify and eventfd */
    GMR_PROBE_MEMFD = 1u << 5,   /* memfd_create; by gmr_probe_machine alone, as the next */
    GMR_PROBE_EXEC = 1u << 6,    /* execveat */
    GMR_PROBE_PTRACE = 1u << 7,  /* ptrace */
};

/* All of GMR_PROBE_* that this process may call and that work, tried in children as a service's set-up does it.
 * Threads: any, one at a time, and not beside gmr_agent_install. Signal safety: none. */
uint32_t gmr_probe_machine(void);

/* What GMR_CONFLICT_* means, as the end of a sentence that begins with the signal's name; NULL: no conflict.
 * Any process. */
const char *gmr_signal_conflict_text(uint32_t conflict);

/* The arena, or NULL before the first install and in a fork child; valid until the next install. */
gmr_arena_header_t *gmr_agent_arena(void);

/* Sets which of GMR_WORK_SINKS and GMR_WORK_ACCOUNT each report asks the worker for. Threads: any. */
void gmr_agent_want(uint32_t work);
/* Says that parts of the work are done. Threads: the worker. */
void gmr_agent_did(uint32_t work);
/* 0 where the worker has taken too long: the arena has been wiped or holds another report by now, and somebody else has
 * done the work. Threads: the worker. */
int gmr_agent_waits_for_worker(void);

/* Publishes GMR_PUBLISHED_* anew. Returns 0, -ENOSPC, or -ESRCH where there is no arena. Threads: one at a time. */
int gmr_agent_publish(uint32_t which, const void *bytes, uint32_t count);
/* Copies what was published last; `copy` has GMR_PUBLICATION_CAPACITY_BYTES. Returns the byte count, or -ENODATA,
 * -EPROTO where the arena is damaged, -EAGAIN where it changes all the time. Any process. */
int64_t gmr_arena_read_published(gmr_arena_header_t *arena, uint32_t which, void *copy);

/* Appends one encoded section of `generation` and wakes who waits for it. Returns 0, -ENOSPC, or -ESTALE where that
 * report is over. Threads: the sections thread. */
int gmr_arena_append_section(gmr_arena_header_t *arena, uint32_t generation, const void *bytes, uint32_t count);
/* Publishes GMR_SECTIONS_RUNNING or _DONE, unless that report is over. */
void gmr_arena_set_section_state(gmr_arena_header_t *arena, uint32_t generation, uint32_t state);

/* Has the threads that wait for locks looked at a second time, GMR_SECOND_LOOK_NS after the first: sets the UNMOVED
 * flag of those that have not moved, and finds the mutex of those with the REFUSED flag, which it stops for a moment.
 * Returns 1, or 0 where the process does not answer, or has begun another report. Blocks. Any process. */
int gmr_arena_look_again(gmr_arena_header_t *arena);

/* Waits until there are sections beyond `seen_bytes`, or the state is no longer `seen_state`; 0 on time-out.
 * Any process. */
int gmr_arena_wait_sections(gmr_arena_header_t *arena, uint32_t seen_bytes, uint32_t seen_state, uint64_t timeout_ns);

/* Says how a report ended: `error` is 0 where somebody took it, else an errno and a loss to be told of later. `told` is
 * how many earlier losses the report told of. Any process. */
void gmr_arena_account(gmr_arena_header_t *arena, uint64_t render_ns, int32_t error, uint32_t told);

/* Says that the work goes on, and how it stands (GMR_HELPER_*, 0: unchanged). Any process. */
void gmr_arena_progress(gmr_arena_header_t *arena, uint32_t helper_state);

/* What a helper that stands by knows of the end of the service that it works for. */
typedef struct {
    int32_t status;        /* as wait() gives it */
    uint32_t knows_status; /* 0: `status` is not known */
    uint64_t realtime_ns;  /* CLOCK_REALTIME */
} gmr_service_end_t;

/* Starts the program at the path arguments[0] in a session of its own, with "/" as its directory, /dev/null as its
 * standard descriptors and none beyond, default signals and an empty mask. Nobody waits for it.
 * Returns 0 or a negative errno. Threads: the helper's only one, before it ends: its own descriptors beyond the
 * standard ones are marked to be closed by every exec. Both lists end with NULL. */
int gmr_spawn_detached(char *const *arguments, char *const *environment);

/* Renames a file unless the new name exists. Returns 0 or a negative errno: -EEXIST, and -EINVAL or -ENOSYS where the
 * file system or the kernel cannot do it. */
int gmr_rename_no_replace(const char *from, const char *to);

/* Names the calling thread, 15 characters at most. */
void gmr_thread_name(const char *name);
/* Does so, and enters it in the arena as one of GMR's own, which is no part of a report. Returns its id. */
int32_t gmr_thread_introduce(const char *name);
/* Starts a thread that receives no signal but those of its own faults; detached where `thread` is NULL. Returns 0 or a
 * negative errno. Threads: any. Signal safety: none. */
int gmr_thread_start(pthread_t *thread, size_t stack_bytes, void *(*body)(void *), void *argument);
/* The same on a stack of the caller's, which must last as long as the thread. */
int gmr_thread_start_on(pthread_t *thread, void *stack, size_t stack_bytes, void *(*body)(void *), void *argument);

/* Whether the header has the layout of an arena of this size; how much of each part is used is another question.
 * Any process. */
int gmr_arena_has_layout(const gmr_arena_header_t *arena, uint64_t bytes);

/* Maps an arena from a descriptor and checks its header against the size. NULL where it is none. */
gmr_arena_header_t *gmr_arena_map(int descriptor);

#ifdef __cplusplus
}
#endif
#endif
