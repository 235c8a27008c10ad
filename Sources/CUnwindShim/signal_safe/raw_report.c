/*
 * raw_report.c: frames as module + offset, straight from the arena, and a crash from its registers.
 * gmr_ss_raw_report runs on the agent thread, when neither the helper nor the worker delivered; the others on the
 * thread that crashed.
 * A handler may run all of it; it waits for a reader of standard error, a second at most.
 */
#include "raw_report.h"

#include <poll.h>
#include <unistd.h>

#include "capture.h"
#include "syscalls_x86_64.h"

#define PATIENCE_NS UINT64_C(1000000000)
#define LONGEST_PATH 1024u
#define SEARCHED_WORDS 2048u /* of a stack that nobody has walked */
#define MOST_WORDS 64u       /* of them shown */

typedef struct {
    int descriptor;
    uint32_t used;
    uint32_t is_lost; /* 1: something was not taken */
    uint64_t deadline_ns; /* of the whole report: nobody must wait for a reader that is stuck */
    char bytes[512];
} sink_t;

static void open_sink(sink_t *sink, int descriptor) GMR_SIGNAL_SAFE {
    sink->descriptor = descriptor;
    sink->used = sink->is_lost = 0;
    sink->deadline_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
}

static void flush(sink_t *sink) GMR_SIGNAL_SAFE {
    uint32_t at = 0;
    while (at < sink->used) {
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        struct pollfd request = {.fd = sink->descriptor, .events = POLLOUT};
        long left_ms = now < sink->deadline_ns ? (long)((sink->deadline_ns - now) / 1000000) : 0;
        /* Not more than PIPE_BUF is written at a time, so that a descriptor that polls writable does not block. */
        if (gmr_ss_syscall3(SYS_poll, &request, 1, left_ms) <= 0) break;
        long written = gmr_ss_write(sink->descriptor, sink->bytes + at, sink->used - at);
        if (written <= 0) break;
        at += (uint32_t)written;
    }
    if (at < sink->used) sink->is_lost = 1;
    sink->used = 0;
}

static void put_byte(sink_t *sink, char byte) GMR_SIGNAL_SAFE {
    if (sink->used == sizeof sink->bytes) flush(sink);
    sink->bytes[sink->used++] = byte;
}

static void put(sink_t *sink, const char *text) GMR_SIGNAL_SAFE {
    while (*text) put_byte(sink, *text++);
}

static void put_number(sink_t *sink, uint64_t value, unsigned base) GMR_SIGNAL_SAFE {
    char digits[24];
    unsigned count = 0;
    do {
        digits[count++] = (char)(value % base < 10 ? '0' + value % base : 'a' + value % base - 10);
        value /= base;
    } while (value);
    while (count) put_byte(sink, digits[--count]);
}

static void put_address(sink_t *sink, uint64_t address) GMR_SIGNAL_SAFE {
    put(sink, "0x");
    put_number(sink, address, 16);
}

static void put_name(sink_t *sink, const char *name, uint32_t capacity) GMR_SIGNAL_SAFE {
    for (uint32_t i = 0; i < capacity && name[i]; i++) put_byte(sink, name[i] >= ' ' && name[i] < 127 ? name[i] : '?');
}

/* `0x7f… /lib/libc.so.6+0x3f (build ID …)`, as far as the module is known. */
static void put_place(sink_t *sink, const gmr_arena_header_t *arena, uint64_t address) GMR_SIGNAL_SAFE {
    const gmr_module_t *module = arena ? gmr_ss_module_at(arena, address) : 0;
    put_address(sink, address);
    if (!module || module->path_offset > GMR_STRING_CAPACITY_BYTES - LONGEST_PATH) return;
    put(sink, "  ");
    put_name(sink, gmr_arena_strings(arena) + module->path_offset, LONGEST_PATH);
    put(sink, "+");
    put_address(sink, address - module->load_bias);
    put(sink, " (build ID ");
    for (uint32_t i = 0; i < module->build_id_bytes && i < GMR_BUILD_ID_CAPACITY_BYTES; i++) {
        put_number(sink, module->build_id[i] >> 4, 16);
        put_number(sink, module->build_id[i] & 15, 16);
    }
    put(sink, ")");
}

