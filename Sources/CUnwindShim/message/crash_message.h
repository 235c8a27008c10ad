/*
 * crash_message.h: what a program said before it ended itself: Swift's "Fatal error: …", the exception that C++ did not
 * catch, the complaint of libc or libdispatch.
 */
#ifndef GMR_CRASH_MESSAGE_H
#define GMR_CRASH_MESSAGE_H

#include "gmr_capture_format.h"

/* Finds the runtimes that are loaded by then; what is loaded later has no messages, nor has one that is linked into the
 * program statically where this code came with libgmr.so. Takes the loader's lock.
 * Threads: the agent thread, at set-up. Signal safety: none. */
void gmr_crash_message_prepare(void);

/* Sets the message of the crash, or leaves it empty: it is never another thread's, and never an earlier one. For that,
 * two things must be proven: that the crashed thread is where a runtime speaks and then dies, and that the text is one
 * that this thread's own registers and stack lead to. Where the text is too long its end is "…". In C++ the exception's
 * type is still mangled. No malloc, no lock; every read is checked.
 * Threads: the agent thread, after a capture, while the crashed thread waits. Signal safety: none. */
void gmr_crash_message_find(gmr_crash_t *crash);

#endif
