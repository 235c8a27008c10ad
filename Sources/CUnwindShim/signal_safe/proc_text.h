/*
 * proc_text.h: small parsers for the text of /proc, without libc.
 * Any thread. A handler may use all of them.
 */
#ifndef GMR_PROC_TEXT_H
#define GMR_PROC_TEXT_H

#include <stddef.h>

#include "syscalls_x86_64.h"

typedef struct {
    const char *at;
    const char *end;
} gmr_text_t;

/* Each returns 1 and moves on, or 0 and leaves `text` where it was. */
static inline int gmr_ss_text_hex(gmr_text_t *text, uint64_t *value) GMR_SIGNAL_SAFE {
    const char *at = text->at;
    uint64_t result = 0;
    if (text->end - at >= 2 && at[0] == '0' && at[1] == 'x') at += 2;
    const char *digits = at;
    for (; at < text->end; at++) {
        unsigned digit;
        if (*at >= '0' && *at <= '9') digit = (unsigned)(*at - '0');
        else if (*at >= 'a' && *at <= 'f') digit = (unsigned)(*at - 'a') + 10;
        else break;
        result = result << 4 | digit;
    }
    if (at == digits) return 0;
    *value = result;
    text->at = at;
    return 1;
}

static inline int gmr_ss_text_decimal(gmr_text_t *text, int64_t *value) GMR_SIGNAL_SAFE {
    const char *at = text->at;
    int negative = at < text->end && *at == '-';
    if (negative) at++;
    const char *digits = at;
    int64_t result = 0;
    for (; at < text->end && *at >= '0' && *at <= '9'; at++) result = result * 10 + (*at - '0');
    if (at == digits) return 0;
    *value = negative ? -result : result;
    text->at = at;
    return 1;
}

static inline void gmr_ss_text_blanks(gmr_text_t *text) GMR_SIGNAL_SAFE {
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\t')) text->at++;
}

/* Skips to the byte after the next newline. */
static inline void gmr_ss_text_next_line(gmr_text_t *text) GMR_SIGNAL_SAFE {
    while (text->at < text->end && *text->at != '\n') text->at++;
    if (text->at < text->end) text->at++;
}

/* Skips `word` if the text goes on with it. */
static inline int gmr_ss_text_word(gmr_text_t *text, const char *word) GMR_SIGNAL_SAFE {
    const char *at = text->at;
    for (; *word; word++, at++) {
        if (at >= text->end || *at != *word) return 0;
    }
    text->at = at;
    return 1;
}

/* Writes "NUMBER/NAME" with a final NUL; `path` has room for 10 digits, a slash and the name. */
static inline void gmr_ss_task_path(char *path, int32_t tid, const char *name) GMR_SIGNAL_SAFE {
    char digits[12];
    unsigned count = 0;
    uint32_t rest = (uint32_t)tid;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    while (count) *path++ = digits[--count];
    *path++ = '/';
    while (*name) *path++ = *name++;
    *path = 0;
}

/* The next thread of a /proc/PID/task. Returns 1, 0 behind the last one, or a negative errno. */
static inline int gmr_ss_next_thread(gmr_directory_t *list, int32_t *tid) GMR_SIGNAL_SAFE {
    const gmr_directory_entry_t *entry;
    int found;
    while ((found = gmr_ss_directory_next(list, &entry)) > 0) {
        gmr_text_t name = {entry->name, (const char *)entry + entry->record_bytes};
        int64_t number;
        if (!gmr_ss_text_decimal(&name, &number)) continue;
        *tid = (int32_t)number;
        break;
    }
    return found;
}

#endif
