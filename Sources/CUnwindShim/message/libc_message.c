/*
 * libc_message.c: why libc ended the process (a failed assertion, a damaged heap or stack), and libdispatch.
 * Runs on the agent thread.
 * A handler may not run it. Finding allocates nothing and takes no lock; setting up does.
 *
 * glibc keeps what it printed before abort() in `__abort_msg` {length; text}, for debuggers. It is the process's: who
 * wrote last may be another thread. So abort() must have been called from inside libc, and this thread must hold the
 * assertion's text, or most of a text that is no assertion.
 */
#include <dlfcn.h>
#include <string.h>

#include "crash_words.h"
#include "message_sources.h"

#define LONGEST_MESSAGE_BYTES 4096
#define LONGEST_PART_BYTES 1024
#define NEAREST_WORDS 4 /* in which libdispatch has its text */

GMR_MAYBE_LINKED(dispatch_assert_queue);

static uint64_t abort_message, dispatch_code;

void gmr_libc_message_prepare(void) {
    /* Not a link to it: a program that names a private symbol of glibc's starts with that very glibc alone. */
    abort_message = (uint64_t)(uintptr_t)dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE");
    dispatch_code = GMR_PROGRAM_SYMBOL(dispatch_assert_queue);
}

int gmr_libc_message_of_abort(gmr_crash_t *crash) {
    static char part[LONGEST_PART_BYTES];
    char *text = gmr_message_piece;
    uint64_t caller = abort_message ? gmr_caller_of_abort(crash, NULL) : 0;
    if (!caller || !gmr_is_libc(caller)) return 0;
    uint64_t message = gmr_read_word(abort_message), word;
    uint64_t bytes = message ? gmr_read_string(message + 4, text, LONGEST_MESSAGE_BYTES) : 0;
    for (int i = 0; bytes && gmr_next_word(crash, i, gmr_crash_words.end, &word); i++) {
        uint64_t part_bytes = gmr_read_string(word, part, sizeof part);
        const char *at = part_bytes ? memmem(text, bytes, part, part_bytes) : NULL;
        if (!at) continue;
        int is_whole_assertion = at > text && at[-1] == '`' && at[part_bytes] == '\'';
        if (strchr(text, '`') ? is_whole_assertion : part_bytes > bytes / 2) {
            return gmr_message_finish(crash, text, bytes);
        }
    }
    return 0;
}

int gmr_dispatch_message_of_trap(gmr_crash_t *crash) {
    static const char prefix[] = "BUG IN ";
    if (!dispatch_code || !gmr_is_beside(crash->registers[GMR_REG_RIP], dispatch_code)) return 0;
    for (int i = GMR_DEAD_WORDS; i < GMR_DEAD_WORDS + NEAREST_WORDS && i < gmr_crash_words.end; i++) {
        uint64_t bytes = gmr_read_string(gmr_crash_words.stack[i], gmr_message_piece, LONGEST_PART_BYTES);
        if (bytes > sizeof prefix && memcmp(gmr_message_piece, prefix, sizeof prefix - 1) == 0) {
            return gmr_message_finish(crash, gmr_message_piece, bytes);
        }
    }
    return 0;
}
