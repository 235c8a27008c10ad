/*
 * gmr_capture_format.h: the arena, one memfd that holds everything a report is made from.
 *
 * Written by the agent thread and, one slot each, by threads in the capture handler; read by the helper process or
 * the worker thread. Fixed-width integers only; no pointers, bools, enums or size_t. All offsets are in bytes from the
 * start of the arena, all times in nanoseconds. A reader checks every number against the size of the mapping.
 */
#ifndef GMR_CAPTURE_FORMAT_H
#define GMR_CAPTURE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "gmr_crash_format.h"
#include "gmr_task_format.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GMR_ARENA_MAGIC UINT64_C(0x3154524f50455247) /* "GREPORT1" */
#define GMR_ARENA_VERSION UINT32_C(3)

#define GMR_PAGE_BYTES 4096u
#define GMR_STACK_CAPACITY_BYTES (64u * 1024u) /* of each thread's stack, from the stack pointer up */
#define GMR_FRAME_CAPACITY 2048u               /* frames of each thread, innermost first */
#define GMR_MAX_THREADS 4096u
#define GMR_MODULE_CAPACITY 2048u
#define GMR_BUILD_ID_CAPACITY_BYTES 32u
#define GMR_STRING_CAPACITY_BYTES (512u * 1024u)
#define GMR_SETUP_CAPACITY_BYTES (1024u * 1024u)
#define GMR_PUBLICATION_CAPACITY_BYTES (1024u * 1024u)
#define GMR_SECTION_LIMIT_BYTES 1048576u     /* of one section: 1 MiB */
#define GMR_SECTION_CAPACITY_BYTES 67108864u /* of all of them: 64 MiB of address space, memory as it is used */
#define GMR_OWN_THREAD_CAPACITY 8u
#define GMR_WATCHDOG_TARGET_BYTES 64u

/* gmr_trigger_t.kind; the bits of gmr_arena_header_t.trigger_kinds are 1 << kind. */
enum {
    GMR_TRIGGER_NONE = 0,
    GMR_TRIGGER_SIGNAL = 1,
    GMR_TRIGGER_FILE = 2,
    GMR_TRIGGER_API = 3,
    GMR_TRIGGER_CRASH = 4,
    GMR_TRIGGER_WATCHDOG = 5,
};

typedef struct {
    uint32_t kind;        /* GMR_TRIGGER_* */
    int32_t signal;       /* 0 where there was none */
    int32_t sender_pid;   /* 0: unknown */
    uint32_t sequence;    /* release: publishes the record; pairs with the acquire in first_record() */
    uint64_t time_ns;     /* CLOCK_MONOTONIC */
} gmr_trigger_t;
_Static_assert(sizeof(gmr_trigger_t) == 24, "wire format");

/* gmr_slot_t.state: the low byte; above it the generation, so that a handler that comes too late cannot take the slot
 * of another capture for its own. */
enum {
    GMR_SLOT_EMPTY = 0,
    GMR_SLOT_WAITING = 1,     /* signalled; its handler has not run yet */
    GMR_SLOT_CAPTURED = 2,    /* registers and stack are valid; see `method` */
    GMR_SLOT_NO_RESPONSE = 3, /* still running at the deadline */
    GMR_SLOT_EXITED = 4,      /* ended while the capture went on */
    GMR_SLOT_UNREADABLE = 5,  /* see `problem_errno` */
    GMR_SLOT_FILLING = 6,     /* its handler is at work; a slot left like this is not used again until it is done */
};

/* gmr_slot_t.method */
enum {
    GMR_CAPTURE_NONE = 0,
    GMR_CAPTURE_NO_TOUCH = 1,
    GMR_CAPTURE_SIGNAL = 2,
    GMR_CAPTURE_CRASH = 3,
    GMR_CAPTURE_PTRACE = 4,
};

/* gmr_slot_t.flags */
enum {
    GMR_SLOT_STACK_CUT = 1u << 0,       /* the stack is longer than the copy */
    GMR_SLOT_FRAMES_CUT = 1u << 1,      /* more than GMR_FRAME_CAPACITY frames */
    GMR_SLOT_ASKED = 1u << 2,           /* it was sent the capture signal: it does not mask it */
    GMR_SLOT_SYSCALL_DENIED = 1u << 3,  /* /proc/self/task/TID/syscall could not be opened: not dumpable */
    GMR_SLOT_RBP_RECOVERED = 1u << 4,   /* the frame pointer follows from a prologue and the stack pointer */
    GMR_SLOT_RBP_SEARCHED = 1u << 6,    /* the frame pointer was searched for in the stack: callers are likely */
    GMR_SLOT_SIGNAL_REFUSED = 1u << 5,  /* the capture signal could not be sent: problem_errno */
};

