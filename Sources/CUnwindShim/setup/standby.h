/*
 * standby.h: what the agent and the helper process that stands by say to each other.
 */
#ifndef GMR_STANDBY_H
#define GMR_STANDBY_H

#include <stdint.h>

enum {
    GMR_STANDBY_REPORT = 1,
    GMR_STANDBY_LIST_THREADS = 2,
    GMR_STANDBY_SEE_ARENA = 3, /* it is another one */
};

/* With it come descriptors: the arena, and for a report the service's standard error where it has one. */
typedef struct {
    uint32_t kind; /* GMR_STANDBY_* */
    uint32_t call; /* the report's number, in gmr_arena_header_t.standby_call */
} gmr_standby_message_t;

#define GMR_STANDBY_DESCRIPTORS 2

/* standby_process.c: the main function of a helper that stands by. */
__attribute__((noreturn)) void gmr_standby_main(void);

/* rights.c: gives this process the rights that process `pid` has, where they are less. Returns 0 or a negative errno:
 * then it has more, and must not touch what that process says. */
int gmr_take_rights_of(int32_t pid);

#endif
