/*
 * swift_message.c: what Swift's runtime reported: "Main.swift:12: Fatal error: …", failed casts, memory misuse.
 * Runs on the agent thread.
 * A handler may not run it. Finding allocates nothing and takes no lock; setting up does.
 *
 * swift_reportError() keeps a copy of all that it prints, for who reports crashes: the string whose pointer's address
 * swift_getFatalErrorMessageBuffer() returns (since Swift 6.0; not on Apple's systems). It is the whole process's, and
 * has the reports that were not fatal and those of other threads too. What of it is the crashed thread's:
 * - After a trap, the last call before the `ud2` was one that reports, and the record has "FILE:LINE: PREFIX: MESSAGE"
 *   whose file, line and message are the arguments that still stand in the frames around the stack pointer.
 * - In abort(), the caller has a call to swift_reportError() just before, and the thread holds the pointer to the text.
 * What the compiler made of Swift 6.3.1 decides where arguments stand; where that changes there is no message.
 */
#include <string.h>

#include "crash_words.h"
#include "message_sources.h"

#define RECORD_BYTES GMR_PIECE_BYTES
#define LONGEST_RECORD_BYTES (UINT64_C(1) << 24)
#define LONGEST_HEAD_BYTES 1024
#define TRAP_DISTANCE_BYTES 16     /* between the report's return address and the trap */
#define RED_ZONE_WORDS 16          /* in which that return address lies */
#define SHORTEST_LOG_BYTES 9       /* less may be anything */
#define CALLER_WORDS 8             /* of the frame that called abort() */
#define REPORT_DISTANCE_BYTES 64   /* between the calls to swift_reportError() and to abort() */
#define LONGEST_CLOSURE_BYTES 1024 /* with a call that reports */

GMR_MAYBE_LINKED(swift_getFatalErrorMessageBuffer);
GMR_MAYBE_LINKED(swift_reportError);
GMR_MAYBE_LINKED(_swift_stdlib_reportFatalErrorInFile);
GMR_MAYBE_LINKED(_swift_stdlib_reportFatalError);

typedef const void *(*get_record_t)(void);

static uint64_t record_pointer; /* address of the pointer to the record */
static uint64_t reporters[3];
static char record[RECORD_BYTES]; /* its end */
static uint64_t record_bytes;

void gmr_swift_message_prepare(void) {
    get_record_t get_record = (get_record_t)GMR_PROGRAM_SYMBOL(swift_getFatalErrorMessageBuffer);
    record_pointer = get_record ? (uint64_t)(uintptr_t)get_record() : 0;
    reporters[0] = GMR_PROGRAM_SYMBOL(swift_reportError);
    reporters[1] = GMR_PROGRAM_SYMBOL(_swift_stdlib_reportFatalErrorInFile);
    reporters[2] = GMR_PROGRAM_SYMBOL(_swift_stdlib_reportFatalError);
}

static int load_record(void) {
    uint64_t address = gmr_read_word(record_pointer), all = gmr_read_string(address, NULL, LONGEST_RECORD_BYTES);
    record_bytes = all < RECORD_BYTES ? all : RECORD_BYTES;
    return record_bytes > 0 && gmr_read_all(address + all - record_bytes, record, record_bytes);
}

/* Whether a call in this code enters a function that reports. */
static int code_reports(uint64_t start, uint64_t bytes) {
    static uint8_t code[LONGEST_CLOSURE_BYTES];
    if (!gmr_read_all(start, code, bytes)) return 0;
    for (uint64_t i = 0; i + 5 <= bytes; i++) {
        uint64_t target = code[i] == 0xe8 ? gmr_call_target(start + i + 5) : 0;
        for (int k = 0; target && k < 3; k++) {
            if (target == reporters[k]) return 1;
        }
    }
    return 0;
}

/* Whether the last call that the thread made is just before the trap, and enters a function that reports or a closure
 * that calls one. Nothing has run since, so what the stack holds of it is not left from an earlier report. */
static int trapped_after_report(uint64_t trap) {
    uint8_t code[3]; /* `ud2`, or behind `int3` */
    if (!gmr_read_all(trap - 1, code, sizeof code)) return 0;
    if (code[0] != 0xcc && (code[1] != 0x0f || code[2] != 0x0b)) return 0;
    const gmr_crash_words_t *words = &gmr_crash_words;
    for (int i = GMR_DEAD_WORDS - 1; i >= words->begin && i >= GMR_DEAD_WORDS - RED_ZONE_WORDS; i--) {
        uint64_t target = trap - words->stack[i] <= TRAP_DISTANCE_BYTES ? gmr_call_target(words->stack[i]) : 0;
        if (target) return code_reports(words->stack[i] - 5, 5) || code_reports(target, LONGEST_CLOSURE_BYTES);
    }
    return 0;
}

/* Whether a word in the innermost frames has this value in the bits of `mask`. */
static int is_held(uint64_t value, uint64_t mask) {
    for (int i = gmr_crash_words.begin; i < gmr_crash_words.near_end; i++) {
        if ((gmr_crash_words.stack[i] & mask) == value) return 1;
    }
    return 0;
}

