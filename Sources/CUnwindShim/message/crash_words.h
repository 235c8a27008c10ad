/*
 * crash_words.h: the words of the thread that crashed, and the memory they lead to.
 * Threads: the agent thread. Signal safety: none. All but gmr_crash_words_prepare() read with checks, allocate
 * nothing and take no lock. One crash at a time.
 */
#ifndef GMR_CRASH_WORDS_H
#define GMR_CRASH_WORDS_H

#include "../memory/process_memory.h"
#include "gmr_capture_format.h"

#define GMR_DEAD_WORDS 64  /* below the stack pointer: of calls that have returned */
#define GMR_LIVE_WORDS 512 /* from the stack pointer up */
#define GMR_NEAR_WORDS 64  /* of these, in the innermost frames */
#define GMR_NEAR_FRAMES 64
#define GMR_PIECE_BYTES 65536u

typedef struct {
    uint64_t stack[GMR_DEAD_WORDS + GMR_LIVE_WORDS]; /* the stack pointer points at stack[GMR_DEAD_WORDS] */
    int begin, end, near_end; /* of what could be read, and of the innermost frames in it */
    const gmr_frame_t *frames;
    int frame_count;
} gmr_crash_words_t;

extern gmr_crash_words_t gmr_crash_words;
extern char gmr_message_piece[GMR_PIECE_BYTES]; /* for any of these files, until it calls another */

void gmr_crash_words_prepare(void);
void gmr_crash_words_read(const gmr_crash_t *crash);

/* The function that is entered by the call instruction before `return_address`, through the PLT too; 0: none. */
uint64_t gmr_call_target(uint64_t return_address);
/* Where the thread, which is in `function`, will return to; 0: it is not in it. By the frames: a word that looks like
 * it may be of an earlier call that was left by longjmp(). */
uint64_t gmr_caller_of(uint64_t function);
/* The same for abort(); `place` is the index of that word in stack[], unless NULL. */
uint64_t gmr_caller_of_abort(const gmr_crash_t *crash, int *place);
/* 1 where the code is in libc. */
int gmr_is_libc(uint64_t address);
/* 1 where both lie in the same loaded file. */
int gmr_is_beside(uint64_t address, uint64_t other);
/* The crashed thread's registers, then its live stack before stack[end]; `index` counts from 0. Returns 0 behind the
 * last one. */
int gmr_next_word(const gmr_crash_t *crash, int index, int end, uint64_t *word);

void gmr_message_append(gmr_crash_t *crash, const char *text, uint64_t bytes);
/* The last part; newlines at its end are dropped. Returns 1 where there is a message now. */
int gmr_message_finish(gmr_crash_t *crash, const char *text, uint64_t bytes);

#endif
