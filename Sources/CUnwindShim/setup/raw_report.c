/*
 * raw_report.c: frames as module + offset, straight from the arena.
 * Runs on the agent thread, when neither the helper nor the worker delivered.
 * A handler may not run it yet: it is not marked and reads without checks.
 */
#include "raw_report.h"

#include <poll.h>

#include "../signal_safe/syscalls_x86_64.h"
#include "../unwind/image_memory.h"

#define PATIENCE_NS UINT64_C(1000000000)

typedef struct {
    int descriptor;
    uint32_t used;
    uint32_t is_lost; /* 1: something was not taken */
    uint64_t deadline_ns; /* of the whole report: the agent's thread must not wait for a reader that is stuck */
    char bytes[2048];
} sink_t;

static void flush(sink_t *sink) {
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

static void put_byte(sink_t *sink, char byte) {
    if (sink->used == sizeof sink->bytes) flush(sink);
    sink->bytes[sink->used++] = byte;
}

static void put(sink_t *sink, const char *text) {
    while (*text) put_byte(sink, *text++);
}

static void put_number(sink_t *sink, uint64_t value, unsigned base) {
    char digits[24];
    unsigned count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (count) put_byte(sink, digits[--count]);
}

static void put_name(sink_t *sink, const char *name, uint32_t capacity) {
    for (uint32_t i = 0; i < capacity && name[i]; i++) put_byte(sink, name[i] >= ' ' && name[i] < 127 ? name[i] : '?');
}

static void put_frame(sink_t *sink, const gmr_arena_header_t *arena, const gmr_frame_t *frame) {
    const gmr_module_t *module = gmr_module_at(arena, frame->address);
    put(sink, "    0x");
    put_number(sink, frame->address, 16);
    if (module) {
        const char *path = gmr_arena_strings(arena) + module->path_offset;
        put(sink, "  ");
        put_name(sink, path, 4096);
        put(sink, "+0x");
        put_number(sink, frame->address - module->load_bias, 16);
        put(sink, " (build ID ");
        for (uint32_t i = 0; i < module->build_id_bytes; i++) {
            put_number(sink, module->build_id[i] >> 4, 16);
            put_number(sink, module->build_id[i] & 15, 16);
        }
        put(sink, ")");
    }
    put(sink, "\n");
}

static void put_thread(sink_t *sink, const gmr_arena_header_t *arena, const gmr_slot_t *slot) {
    put(sink, "\n------ Thread ");
    put_number(sink, (uint64_t)slot->tid, 10);
    put(sink, " \"");
    put_name(sink, slot->comm, sizeof slot->comm);
    put(sink, "\" ------\n");
    if (gmr_slot_state(slot) != GMR_SLOT_CAPTURED) put(sink, "    not captured\n");
    const gmr_frame_t *frames = gmr_slot_frames(slot);
    for (uint32_t i = slot->frame_count; i-- > 0;) put_frame(sink, arena, &frames[i]);
}

int gmr_raw_report(const gmr_arena_header_t *arena, int descriptor, int has_worker) {
    sink_t sink = {.descriptor = descriptor, .deadline_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS};
    put(&sink, "\nGuru Meditation (raw): process ");
    put_number(&sink, (uint64_t)arena->pid, 10);
    put(&sink, "\nThe full report could not be made: the helper process did not deliver (error ");
    put_number(&sink, (uint64_t)(uint32_t)arena->helper_error, 10);
    put(&sink, has_worker ? "), and the worker thread is blocked, most likely on a lock that a stuck thread holds.\n"
                          : "), and there is no other thread of GMR's in this process.\n");
    put(&sink, "Missing: names, source lines, sections. Outermost frame first; resolve addresses with\n"
               "addr2line -Cfie MODULE OFFSET (less one for all but the last frame).\n");
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        const gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation == arena->generation) put_thread(&sink, arena, slot);
    }
    put(&sink, "\ngmr: end of the raw report\n");
    flush(&sink);
    return !sink.is_lost;
}