/* Whether memory there has these bytes. */
static int is_at(uint64_t address, const char *bytes, uint64_t count) {
    return gmr_read_all(address, gmr_message_piece, count) && memcmp(gmr_message_piece, bytes, count) == 0;
}

/* Whether the innermost frames have exactly this message: as a small String, which is its bytes in two words whose
 * topmost byte is 0xe0 or 0xa0 and the count; or as its count, below a String's flags or alone, and the address of its
 * bytes or of a String's storage, 32 bytes before them. */
static int is_message(const char *message, uint64_t count) {
    const uint64_t *stack = gmr_crash_words.stack;
    int may_be_large = is_held(count, UINT64_C(0xffffffffffff));
    for (int i = gmr_crash_words.begin; i + 1 < gmr_crash_words.near_end; i++) {
        uint64_t topmost = stack[i + 1] >> 56;
        if (count < 16 && (topmost & 0xbf) == (0xa0 | count) && memcmp(stack + i, message, count) == 0) return 1;
        if (!may_be_large) continue;
        uint64_t storage = stack[i] & UINT64_C(0x0fffffffffffffff);
        if (is_at(stack[i], message, count) || is_at(storage + 32, message, count)) return 1;
    }
    return 0;
}

/* Where the message that begins at `start` ends, before a newline or the record's end; 0: it is not in the frames. */
static uint64_t message_end(uint64_t start) {
    uint64_t found = 0;
    for (uint64_t end = start + 1; end <= record_bytes; end++) {
        int may_end = end == record_bytes || record[end] == '\n';
        if (may_end && is_message(record + start, end - start)) found = end;
    }
    return found;
}

/* Where the report that begins at `start` with so many bytes of its head ends, if it is the crashed thread's; else 0.
 * It is "FILE:LINE: PREFIX", without or with ": MESSAGE", or a line "PREFIX: MESSAGE". */
static uint64_t report_end(uint64_t start, uint64_t head_bytes) {
    uint64_t at = start + head_bytes, line = 0;
    if (at + 2 >= record_bytes || record[at++] != ':') return 0;
    uint64_t digits = at;
    for (; at < record_bytes && record[at] >= '0' && record[at] <= '9'; at++) {
        line = line * 10 + (uint64_t)(record[at] - '0');
    }
    if (at == digits) {
        if ((start > 0 && record[start - 1] != '\n') || record[at] != ' ') return 0;
        return message_end(at + 1);
    }
    if (at + 2 > record_bytes || memcmp(record + at, ": ", 2) != 0 || !is_held(line, UINT64_MAX)) return 0;
    const char *newline = memchr(record + at, '\n', record_bytes - at);
    if (!newline) return 0;
    const char *prefix = record + at + 2;
    const char *colon = newline > prefix ? memmem(prefix, (size_t)(newline - prefix), ": ", 2) : NULL;
    return colon ? message_end((uint64_t)(colon + 2 - record)) : (uint64_t)(newline - record);
}

int gmr_swift_message_of_trap(gmr_crash_t *crash) {
    static char head[LONGEST_HEAD_BYTES];
    const gmr_crash_words_t *words = &gmr_crash_words;
    uint64_t best = 0, best_bytes = 0;
    if (!record_pointer || !trapped_after_report(crash->registers[GMR_REG_RIP]) || !load_record()) return 0;
    for (int i = words->begin; i + 1 < words->near_end; i++) {
        /* A StaticString: the file, or a prefix such as "Fatal error". */
        uint64_t bytes = words->stack[i + 1];
        if (bytes < 2 || bytes >= sizeof head || !gmr_read_all(words->stack[i], head, bytes)) continue;
        for (const char *at = record; (at = memmem(at, record_bytes - (size_t)(at - record), head, bytes)); at++) {
            uint64_t start = (uint64_t)(at - record), end = report_end(start, bytes);
            if (end < start + best_bytes + 1) continue; /* the longest has the file and the message */
            best = start;
            best_bytes = end - start;
        }
    }
    return best_bytes > 0 && gmr_message_finish(crash, record + best, best_bytes);
}

/* fatalErrorv() of the runtime: swift_reportError(flags, log); abort(). The log is not freed. */
int gmr_swift_message_of_abort(gmr_crash_t *crash) {
    int place = 0;
    uint64_t caller = record_pointer ? gmr_caller_of_abort(crash, &place) : 0;
    if (!place || !code_reports(caller - REPORT_DISTANCE_BYTES, REPORT_DISTANCE_BYTES) || !load_record()) return 0;
    uint64_t record_address = gmr_read_word(record_pointer), word, longest = SHORTEST_LOG_BYTES - 1;
    const char *found = NULL;
    /* What is shorter is a part of the log, such as a type's name. */
    for (int i = 0; gmr_next_word(crash, i, place + CALLER_WORDS, &word); i++) {
        uint64_t bytes = word == record_address ? 0 : gmr_read_string(word, gmr_message_piece, GMR_PIECE_BYTES);
        const char *at = bytes > longest ? memmem(record, record_bytes, gmr_message_piece, bytes) : NULL;
        if (!at) continue;
        found = at;
        longest = bytes;
    }
    return found && gmr_message_finish(crash, found, longest);
}
