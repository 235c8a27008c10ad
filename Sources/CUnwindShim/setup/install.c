/*
 * install.c: starts and stops the agent.
 * Runs on the thread that calls it; worker_main and sections_main on threads of theirs.
 * A handler may not run it, except gmr_agent_trigger and gmr_agent_trigger_watchdog.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "../signal_safe/crash.h"
#include "../signal_safe/on_demand.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "../signal_safe/trigger.h"
#include "agent_state.h"

#define AGENT_STACK_BYTES (256u * 1024u)
#define WORKER_STACK_BYTES (2u * 1024u * 1024u)
#define SECTIONS_STACK_BYTES (512u * 1024u)
#define KEPT_BYTES (GMR_SETUP_CAPACITY_BYTES + GMR_PUBLICATION_CAPACITY_BYTES)

gmr_agent_state_t gmr_agent_state;

/* Both keep the application's descriptors: a generator may use them, and whatever Swift code they wake may be run by a
 * thread that libdispatch starts right there, which inherits the table. */
static void *worker_main(void *unused) {
    gmr_agent_state_t *state = &gmr_agent_state;
    (void)unused;
    gmr_desk_introduce(&state->worker, "gmr-worker");
    while (gmr_desk_next(&state->worker)) {
        state->config.finish(gmr_safe_state.arena, state->worker_work);
        gmr_desk_finish(&state->worker);
        if (__atomic_exchange_n(&state->turned_callers_away, 0, __ATOMIC_SEQ_CST)) {
            state->config.finish(gmr_safe_state.arena, 0);
        }
    }
    return NULL;
}

static void *sections_main(void *unused) {
    gmr_agent_state_t *state = &gmr_agent_state;
    (void)unused;
    gmr_desk_introduce(&state->sections, "gmr-sections");
    gmr_signals_let_triggers_in();
    while (gmr_desk_next(&state->sections)) {
        gmr_arena_header_t *arena = gmr_safe_state.arena;
        uint32_t generation = arena->generation;
        state->config.make_sections(arena, generation);
        gmr_arena_set_section_state(arena, generation, GMR_SECTIONS_DONE);
        gmr_desk_finish(&state->sections);
    }
    return NULL;
}

/* What agents need that come later: a stack that libc does not know, and the set-up outside the arena. */
static int keep_for_later(size_t stack_bytes) {
    gmr_agent_state_t *state = &gmr_agent_state;
    const int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    if (state->agent_stack_bytes < stack_bytes) {
        char *stack = mmap(NULL, GMR_PAGE_BYTES + stack_bytes, protection, flags | MAP_STACK, -1, 0);
        if (stack == MAP_FAILED) return -errno;
        (void)mprotect(stack, GMR_PAGE_BYTES, PROT_NONE);
        state->agent_stack = stack + GMR_PAGE_BYTES;
        state->agent_stack_bytes = stack_bytes;
    }
    if (!state->kept_setup) {
        char *copy = mmap(NULL, KEPT_BYTES, protection, flags, -1, 0);
        if (copy == MAP_FAILED) return -errno;
        (void)madvise(copy, KEPT_BYTES, MADV_DONTDUMP);
        state->kept_setup = copy;
    }
    if (state->config.setup != state->kept_setup) {
        if (state->config.setup_bytes > GMR_SETUP_CAPACITY_BYTES) return -E2BIG;
        if (state->config.record_bytes > GMR_PUBLICATION_CAPACITY_BYTES) return -E2BIG;
        memcpy(state->kept_setup, state->config.setup, state->config.setup_bytes);
        memcpy(state->kept_setup + GMR_SETUP_CAPACITY_BYTES, state->config.record, state->config.record_bytes);
        state->config.setup = state->kept_setup;
        state->config.record = state->kept_setup + GMR_SETUP_CAPACITY_BYTES;
    }
    return 0;
}

static int start_agent(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    int keeps = state->config.is_on_demand || state->config.follows_forks, error = -EINVAL;
    /* A program with much thread-local storage needs more of it: libc takes it from the stack. */
    for (size_t bytes = AGENT_STACK_BYTES; error == -EINVAL && bytes <= 256 * AGENT_STACK_BYTES; bytes *= 16) {
        error = keeps ? keep_for_later(bytes) : 0;
        if (!error) error = gmr_thread_start_on(&state->agent, state->agent_stack, bytes, gmr_agent_main, NULL);
    }
    return error;
}

static void end_threads(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    /* Who crashes from here on has no report, and need not wait for one. */
    gmr_store_release(&gmr_safe_state.installed, 0);
    gmr_ss_answer_crash(GMR_CRASH_ABANDONED);
    gmr_store_release(&state->stopping, 1);
    __atomic_fetch_add(&gmr_safe_state.posted, 1, __ATOMIC_ACQ_REL);
    gmr_ss_futex_wake(&gmr_safe_state.posted);
    gmr_ss_futex_wake(&state->worker.asked);
    gmr_ss_futex_wake(&state->sections.asked);
    pthread_join(state->agent, NULL);
    if (state->worker.started) pthread_join(state->worker.thread, NULL);
    if (state->sections.started) pthread_join(state->sections.thread, NULL);
}

