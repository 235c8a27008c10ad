/*
 * standby.c: the agent's side of a helper process that is started at set-up and stands by until the service ends.
 * Runs on the agent thread; gmr_say_exit on the thread that ends the process.
 * A handler may not run it.
 *
 * The agent's end of a socket is how it is asked, and how it learns that the agent is gone, whatever the reason: it
 * closes when the process ends, executes another program, or stops reports. Rejected: a futex in the arena, beside
 * which it could not wait for anything else; PR_SET_PDEATHSIG, which asks for a living parent.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../signal_safe/clone_x86_64.h"
#include "../signal_safe/helper_spawn.h"
#include "../signal_safe/probe.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"
#include "standby.h"

#define LIST_PATIENCE_NS UINT64_C(200000000)
#define START_PATIENCE_NS UINT64_C(5000000000)
#define END_PATIENCE_NS UINT64_C(2000000000)

int gmr_standby_is_wanted(void) {
    return gmr_agent_state.config.helper_stands_by && !gmr_agent_state.config.is_on_demand &&
           gmr_safe_state.pid == gmr_safe_state.arena_pid && !gmr_safe_state.is_on_demand;
}

/* All that is called here, in a child: a filter may kill for it. */
static void try_to_speak(void) GMR_SIGNAL_SAFE {
    int32_t ends[2] = {-1, -1};
    char word = 0;
    struct iovec part = {&word, sizeof word};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct pollfd end = {.events = POLLIN};
    int32_t is_on = 1;
    long error = gmr_ss_syscall4(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET, 0, ends);
    end.fd = ends[1];
    if (!error) error = gmr_ss_syscall6(SYS_setsockopt, ends[1], SOL_SOCKET, SO_PASSCRED, (long)&is_on, 4, 0);
    if (!error && gmr_ss_syscall3(SYS_sendmsg, ends[0], &message, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) error = -1;
    if (!error && gmr_ss_syscall3(SYS_poll, (long)&end, 1, 0) != 1) error = -1;
    (void)gmr_ss_syscall3(SYS_pidfd_open, gmr_ss_getpid(), 0, 0);
    gmr_ss_leave(error != 0);
}

void gmr_standby_prepare(void) {
    if (!gmr_standby_is_wanted()) return;
    int answer = gmr_ss_survives(try_to_speak);
    /* A limit of processes, or a filter that lets none be made any more: what could be called before still can. */
    if (answer >= 0) gmr_agent_state.standby.is_allowed = answer;
}

/* The agent's end, or -1 where the application has closed it. */
static int own_end(void) {
    gmr_standby_t *standby = &gmr_agent_state.standby;
    if (standby->socket <= 0) return -1;
    return gmr_descriptors_inode(standby->socket) == standby->inode ? standby->socket : -1;
}

int gmr_standby_is_there(void) {
    struct pollfd end = {.fd = own_end()};
    if (end.fd < 0 || !gmr_agent_state.standby.is_allowed) return 0;
    return poll(&end, 1, 0) == 0; /* nobody writes to it: what happens there is its end */
}

void gmr_standby_drop(void) {
    __atomic_store_n(&gmr_safe_state.arena->standby_pid, 0, __ATOMIC_RELEASE);
    int socket = own_end();
    if (socket >= 0) close(socket);
    gmr_agent_state.standby.socket = 0;
}

static int spawn(int talk, int owner) {
    gmr_agent_state_t *state = &gmr_agent_state;
    gmr_helper_start_t start = {state->executable_descriptor, state->arena_descriptor, talk, owner,
                                gmr_adopts_orphans()};
    /* The keeper of the one before. */
    (void)gmr_ss_helper_reap(GMR_HELPER_STANDS_BY, START_PATIENCE_NS);
    int error = gmr_ss_helper_spawn(GMR_HELPER_STANDS_BY, &start);
    if (!error) error = gmr_ss_standby_result(START_PATIENCE_NS);
    if (!start.keeper_stays) (void)gmr_ss_helper_reap(GMR_HELPER_STANDS_BY, START_PATIENCE_NS);
    return error;
}

static int start(void) {
    gmr_agent_state_t *state = &gmr_agent_state;
    int ends[2], is_on = 1;
    if (!(gmr_safe_state.allowed & GMR_PROBE_CLONE) || !state->standby.is_allowed) return -EPERM;
    if (state->executable_descriptor < 0) return state->executable_descriptor;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -errno;
    /* Each message comes with who has sent it, as the kernel says. */
    (void)setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &is_on, sizeof is_on);
    int ours = gmr_descriptors_raise(ends[0]), theirs = gmr_descriptors_raise(ends[1]);
    int owner = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (owner >= 0) owner = gmr_descriptors_raise(owner);
    int error = ours < 0 ? ours : theirs < 0 ? theirs : spawn(theirs, owner);
    if (theirs >= 0) close(theirs);
    if (owner >= 0) close(owner);
    if (error && ours >= 0) close(ours);
    if (error) return error;
    state->standby.socket = ours;
    state->standby.inode = gmr_descriptors_inode(ours);
    __atomic_store_n(&gmr_safe_state.arena->standby_pid, gmr_ss_helper_pid(GMR_HELPER_STANDS_BY), __ATOMIC_RELEASE);
    return 0;
}

