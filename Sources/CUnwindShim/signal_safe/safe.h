/*
 * safe.h: the mark of code that a signal handler may run, and the state such code works on.
 *
 * Everything in signal_safe/ is marked GMR_SIGNAL_SAFE, so clang rejects malloc, locks, thread-local and static local
 * variables and calls of unmarked functions at compile time. Code outside never goes into a handler.
 */
#ifndef GMR_SAFE_H
#define GMR_SAFE_H

#include <signal.h>
#include <stdint.h>

#include "gmr_capture_format.h"

#if __has_attribute(nonblocking)
#define GMR_SIGNAL_SAFE __attribute__((nonblocking))
#else
#define GMR_SIGNAL_SAFE
#endif

#define GMR_TRIGGER_RING_COUNT 16u
#define GMR_RECORD_PATH_BYTES 512u

/* One for the process, in zero-initialized memory, filled at install before any handler is in place. */
typedef struct {
    gmr_arena_header_t *arena;
    int32_t arena_pid; /* the process it is mapped in; not in its fork children */
    int32_t pid;
    int32_t agent_tid;
    uint32_t installed; /* release: by who stops reports; pairs with the acquire of an agent on demand */
    uint32_t is_on_demand; /* the agent comes and goes with each report: on_demand.c */
    uint32_t allowed;       /* GMR_PROBE_* */
    int memory_descriptor;  /* /proc/self/mem in the agent's own table, where process_vm_readv is refused; else -1 */

    /* Triggers. Whoever asks takes a ticket, describes itself in ring[], sets its bit in pending_kinds, and only then
     * counts in `posted`. release: publishes the bits; pairs with the acquire in gmr_ss_take_triggers(). */
    uint32_t tickets;
    uint32_t pending_kinds;
    uint32_t posted; /* futex */
    uint32_t taken, taken_tickets;
    gmr_trigger_t ring[GMR_TRIGGER_RING_COUNT];
    /* What each signal did before ours; index: signal number. Two each, because a handler may read one while the
     * agent, finding that somebody has replaced it, writes the other. release: previous_index; pairs with the acquire
     * in gmr_ss_previous(). */
    struct sigaction previous[2][65];
    uint32_t previous_index[65];
    /* What was there before ours came for the first time: who has put a handler over ours calls ours for it. */
    struct sigaction first_previous[65];
    uint8_t has_first_previous[65];
    uint8_t may_call_ours[65]; /* what is there now was put over ours once */

    /* The capture under way. */
    uint32_t capture_cookie;  /* random; in the value of our own SIGPROFs */
    /* Signalled threads that have not answered, below the generation: a handler that comes too late leaves the count of
     * the next capture alone. Futex. acq_rel: orders the slots' contents. */
    uint32_t outstanding;
    uint32_t trigger_handlers; /* threads inside our trigger handler */
    uint64_t capture_deadline_ns;

    /* Of the watchdog's last trigger, written before it is posted. */
    uint64_t watchdog_silence_ns;
    char watchdog_target[GMR_WATCHDOG_TARGET_BYTES];

    /* Raw records: record.c. */
    uint32_t records_always, records_stacks;
    char record_path[GMR_RECORD_PATH_BYTES]; /* without the time; empty: there is no directory */

    /* The crash, if there is one: crash.c. */
    gmr_crash_t crash;
    uint64_t crash_patience_ns; /* how long its thread waits for the report */
    uint64_t crash_owner;    /* pid << 32 | tid of the thread that crashed first; 0: none; futex. acq_rel: one only */
    int32_t crash_last_tid;  /* of the crash that was reported last, with two of its registers */
    uint64_t crash_last_rip, crash_last_rsp;
    uint32_t crash_stage;    /* of that thread alone */
    uint32_t crash_answered; /* GMR_CRASH_*ED; futex; release: by the agent; pairs with the acquire in await_report() */
} gmr_safe_state_t;

/* gmr_safe_state_t.crash_answered */
enum { GMR_CRASH_PENDING = 0, GMR_CRASH_REPORTED = 1, GMR_CRASH_ABANDONED = 2 };

extern gmr_safe_state_t gmr_safe_state;

static inline const struct sigaction *gmr_ss_previous(int signal) GMR_SIGNAL_SAFE {
    return &gmr_safe_state.previous[gmr_load_acquire(&gmr_safe_state.previous_index[signal]) & 1][signal];
}

#endif
