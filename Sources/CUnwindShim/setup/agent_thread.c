/*
 * agent_thread.c: the thread that waits for triggers, captures, unwinds, and sees to it that somebody finishes.
 * Runs on the agent thread.
 * A handler may not run it. Between a trigger and the finished frames nothing here allocates or takes a lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../signal_safe/capture.h"
#include "../signal_safe/clone_x86_64.h"
#include "../signal_safe/crash.h"
#include "../signal_safe/helper_spawn.h"
#include "../signal_safe/on_demand.h"
#include "../signal_safe/probe.h"
#include "../signal_safe/raw_report.h"
#include "../signal_safe/record.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "../signal_safe/trigger.h"
#include "../locks/waits.h"
#include "../message/crash_message.h"
#include "../tasks/tasks.h"
#include "../unwind/walker.h"
#include "agent_state.h"

#define WORKER_LIMIT_NS UINT64_C(10000000000)
#define LOOK_NS UINT64_C(250000000) /* between looks whether somebody who finishes a report makes progress */
#define DESK_PATIENCE_NS UINT64_C(20000000) /* between a thread's last word on a report and its next job */

/* Swift ends the process where it gets no memory: ask before, for more than a section is likely to need. */
static int has_memory(void) {
    const size_t bytes = 4u << 20;
    long address = gmr_ss_syscall6(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address < 0 && address > -4096) return 0;
    (void)gmr_ss_syscall3(SYS_munmap, address, bytes, 0);
    return 1;
}

int gmr_agent_has_crash(void) {
    const gmr_safe_state_t *safe = &gmr_safe_state;
    uint64_t owner = __atomic_load_n(&safe->crash_owner, __ATOMIC_ACQUIRE);
    return owner >> 32 == (uint64_t)gmr_ss_getpid() && gmr_load_acquire(&safe->crash_answered) == GMR_CRASH_PENDING;
}

uint64_t gmr_listen(gmr_listener_t *listener) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    uint32_t progress = gmr_load_acquire(&arena->helper_progress);
    uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC), since = listener->looked_ns ? now - listener->looked_ns : 0;
    /* For the rest of that time this thread did not run either: the machine stood still. */
    listener->silent_ns += since < 2 * LOOK_NS ? since : 2 * LOOK_NS;
    if (progress != listener->progress || !listener->looked_ns) listener->silent_ns = 0;
    listener->looked_ns = now;
    listener->progress = progress;
    uint64_t limit_ns = gmr_agent_state.config.helper_silence_ns;
    if (gmr_agent_has_crash()) {
        /* What a crash waits for: a capture, two helpers, the worker, and the record behind them. */
        uint64_t quarter_ns = gmr_safe_state.crash_patience_ns / 4;
        if (limit_ns > quarter_ns) limit_ns = quarter_ns;
        /* Not for the generators of the report before it, one of which may be what has crashed. */
        if (!arena->crash.signal) gmr_arena_set_section_state(arena, arena->generation, GMR_SECTIONS_CRASHED);
    }
    if (listener->silent_ns >= limit_ns) return 0;
    uint64_t left_ns = limit_ns - listener->silent_ns;
    return left_ns < LOOK_NS ? left_ns : LOOK_NS;
}

/* What the worker did of it: less where it is blocked, or must not run. */
static uint32_t finish_in_worker(uint32_t work) {
    gmr_agent_state_t *state = &gmr_agent_state;
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    if (!state->worker.started) return 0; /* an agent on demand has none */
    /* Still busy with an earlier report that blocked it: it learns that somebody was here, or has finished since. */
    if (!gmr_desk_wait(&state->worker, DESK_PATIENCE_NS)) {
        if (work & GMR_WORK_CALLERS) __atomic_exchange_n(&state->turned_callers_away, 1, __ATOMIC_SEQ_CST);
        if (!gmr_desk_wait(&state->worker, 0)) return 0;
    }
    if (!has_memory()) return 0; /* it would end the process */
    state->worker_work = work;
    gmr_store_release(&state->worker_did, 0);
    gmr_store_release(&state->worker_is_late, 0);
    gmr_desk_ask(&state->worker);
    /* As long as it makes progress it has time; silent, it hangs on a lock of the application. */
    gmr_listener_t listener = {0};
    uint64_t limit_ns = state->config.helper_silence_ns, patience_ns;
    if (limit_ns < WORKER_LIMIT_NS) limit_ns = WORKER_LIMIT_NS;
    uint64_t end = gmr_ss_clock_ns(CLOCK_MONOTONIC) + limit_ns;
    while ((patience_ns = gmr_listen(&listener)) && gmr_ss_clock_ns(CLOCK_MONOTONIC) < end) {
        if (gmr_desk_wait(&state->worker, patience_ns)) return gmr_load_acquire(&state->worker_did);
    }
    gmr_store_release(&state->worker_is_late, 1);
    return gmr_load_acquire(&state->worker_did);
}

