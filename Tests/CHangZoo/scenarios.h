/*
 * scenarios.h: what each scenario file gives to the table in scenarios.c.
 */
#ifndef ZOO_SCENARIOS_H
#define ZOO_SCENARIOS_H

#include "CHangZoo.h"

extern const zoo_scenario_t zoo_lock_scenarios[], zoo_wait_scenarios[], zoo_spin_scenarios[], zoo_crowd_scenarios[];
extern const zoo_scenario_t zoo_stack_scenarios[], zoo_signal_scenarios[], zoo_loader_scenarios[];
extern const zoo_scenario_t zoo_malloc_scenarios[], zoo_stdio_scenarios[], zoo_limit_scenarios[];
extern const zoo_scenario_t zoo_register_scenarios[], zoo_privilege_scenarios[], zoo_syscall_scenarios[];

/* The hang that scenarios about something else start from: thread `victim` in
 * victim_outer_calls_middle → victim_middle_calls_blocked → pthread_mutex_lock. */
void zoo_build_victim(int count, char *const *arguments);

/* Blocks for ever in a futex wait without a time limit, EINTR or not. */
void zoo_futex_wait_for_ever(void) __attribute__((noreturn));

#endif
