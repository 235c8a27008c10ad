/*
 * standby.h: what the agent and the helper process that stands by say to each other.
 */
#ifndef GMR_STANDBY_H
#define GMR_STANDBY_H

#include <stdint.h>
#include <sys/socket.h>

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

/* rights.c, on the only thread of its process. */
/* From now on this process has no more rights than `sender` had, who has sent it something. Returns 0, or -EPERM where
 * it still has more: then it must not touch what that process says. */
int gmr_take_rights_of(const struct ucred *sender);
/* The same, of a process that has ended and has not been waited for; says nothing where there is none. */
void gmr_take_rights_of_zombie(int32_t pid);

#endif