static void ask_for_sections(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    gmr_desk_t *desk = &gmr_agent_state.sections;
    gmr_store_release(&arena->section_bytes, 0);
    uint32_t has_titles = gmr_load_acquire(&arena->publications[GMR_PUBLISHED_SECTION_TITLES].version);
    uint32_t state = GMR_SECTIONS_ASKED;
    if (!has_titles) state = GMR_SECTIONS_DONE;
    else if (arena->crash.signal) state = GMR_SECTIONS_CRASHED;
    else if (!gmr_desk_wait(desk, DESK_PATIENCE_NS)) state = GMR_SECTIONS_BUSY;
    else if (!has_memory()) state = GMR_SECTIONS_NO_MEMORY;
    gmr_store_release(&arena->section_state, state);
    if (state == GMR_SECTIONS_ASKED) gmr_desk_ask(desk);
}

/* The executable's descriptor becomes a negative errno where it cannot serve as the helper. */
static void open_executable(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    int opened = gmr_helper_open();
    int fd = opened < 0 ? opened : gmr_descriptors_raise(opened);
    state->executable_inode = gmr_descriptors_inode(fd);
    if (fd >= 0 && !gmr_helper_is_in(state->executable_inode)) {
        close(fd);
        fd = -ENOTSUP;
    }
    state->executable_descriptor = fd;
}

/* Without a table of our own (gmr_descriptors_separate) the application may close our descriptors. */
static void check_descriptors(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    if (gmr_descriptors_inode(state->arena_descriptor) != state->arena_inode && gmr_arena_renew() == 0) {
        gmr_standby_show_arena();
    }
    if (state->executable_descriptor < 0) return;
    if (gmr_descriptors_inode(state->executable_descriptor) != state->executable_inode) {
        open_executable();
    }
}

/* Without names: what needs neither the helper nor the worker. Returns 1 where standard error took it. */
static int finish_alone(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    const char *record = gmr_ss_write_record(arena);
    return gmr_ss_raw_report(arena, STDERR_FILENO, (int)gmr_agent_state.worker.started, record);
}

/* To people: the helper, then the worker, then without either; and whatever only this process can do. */
static void finish(uint32_t to_people, uint32_t to_callers) {
    gmr_agent_state_t *state = &gmr_agent_state;
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    uint32_t wanted = __atomic_load_n(&state->wanted, __ATOMIC_RELAXED);
    uint32_t work = (to_callers ? GMR_WORK_CALLERS : 0) | (wanted & GMR_WORK_ACCOUNT);
    if (to_people && state->config.delivers && !gmr_helper_finish()) work |= GMR_WORK_DELIVER;
    if (to_people) work |= wanted & GMR_WORK_SINKS;
    uint32_t left = work ? work & ~finish_in_worker(work) : 0;
    if (left & GMR_WORK_SINKS && !state->config.delivers) {
        /* They were the only ones, and hang or are stuck: people get it all the same. */
        arena->sinks_failed = 1;
        if (!gmr_helper_finish()) left |= GMR_WORK_DELIVER;
    }
    if (left & GMR_WORK_DELIVER) gmr_arena_account(arena, 0, finish_alone() ? 0 : EIO, 0);
}

/* Nothing of the application's runs any more: no sinks, no observers, no sections. */
static void finish_crash(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    arena->sinks_failed = !gmr_agent_state.config.delivers;
    if (gmr_helper_finish() || finish_in_worker(GMR_WORK_DELIVER) || finish_alone()) {
        gmr_store_release(&arena->last_words, GMR_LAST_CRASH);
    }
}

