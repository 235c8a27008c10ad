/*
 * agent_state.h: what install sets up and the agent's own threads share.
 */
#ifndef GMR_AGENT_STATE_H
#define GMR_AGENT_STATE_H

#include <pthread.h>

#include "../signal_safe/safe.h"
#include "gmr_agent.h"

/* For gmr_ss_futex_wait: eleven days, after which the waits here look again and go on. */
#define GMR_FOR_EVER UINT64_C(1000000000000000)

/* A thread of the agent that sleeps until it is given a number, and gives it back when done. */
typedef struct {
    pthread_t thread;
    uint32_t started;
    uint32_t tid;   /* futex; release: it is in the arena's list of GMR's own; pairs with gmr_desk_start() */
    uint32_t asked; /* futex; release: publishes the job; pairs with the acquire in the thread */
    uint32_t done;  /* futex; release: the job's results; pairs with the acquire in gmr_desk_wait() */
} gmr_desk_t;

/* The helper that stands by, as the agent sees it: standby.c. */
typedef struct {
    int socket; /* the agent's end, in its own descriptor table; 0: there is none */
    uint64_t inode;
    uint32_t calls; /* reports that it was asked for */
    int is_allowed; /* the process may make the calls that it takes to speak with it */
    int error;      /* negative errno: it could not be started */
} gmr_standby_t;

typedef struct {
    gmr_agent_config_t config;
    int32_t signals[64];
    uint32_t signal_count;
    int32_t crash_signals[64];
    uint32_t crash_signal_count;
    uint32_t is_warm;       /* libunwind has walked in this process, or in one that it was forked from */
    uint32_t walking;       /* the agent is in libunwind, whose locks a fork child finds as they were */
    char *kept_setup;       /* a copy of config.setup and, behind it, config.record, outside the arena */
    uint32_t stopping; /* release: read by all threads of the agent after a wake-up */
    pthread_t agent;
    char *agent_stack; /* ours, so that libc gives it to no other thread; kept for ever */
    size_t agent_stack_bytes;
    gmr_desk_t worker;
    gmr_desk_t sections;
    gmr_desk_t watcher;
    uint32_t worker_work;
    uint32_t worker_did; /* GMR_WORK_*. release: pairs with the acquire in finish_in_worker() */
    uint32_t turned_callers_away; /* seq_cst; 1: it was busy when callers were to be served, and looks for them after */
    uint32_t worker_is_late; /* release: before the arena is wiped; pairs with gmr_agent_waits_for_worker() */
    uint32_t wanted;     /* GMR_WORK_* of every report; atomic */
    uint32_t agent_ready; /* futex: 0, 1 ready, 2 failed */
    int32_t agent_error;
    const char *agent_step;
    /* In the agent's own descriptor table, invisible to the application. */
    int arena_descriptor;
    uint64_t arena_inode, executable_inode;
    int executable_descriptor;
    int null_descriptor;
    int has_own_table;
    int can_fetch; /* the kernel hands over another table's descriptors */
    gmr_standby_t standby;
} gmr_agent_state_t;

extern gmr_agent_state_t gmr_agent_state;

/* agent_thread.c: whether a thread that crashed waits for a report: for this one, or for its end. */
int gmr_agent_has_crash(void);
/* Who waits for the helper, or the worker, to say that it goes on with a report. Begins with zeros. */
typedef struct {
    uint64_t looked_ns, silent_ns;
    uint32_t progress;
} gmr_listener_t;
/* agent_thread.c: for how long to wait until the next call; 0: it was silent for too long. Where a crash waits, that is
 * sooner. */
uint64_t gmr_listen(gmr_listener_t *listener);

/* arena.c: makes the arena, in the place of an earlier install's. Returns 0 or a negative errno. */
int gmr_arena_make(const gmr_agent_config_t *config);
/* arena.c: whether the header's numbers fit an arena of this size: its layout, and what is used of the parts. */
int gmr_arena_is_sound(const gmr_arena_header_t *arena, uint64_t bytes);
/* arena.c: whether there are arenas of this size. */
int gmr_arena_is_size(uint64_t bytes);
/* arena.c: moves the arena to a new descriptor, where the application has closed the old one. Before a capture.
 * Returns 0 or a negative errno. */
int gmr_arena_renew(void);
/* helper_tasks.c: in a helper, where the process wants that: reads the Swift tasks of the process, which has this
 * number, into its arena. */
void gmr_helper_read_tasks(gmr_arena_header_t *arena, uint64_t bytes, int32_t pid);
/* arena.c: wipes the slots and gives their memory back, all but what the first of them need in every report. */
void gmr_arena_release_slots(void);
/* arena.c: gets that memory before the first report. */
void gmr_arena_ready_slots(void);

/* descriptors.c, in the application's table: something under each of the numbers 0 to 2 that is closed, so that what a
 * library opens and keeps does not become the service's stderr. Returns bits 1 << number of those. */
uint32_t gmr_descriptors_fill_standard(void);
void gmr_descriptors_empty_standard(uint32_t filled);
/* descriptors.c: a descriptor table of the agent's own. Returns 0 or a negative errno. */
int gmr_descriptors_separate(void);
/* descriptors.c: closes what the agent has open in the application's table, where it has none of its own. */
void gmr_descriptors_close_own(void);
/* descriptors.c: the same file under a number that the helper's 0 to 5 do not collide with, close-on-exec; closes the
 * old one. Returns it or a negative errno. */
