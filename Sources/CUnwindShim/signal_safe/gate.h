/*
 * gate.h: the calls that leave signal-safe code, each with its reason. gate.c is the only file that silences
 * the compiler's check.
 */
#ifndef GMR_GATE_H
#define GMR_GATE_H

#include "safe.h"

/* Calls the handler that the application had for `signal`. It is the application's own, so what it does is what would
 * have happened without us. SIG_DFL and SIG_IGN: nothing is called. One that was installed over ours, and over which we
 * have put ours again, may call ours in turn: the second time round the one below both is called. */
void gmr_ss_chain(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE;

#endif
