/*
 * gmr_task_format.h: Swift tasks in the arena (gmr_capture_format.h).
 */
#ifndef GMR_TASK_FORMAT_H
#define GMR_TASK_FORMAT_H

#include <stdint.h>

/* gmr_task_t.awaited_kind: what a Swift task that does not run depends on, as the runtime numbers it. */
enum { GMR_AWAITS_NOTHING = 0, GMR_AWAITS_TASK = 1, GMR_AWAITS_CONTINUATION = 2, GMR_AWAITS_GROUP = 3,
       GMR_AWAITS_EXECUTOR = 4 };

/* gmr_task_t.flags */
enum {
    GMR_TASK_MOVED = 1u << 0,      /* it ran on while it was read: no frames, and the rest may be of two moments */
    GMR_TASK_FRAMES_CUT = 1u << 1, /* it has more of them */
    GMR_TASK_NEW = 1u << 2,        /* it has not begun: its only frame is the function that it will call */
    GMR_TASK_AWAITS_ACTOR = 1u << 3, /* the executor that it waits for is an actor's own */
};

#define GMR_TASK_STATUS_RUNS 0x800u /* gmr_task_t.status_flags: a thread runs it */

#define GMR_TASK_SITES 5u /* functions between the runtime and whoever makes a task are at most 4 */

/* A Swift task (`swift::AsyncTask`). */
typedef struct {
    uint64_t address, id;
    uint64_t parent;        /* address of the task that it is a child of; 0: of none */
    uint64_t awaited;       /* address of the task, group or continuation, or of what an executor is for */
    uint64_t awaited_id;    /* of the task; of a group, how many children it had when all had been met, 0: unknown */
    uint32_t awaited_kind;  /* GMR_AWAITS_* */
    uint32_t job_flags;     /* JobFlags */
    uint32_t status_flags;  /* ActiveTaskStatus */
    uint32_t flags;         /* GMR_TASK_* */
    uint32_t first_frame, frame_count; /* where it will go on, and where its callers will, in the table of these;
                                        of one that runs, its callers */
    uint32_t name_offset, name_bytes;  /* in the text of all tasks; UTF-8, of the program's making */
    uint32_t type_offset, type_bytes;  /* type of the actor or executor that it waits for, `Bank.Account` */
    uint32_t local_offset, local_bytes; /* task-local values: of each the number of its name, its length, and text */
    uint64_t born_ns;               /* CLOCK_MONOTONIC; 0: unknown */
    uint64_t since_ns;              /* CLOCK_MONOTONIC of the first report since which each has seen it at the same
                                     place, waiting for the same; 0: it runs, or that is not known */
    uint64_t sites[GMR_TASK_SITES]; /* return addresses of who made it, innermost first; 0: no more */
} gmr_task_t;
_Static_assert(sizeof(gmr_task_t) == 144, "wire format");

/* What the runtime's public functions said of a task of GMR's own, which never goes on. */
typedef struct {
    uint64_t address, id; /* 0: there is none */
    uint32_t job_flags, priority, is_cancelled, reserved;
} gmr_task_probe_t;
_Static_assert(sizeof(gmr_task_probe_t) == 32, "wire format");

#define GMR_TASK_PROBES 2u /* one that is cancelled and awaits the other, its child, which waits for a continuation */

/* What a task-local value is. */
enum { GMR_TASK_LOCAL_STRING = 1, GMR_TASK_LOCAL_INT = 2, GMR_TASK_LOCAL_OPTIONAL_INT = 3 };

#define GMR_TASK_LOCAL_CAPACITY 8u
#define GMR_TASK_LOCAL_NAME_BYTES 32u   /* with a NUL */
#define GMR_TASK_LOCAL_VALUE_BYTES 128u /* longer text is cut */

/* A semaphore that a thread waits for is a variable of the task, or captured by closures of its. */
typedef struct {
    uint64_t task;         /* its address */
    uint64_t futex;        /* that the thread waits at */
    uint32_t count;        /* of closures that have it, and 1 for the task's own variables */
    uint32_t strong_count; /* references to it that there are in all; UINT32_MAX: unknown */
} gmr_task_reference_t;
_Static_assert(sizeof(gmr_task_reference_t) == 24, "wire format");

#define GMR_TASK_ADAPTERS 4u
#define GMR_TASK_LONGEST_SEARCH_NS UINT64_C(5000000000)

/* How the tasks of a process are read: what a helper has to know that reads them from outside. Addresses are the
 * process's; 0: there is none. */
typedef struct {
    uint64_t task_class;                /* of the class of all tasks */
    uint64_t adapters[GMR_TASK_ADAPTERS]; /* functions between a task and the one that it was made with */
    uint64_t births;                    /* where task_births.c notes them */
    uint64_t copies[2], scanned[2];     /* from, to: GMR's own memory, in which copies of tasks lie */
    uint64_t variables_distance;        /* of the runtime's thread-local variables, below the thread pointer */
    uint64_t local_keys[GMR_TASK_LOCAL_CAPACITY];
    uint32_t local_kinds[GMR_TASK_LOCAL_CAPACITY]; /* GMR_TASK_LOCAL_* */
    uint64_t limit_ns;                  /* of the search */
    uint64_t main_pointer;              /* the main thread's thread pointer */
    uint32_t task_bytes;                /* of a task; what only some have follows it */
    uint32_t variables_words;
    int32_t tid_offset;                 /* from the thread pointer; -1: unknown */
    uint32_t reserved;
} gmr_task_source_t;
_Static_assert(sizeof(gmr_task_source_t) == 216, "wire format");

#define GMR_TASK_REFERENCE_CAPACITY 16384u
#define GMR_TASK_CAPACITY 131072u
#define GMR_TASK_FRAME_CAPACITY 2097152u /* of all tasks */
#define GMR_TASK_MOST_FRAMES 64u         /* of one */
#define GMR_TASK_MOST_TEXT_BYTES 1024u   /* its name, or the type that it waits for */
#define GMR_TASK_TEXT_CAPACITY_BYTES 4194304u

/* gmr_arena_header_t.task_state */
enum {
    GMR_TASKS_NONE = 0,    /* there is no Swift concurrency in the process */
    GMR_TASKS_READ = 1,    /* all of the heap was searched */
    GMR_TASKS_CUT = 2,     /* time was over before */
    GMR_TASKS_STRANGE = 3, /* another version of the runtime, whose tasks may look different */
    GMR_TASKS_BLIND = 4,   /* the memory could not be searched, or not all of it */
};

#endif