/* Of an agent on demand nothing stays but what the next one needs. */
static int start_threads(const char **what) {
    gmr_agent_state_t *state = &gmr_agent_state;
    *what = "starting the agent thread";
    int error = start_agent();
    if (error) return error;
    while (!gmr_load_acquire(&state->agent_ready)) (void)gmr_ss_futex_wait(&state->agent_ready, 0, GMR_FOR_EVER);
    error = state->agent_error;
    if (error) {
        *what = state->agent_step;
    } else if (state->config.is_on_demand) {
        pthread_join(state->agent, NULL);
        gmr_safe_state.is_on_demand = 1;
        gmr_ss_allow_on_demand();
        return 0;
    } else {
        *what = "starting the worker thread";
        error = gmr_desk_start(&state->worker, WORKER_STACK_BYTES, worker_main, NULL);
        if (!error) error = gmr_desk_start(&state->sections, SECTIONS_STACK_BYTES, sections_main, NULL);
    }
    if (error) end_threads();
    return error;
}

int gmr_agent_install(const gmr_agent_config_t *config, const char **what) {
    gmr_agent_state_t *state = &gmr_agent_state;
    gmr_safe_state_t *safe = &gmr_safe_state;
    *what = "";
    int was_here = safe->pid == getpid();
    if (safe->installed && was_here) {
        if (!safe->is_on_demand || config->is_on_demand) return -EALREADY;
        (void)gmr_agent_stop();
    }
    gmr_ss_forbid_on_demand();
    gmr_agent_state_t fresh = {.config = *config};
    if (was_here) {
        fresh.agent_stack = state->agent_stack;
        fresh.agent_stack_bytes = state->agent_stack_bytes;
        fresh.kept_setup = state->kept_setup;
    }
    *state = fresh;
    for (uint32_t i = 0; i < config->signal_count && i < 64; i++) {
        state->signals[state->signal_count++] = config->signals[i];
    }
    for (uint32_t i = 0; i < config->crash_signal_count && i < 64; i++) {
        state->crash_signals[state->crash_signal_count++] = config->crash_signals[i];
    }
    safe->is_on_demand = 0;
    safe->pid = getpid();
    safe->installed = 1;
    safe->taken = safe->posted;
    safe->taken_tickets = safe->tickets;
    safe->pending_kinds = 0;
    safe->crash_owner = 0;
    safe->crash_last_tid = 0;
    safe->records_always = config->records_always;
    safe->records_stacks = config->records_stacks;
    (void)snprintf(safe->record_path, sizeof safe->record_path, "%s", config->record_path ? config->record_path : "");
    safe->capture_deadline_ns = config->capture_deadline_ns;
    safe->crash_patience_ns = config->crash_patience_ns;
    if (getrandom(&safe->capture_cookie, sizeof safe->capture_cookie, 0) < 0) {
        safe->capture_cookie = (uint32_t)gmr_ss_clock_ns(CLOCK_REALTIME);
    }
    gmr_thread_get_alternate_stack();
    *what = "taking the signals";
    int error = gmr_signals_install();
    if (!error) {
        error = start_threads(what);
        if (error) gmr_signals_restore();
    }
    if (error) safe->installed = 0;
    return error;
}

int gmr_agent_stop(void) {
    int is_here = gmr_safe_state.pid == getpid();
    if (!gmr_safe_state.installed) return -ESRCH;
    if (is_here && !gmr_safe_state.is_on_demand) {
        end_threads();
    } else if (is_here || gmr_agent_state.config.follows_forks) {
        gmr_store_release(&gmr_safe_state.installed, 0);
        gmr_ss_forbid_on_demand();
    } else {
        return -ESRCH;
    }
    /* Now that the agent takes none of them again. */
    gmr_signals_restore();
    return 0;
}

void gmr_agent_want(uint32_t work) { __atomic_store_n(&gmr_agent_state.wanted, work, __ATOMIC_RELAXED); }

void gmr_agent_did(uint32_t work) { __atomic_fetch_or(&gmr_agent_state.worker_did, work, __ATOMIC_RELEASE); }

int gmr_agent_waits_for_worker(void) { return !gmr_load_acquire(&gmr_agent_state.worker_is_late); }

void gmr_agent_trigger(uint32_t kind) { gmr_ss_post_trigger(kind, 0, 0); }

void gmr_agent_trigger_watchdog(const char *target, uint64_t silence_ns) {
    gmr_safe_state_t *safe = &gmr_safe_state;
    strncpy(safe->watchdog_target, target, sizeof safe->watchdog_target);
    safe->watchdog_silence_ns = silence_ns;
    gmr_ss_post_trigger(GMR_TRIGGER_WATCHDOG, 0, 0);
}
