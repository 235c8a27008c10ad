/*
 * capture_thread.c: one thread, read from outside through /proc and process_vm_readv.
 * Runs on the agent thread.
 * A handler may run all of it.
 */
#include <errno.h>

#include "capture.h"
#include "proc_text.h"
#include "syscalls_x86_64.h"

enum { RUNNING = -2, OUTSIDE_SYSCALL = -1 };

typedef struct {
    int64_t number;
    uint64_t args[6];
    uint64_t sp, pc;
} where_t;

/* `/proc/PID/task/TID/syscall`: "running", "-1 SP PC", or "NUMBER ARG0…ARG5 SP PC". */
static int read_where(int fd, where_t *where) GMR_SIGNAL_SAFE {
    char buffer[256];
    long bytes = gmr_ss_pread(fd, buffer, sizeof buffer, 0);
    if (bytes < 0) return (int)bytes;
    gmr_text_t text = {buffer, buffer + bytes};
    if (gmr_ss_text_word(&text, "running")) {
        where->number = RUNNING;
        return 0;
    }
    if (!gmr_ss_text_decimal(&text, &where->number)) return -EPROTO;
    for (unsigned i = 0; i < 6; i++) {
        where->args[i] = 0;
        if (where->number < 0) continue;
        gmr_ss_text_blanks(&text);
        if (!gmr_ss_text_hex(&text, &where->args[i])) return -EPROTO;
    }
    gmr_ss_text_blanks(&text);
    if (!gmr_ss_text_hex(&text, &where->sp)) return -EPROTO;
    gmr_ss_text_blanks(&text);
    if (!gmr_ss_text_hex(&text, &where->pc)) return -EPROTO;
    return 0;
}

static int same_place(const gmr_slot_t *slot, const where_t *where) GMR_SIGNAL_SAFE {
    if (slot->syscall_number != where->number) return 0;
    for (unsigned i = 0; i < 6; i++) {
        if (slot->syscall_args[i] != where->args[i]) return 0;
    }
    return slot->registers[GMR_REG_RSP] == where->sp && slot->registers[GMR_REG_RIP] == where->pc;
}

static int open_task_file(int task_directory, int32_t tid, const char *name) GMR_SIGNAL_SAFE {
    char path[40];
    gmr_ss_task_path(path, tid, name);
    return gmr_ss_open_at(task_directory, path, O_RDONLY);
}

int gmr_ss_capture_no_touch(int task_directory, gmr_slot_t *slot) GMR_SIGNAL_SAFE {
    int fd = open_task_file(task_directory, slot->tid, "syscall");
    if (fd < 0) return fd;
    int result = 0;
    /* A thread that moved between the two looks is looked at again; one that keeps moving counts as running. */
    for (int attempt = 0; attempt < 3 && result == 0; attempt++) {
        where_t before;
        result = read_where(fd, &before);
        if (result < 0) break;
        slot->syscall_number = before.number;
        if (before.number == RUNNING) break;
        if (before.sp == 0) { /* a zombie leader has neither stack nor registers */
            result = -ESRCH;
            break;
        }
        for (unsigned i = 0; i < 6; i++) slot->syscall_args[i] = before.args[i];
        slot->registers[GMR_REG_RSP] = before.sp;
        slot->registers[GMR_REG_RIP] = before.pc;
        slot->flags &= ~(uint32_t)GMR_SLOT_STACK_CUT;
        int copied = gmr_ss_copy_stack(slot, before.sp, gmr_safe_state.agent_tid);
        where_t after;
        result = read_where(fd, &after);
        if (result < 0) break;
        if (!same_place(slot, &after)) continue;
        slot->known_registers = 1u << GMR_REG_RSP | 1u << GMR_REG_RIP;
        slot->problem_errno = -copied;
        slot->method = GMR_CAPTURE_NO_TOUCH;
        result = 1;
    }
    gmr_ss_close(fd);
    return result;
}

