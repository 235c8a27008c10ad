/*
 * interruptible_calls.h: the system calls of scenario_syscalls.c.
 */
#ifndef ZOO_INTERRUPTIBLE_CALLS_H
#define ZOO_INTERRUPTIBLE_CALLS_H

typedef struct {
    const char *name;    /* at most 12 bytes */
    long blocks_in;      /* the system call's number */
    long (*make)(void);  /* blocks; its result, with errno. Called again when it came back */
} zoo_interruptible_call_t;

/* Ends with a NULL name. */
extern const zoo_interruptible_call_t zoo_interruptible_calls[];

/* Makes what must exist before the process has a second thread: a child to wait for. */
void zoo_prepare_interruptible_calls(void);

#endif
