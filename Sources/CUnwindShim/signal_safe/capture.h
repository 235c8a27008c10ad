/*
 * capture.h: reads where every thread stands, into the arena's slots.
 */
#ifndef GMR_CAPTURE_H
#define GMR_CAPTURE_H

#include "safe.h"

/* The signal that asks a running thread for its registers: one of the few that libdispatch workers let through. */
#define GMR_CAPTURE_SIGNAL_NUMBER SIGPROF

/* Fills modules, slots and durations of a new generation. Returns 0, or a negative errno where the threads cannot
 * even be listed. Threads: the agent thread, one at a time. Blocks for the capture deadline at most, and no longer
 * than running threads take to answer. Signal safety: yes, but it waits. */
int gmr_ss_capture(void) GMR_SIGNAL_SAFE;

/* Reads a thread that sleeps from outside: 1 captured, 0 it runs, negative errno otherwise.
 * The thread does not notice. Signal safety: yes. */
int gmr_ss_capture_no_touch(int task_directory, gmr_slot_t *slot) GMR_SIGNAL_SAFE;

/* 1 where the thread is on a processor or waits for one. Signal safety: yes. */
int gmr_ss_is_running(int task_directory, int32_t tid) GMR_SIGNAL_SAFE;

/* Whether a thread masks the capture signal: it would stay pending, and end the program that the thread executes
 * next. */
int gmr_ss_masks_capture_signal(int task_directory, int32_t tid) GMR_SIGNAL_SAFE;

/* Does the thread still sleep where the slot says? Signal safety: yes. */
int gmr_ss_is_unmoved(int task_directory, const gmr_slot_t *slot) GMR_SIGNAL_SAFE;

/* Name, state, signal mask, switches and processor time into the slot. Signal safety: yes. */
void gmr_ss_read_facts(int task_directory, gmr_slot_t *slot) GMR_SIGNAL_SAFE;

/* Sends the capture signal to the slot's thread. Returns 0 or a negative errno. Signal safety: yes. */
int gmr_ss_ask(int task_directory, gmr_slot_t *slot, uint32_t index) GMR_SIGNAL_SAFE;

/* The count of threads that were asked and have not answered: begun anew, read, less one. The last one to answer wakes
 * who waits on gmr_safe_state.outstanding. Signal safety: yes. */
void gmr_ss_expect_answers(uint32_t generation) GMR_SIGNAL_SAFE;
uint32_t gmr_ss_missing_answers(void) GMR_SIGNAL_SAFE;
void gmr_ss_count_answer(uint32_t generation) GMR_SIGNAL_SAFE;

/* The GMR_REGISTER_COUNT registers of what a signal interrupted; `context` is the handler's third argument.
 * Signal safety: yes. */
void gmr_ss_copy_registers(uint64_t *registers, const void *context) GMR_SIGNAL_SAFE;

/* The handler of GMR_CAPTURE_SIGNAL_NUMBER. */
void gmr_ss_on_capture_signal(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE;

/* Copies the stack from `stack_pointer` less the red zone up into the slot. `tid`: the calling thread.
 * Returns 0 or a negative errno. */
int gmr_ss_copy_stack(gmr_slot_t *slot, uint64_t stack_pointer, int32_t tid) GMR_SIGNAL_SAFE;

/* Builds the module table from /proc/thread-self/maps, without the loader. Returns 0 or a negative errno. */
int gmr_ss_list_modules(void) GMR_SIGNAL_SAFE;

/* The arena, where this is the process that it is mapped in; else NULL. Signal safety: yes. Threads: any. */
gmr_arena_header_t *gmr_ss_own_arena(void) GMR_SIGNAL_SAFE;

/* The slot that the arena's capture has of a thread, or NULL. Signal safety: yes. Threads: any. */
gmr_slot_t *gmr_ss_slot_of(const gmr_arena_header_t *arena, int32_t tid) GMR_SIGNAL_SAFE;

/* The module whose mappings contain `address`, or NULL. Signal safety: yes. */
const gmr_module_t *gmr_ss_module_at(const gmr_arena_header_t *arena, uint64_t address) GMR_SIGNAL_SAFE;

#endif
