/*
 * desk.c: threads of the agent that sleep until there is work.
 * gmr_desk_next and gmr_desk_finish run on the thread itself, the others on who gives it work.
 * A handler may not run it.
 */
#include <errno.h>
#include <sys/prctl.h>

#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"

int gmr_thread_start(pthread_t *thread, size_t stack_bytes, void *(*body)(void *), void *argument) {
    return gmr_thread_start_on(thread, NULL, stack_bytes, body, argument);
}

int gmr_thread_start_on(pthread_t *thread, void *stack, size_t stack_bytes, void *(*body)(void *), void *argument) {
    pthread_t detached;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error) return -error;
    sigset_t mask, before;
    gmr_signals_asynchronous(&mask);
    error = stack ? pthread_attr_setstack(&attributes, stack, stack_bytes)
                  : pthread_attr_setstacksize(&attributes, stack_bytes);
    if (!error && !thread) error = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    /* The thread is born with them masked, so that none of the application's handlers runs on it. */
    if (!error) error = pthread_sigmask(SIG_SETMASK, &mask, &before);
    if (!error) {
        error = pthread_create(thread ? thread : &detached, &attributes, body, argument);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return -error;
}

void gmr_thread_name(const char *name) { (void)prctl(PR_SET_NAME, name); }

int32_t gmr_thread_introduce(const char *name) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    gmr_thread_name(name);
    uint32_t index = __atomic_fetch_add(&arena->own_thread_count, 1, __ATOMIC_ACQ_REL);
    int32_t tid = gmr_ss_gettid();
    if (index < GMR_OWN_THREAD_CAPACITY) arena->own_threads[index] = tid;
    return tid;
}

int gmr_desk_start(gmr_desk_t *desk, size_t stack_bytes, void *(*body)(void *), void *argument) {
    desk->asked = desk->done = desk->tid = 0;
    int error = gmr_thread_start(&desk->thread, stack_bytes, body, argument);
    if (error) return error;
    desk->started = 1;
    while (!gmr_load_acquire(&desk->tid)) (void)gmr_ss_futex_wait(&desk->tid, 0, GMR_FOR_EVER);
    return 0;
}

void gmr_desk_introduce(gmr_desk_t *desk, const char *name) {
    gmr_store_release(&desk->tid, (uint32_t)gmr_thread_introduce(name));
    gmr_ss_futex_wake(&desk->tid);
}

void gmr_desk_ask(gmr_desk_t *desk) {
    __atomic_fetch_add(&desk->asked, 1, __ATOMIC_ACQ_REL);
    gmr_ss_futex_wake(&desk->asked);
}

int gmr_desk_wait(gmr_desk_t *desk, uint64_t timeout_ns) {
    uint64_t deadline = gmr_ss_clock_ns(CLOCK_MONOTONIC) + timeout_ns;
    for (;;) {
        uint32_t done = gmr_load_acquire(&desk->done);
        if (done == desk->asked) return 1;
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        if (now >= deadline) return 0;
        (void)gmr_ss_futex_wait(&desk->done, done, deadline - now);
    }
}

int gmr_desk_next(gmr_desk_t *desk) {
    for (;;) {
        uint32_t asked = gmr_load_acquire(&desk->asked);
        if (asked != desk->done) return 1;
        if (gmr_load_acquire(&gmr_agent_state.stopping)) return 0;
        (void)gmr_ss_futex_wait(&desk->asked, asked, GMR_FOR_EVER);
    }
}

void gmr_desk_finish(gmr_desk_t *desk) {
    gmr_store_release(&desk->done, desk->done + 1);
    gmr_ss_futex_wake(&desk->done);
}
