/*
 * signal_conflicts.c: finds out whether the trigger signals still reach GMR, and says so where they do not.
 * Runs on the agent thread, outside captures; gmr_signals_watch on the watcher's.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * libdispatch takes a signal with a handler of its own and a signalfd. The handler is put over ours without a look at
 * it, so ours is put over that one in turn: it passes on to libdispatch all that it gets. It does not get all, because
 * the kernel gives a signal to whoever asks first, and a signalfd asks for it when it comes. Measured with UnixSignals
 * in five runs, idle and busy: 20 to 55 of 100 signals made no report, and all reached UnixSignals. Nothing here can
 * change that.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../signal_safe/syscalls_x86_64.h"
#include "../signal_safe/trigger.h"
#include "agent_state.h"

#define SECOND_NS UINT64_C(1000000000)

/* After set-up. A service has made its arrangements by then, and a thread that sleeps costs it nothing. */
static const uint64_t look_after_ns[] = {SECOND_NS, 10 * SECOND_NS, 60 * SECOND_NS};
#define LOOK_COUNT (sizeof look_after_ns / sizeof look_after_ns[0])

static struct {
    uint64_t begin_ns;
    uint32_t next;
    uint32_t is_asked;  /* by the watcher; atomic */
    uint8_t told[65];   /* of each signal, bits 1 << GMR_CONFLICT_* */
} looks;

const char *gmr_signal_conflict_text(uint32_t conflict) {
    switch (conflict) {
    case GMR_CONFLICT_IGNORED:
        return "does not make reports any more: other code has set it to be ignored";
    case GMR_CONFLICT_DEFAULT:
        return "does not make reports any more: other code has set it to its default action";
    case GMR_CONFLICT_REPLACED:
        return "is handled by other code now; unless that code passes it on, it makes no report";
    case GMR_CONFLICT_SHARED:
        return "is read from a signalfd too, as UnixSignals and libdispatch's signal sources do: "
               "where that comes first there is no report, and it has to be sent again";
    case GMR_CONFLICT_WAS_IGNORED:
        return "was ignored before; GMR answers it now";
    default:
        return NULL;
    }
}

static uint8_t *conflict_of(int number) { return &gmr_safe_state.arena->signal_conflicts[number - 1]; }

/* `SIGUSR2`, `SIGRTMIN+3` */
static char *put_name(char *at, int number) {
    const char *name = number < SIGRTMIN ? sigabbrev_np(number) : NULL;
    at = stpcpy(at, name ? "SIG" : "SIGRTMIN+");
    if (name) return stpcpy(at, name);
    int distance = number - SIGRTMIN;
    if (distance >= 10) *at++ = (char)('0' + distance / 10);
    *at++ = (char)('0' + distance % 10);
    return at;
}

/* Once for each signal and conflict. Where standard error takes nothing just now, at a later look. */
static void tell(int number, uint32_t conflict) {
    char line[512];
    if (looks.told[number] & 1u << conflict) return;
    char *at = put_name(stpcpy(line, "gmr: "), number);
    at = stpcpy(stpcpy(stpcpy(at, " "), gmr_signal_conflict_text(conflict)),
                ". Leave this signal to GMR (out of UnixSignals, for one), or have reports made by another: "
                "GMR_SIGNALS=SIGRTMIN+3 and kill -RTMIN+3 PID\n");
    gmr_descriptors_adopt_stderr();
    struct pollfd request = {.fd = STDERR_FILENO, .events = POLLOUT};
    /* Less than PIPE_BUF, so that a pipe that polls writable does not block. */
    if (gmr_ss_syscall3(SYS_poll, &request, 1, 0) > 0 && gmr_ss_write(STDERR_FILENO, line, (size_t)(at - line)) > 0) {
        looks.told[number] |= (uint8_t)(1u << conflict);
    }
    gmr_descriptors_leave_stderr();
}

