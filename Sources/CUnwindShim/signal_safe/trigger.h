/*
 * trigger.h: the mailbox between whoever asks for a report and the agent thread.
 */
#ifndef GMR_TRIGGER_H
#define GMR_TRIGGER_H

#include "safe.h"

/* The handler of every trigger signal: posts, and calls the handler that was there before.
 * Signal safety: made for it. Threads: any. */
void gmr_ss_on_trigger_signal(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE;

/* Puts a trigger into the mailbox and wakes the agent thread. Signal safety: yes. Threads: any. */
void gmr_ss_post_trigger(uint32_t kind, int32_t signal, int32_t sender_pid) GMR_SIGNAL_SAFE;

/* The same from a signal handler, for the process that the handler runs in: starts an agent where there is none between
 * reports. Signal safety: yes. Threads: any. */
void gmr_ss_trigger_in_handler(uint32_t kind, int32_t signal, int32_t sender_pid) GMR_SIGNAL_SAFE;

/* Takes everything posted so far: the first trigger, the kinds as bits, and how many more there were.
 * Returns 1, or 0 where nothing is left to answer. Threads: the agent thread. */
uint32_t gmr_ss_take_triggers(gmr_trigger_t *first, uint32_t *kinds, uint32_t *more) GMR_SIGNAL_SAFE;

#endif