static void put_thread(sink_t *sink, const gmr_arena_header_t *arena, const gmr_slot_t *slot) GMR_SIGNAL_SAFE {
    put(sink, "\n------ Thread ");
    put_number(sink, (uint64_t)slot->tid, 10);
    put(sink, " \"");
    put_name(sink, slot->comm, sizeof slot->comm);
    put(sink, "\" ------\n");
    if (gmr_slot_state(slot) != GMR_SLOT_CAPTURED) put(sink, "    not captured\n");
    const gmr_frame_t *frames = gmr_slot_frames(slot);
    for (uint32_t i = slot->frame_count; i-- > 0;) {
        put(sink, "    ");
        put_place(sink, arena, frames[i].address);
        put(sink, "\n");
    }
}

static const char signal_names[32][8] = {
    [SIGSEGV] = "SIGSEGV", [SIGBUS] = "SIGBUS",   [SIGILL] = "SIGILL", [SIGFPE] = "SIGFPE",
    [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT", [SIGSYS] = "SIGSYS", [SIGQUIT] = "SIGQUIT"};

static void put_signal(sink_t *sink, int32_t signal) GMR_SIGNAL_SAFE {
    if (signal > 0 && signal < 32 && signal_names[signal][0]) {
        put(sink, signal_names[signal]);
    } else {
        put(sink, "signal ");
        put_number(sink, (uint64_t)signal, 10);
    }
}

/* `SIGSEGV at address 0x10 in thread 4712, at 0x55…  /usr/bin/orders+0x1139 (build ID …)` */
static void put_crash(sink_t *sink, const gmr_arena_header_t *arena, const gmr_crash_t *crash) GMR_SIGNAL_SAFE {
    put_signal(sink, crash->signal);
    if (crash->flags & GMR_CRASH_ADDRESS) {
        put(sink, " at address ");
        put_address(sink, crash->address);
    }
    put(sink, " in thread ");
    put_number(sink, (uint64_t)crash->tid, 10);
    put(sink, ", at ");
    put_place(sink, arena, crash->registers[GMR_REG_RIP]);
    put(sink, "\n");
}

static const char register_names[GMR_REGISTER_COUNT][4] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
                                                           "rbp", "rsp", "r8",  "r9",  "r10", "r11",
                                                           "r12", "r13", "r14", "r15", "rip"};

static void put_registers(sink_t *sink, const uint64_t *registers) GMR_SIGNAL_SAFE {
    for (uint32_t i = 0; i < GMR_REGISTER_COUNT; i++) {
        put(sink, i % 4 == 0 ? "    " : " ");
        put(sink, register_names[i]);
        put(sink, " ");
        put_address(sink, registers[i]);
        if (i % 4 == 3) put(sink, "\n");
    }
    put(sink, "\n");
}

/* What may be return addresses, innermost first: nobody has walked this stack. */
static void put_stack(sink_t *sink, const gmr_arena_header_t *arena, const gmr_crash_t *crash) GMR_SIGNAL_SAFE {
    uint64_t words[16], at = crash->registers[GMR_REG_RSP] & ~UINT64_C(7);
    uint32_t shown = 0;
    for (uint32_t seen = 0; seen < SEARCHED_WORDS && shown < MOST_WORDS; seen += 16, at += sizeof words) {
        if (gmr_ss_read_memory(crash->tid, at, words, sizeof words) != sizeof words) return;
        for (uint32_t i = 0; i < 16 && shown < MOST_WORDS; i++) {
            const gmr_module_t *module = gmr_ss_module_at(arena, words[i]);
            if (!module || words[i] < module->text_start || words[i] >= module->text_end) continue;
            put(sink, "    ");
            put_place(sink, arena, words[i]);
            put(sink, "\n");
            shown++;
        }
    }
}

static int has_frames_of(const gmr_arena_header_t *arena, int32_t tid) GMR_SIGNAL_SAFE {
    const gmr_slot_t *slot = gmr_ss_slot_of(arena, tid);
    return slot && slot->frame_count > 0;
}

static void put_threads(sink_t *sink, const gmr_arena_header_t *arena) GMR_SIGNAL_SAFE {
    put(sink, "Missing: names, source lines, sections. Outermost frame first; resolve addresses with\n"
              "addr2line -Cfie MODULE OFFSET (less one for all but the last frame).\n");
    for (uint32_t i = 0; i < arena->slot_count && i < arena->slot_capacity; i++) {
        const gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation == arena->generation) put_thread(sink, arena, slot);
    }
}