int gmr_descriptors_raise(int descriptor);
/* descriptors.c: the inode behind a descriptor, 0 where it is closed: the application may have closed it, and opened
 * another file under the number, where the kernel refused us a table of our own. */
uint64_t gmr_descriptors_inode(int descriptor);
/* descriptors.c: makes the application's present stderr the agent's descriptor 2. */
void gmr_descriptors_adopt_stderr(void);
/* descriptors.c: lets go of it: somebody may wait for the end of that pipe. */
void gmr_descriptors_leave_stderr(void);

/* sigaction() under its other name: in libgmr.so the one name belongs to the program. */
extern int __sigaction(int number, const struct sigaction *action, struct sigaction *old);

/* signals.c */
int gmr_signals_install(void);
void gmr_signals_restore(void);
int gmr_capture_signal_take(void);
/* Puts our handler over what is there, which it passes the signal on to. Returns 0 or a negative errno. */
int gmr_trigger_signal_take(int number);
int gmr_trigger_signal_is_ours(int number);
/* Every signal but those that a fault of the thread itself raises. */
void gmr_signals_asynchronous(sigset_t *mask);
/* Where every thread of the application masks a trigger, as libdispatch's workers do, the calling thread receives it.
 * It must have the application's descriptors: the handler that was there before writes to them. */
void gmr_signals_let_triggers_in(void);

/* signal_readers.c: bits 1 << (number - 1) of the signals that a signalfd of the application reads. */
uint64_t gmr_signals_read_by_descriptors(void);

/* signal_conflicts.c, the agent thread. */
/* At set-up, when the signals are taken. */
void gmr_signals_begin_looks(void);
/* How long the agent may sleep before gmr_signals_look_now(). */
uint64_t gmr_signals_until_look(void);
void gmr_signals_look_now(void);
/* Sets the arena's signal_conflicts. Thoroughly: what signalfds read too, which takes a while where many descriptors
 * are open; otherwise that is looked at for signals that somebody else handles. */
void gmr_signals_look(int thoroughly);
/* Tells of them on standard error, once each. May block there. */
void gmr_signals_tell(void);
/* signal_conflicts.c, the watcher: has the agent look where a signal is not ours any more. */
void gmr_signals_watch(void);

/* file_watch.c, the agent thread: a thread that triggers a report when the file changes; `path` is absolute, and there
 * need not be a file yet. Returns 0 or a negative errno. */
int gmr_file_watch_start(const char *path, uint64_t interval_ns);
/* Ends that thread, if there is one, at once; one that a file server keeps is left behind. */
void gmr_file_watch_stop(void);

/* desk.c */
/* Returns when the thread has introduced itself, so that no report takes it for one of the application's. */
int gmr_desk_start(gmr_desk_t *desk, size_t stack_bytes, void *(*body)(void *), void *argument);
void gmr_desk_ask(gmr_desk_t *desk);
int gmr_desk_wait(gmr_desk_t *desk, uint64_t timeout_ns); /* 1 done, 0 not in time */
void gmr_desk_introduce(gmr_desk_t *desk, const char *name); /* the thread: first of all */
int gmr_desk_next(gmr_desk_t *desk);                      /* the thread: waits; 0: stop */
void gmr_desk_finish(gmr_desk_t *desk);

/* helper_entry.c: finds the program that serves as the helper: `separate`, or where that is NULL the process's own. At
 * set-up; may take the loader's lock. */
void gmr_helper_choose(const char *separate);
/* helper_entry.c: opens it, or returns a negative errno: -ESTALE where it is another file by now. */
int gmr_helper_open(void);
/* helper_entry.c: 1 where starting the executable as a helper ends up in gmr_helper_main(). After a capture. */
int gmr_helper_is_in(uint64_t executable_inode);

/* helper_finish.c: 1 where a helper delivered the report; 0 where none could, arena->helper_error says why. */
int gmr_helper_finish(void);
/* helper_finish.c: whether orphans among this process's descendants become its children. */
int gmr_adopts_orphans(void);

/* standby.c, the agent thread. */
/* Whether a helper is to stand by for this process. */
int gmr_standby_is_wanted(void);
int gmr_standby_is_there(void);
/* Starts it, unless it is there; after open_executable() and gmr_standby_prepare(). arena->standby_error says what was
 * wrong. */
void gmr_standby_start(void);
/* Before it is started, and before each report: whether it can be spoken with. A filter may have come since. */
void gmr_standby_prepare(void);
/* Asks it for the report of what is captured. Returns 0, -EPIPE where it has ended, why it was never started, or the
 * error of sendmsg(). */
int gmr_standby_ask(void);
/* It has answered, or nobody waits for it any more: from now on it must not begin. */
void gmr_standby_answered(void);
/* Lets go of it: it ends without a word. */
void gmr_standby_drop(void);
/* Where the process has no /proc, has it list the threads for the next capture. */
void gmr_standby_list_threads(void);
/* Tells it where the arena is now. */
void gmr_standby_show_arena(void);
/* Reports are stopped: it ends without a word. */
void gmr_standby_stop(void);

/* thread_start.c: an alternate signal stack for the calling thread, where it has none: for the main thread, which
 * nobody starts. */
void gmr_thread_get_alternate_stack(void);

/* agent_thread.c */
void *gmr_agent_main(void *unused);

#endif
