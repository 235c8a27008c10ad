/*
 * start.h: how a program begins.
 */
#ifndef GMR_START_H
#define GMR_START_H

typedef int gmr_main_t(int count, char **arguments, char **environment);
typedef int gmr_start_main_t(gmr_main_t *main, int count, char **arguments, void (*initialize)(void),
                             void (*finish)(void), void (*finish_loader)(void), void *stack_end);

/* glibc's own __libc_start_main, behind the one of this library. */
gmr_start_main_t gmr_start_main;

#endif
