/*
 * scenario_registers.c: threads whose registers tell nothing about their stack.
 * Threads: the scenario's own.  Signal handlers: no; the threads block all signals, having no stack for a handler.
 *
 * Truth
 *   smashed-sp   `sp-unmapped` waits in smashed_sp_blocks with rsp in a page that cannot be read, `sp-garbage` with
 *                rsp in a page full of 0xa5. Of both only the innermost frame is real. `victim` is as usual.
 *   smashed-rbp  `rbp-smashed` waits in smashed_rbp_blocks: rbp is garbage and lost. Its caller is known; the frames
 *                beyond are out of reach where code keeps a frame pointer. `rbp-borrowed` waits in borrowed_rbp_blocks,
 *                which saved rbp: complete.
 */
#include "scenarios.h"

#include <signal.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

void smashed_sp_blocks(uint32_t *word, void *sp) __attribute__((noreturn));
void smashed_rbp_blocks(uint32_t *word);
void borrowed_rbp_blocks(uint32_t *word);

static uint32_t never_woken;

static ZOO_MARKER void smashed_sp_outer_calls_blocked(void *sp) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    zoo_arrive();
    smashed_sp_blocks(&never_woken, sp);
}

static void *page(int protection) {
    void *address = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED)
        zoo_fail("mmap");
    return address;
}

static void build_smashed_sp(int count, char *const *arguments) {
    char *garbage = page(PROT_READ | PROT_WRITE);
    memset(garbage, 0xa5, 4096);
    zoo_spawn("sp-unmapped", SYS_futex, smashed_sp_outer_calls_blocked, (char *)page(PROT_NONE) + 1024);
    zoo_spawn("sp-garbage", SYS_futex, smashed_sp_outer_calls_blocked, garbage + 1024);
    zoo_build_victim(count, arguments);
}

static ZOO_MARKER void smashed_rbp_outer_calls_blocked(void *unused) {
    (void)unused;
    zoo_arrive();
    smashed_rbp_blocks(&never_woken);
    zoo_keep_frame();
}

static ZOO_MARKER void borrowed_rbp_outer_calls_blocked(void *unused) {
    (void)unused;
    zoo_arrive();
    borrowed_rbp_blocks(&never_woken);
    zoo_keep_frame();
}

static void build_smashed_rbp(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("rbp-smashed", SYS_futex, smashed_rbp_outer_calls_blocked, NULL);
    zoo_spawn("rbp-borrowed", SYS_futex, borrowed_rbp_outer_calls_blocked, NULL);
}

const zoo_scenario_t zoo_register_scenarios[] = {
    {"smashed-sp", "stack pointers that point nowhere", NULL, build_smashed_sp, NULL, NULL},
    {"smashed-rbp", "a frame pointer overwritten", NULL, build_smashed_rbp, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