int gmr_ss_is_running(int task_directory, int32_t tid) GMR_SIGNAL_SAFE {
    int fd = open_task_file(task_directory, tid, "syscall");
    if (fd < 0) return 0;
    where_t now;
    int result = read_where(fd, &now) == 0 && now.number == RUNNING;
    gmr_ss_close(fd);
    return result;
}

int gmr_ss_is_unmoved(int task_directory, const gmr_slot_t *slot) GMR_SIGNAL_SAFE {
    int fd = open_task_file(task_directory, slot->tid, "syscall");
    if (fd < 0) return 0;
    where_t now;
    int result = read_where(fd, &now) == 0 && now.number != RUNNING && same_place(slot, &now);
    gmr_ss_close(fd);
    return result;
}

/* The kernel writes newline and backslash as \n and \\ (proc_task_name in fs/proc/array.c). */
static void read_name(gmr_text_t text, gmr_slot_t *slot) GMR_SIGNAL_SAFE {
    unsigned count = 0;
    for (; text.at < text.end && *text.at != '\n' && count < sizeof slot->comm; text.at++) {
        char next = *text.at;
        if (next == '\\' && text.at + 1 < text.end) {
            text.at++;
            next = *text.at == 'n' ? '\n' : *text.at;
        }
        slot->comm[count++] = next;
    }
    while (count < sizeof slot->comm) slot->comm[count++] = 0;
    slot->facts |= GMR_FACT_COMM;
}

static void read_status(int fd, gmr_slot_t *slot) GMR_SIGNAL_SAFE {
    char buffer[4096];
    long bytes = gmr_ss_pread(fd, buffer, sizeof buffer, 0);
    if (bytes <= 0) return;
    gmr_text_t text = {buffer, buffer + bytes};
    int64_t number;
    for (; text.at < text.end; gmr_ss_text_next_line(&text)) {
        if (gmr_ss_text_word(&text, "Name:\t")) {
            read_name(text, slot);
        } else if (gmr_ss_text_word(&text, "State:\t")) {
            if (text.at < text.end) slot->kernel_state = (uint32_t)(uint8_t)*text.at;
        } else if (gmr_ss_text_word(&text, "SigBlk:\t")) {
            (void)gmr_ss_text_hex(&text, &slot->blocked_signals);
        } else if (gmr_ss_text_word(&text, "voluntary_ctxt_switches:\t")) {
            if (gmr_ss_text_decimal(&text, &number)) slot->voluntary_switches = (uint64_t)number;
            slot->facts |= GMR_FACT_STATUS;
        } else if (gmr_ss_text_word(&text, "nonvoluntary_ctxt_switches:\t")) {
            if (gmr_ss_text_decimal(&text, &number)) slot->involuntary_switches = (uint64_t)number;
        }
    }
}

int gmr_ss_masks_capture_signal(int task_directory, int32_t tid) GMR_SIGNAL_SAFE {
    gmr_slot_t facts = {.tid = tid};
    int fd = open_task_file(task_directory, tid, "status");
    if (fd < 0) return 0;
    read_status(fd, &facts);
    gmr_ss_close(fd);
    return facts.blocked_signals >> (GMR_CAPTURE_SIGNAL_NUMBER - 1) & 1;
}

/* The clock of another thread's processor time, as the kernel numbers it (pthread_getcpuclockid does the same). The
 * number is schedstat's first, without a file to open. */
static int cpu_clock(int32_t tid) GMR_SIGNAL_SAFE { return (int)(~(uint32_t)tid << 3 | 6u); }

/* One file and one call a thread: opening is what costs here, so `comm` and `schedstat` are not read. */
void gmr_ss_read_facts(int task_directory, gmr_slot_t *slot) GMR_SIGNAL_SAFE {
    int fd = open_task_file(task_directory, slot->tid, "status");
    if (fd >= 0) {
        read_status(fd, slot);
        gmr_ss_close(fd);
    }
    struct timespec used;
    if (gmr_ss_syscall3(SYS_clock_gettime, cpu_clock(slot->tid), &used, 0) == 0) {
        slot->cpu_ns = (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
        slot->facts |= GMR_FACT_CPU_TIME;
    }
}