static void read_waits(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    uint64_t begin = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    gmr_waits_read(arena);
    gmr_store_release(&arena->second_look, GMR_SECOND_LOOK_NONE);
    arena->locks_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC) - begin;
}

static void walk(void) {
    __atomic_store_n(&gmr_agent_state.walking, 1, __ATOMIC_RELAXED);
    gmr_walk_all(gmr_safe_state.arena);
    __atomic_store_n(&gmr_agent_state.walking, 0, __ATOMIC_RELAXED);
}

/* A crash counts more than what else asked for a report at the same time. */
static void take_crash(gmr_arena_header_t *arena) {
    const gmr_crash_t *crash = &gmr_safe_state.crash;
    arena->crash.signal = 0;
    if (!(arena->trigger_kinds & 1u << GMR_TRIGGER_CRASH)) return;
    arena->crash = *crash;
    arena->trigger.kind = GMR_TRIGGER_CRASH;
    arena->trigger.signal = crash->signal;
    arena->trigger.sender_pid = crash->sender_pid;
}

static void take_watchdog(gmr_arena_header_t *arena) {
    const gmr_safe_state_t *state = &gmr_safe_state;
    arena->watchdog_silence_ns = 0;
    arena->watchdog_target[0] = 0;
    if (!(arena->trigger_kinds & 1u << GMR_TRIGGER_WATCHDOG)) return;
    arena->watchdog_silence_ns = state->watchdog_silence_ns;
    memcpy(arena->watchdog_target, state->watchdog_target, sizeof arena->watchdog_target);
}

static void make_report(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    if (!gmr_ss_take_triggers(&arena->trigger, &arena->trigger_kinds, &arena->coalesced_count)) return;
    take_crash(arena);
    take_watchdog(arena);
    arena->helper_attempts = 0;
    arena->delivery = GMR_DELIVERY_NONE;
    arena->sinks_failed = 0;
    arena->standby_error = 0;
    arena->symbolize_ns = arena->render_ns = 0;
    gmr_standby_prepare();
    check_descriptors();
    (void)gmr_capture_signal_take();
    gmr_standby_list_threads();
    (void)gmr_ss_capture();
    walk();
    read_waits();
    if (arena->crash.signal) gmr_crash_message_find(&arena->crash);
    gmr_tasks_read(arena, gmr_agent_state.config.task_search_ns);

    if (gmr_safe_state.records_always) (void)gmr_ss_write_record(arena);
    gmr_signals_look(0);
    ask_for_sections();
    uint32_t to_people = arena->trigger_kinds & ~(1u << GMR_TRIGGER_API);
    uint32_t to_callers = arena->trigger_kinds & 1u << GMR_TRIGGER_API;
    if (to_people) gmr_descriptors_adopt_stderr();
    if (arena->crash.signal) finish_crash();
    else finish(to_people, to_callers);
    gmr_descriptors_leave_stderr();
    if (arena->crash.signal) gmr_ss_answer_crash(GMR_CRASH_REPORTED);
    gmr_signals_tell();
    gmr_arena_release_slots();
    if (!arena->crash.signal && !gmr_agent_has_crash()) gmr_standby_start();
}

/* Finds the modules. The first walk makes libunwind size its caches, and resolves every function this thread will
 * call. */
static void warm_up(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    (void)gmr_ss_capture();
    if (!state->is_warm) {
        walk();
        gmr_walker_enlarge_cache();
    }
    state->is_warm = 1;
    gmr_arena_release_slots();
    gmr_arena_ready_slots();
}

static int load_unwinder(void) {
    /* libunwind opens a pipe for good. */
    uint32_t filled = gmr_descriptors_fill_standard();
    int error = gmr_walker_load();
    gmr_descriptors_empty_standard(filled);
    gmr_ss_helper_prepare(environ);
    gmr_helper_choose(gmr_agent_state.config.helper_path);
    gmr_crash_message_prepare();
    gmr_tasks_prepare();
    return error;
}