/* gmr_slot_t.stop: why the walk ended. */
enum {
    GMR_STOP_NOT_WALKED = 0,
    GMR_STOP_COMPLETE = 1,      /* the outermost frame: unwind tables mark its return address undefined */
    GMR_STOP_TRUNCATED = 2,     /* the end of the copy, or of the frame table */
    GMR_STOP_UNREADABLE = 3,    /* memory that cannot be read, or a stack pointer that does not grow */
    GMR_STOP_NO_UNWIND_INFO = 4,/* code without unwind tables */
};

enum {
    GMR_FRAME_EXACT = 1u << 0,  /* `address` is the instruction itself, not a return address */
    GMR_FRAME_SIGNAL = 1u << 1, /* the kernel's signal trampoline */
};

typedef struct {
    uint64_t address; /* what gdb calls $pc */
    uint64_t cfa;     /* stack pointer in the caller; 0 for the outermost frame */
    uint32_t flags;   /* GMR_FRAME_* */
    uint32_t reserved;
} gmr_frame_t;
_Static_assert(sizeof(gmr_frame_t) == 24, "wire format");

/* gmr_wait_t.flags */
enum {
    GMR_WAIT_FUTEX = 1u << 0,      /* the thread sleeps in a futex call that is understood, and `words` is valid */
    GMR_WAIT_TIMED = 1u << 1,      /* with a time limit */
    GMR_WAIT_CALL = 1u << 2,       /* it sleeps in another call */
    GMR_WAIT_UNMOVED = 1u << 3,    /* at the second look the thread had not moved, and `words_again` is valid */
    GMR_WAIT_BITSET = 1u << 4,     /* FUTEX_WAIT_BITSET */
    GMR_WAIT_LOCK_PI = 1u << 5,    /* FUTEX_LOCK_PI or _PI2; neither flag: FUTEX_WAIT */
    GMR_WAIT_QUEUE = 1u << 6,      /* DispatchQueue.sync: `queue_state` and `queue_label` are valid */
    GMR_WAIT_HANDLE = 1u << 7,     /* 8 bytes behind the futex is the pthread_t of thread `handle_tid` */
    GMR_WAIT_PARKED = 1u << 10,    /* on a word of its own stack, as glibc lets a thread sleep for good */
    GMR_WAIT_REFUSED = 1u << 11,   /* set before the second look, by who knows the names of functions: glibc does so
                                      here. The second look then looks for the mutex: with GMR_WAIT_LOCK_PI set,
                                      `address` and both `words` are that one's */
    GMR_WAIT_SHARED = 1u << 9,     /* another process may wake it: no FUTEX_PRIVATE_FLAG */
    GMR_WAIT_SPINS = 1u << 8,      /* it does not sleep, but asks over and over, and the kernel says EDEADLK */
};

#define GMR_WAIT_WORDS_BEFORE 4u  /* the futex */
#define GMR_WAIT_WORDS_BEHIND 12u /* itself among them */
#define GMR_WAIT_WORD_COUNT (GMR_WAIT_WORDS_BEFORE + GMR_WAIT_WORDS_BEHIND)
#define GMR_SECOND_LOOK_NS UINT64_C(60000000) /* after the first one */

typedef struct {
    uint64_t address; /* of the futex */
    uint32_t value;   /* that the call expects there */
    uint32_t flags;   /* GMR_WAIT_* */
    uint32_t words[GMR_WAIT_WORD_COUNT]; /* memory from GMR_WAIT_WORDS_BEFORE words before the futex on */
    uint32_t words_again[GMR_WAIT_WORD_COUNT]; /* at the second look */
    uint64_t queue; /* address of the dispatch queue */
    uint32_t queue_state, queue_state_again; /* the low half of dq_state, in which its drainer's thread number is */
    char queue_label[40]; /* cut; not necessarily terminated */
    int32_t handle_tid;
    int32_t reserved;
} gmr_wait_t;
_Static_assert(sizeof(gmr_wait_t) == 208, "wire format");

