/*
 * probe.h: tries calls that a sandbox may answer with the end of the process.
 */
#ifndef GMR_PROBE_H
#define GMR_PROBE_H

#include "gmr_agent.h"
#include "safe.h"

/* The calls that this process may make and that work, GMR_PROBE_*. Each is tried in a child that raises no SIGCHLD,
 * because a seccomp filter may kill for it (systemd's SystemCallFilter= does).
 * Threads: set-up, one at a time. Signal safety: yes. */
uint32_t gmr_ss_probe(void) GMR_SIGNAL_SAFE;

/* One such child: 1 where `body` came to its end, which is gmr_ss_leave(0); 0 where it did not; a negative errno where
 * there could be no child. Every signal is blocked meanwhile.
 * Threads: set-up, one at a time. Signal safety: yes. */
int gmr_ss_survives(void (*body)(void)) GMR_SIGNAL_SAFE;

#endif
