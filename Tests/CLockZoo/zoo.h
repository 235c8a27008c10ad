/*
 * zoo.h: what the programs of the lock zoo are made with.
 */
#ifndef LOCK_ZOO_H
#define LOCK_ZOO_H

#include "CLockZoo.h"

#include <pthread.h>

/* Starts a thread with a name. */
pthread_t lock_zoo_start(const char *name, void *(*body)(void *), void *argument);

/* A meeting point, made for `count` threads before they start. */
void lock_zoo_expect(unsigned count);
/* Returns when all of them are there. */
void lock_zoo_meet(void);

/* Blocks for ever in read(2). */
void lock_zoo_read_for_ever(void);

void lock_zoo_fail(const char *what) __attribute__((noreturn));

extern const lock_zoo_program_t lock_zoo_mutex_programs[], lock_zoo_other_programs[], lock_zoo_inside_programs[];
extern const lock_zoo_program_t lock_zoo_more_programs[], lock_zoo_cxx_programs[];

#endif