void gmr_standby_start(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    if (!gmr_standby_is_wanted() || gmr_standby_is_there()) return;
    gmr_standby_drop();
    gmr_descriptors_adopt_stderr();
    gmr_agent_state.standby.error = start();
    gmr_descriptors_leave_stderr();
    arena->standby_error = -gmr_agent_state.standby.error;
    arena->standby_keeper = gmr_ss_helper_keeper(GMR_HELPER_STANDS_BY);
}

static int send_message(uint32_t kind, uint32_t call) {
    gmr_standby_message_t message = {kind, call};
    int descriptors[GMR_STANDBY_DESCRIPTORS] = {gmr_agent_state.arena_descriptor, STDERR_FILENO};
    size_t count = kind == GMR_STANDBY_REPORT && gmr_descriptors_inode(STDERR_FILENO) ? 2 : 1;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof descriptors)];
    } control;
    struct iovec part = {&message, sizeof message};
    struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                           .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    control.header = (struct cmsghdr){CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), descriptors, count * sizeof(int));
    int socket = own_end();
    if (socket < 0) return -EPIPE;
    return sendmsg(socket, &whole, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int gmr_standby_ask(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    gmr_standby_t *standby = &gmr_agent_state.standby;
    if (standby->error) return standby->error;
    uint32_t call = ++standby->calls;
    if (call == 0) call = ++standby->calls; /* which means none */
    gmr_store_release(&arena->standby_call, call);
    if (!standby->is_allowed) return -EPERM;
    return gmr_standby_is_there() ? send_message(GMR_STANDBY_REPORT, call) : -EPIPE;
}

void gmr_standby_answered(void) { __atomic_store_n(&gmr_safe_state.arena->standby_call, 0, __ATOMIC_SEQ_CST); }

void gmr_standby_show_arena(void) {
    if (gmr_standby_is_wanted() && gmr_standby_is_there()) (void)send_message(GMR_STANDBY_SEE_ARENA, 0);
}

void gmr_standby_list_threads(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    arena->listed_thread_count = 0;
    if (!gmr_standby_is_wanted() || access("/proc/self/task", F_OK) == 0 || !gmr_standby_is_there()) return;
    gmr_store_release(&arena->list_state, 0);
    if (send_message(GMR_STANDBY_LIST_THREADS, 0) != 0) return;
    (void)gmr_ss_futex_wait(&arena->list_state, 0, LIST_PATIENCE_NS);
    if (!gmr_load_acquire(&arena->list_state)) arena->listed_thread_count = 0;
}

void gmr_standby_stop(void) {
    if (!gmr_agent_state.config.helper_stands_by || gmr_agent_state.standby.socket <= 0) return;
    gmr_standby_drop();
    (void)gmr_ss_helper_reap(GMR_HELPER_STANDS_BY, END_PATIENCE_NS);
}

/* exit() and the return from main() come by here; _exit() does not. */
__attribute__((destructor)) static void gmr_say_exit(void) {
    gmr_arena_header_t *arena = gmr_agent_arena();
    uint32_t none = GMR_LAST_NONE;
    if (!arena || !gmr_agent_state.config.helper_stands_by) return;
    (void)__atomic_compare_exchange_n(&arena->last_words, &none, GMR_LAST_EXITS, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}