typedef struct {
    uint32_t state;      /* release: publishes the rest of the slot; pairs with the acquire in gmr_slot_state() */
    int32_t tid;
    uint32_t generation; /* of the capture that filled the slot */
    uint32_t method;
    uint32_t flags;
    uint32_t stop;
    int32_t problem_errno;
    uint32_t kernel_state; /* 'R', 'S', 'D', 'T', 't', 'Z', 'X', 'I'; 0: unknown */
    char comm[16];         /* not necessarily terminated */
    int64_t syscall_number; /* -1: blocked outside a system call or unknown; -2: running */
    uint64_t syscall_args[6];
    uint64_t known_registers; /* bit i: registers[i] is valid */
    uint64_t registers[GMR_REGISTER_COUNT];
    uint64_t stack_base;        /* address of the first copied byte */
    uint32_t stack_bytes;
    uint32_t frame_count;
    uint64_t cpu_ns;            /* processor time used */
    uint64_t voluntary_switches;
    uint64_t involuntary_switches;
    uint64_t blocked_signals;   /* SigBlk */
    uint32_t facts;             /* GMR_FACT_* */
    uint32_t task_is_certain;   /* 1: the thread had not moved since its capture when `task` was read */
    uint64_t thread_pointer;    /* 0: unknown */
    uint64_t task;              /* address of the Swift task that it runs; 0: none, or unknown */
    uint64_t executor;          /* that it is on, where a Swift task waits for it; 0: another one, or unknown */
    gmr_wait_t wait;
} gmr_slot_t;

enum { GMR_FACT_STATUS = 1u << 0, GMR_FACT_CPU_TIME = 1u << 1, GMR_FACT_COMM = 1u << 2 };

/* A slot's three parts, at fixed places so that its index says where it is. */
#define GMR_SLOT_FRAMES_OFFSET 768u
#define GMR_SLOT_STACK_OFFSET (GMR_SLOT_FRAMES_OFFSET + GMR_FRAME_CAPACITY * 24u + 3328u)
#define GMR_SLOT_STRIDE_BYTES (GMR_SLOT_STACK_OFFSET + GMR_STACK_CAPACITY_BYTES)
_Static_assert(sizeof(gmr_slot_t) <= GMR_SLOT_FRAMES_OFFSET, "slot header");
_Static_assert(GMR_SLOT_STACK_OFFSET % GMR_PAGE_BYTES == 0, "stack copies start on a page");

/* gmr_module_t.flags */
enum {
    GMR_MODULE_DELETED = 1u << 0,
    GMR_MODULE_VDSO = 1u << 1,
    GMR_MODULE_TABLE = 1u << 3, /* .eh_frame_hdr with a binary search table */
};

typedef struct {
    uint64_t start; /* first mapped address */
    uint64_t end;   /* one past the last one */
    uint64_t load_bias;
    uint64_t text_start, text_end; /* hull of the executable segments */
    uint64_t eh_frame_hdr;         /* address; 0: none */
    uint64_t table;                /* address of the search table */
    uint64_t table_entries;
    uint64_t device, inode;
    uint32_t path_offset; /* into the string area; strings end in NUL */
    uint32_t flags;
    uint32_t build_id_bytes;
    uint32_t reserved;
    uint8_t build_id[GMR_BUILD_ID_CAPACITY_BYTES];
} gmr_module_t;
_Static_assert(sizeof(gmr_module_t) == 128, "wire format");

/* gmr_arena_header_t.section_state and .helper_state */
enum {
    GMR_SECTIONS_ASKED = 0,   /* the sections thread has been woken */
    GMR_SECTIONS_RUNNING = 1, /* it has started the generators: it is not blocked itself */
    GMR_SECTIONS_DONE = 2,    /* all there are, or none */
    GMR_SECTIONS_NO_MEMORY = 3, /* not asked: running Swift code without memory would end the process */
    GMR_SECTIONS_BUSY = 4,    /* not asked: the thread has not come back from an earlier report */
    GMR_SECTIONS_CRASHED = 5, /* not asked: who runs generators in a process that has crashed may do more harm */
};
enum {
    GMR_HELPER_IDLE = 0,
    GMR_HELPER_STARTING = 1,
    GMR_HELPER_RUNNING = 2, /* it mapped the arena and took over */
    GMR_HELPER_DONE = 3,    /* the report is delivered */
    GMR_HELPER_FAILED = 4,  /* helper_error says why */
    GMR_HELPER_ENDED = 5,   /* it is gone without a word; helper_error is its wait status */
};