static int prepare(const char **what) {
    gmr_agent_state_t *state = &gmr_agent_state;
    gmr_safe_state.agent_tid = gmr_ss_gettid();
    gmr_safe_state.allowed = gmr_ss_probe();
    /* Where a descriptor table of our own is refused, the shared one serves. */
    (void)gmr_descriptors_separate();
    gmr_safe_state.memory_descriptor = -1;
    if (!(gmr_safe_state.allowed & GMR_PROBE_VM_READ)) {
        gmr_safe_state.memory_descriptor = gmr_descriptors_raise(open("/proc/thread-self/mem", O_RDONLY | O_CLOEXEC));
    }
    *what = "making the arena";
    int error = gmr_arena_make(&state->config);
    if (error) return error;
    (void)gmr_thread_introduce("gmr-agent");
    return 0;
}

/* Started by on_demand.c: nothing here may allocate or start a thread. */
static void main_on_demand(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    sigset_t mask;
    gmr_signals_asynchronous(&mask);
    (void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
    state->stopping = 0;
    state->has_own_table = state->can_fetch = 0;
    state->worker = state->sections = state->watcher = (gmr_desk_t){0};
    state->standby = (gmr_standby_t){0}; /* the parent's, in a fork child */
    if (state->walking) gmr_walker_go_without_cache();
    for (;;) {
        if (prepare(&state->agent_step) != 0) {
            static const char text[] = "gmr: no report: the process gets no memory for one\n";
            gmr_descriptors_adopt_stderr();
            (void)gmr_ss_write(STDERR_FILENO, text, sizeof text - 1);
            gmr_ss_answer_crash(GMR_CRASH_ABANDONED);
            gmr_ss_leave_thread();
        }
        warm_up();
        open_executable();
        /* Until reports are stopped, however many are asked for. */
        while (gmr_load_acquire(&gmr_safe_state.installed) &&
               gmr_load_acquire(&gmr_safe_state.posted) != gmr_safe_state.taken) {
            make_report();
        }
        if (!state->has_own_table) gmr_descriptors_close_own();
        gmr_ss_leave_on_demand();
    }
}

static int lend(void *stack_end) {
    static int watches_forks;
    gmr_agent_state_t *state = &gmr_agent_state;
    if (!watches_forks) watches_forks = pthread_atfork(NULL, NULL, gmr_ss_on_fork_child) == 0;
    char *storage_end = state->agent_stack + state->agent_stack_bytes;
    state->agent_step = "lending the agent's stack";
    return gmr_ss_lend_to_agents(stack_end, (uint8_t *)storage_end, main_on_demand, !state->config.is_on_demand);
}

static int set_up(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    int error = prepare(&state->agent_step);
    if (error) return error;
    warm_up();
    open_executable();
    gmr_signals_begin_looks();
    state->agent_step = "starting the file watcher";
    const char *path = state->config.watched_path;
    return path ? gmr_file_watch_start(path, state->config.watch_interval_ns) : 0;
}

void *gmr_agent_main(void *unused) {
    gmr_agent_state_t *state = &gmr_agent_state;
    (void)unused;
    state->agent_step = "loading libunwind-x86_64.so.8";
    state->agent_error = load_unwinder();
    if (!state->agent_error) {
        void *stack_end = __builtin_frame_address(0);
        state->agent_error = state->config.is_on_demand ? lend(stack_end) : set_up();
        /* Where the kernel or libc is too strange for it, fork children have no reports. */
        if (!state->agent_error && state->config.follows_forks) (void)lend(stack_end);
    }
    /* Last: it must not outlive a set-up that fails. */
    if (!state->agent_error) {
        gmr_standby_prepare();
        gmr_standby_start();
    }
    gmr_store_release(&state->agent_ready, state->agent_error == 0 ? 1 : 2);
    gmr_ss_futex_wake(&state->agent_ready);
    if (state->agent_error || state->config.is_on_demand) return NULL;
    while (!gmr_load_acquire(&state->stopping)) {
        uint32_t posted = gmr_load_acquire(&gmr_safe_state.posted);
        uint64_t until_look_ns = gmr_signals_until_look();
        if (posted != gmr_safe_state.taken) {
            make_report();
        } else if (until_look_ns == 0) {
            gmr_signals_look_now();
        } else {
            (void)gmr_ss_futex_wait(&gmr_safe_state.posted, posted, until_look_ns);
        }
    }
    gmr_file_watch_stop();
    gmr_standby_stop();
    return NULL;
}
