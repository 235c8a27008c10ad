/*
 * crash_words.c: reads the crashed thread's stack, strings and code, none of which can be trusted.
 * Runs on the agent thread.
 * A handler may not run it.
 */
#include "crash_words.h"

#include <stdlib.h>
#include <string.h>

#include "../signal_safe/capture.h"
#include "../signal_safe/syscalls_x86_64.h"

gmr_crash_words_t gmr_crash_words;
char gmr_message_piece[GMR_PIECE_BYTES];
static uint64_t abort_function;

void gmr_crash_words_prepare(void) { abort_function = GMR_PROGRAM_SYMBOL(abort); }

static void find_frames(int32_t tid) {
    const gmr_slot_t *slot = gmr_ss_slot_of(gmr_safe_state.arena, tid);
    gmr_crash_words.frame_count = 0;
    if (!slot || gmr_slot_state(slot) != GMR_SLOT_CAPTURED) return;
    gmr_crash_words.frames = gmr_slot_frames(slot);
    gmr_crash_words.frame_count = (int)slot->frame_count;
}

void gmr_crash_words_read(const gmr_crash_t *crash) {
    gmr_crash_words_t *words = &gmr_crash_words;
    find_frames(crash->tid);
    uint64_t top = crash->registers[GMR_REG_RSP];
    uint64_t *live = words->stack + GMR_DEAD_WORDS;
    words->begin = GMR_DEAD_WORDS;
    if (gmr_read_all(top - GMR_DEAD_WORDS * 8, words->stack, GMR_DEAD_WORDS * 8)) words->begin = 0;
    long bytes = gmr_ss_read_as_agent(top, live, GMR_LIVE_WORDS * 8);
    words->end = GMR_DEAD_WORDS + (bytes > 0 ? (int)(bytes / 8) : 0);
    words->near_end = words->end < GMR_DEAD_WORDS + GMR_NEAR_WORDS ? words->end : GMR_DEAD_WORDS + GMR_NEAR_WORDS;
}

/* What the slot that an instruction ending at `end` names, relative to itself, has in it. */
static uint64_t read_slot(uint64_t end, const uint8_t *distance_bytes) {
    int32_t distance;
    memcpy(&distance, distance_bytes, sizeof distance);
    return gmr_read_word(end + (uint64_t)(int64_t)distance);
}

uint64_t gmr_call_target(uint64_t return_address) {
    uint8_t code[6], stub[12];
    int32_t distance;
    if (!gmr_read_all(return_address - sizeof code, code, sizeof code)) return 0;
    if (code[0] == 0xff && code[1] == 0x15) return read_slot(return_address, code + 2); /* call *slot(%rip) */
    memcpy(&distance, code + 2, sizeof distance);
    uint64_t target = return_address + (uint64_t)(int64_t)distance;
    if (code[1] != 0xe8 || !gmr_read_all(target, stub, sizeof stub)) return 0; /* call target */
    /* In the PLT: endbr64, where there is one; bnd, where there is one; jmp *slot(%rip). */
    uint32_t at = memcmp(stub, "\xf3\x0f\x1e\xfa", 4) == 0 ? 4 : 0;
    at += stub[at] == 0xf2;
    return stub[at] == 0xff && stub[at + 1] == 0x25 ? read_slot(target + at + 6, stub + at + 2) : target;
}

/* The index of the frame that called it; 0: none. */
static int calling_frame(uint64_t function) {
    const gmr_frame_t *frames = gmr_crash_words.frames;
    for (int i = 1; function && i < gmr_crash_words.frame_count && i < GMR_NEAR_FRAMES; i++) {
        if (!(frames[i].flags & GMR_FRAME_EXACT) && gmr_call_target(frames[i].address) == function) return i;
    }
    return 0;
}

uint64_t gmr_caller_of(uint64_t function) {
    int frame = calling_frame(function);
    return frame ? gmr_crash_words.frames[frame].address : 0;
}

uint64_t gmr_caller_of_abort(const gmr_crash_t *crash, int *place) {
    int frame = calling_frame(abort_function);
    if (!frame) return 0;
    uint64_t distance = gmr_crash_words.frames[frame - 1].cfa - 8 - crash->registers[GMR_REG_RSP];
    if (place) *place = distance < GMR_LIVE_WORDS * 8 ? GMR_DEAD_WORDS + (int)(distance / 8) : 0;
    return gmr_crash_words.frames[frame].address;
}

int gmr_is_libc(uint64_t address) { return gmr_is_beside(address, abort_function); }

int gmr_is_beside(uint64_t address, uint64_t other) {
    const gmr_module_t *module = gmr_ss_module_at(gmr_safe_state.arena, address);
    return module && module == gmr_ss_module_at(gmr_safe_state.arena, other);
}

int gmr_next_word(const gmr_crash_t *crash, int index, int end, uint64_t *word) {
    int place = GMR_DEAD_WORDS + index - (int)GMR_REGISTER_COUNT;
    if (index >= (int)GMR_REGISTER_COUNT && (place >= end || place >= gmr_crash_words.end)) return 0;
    *word = index < (int)GMR_REGISTER_COUNT ? crash->registers[index] : gmr_crash_words.stack[place];
    return 1;
}

void gmr_message_append(gmr_crash_t *crash, const char *text, uint64_t bytes) {
    static const char cut[] = "…";
    const uint32_t room = GMR_CRASH_MESSAGE_BYTES - (sizeof cut - 1);
    if (crash->message_bytes > room) return;
    uint64_t whole = bytes < room - crash->message_bytes ? bytes : room - crash->message_bytes;
    while (whole < bytes && whole > 0 && (text[whole] & 0xc0) == 0x80) whole--; /* in the midst of a character */
    memcpy(crash->message + crash->message_bytes, text, whole);
    crash->message_bytes += (uint32_t)whole;
    if (whole == bytes) return;
    memcpy(crash->message + crash->message_bytes, cut, sizeof cut - 1);
    crash->message_bytes += sizeof cut - 1;
}

int gmr_message_finish(gmr_crash_t *crash, const char *text, uint64_t bytes) {
    while (bytes > 0 && text[bytes - 1] == '\n') bytes--;
    gmr_message_append(crash, text, bytes);
    return crash->message_bytes > 0;
}
