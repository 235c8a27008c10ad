/*
 * on_demand.c: an agent thread from the handler of a trigger to the end of its report.
 * gmr_ss_start_on_demand and gmr_ss_forbid_on_demand run on any thread, the rest on the agent thread.
 * A handler may run all of it: raw system calls only.
 *
 * A fork child has none of its parent's threads, and a program that knows nothing of GMR may rely on having one thread
 * only: capset() and prctl() change the calling thread alone, and with another thread setuid() then ends the process;
 * unshare(CLONE_NEWUSER) fails. So the agent comes when it is asked for. It cannot come by pthread_create, which
 * allocates, and may find the allocator locked by the thread that runs the handler. It is cloned onto the stack and the
 * thread-local storage of a pthread that has ended, or that has stayed in the parent: libc calls that use errno or a
 * mutex find what they need there. libc does not know of such a thread. It must neither allocate nor start threads, and
 * setuid() does not reach it, so it ends with its report.
 * Rejected: pthread_create in a pthread_atfork handler, because most children execute another program at once.
 */
#include "on_demand.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/mman.h>

#include "clone_x86_64.h"
#include "crash.h"
#include "thread_descriptor.h"

#define LEAVING_PATIENCE_NS UINT64_C(10000000)

/* In a page that the kernel wipes in fork children. */
typedef struct {
    uint32_t agent; /* AGENT_*; futex; release and acquire: orders what the agents of a process do. At the end of one
                       that was started here the kernel writes AGENT_ABSENT. */
    uint32_t has_arena; /* gmr_safe_state.arena is mapped */
    int32_t pid; /* of the process; another one's in a child of vfork(), which has the page in common; 0: just forked */
} presence_t;
enum {
    AGENT_ABSENT = 0,
    AGENT_STAYS = 1,     /* a pthread */
    AGENT_VISITS = 2,    /* started here */
    AGENT_LEAVES = 3,    /* that one, on its way out */
    AGENT_FORBIDDEN = 4, /* and nobody may start one */
};

static struct {
    presence_t *presence; /* NULL: no agent comes by itself */
    uint8_t *stack_end;
    uint8_t *copy; /* of what is between the stack's end and the end of the storage, as glibc had laid it out */
    uint64_t copy_bytes;
    uint64_t thread_pointer;
    int32_t *tid; /* where libc keeps it */
    void (*body)(void);
} lent;

static void *get_memory(uint64_t bytes) GMR_SIGNAL_SAFE {
    const int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    long address = gmr_ss_syscall6(SYS_mmap, 0, (long)bytes, protection, flags, -1, 0);
    return address < 0 && address > -4096 ? 0 : (void *)address;
}

static presence_t *make_presence(void) GMR_SIGNAL_SAFE {
    presence_t *page = get_memory(GMR_PAGE_BYTES);
    if (!page || gmr_ss_syscall3(SYS_madvise, page, GMR_PAGE_BYTES, MADV_WIPEONFORK) == 0) return page;
    (void)gmr_ss_syscall3(SYS_munmap, page, GMR_PAGE_BYTES, 0);
    return 0;
}

int gmr_ss_lend_to_agents(uint8_t *stack_end, uint8_t *storage_end, void (*body)(void),
                          uint32_t is_present) GMR_SIGNAL_SAFE {
    presence_t *presence = lent.presence ? lent.presence : make_presence();
    int32_t tid_offset = gmr_ss_tid_offset();
    if (!presence || tid_offset < 0) return -ENOSYS;
    if (lent.copy) (void)gmr_ss_syscall3(SYS_munmap, lent.copy, lent.copy_bytes, 0);
    lent.stack_end = (uint8_t *)((uint64_t)stack_end & ~UINT64_C(15));
    lent.copy_bytes = (uint64_t)(storage_end - lent.stack_end);
    lent.copy = get_memory(lent.copy_bytes);
    if (!lent.copy) return -ENOMEM;
    __builtin_memcpy(lent.copy, lent.stack_end, lent.copy_bytes);
    lent.thread_pointer = gmr_ss_thread_pointer();
    lent.tid = (int32_t *)(lent.thread_pointer + (uint64_t)tid_offset);
    lent.body = body;
    if (is_present) presence->has_arena = 1;
    presence->pid = gmr_ss_getpid();
    gmr_store_release(&presence->agent, is_present ? AGENT_STAYS : AGENT_FORBIDDEN);
    __atomic_store_n(&lent.presence, presence, __ATOMIC_RELEASE);
    return 0;
}

