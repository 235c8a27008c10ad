/*
 * CHangZoo.h: the cage of the zoo. Programs that hang on purpose, one per scenario, so that a report about them
 * can be held against their known truth.
 * Threads: the main thread prepares, builds and finishes a scenario; everything else belongs to the scenario.
 * Signal safety: none, unless a function says otherwise.
 */
#ifndef CHANGZOO_H
#define CHANGZOO_H

#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A function that must show up as a frame of its own: never inlined, never left by a tail call, its signature never
 * changed because all callers are known. Its name says whom it calls. A name with `for_ever` marks the caller of code
 * that moves (a spinning function, a wait that the trigger's signal interrupts): from it outward a stack is
 * constant. */
#define ZOO_MARKER __attribute__((noinline, used, disable_tail_calls))

/* Instead of a system call's number: what a scenario thread ends up in. */
enum {
    ZOO_SPINS = -1,   /* user code that never sleeps; it calls zoo_spin_step() */
    ZOO_SLEEPS = -2,  /* any system call */
};

typedef void (*zoo_body_t)(void *argument);

/* Starts a thread called `name` (at most 15 bytes) that runs `body` and is to end up in system call `blocks_in`.
 * `stack_bytes`: 0 for 1 MiB. Aborts the program where the thread cannot be made. */
void zoo_spawn_sized(const char *name, long blocks_in, zoo_body_t body, void *argument, size_t stack_bytes);
void zoo_spawn(const char *name, long blocks_in, zoo_body_t body, void *argument);
/* The same for a thread that exists already: the caller. Gives it the name. */
void zoo_adopt(const char *name, long blocks_in);
/* Called by a scenario thread right before the call it will never come back from. Signal safety: safe. */
void zoo_arrive(void);
/* Called by a spinning thread, again and again. Signal safety: safe. */
void zoo_spin_step(void);
/* Where zoo_spin_step counts for the calling thread. */
volatile uint64_t *zoo_spin_counter(void);
/* Does nothing, and the compiler does not know it: after a call, it keeps that call from becoming a jump. */
void zoo_keep_frame(void);

/* Waits until every scenario thread has arrived and is where it should be, unchanged in two looks; exits with
 * status 3 and names the stray thread when that takes longer than 20 s. Does not malloc. */
void zoo_settle(void);
/* Writes "R\n" to $ZOO_READY_FD (standard output). Does not malloc. */
void zoo_announce_ready(void);
/* The end of every main thread. Never returns. */
void main_waits_for_ever(void) __attribute__((noreturn));
/* Prints `what` and errno to standard error, exits with status 2. */
void zoo_fail(const char *what) __attribute__((noreturn));

typedef struct {
    const char *name;
    const char *truth; /* one line for --list */
    void (*prepare)(int count, char *const *arguments); /* before the agent is set up, one thread; or NULL */
    void (*build)(int count, char *const *arguments);   /* makes the threads hang */
    void (*finish)(void); /* when all of them do: takes away descriptors, memory, rights; or NULL */
    void (*serve)(void);  /* instead of settle, finish, ready and main_waits_for_ever; or NULL */
} zoo_scenario_t;

/* By index, for --list; NULL past the last. */
const zoo_scenario_t *zoo_scenario_at(int index);
/* NULL: no C scenario has this name. */
const zoo_scenario_t *zoo_scenario_named(const char *name);

/* A pthread mutex that its first caller keeps for ever, for the Swift scenarios: the others block in it. */
void zoo_block_in_mutex(void);

/* Leads the loader's chain of libraries from its second member back to itself, and mends it. */
void zoo_break_link_maps(void);
void zoo_mend_link_maps(void);

/* From here on execve() answers EPERM, in all threads. */
void zoo_forbid_exec(void);
/* From here on unshare() answers EPERM. Call it while there is one thread. */
void zoo_forbid_unshare(void);

#ifdef __cplusplus
}
#endif
#endif