/* What the process may say anew at any time, and a helper reads at any time: two buffers, written in turns, so that one
 * of them is whole whatever becomes of the writer. The buffers follow the set-up record. */
enum {
    GMR_PUBLISHED_SECTION_TITLES = 0,
    GMR_PUBLISHED_CONFIGURATION = 1,
    GMR_PUBLISHED_RECORD = 2, /* the set-up without secrets, for raw records; there from the start */
    GMR_PUBLICATION_COUNT = 3,
};
typedef struct {
    uint32_t bytes[2]; /* used of each buffer */
    uint32_t version;  /* how often; the last is in buffer `version & 1`. release: publishes it; pairs with the acquire
                          in gmr_arena_read_published() */
    uint32_t reserved;
} gmr_publication_t;
_Static_assert(sizeof(gmr_publication_t) == 16, "wire format");

/* gmr_arena_header_t.second_look */
enum { GMR_SECOND_LOOK_NONE = 0, GMR_SECOND_LOOK_ASKED = 1, GMR_SECOND_LOOK_DONE = 2 };

/* A thread as a helper outside sees it; GMR_MAX_THREADS of them at most. */
typedef struct {
    int32_t tid;
    char comm[16]; /* not necessarily terminated */
} gmr_listed_thread_t;
_Static_assert(sizeof(gmr_listed_thread_t) == 20, "wire format");

/* gmr_arena_header_t.last_words: what is known of the end of the process before it comes. */
enum {
    GMR_LAST_NONE = 0,
    GMR_LAST_CRASH = 1, /* there is a report of the crash */
    GMR_LAST_EXITS = 2, /* exit() was called; it may still be ended otherwise */
};

/* How a report ended, for gmr_arena_header_t.delivery. */
enum { GMR_DELIVERY_NONE = 0, GMR_DELIVERED = 1, GMR_DELIVERY_FAILED = 2 };

/* gmr_arena_header_t.signal_conflicts: why a trigger signal may make no report. */
enum {
    GMR_CONFLICT_NONE = 0,
    GMR_CONFLICT_IGNORED = 1,     /* other code ignores it now */
    GMR_CONFLICT_DEFAULT = 2,     /* other code gave it its default action */
    GMR_CONFLICT_REPLACED = 3,    /* other code put a handler over ours */
    GMR_CONFLICT_SHARED = 4,      /* a signalfd reads it too */
    GMR_CONFLICT_WAS_IGNORED = 5, /* before set-up; told then, never in the arena */
};

