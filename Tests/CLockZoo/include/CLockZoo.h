/*
 * CLockZoo.h: programs whose threads wait for each other on purpose, each with its truth.
 */
#ifndef C_LOCK_ZOO_H
#define C_LOCK_ZOO_H

typedef struct {
    const char *name;
    /* Each circle as `alpha mutex beta mutex alpha: certain`, from the thread whose name comes first; separated by
     * `; `. Empty: there is none. `timed` in front of the certainty where a wait has a limit. */
    const char *deadlocks;
    /* What single threads wait for, as `gamma mutex alpha` with the owner's name, `-` where there is none and `gone`
     * where it has ended, `self` for this process and `other` for another one; separated by `; `. Threads that are not
     * named may wait for anything. */
    const char *waits;
    /* Starts the threads and returns. */
    void (*build)(void);
} lock_zoo_program_t;

/* NULL behind the last one. */
const lock_zoo_program_t *lock_zoo_program_at(int index);

typedef struct {
    const char *name;
    /* Starts threads that contend for ever, and never deadlock. */
    void (*start)(void);
} lock_zoo_healthy_t;

const lock_zoo_healthy_t *lock_zoo_healthy_at(int index);

#endif
