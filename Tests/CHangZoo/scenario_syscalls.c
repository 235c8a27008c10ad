/*
 * scenario_syscalls.c: one thread in each kind of system call that a signal cuts short.
 * Threads: one a call, `sc-NAME`; main reads commands.  Signal handlers: SIGUSR1's, which does nothing.
 *
 * Truth
 *   syscalls-20  every thread of `interruptible_calls` waits in its call for ever. A call that returns, with EINTR or
 *                with less than it was asked for, is recorded, and made again.
 *
 * Commands, a byte each on standard input
 *   p  print one line for each call, `NAME RETURNS [LAST_RESULT LAST_ERRNO]`, then `end`.
 *   i  send SIGUSR1, handled with SA_RESTART, to every thread, wait until all block again, print `end`: what an agent
 *      that signals threads does to them. Shows that an interruption would be seen.
 */
#include "scenarios.h"
#include "interruptible_calls.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const zoo_interruptible_call_t *call;
    pthread_t thread;
    uint64_t returns; /* release: publishes result and error; pairs with the acquire in print_results() */
    long result;
    int error;
} call_record_t;

static call_record_t records[64];

static ZOO_MARKER void syscall_middle_calls_blocked(call_record_t *record) {
    for (;;) {
        errno = 0;
        record->result = record->call->make();
        record->error = errno;
        __atomic_fetch_add(&record->returns, 1, __ATOMIC_RELEASE);
    }
}

static ZOO_MARKER void syscall_outer_calls_middle(void *record) {
    ((call_record_t *)record)->thread = pthread_self();
    zoo_arrive();
    syscall_middle_calls_blocked(record);
}

/* System V queues and semaphores outlive the process; in a namespace of its own they die with it. Only root may. */
static void enter_own_ipc_namespace(int count, char *const *arguments) {
    (void)count, (void)arguments;
    if (unshare(CLONE_NEWIPC) != 0 && errno != EPERM)
        zoo_fail("unshare");
    zoo_prepare_interruptible_calls();
}

static void build_syscalls(int count, char *const *arguments) {
    (void)count, (void)arguments;
    for (int index = 0; zoo_interruptible_calls[index].name != NULL; index++) {
        char name[16];
        snprintf(name, sizeof name, "sc-%s", zoo_interruptible_calls[index].name);
        records[index].call = &zoo_interruptible_calls[index];
        zoo_spawn(name, zoo_interruptible_calls[index].blocks_in, syscall_outer_calls_middle, &records[index]);
    }
}

static void print_results(void) {
    for (call_record_t *record = records; record->call != NULL; record++) {
        uint64_t returns = __atomic_load_n(&record->returns, __ATOMIC_ACQUIRE);
        if (returns == 0)
            dprintf(STDOUT_FILENO, "%s 0\n", record->call->name);
        else
            dprintf(STDOUT_FILENO, "%s %lu %ld %s\n", record->call->name, (unsigned long)returns, record->result,
                    strerrorname_np(record->error));
    }
    dprintf(STDOUT_FILENO, "end\n");
}

static void ignore(int signal) {
    (void)signal;
}

static void interrupt_all(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ignore;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    for (call_record_t *record = records; record->call != NULL; record++)
        pthread_kill(record->thread, SIGUSR1);
    zoo_settle();
    dprintf(STDOUT_FILENO, "end\n");
}

static ZOO_MARKER void main_reads_commands_for_ever(void) {
    char command;
    for (;;) {
        ssize_t count = read(STDIN_FILENO, &command, 1);
        if (count == 0)
            main_waits_for_ever();
        if (count == 1 && command == 'p')
            print_results();
        else if (count == 1 && command == 'i')
            interrupt_all();
    }
}

static void serve_syscalls(void) {
    zoo_settle();
    zoo_announce_ready();
    main_reads_commands_for_ever();
}

const zoo_scenario_t zoo_syscall_scenarios[] = {
    {"syscalls-20", "a thread in each kind of interruptible system call", enter_own_ipc_namespace, build_syscalls, NULL,
     serve_syscalls},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