typedef struct {
    uint64_t magic;
    uint32_t version;
    uint32_t header_bytes;
    uint64_t arena_bytes;
    uint64_t setup_offset, module_offset, string_offset, section_offset, slot_offset;
    uint32_t slot_capacity;
    uint32_t slot_stride_bytes;

    /* Set-up, written once. */
    int32_t pid;
    uint32_t setup_bytes;       /* encoded package, settings, configuration */
    uint32_t own_thread_count;
    uint32_t reserved;
    int32_t own_threads[GMR_OWN_THREAD_CAPACITY]; /* GMR's own, not part of a report */

    /* One capture. */
    uint32_t generation;
    uint32_t module_count;
    uint32_t modules_dropped; /* did not fit */
    uint32_t string_bytes;
    uint32_t slot_count;
    uint32_t threads_dropped; /* more threads than slots */
    uint32_t threads_exited;
    uint32_t trigger_kinds;
    uint32_t coalesced_count; /* triggers beyond the first that this report answers */
    uint32_t capture_error;   /* errno: no list of threads at all */
    gmr_trigger_t trigger;
    uint64_t realtime_ns;      /* CLOCK_REALTIME when the capture began */
    uint64_t monotonic_ns;     /* CLOCK_MONOTONIC then */
    uint64_t modules_ns, capture_ns, unwind_ns, facts_ns; /* durations */

    /* Hand-over. */
    uint32_t section_state;  /* release: with section_bytes; futex */
    uint32_t section_bytes;  /* release: publishes encoded sections; pairs with the decoder's acquire */
    uint32_t helper_state;   /* futex */
    uint32_t helper_progress;/* counts up while the helper works; futex */
    int32_t helper_error;
    uint32_t helper_attempts; /* 1 where the worker finishes what a helper could not: see helper_error */
    int32_t helper_pid;
    uint32_t adopts_orphans; /* 1: what a helper leaves running would become a child of the service */
    gmr_publication_t publications[GMR_PUBLICATION_COUNT];

    /* What became of the reports. */
    uint32_t delivery;      /* GMR_DELIVERY_*, of this report */
    uint32_t lost_reports;  /* that nobody took, and that no report has told of yet */
    int32_t lost_error;     /* errno of the last one of them */
    uint32_t sinks_failed;  /* 1: the service's own sinks did not take this one, so it goes to standard error */
    uint64_t symbolize_ns, render_ns; /* durations; 0: not done */
    uint64_t fetch_until_ns; /* CLOCK_MONOTONIC: until then what a helper started may still fetch debug information */

    uint32_t second_look; /* GMR_SECOND_LOOK_*, asked for by who suspects a deadlock. release: publishes the slots'
                             flags; pairs with the acquire in gmr_arena_look_again(); futex */
    uint32_t reserved2;
    uint64_t locks_ns; /* reading what threads wait for */

    uint8_t signal_conflicts[64]; /* GMR_CONFLICT_* of the trigger signals; index: number - 1 */

    gmr_crash_t crash; /* that this report is about */

    /* The helper that stands by. */
    uint32_t standby_call; /* the report that it is asked for; 0: none, or no longer. release: publishes the capture */
    int32_t standby_error; /* errno, why it did not finish this report, or could not be started; 0: nothing is wrong */
    int32_t standby_pid;    /* any other one ends without a word; 0: none is wanted any more. release */
    int32_t standby_keeper; /* the process that is its parent; 0: init, or whoever adopts orphans there */
    uint32_t last_words;    /* GMR_LAST_*; release */
    uint32_t listed_thread_count; /* that it listed where the process itself has no /proc */
    uint32_t task_state; /* GMR_TASKS_* */
    uint32_t task_count, tasks_dropped; /* read, and beyond the table */
    uint32_t task_frame_count, task_text_bytes, task_reference_count;
    uint32_t task_references_cut; /* 1: there may be more, so that nothing follows from who has none */
    uint32_t task_semaphores;     /* that threads wait for, and that were looked for in the tasks */
    uint64_t tasks_ns, tasks_searched_bytes; /* duration; memory that was there and was searched */
    char task_local_names[GMR_TASK_LOCAL_CAPACITY][GMR_TASK_LOCAL_NAME_BYTES];
    gmr_task_probe_t task_probes[GMR_TASK_PROBES];
    uint64_t main_queue; /* address of libdispatch's; 0: it is not known */
    uint32_t list_state; /* 1: it has. release: publishes the list; pairs with the acquire of the agent; futex */
    int32_t main_queue_drainer; /* the thread that may run what is on that queue; 0: none, or unknown */

    /* Where trigger_kinds has the watchdog: what did not answer, and for how long. */
    uint64_t watchdog_silence_ns;
    char watchdog_target[GMR_WATCHDOG_TARGET_BYTES]; /* cut; not necessarily terminated */

    gmr_task_source_t task_source;
    uint32_t tasks_want_helper; /* 1: it could do better from outside */
} gmr_arena_header_t;
_Static_assert(sizeof(gmr_arena_header_t) <= GMR_PAGE_BYTES, "header page");
_Static_assert(offsetof(gmr_arena_header_t, setup_offset) == 24, "wire format");
_Static_assert(offsetof(gmr_arena_header_t, pid) == 72, "wire format");
_Static_assert(offsetof(gmr_arena_header_t, generation) == 120, "wire format");
_Static_assert(offsetof(gmr_arena_header_t, trigger) == 160, "wire format");
_Static_assert(offsetof(gmr_arena_header_t, section_state) == 232, "wire format");

