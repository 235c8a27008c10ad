/*
 * message_sources.h: those who may have spoken, each in a file of its own.
 * Threads and signal safety: as in crash_message.h. The find functions return 1 where they have set the message.
 */
#ifndef GMR_MESSAGE_SOURCES_H
#define GMR_MESSAGE_SOURCES_H

#include "gmr_capture_format.h"

void gmr_swift_message_prepare(void);
int gmr_swift_message_of_trap(gmr_crash_t *crash);
int gmr_swift_message_of_abort(gmr_crash_t *crash);

void gmr_cxx_message_prepare(void);
int gmr_cxx_message_of_abort(gmr_crash_t *crash);

void gmr_libc_message_prepare(void);
int gmr_libc_message_of_abort(gmr_crash_t *crash);
int gmr_dispatch_message_of_trap(gmr_crash_t *crash);

#endif
