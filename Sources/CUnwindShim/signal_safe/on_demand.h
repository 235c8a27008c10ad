/*
 * on_demand.h: an agent thread that is there for the time of a report only.
 */
#ifndef GMR_ON_DEMAND_H
#define GMR_ON_DEMAND_H

#include "safe.h"

/* Lends the calling thread's memory to agents that come later: `stack_end` is where the part of its stack begins that
 * it uses, `storage_end` the end of the thread-local storage above it. The mapping must last for ever, and libc must
 * not give it to another thread. `body` ends with gmr_ss_leave_on_demand(). `is_present`: there is an agent in this
 * process, and only fork children start one; otherwise gmr_ss_allow_on_demand() is to follow. Returns 0 or a negative
 * errno. */
int gmr_ss_lend_to_agents(uint8_t *stack_end, uint8_t *storage_end, void (*body)(void),
                          uint32_t is_present) GMR_SIGNAL_SAFE;

/* Starts an agent where reports are set up and there is none in this process. Signal safety: yes. Threads: any. */
void gmr_ss_start_on_demand(void) GMR_SIGNAL_SAFE;
/* In a child of fork(), before anything of it runs: so that its own children of vfork() are told from it. */
void gmr_ss_on_fork_child(void) GMR_SIGNAL_SAFE;
/* Whether this process has such an agent, or one may be started. Signal safety: yes. Threads: any. */
int gmr_ss_answers_on_demand(void) GMR_SIGNAL_SAFE;
/* The thread that was started: ends itself and does not return, unless there is another trigger to answer. */
void gmr_ss_leave_on_demand(void) GMR_SIGNAL_SAFE;
/* After the end of the thread that has lent its memory: triggers start agents from now on, and those that came before
 * this are answered. */
void gmr_ss_allow_on_demand(void) GMR_SIGNAL_SAFE;
/* Until the next gmr_ss_lend_to_agents() none is started; waits for the end of one that was. Threads: any other. */
void gmr_ss_forbid_on_demand(void) GMR_SIGNAL_SAFE;

/* Whether this is a child of vfork(), which has its parent's memory. Signal safety: yes. Threads: any. */
int gmr_ss_is_vfork_child(void) GMR_SIGNAL_SAFE;

#endif