static uint32_t present_conflict(int number) {
    struct sigaction now;
    if (gmr_trigger_signal_is_ours(number) || __sigaction(number, NULL, &now) != 0) return GMR_CONFLICT_NONE;
    if (now.sa_flags & SA_SIGINFO) return GMR_CONFLICT_REPLACED;
    if (now.sa_handler == SIG_IGN) return GMR_CONFLICT_IGNORED;
    return now.sa_handler == SIG_DFL ? GMR_CONFLICT_DEFAULT : GMR_CONFLICT_REPLACED;
}

void gmr_signals_look(int thoroughly) {
    int has_read = thoroughly;
    uint64_t read = thoroughly ? gmr_signals_read_by_descriptors() : 0;
    for (uint32_t i = 0; i < gmr_agent_state.signal_count; i++) {
        int number = gmr_agent_state.signals[i];
        uint32_t conflict = present_conflict(number);
        if (conflict == GMR_CONFLICT_REPLACED && !has_read) {
            read = gmr_signals_read_by_descriptors();
            has_read = 1;
        }
        int is_read = (read >> (number - 1) & 1) || (!has_read && *conflict_of(number) == GMR_CONFLICT_SHARED);
        if (is_read && conflict == GMR_CONFLICT_REPLACED) conflict = gmr_trigger_signal_take(number) ? conflict : 0;
        if (is_read && conflict == GMR_CONFLICT_NONE) conflict = GMR_CONFLICT_SHARED;
        __atomic_store_n(conflict_of(number), (uint8_t)conflict, __ATOMIC_RELAXED);
    }
}

void gmr_signals_tell(void) {
    for (uint32_t i = 0; i < gmr_agent_state.signal_count; i++) {
        int number = gmr_agent_state.signals[i];
        uint32_t conflict = *conflict_of(number);
        if (conflict) tell(number, conflict);
    }
}

void gmr_signals_begin_looks(void) {
    memset(&looks, 0, sizeof looks);
    looks.begin_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    for (uint32_t i = 0; i < gmr_agent_state.signal_count; i++) {
        const struct sigaction *previous = gmr_ss_previous(gmr_agent_state.signals[i]);
        int was_ignored = !(previous->sa_flags & SA_SIGINFO) && previous->sa_handler == SIG_IGN;
        if (was_ignored) tell(gmr_agent_state.signals[i], GMR_CONFLICT_WAS_IGNORED);
    }
    gmr_signals_look(1);
    gmr_signals_tell();
}

uint64_t gmr_signals_until_look(void) {
    if (gmr_agent_state.signal_count == 0) return GMR_FOR_EVER;
    if (__atomic_load_n(&looks.is_asked, __ATOMIC_RELAXED)) return 0;
    if (looks.next == LOOK_COUNT) return GMR_FOR_EVER;
    uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC), due = looks.begin_ns + look_after_ns[looks.next];
    return now < due ? due - now : 0;
}

void gmr_signals_look_now(void) {
    uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    __atomic_store_n(&looks.is_asked, 0, __ATOMIC_RELAXED);
    while (looks.next < LOOK_COUNT && looks.begin_ns + look_after_ns[looks.next] <= now) looks.next++;
    gmr_signals_look(1);
    gmr_signals_tell();
}

void gmr_signals_watch(void) {
    for (uint32_t i = 0; i < gmr_agent_state.signal_count; i++) {
        int number = gmr_agent_state.signals[i];
        if (gmr_trigger_signal_is_ours(number)) continue;
        uint8_t known = __atomic_load_n(conflict_of(number), __ATOMIC_RELAXED);
        if (known != GMR_CONFLICT_NONE && known != GMR_CONFLICT_SHARED) continue;
        __atomic_store_n(&looks.is_asked, 1, __ATOMIC_RELAXED);
        /* Without a trigger. Where the agent is just going to sleep it misses this; the next look asks again. */
        gmr_ss_futex_wake(&gmr_safe_state.posted);
    }
}