static void put_title(sink_t *sink, int32_t pid) GMR_SIGNAL_SAFE {
    put(sink, "\nGuru Meditation (raw): process ");
    put_number(sink, (uint64_t)pid, 10);
    put(sink, "\n");
}

static void put_record(sink_t *sink, const char *path) GMR_SIGNAL_SAFE {
    if (!path) return;
    put(sink, "What could be captured is in a raw record. For names and lines: gmr render ");
    put_name(sink, path, LONGEST_PATH);
    put(sink, "\n");
}

static void put_watchdog(sink_t *sink, const gmr_arena_header_t *arena) GMR_SIGNAL_SAFE {
    put(sink, "The watchdog asked for it: no answer from ");
    put_name(sink, arena->watchdog_target, GMR_WATCHDOG_TARGET_BYTES);
    put(sink, " for ");
    put_number(sink, arena->watchdog_silence_ns / 1000000, 10);
    put(sink, " ms.\n");
}

static int end(sink_t *sink) GMR_SIGNAL_SAFE {
    put(sink, "\ngmr: end of the raw report\n");
    flush(sink);
    return !sink->is_lost;
}

int gmr_ss_raw_report(const gmr_arena_header_t *arena, int descriptor, int has_worker,
                      const char *record) GMR_SIGNAL_SAFE {
    sink_t sink;
    open_sink(&sink, descriptor);
    put_title(&sink, arena->pid);
    if (arena->crash.signal) {
        put_crash(&sink, arena, &arena->crash);
        put_registers(&sink, arena->crash.registers);
    }
    if (arena->trigger_kinds & 1u << GMR_TRIGGER_WATCHDOG) put_watchdog(&sink, arena);
    put(&sink, "The full report could not be made: the helper process did not deliver (error ");
    put_number(&sink, (uint64_t)(uint32_t)arena->helper_error, 10);
    put(&sink, has_worker ? "), and the worker thread is blocked, most likely on a lock that a stuck thread holds.\n"
                          : "), and there is no other thread of GMR's in this process.\n");
    put_record(&sink, record);
    put_threads(&sink, arena);
    return end(&sink);
}

void gmr_ss_raw_line(const gmr_crash_t *crash, const gmr_arena_header_t *arena, int descriptor) GMR_SIGNAL_SAFE {
    sink_t sink;
    open_sink(&sink, descriptor);
    put(&sink, "gmr: process ");
    put_number(&sink, (uint64_t)gmr_ss_getpid(), 10);
    put(&sink, " crashed: ");
    put_crash(&sink, arena, crash);
    flush(&sink);
}

void gmr_ss_raw_crash(const gmr_crash_t *crash, const gmr_arena_header_t *arena, int descriptor) GMR_SIGNAL_SAFE {
    sink_t sink;
    open_sink(&sink, descriptor);
    put_title(&sink, gmr_ss_getpid());
    put_crash(&sink, arena, crash);
    put_registers(&sink, crash->registers);
    put(&sink, "The full report could not be made: the thread of GMR's that makes it ");
    put(&sink, crash->tid == gmr_safe_state.agent_tid ? "is the one that crashed.\n" : "has not done so in time.\n");
    if (arena) {
        if (!has_frames_of(arena, crash->tid)) {
            put(&sink, "\nWords on its stack that point into code, the latest first; some may be old:\n");
            put_stack(&sink, arena, crash);
        }
        put_threads(&sink, arena);
    }
    (void)end(&sink);
}