int gmr_ss_is_vfork_child(void) GMR_SIGNAL_SAFE {
    presence_t *presence = __atomic_load_n(&lent.presence, __ATOMIC_ACQUIRE);
    int32_t pid = presence ? __atomic_load_n(&presence->pid, __ATOMIC_RELAXED) : 0;
    return pid != 0 && pid != gmr_ss_getpid();
}

void gmr_ss_on_fork_child(void) GMR_SIGNAL_SAFE {
    presence_t *presence = __atomic_load_n(&lent.presence, __ATOMIC_ACQUIRE);
    if (presence) __atomic_store_n(&presence->pid, gmr_ss_getpid(), __ATOMIC_RELAXED);
}

int gmr_ss_answers_on_demand(void) GMR_SIGNAL_SAFE {
    presence_t *presence = __atomic_load_n(&lent.presence, __ATOMIC_ACQUIRE);
    return presence && gmr_load_acquire(&presence->agent) != AGENT_FORBIDDEN;
}

/* Becomes the one to start the agent of this process; 0 where there is one. */
static int claim(presence_t *presence) GMR_SIGNAL_SAFE {
    uint64_t end = 0;
    for (;;) {
        uint32_t absent = AGENT_ABSENT;
        if (__atomic_compare_exchange_n(&presence->agent, &absent, AGENT_VISITS, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            return 1;
        }
        if (absent != AGENT_LEAVES) return 0;
        /* For the few instructions that it still needs its stack. */
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        if (!end) end = now + LEAVING_PATIENCE_NS;
        if (now >= end) return 0;
        (void)gmr_ss_futex_wait(&presence->agent, AGENT_LEAVES, end - now);
    }
}

void gmr_ss_start_on_demand(void) GMR_SIGNAL_SAFE {
    presence_t *presence = __atomic_load_n(&lent.presence, __ATOMIC_ACQUIRE);
    if (!presence || !gmr_safe_state.installed || gmr_ss_is_vfork_child() || !claim(presence)) return;
    presence->pid = gmr_ss_getpid();
    if (!presence->has_arena) gmr_safe_state.arena = 0; /* the parent's */
    presence->has_arena = 1;
    gmr_safe_state.is_on_demand = 1;
    gmr_safe_state.pid = presence->pid;
    __atomic_store_n(&gmr_safe_state.trigger_handlers, 1, __ATOMIC_RELEASE); /* the parent's may have been counted */
    __builtin_memcpy(lent.stack_end, lent.copy, lent.copy_bytes);
    /* It lets the faults of its own in. */
    long tid = gmr_ss_clone_masked(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                                       CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
                                   lent.stack_end, lent.body, lent.thread_pointer, lent.tid, &presence->agent);
    if (tid < 0) {
        gmr_store_release(&presence->agent, AGENT_ABSENT); /* the next trigger tries again */
        gmr_ss_answer_crash(GMR_CRASH_ABANDONED);
    }
}

void gmr_ss_leave_on_demand(void) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    /* Who posts before this is found here, who posts after it waits for the end. */
    __atomic_store_n(&lent.presence->agent, AGENT_LEAVES, __ATOMIC_SEQ_CST);
    if (gmr_load_acquire(&state->installed) && __atomic_load_n(&state->posted, __ATOMIC_SEQ_CST) != state->taken) {
        __atomic_store_n(&lent.presence->agent, AGENT_VISITS, __ATOMIC_RELEASE);
        gmr_ss_futex_wake(&lent.presence->agent);
        return;
    }
    gmr_ss_leave_thread();
}

void gmr_ss_allow_on_demand(void) GMR_SIGNAL_SAFE {
    gmr_store_release(&lent.presence->agent, AGENT_ABSENT);
    if (gmr_load_acquire(&gmr_safe_state.posted) != gmr_safe_state.taken) gmr_ss_start_on_demand();
}

void gmr_ss_forbid_on_demand(void) GMR_SIGNAL_SAFE {
    presence_t *presence = __atomic_load_n(&lent.presence, __ATOMIC_ACQUIRE);
    while (presence) {
        uint32_t agent = gmr_load_acquire(&presence->agent);
        if (agent == AGENT_VISITS || agent == AGENT_LEAVES) {
            (void)gmr_ss_futex_wait(&presence->agent, agent, LEAVING_PATIENCE_NS);
        } else if (__atomic_compare_exchange_n(&presence->agent, &agent, AGENT_FORBIDDEN, 0, __ATOMIC_ACQ_REL,
                                               __ATOMIC_ACQUIRE)) {
            return; /* one that stays has been joined by now */
        }
    }
}
