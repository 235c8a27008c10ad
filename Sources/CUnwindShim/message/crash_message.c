/*
 * crash_message.c: asks everyone who may have spoken before the crash.
 * Runs on the agent thread.
 * A handler may not run it. Finding allocates nothing and takes no lock; setting up does.
 */
#include "crash_message.h"

#include <signal.h>

#include "crash_words.h"
#include "message_sources.h"

void gmr_crash_message_prepare(void) {
    gmr_crash_words_prepare();
    gmr_swift_message_prepare();
    gmr_cxx_message_prepare();
    gmr_libc_message_prepare();
}

void gmr_crash_message_find(gmr_crash_t *crash) {
    crash->message_bytes = 0;
    gmr_crash_words_read(crash);
    switch (crash->signal) {
    case SIGILL:
    case SIGTRAP: (void)(gmr_swift_message_of_trap(crash) || gmr_dispatch_message_of_trap(crash)); break;
    case SIGABRT:
        (void)(gmr_cxx_message_of_abort(crash) || gmr_swift_message_of_abort(crash) ||
               gmr_libc_message_of_abort(crash));
    }
}
