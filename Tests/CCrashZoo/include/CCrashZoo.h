/*
 * CCrashZoo.h: ways for a process to end, each with its truth.
 */
#ifndef C_CRASH_ZOO_H
#define C_CRASH_ZOO_H

typedef struct {
    const char *name;
    const char *signal; /* `SIGSEGV`, which ends the process too; `SIGSEGV then exit 3` where something else does */
    const char *code;   /* as a report and a core dump have it: `SEGV_MAPERR` */
    /* The crashed thread's functions from the innermost on, as far as they are the program's own or matter, separated
     * by `<`; others may stand between them. */
    const char *stack;
    const char *message; /* a part of what the verdict says; empty: anything; `-`: the crash has no message */
    /* Who makes the report: `helper process`, `worker thread`; `raw`: the handler; `record`: a raw record; `nameless`:
     * the worker thread, which cannot read the program's file; `none`. Where `!` follows, on standard error instead of
     * in the log directory. */
    const char *finished_by;
    void (*prepare)(void); /* before reports are set up; NULL: nothing */
    void (*crash)(void);   /* does not return */
} crash_zoo_program_t;

/* NULL behind the last one. */
const crash_zoo_program_t *crash_zoo_program_at(int index);

/* A thread `bystander` that blocks in bystander_waits, called by bystander_begins. Returns when it is there. */
void crash_zoo_start_bystander(void);

/* Of the calling thread. */
int crash_zoo_tid(void);

/* Returns when that thread sleeps in futex(2). */
void crash_zoo_await_futex(int tid);

/* Executes an undefined instruction, as Swift does where a check fails. */
void crash_zoo_trap(void);

/* In main.swift: sets reports up, and takes them back. */
void crash_zoo_set_up(void);
void crash_zoo_stop(void);

#endif