/* The offset of a publication's buffer: 0 or 1. */
static inline uint64_t gmr_publication_offset(uint32_t which, uint32_t buffer) {
    return GMR_PAGE_BYTES + GMR_SETUP_CAPACITY_BYTES + (which * 2u + buffer) * (uint64_t)GMR_PUBLICATION_CAPACITY_BYTES;
}
/* Threads that a helper outside lists. Not from the header: what stands there, a helper must not write by. */
static inline uint64_t gmr_listed_threads_offset(void) {
    const uint64_t pages = (GMR_MODULE_CAPACITY * sizeof(gmr_module_t) + GMR_PAGE_BYTES - 1) / GMR_PAGE_BYTES;
    return gmr_publication_offset(GMR_PUBLICATION_COUNT, 0) + pages * GMR_PAGE_BYTES + GMR_STRING_CAPACITY_BYTES +
           GMR_SECTION_CAPACITY_BYTES;
}
static inline uint64_t gmr_tasks_offset(void) {
    const uint64_t list = GMR_MAX_THREADS * sizeof(gmr_listed_thread_t);
    return gmr_listed_threads_offset() + (list + GMR_PAGE_BYTES - 1) / GMR_PAGE_BYTES * GMR_PAGE_BYTES;
}
static inline uint64_t gmr_task_frames_offset(void) {
    return gmr_tasks_offset() + GMR_TASK_CAPACITY * (uint64_t)sizeof(gmr_task_t);
}
static inline uint64_t gmr_task_text_offset(void) {
    return gmr_task_frames_offset() + GMR_TASK_FRAME_CAPACITY * (uint64_t)sizeof(uint64_t);
}
static inline uint64_t gmr_task_references_offset(void) {
    return gmr_task_text_offset() + GMR_TASK_TEXT_CAPACITY_BYTES;
}
_Static_assert(GMR_TASK_CAPACITY * sizeof(gmr_task_t) % GMR_PAGE_BYTES == 0, "parts start on pages");

static inline gmr_slot_t *gmr_arena_slot(const gmr_arena_header_t *arena, uint32_t index) {
    return (gmr_slot_t *)((uintptr_t)arena + arena->slot_offset + (uint64_t)index * GMR_SLOT_STRIDE_BYTES);
}
static inline gmr_frame_t *gmr_slot_frames(const gmr_slot_t *slot) {
    return (gmr_frame_t *)((uintptr_t)slot + GMR_SLOT_FRAMES_OFFSET);
}
static inline uint8_t *gmr_slot_stack(const gmr_slot_t *slot) {
    return (uint8_t *)slot + GMR_SLOT_STACK_OFFSET;
}
static inline gmr_module_t *gmr_arena_modules(const gmr_arena_header_t *arena) {
    return (gmr_module_t *)((uintptr_t)arena + arena->module_offset);
}
static inline char *gmr_arena_strings(const gmr_arena_header_t *arena) {
    return (char *)((uintptr_t)arena + arena->string_offset);
}

static inline gmr_task_t *gmr_arena_tasks(const gmr_arena_header_t *arena) {
    return (gmr_task_t *)((uintptr_t)arena + gmr_tasks_offset());
}
static inline uint64_t *gmr_arena_task_frames(const gmr_arena_header_t *arena) {
    return (uint64_t *)((uintptr_t)arena + gmr_task_frames_offset());
}
static inline char *gmr_arena_task_text(const gmr_arena_header_t *arena) {
    return (char *)((uintptr_t)arena + gmr_task_text_offset());
}

static inline gmr_task_reference_t *gmr_arena_task_references(const gmr_arena_header_t *arena) {
    return (gmr_task_reference_t *)((uintptr_t)arena + gmr_task_references_offset());
}

static inline gmr_listed_thread_t *gmr_arena_listed_threads(const gmr_arena_header_t *arena) {
    return (gmr_listed_thread_t *)((uintptr_t)arena + gmr_listed_threads_offset());
}

/* States are plain words; these name the memory order. */
static inline uint32_t gmr_load_acquire(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void gmr_store_release(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
static inline uint32_t gmr_slot_state(const gmr_slot_t *slot) { return gmr_load_acquire(&slot->state) & 0xff; }
/* `state` in the slot's own generation. */
static inline uint32_t gmr_slot_word(const gmr_slot_t *slot, uint32_t state) { return slot->generation << 8 | state; }
static inline void gmr_slot_set_state(gmr_slot_t *slot, uint32_t state) {
    gmr_store_release(&slot->state, gmr_slot_word(slot, state));
}
/* 1 where the slot went from one state to the other. */
static inline int gmr_slot_move(gmr_slot_t *slot, uint32_t generation, uint32_t from, uint32_t to) {
    uint32_t expected = generation << 8 | from, desired = generation << 8 | to;
    return __atomic_compare_exchange_n(&slot->state, &expected, desired, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

#ifdef __cplusplus
}
#endif
#endif
