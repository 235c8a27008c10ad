/*
 * crash.h: the last thing a process does on purpose.
 */
#ifndef GMR_CRASH_H
#define GMR_CRASH_H

#include "safe.h"

/* The handler of every crash signal. The first thread that crashes remembers the fault in gmr_safe_state.crash, says so
 * in a line on standard error, has the agent make a report and waits for it, but not for ever; where no report
 * comes it writes what is known itself. Then the signal's earlier action is put back, and the fault happens again.
 * Threads that crash meanwhile wait for the end. In a process without an agent nothing happens but the end.
 * Signal safety: made for it. Threads: any. */
void gmr_ss_on_crash_signal(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE;

/* Lets the crashed thread go on to its end; `answer` is GMR_CRASH_REPORTED or _ABANDONED. Does nothing where no thread
 * has crashed. Threads: the agent thread. */
void gmr_ss_answer_crash(uint32_t answer) GMR_SIGNAL_SAFE;

#endif
