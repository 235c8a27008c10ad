/*
 * gate.h: the calls that leave signal-safe code, each with its reason. gate.c is the only file that silences
 * the compiler's check.
 */
#ifndef GMR_GATE_H
#define GMR_GATE_H

#include "safe.h"

/* Calls a handler that the application had installed before ours. It is the application's own handler, so what it
 * does is what would have happened without us. SIG_DFL and SIG_IGN: nothing is called. */
void gmr_ss_chain(const struct sigaction *previous, int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE;

#endif
