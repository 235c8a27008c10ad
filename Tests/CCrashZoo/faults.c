/*
 * faults.c: instructions that cannot be executed.
 * Threads: main or one of their own.  Signal handlers: no.
 */
#include "zoo.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static MARKER void null_read_faults(void) { (void)*(volatile int *)crash_zoo_opaque(0x10); }
static MARKER void null_read_outer(void) { null_read_faults(); }

static MARKER void null_call_faults(void) {
    void (*function)(void) = crash_zoo_opaque(0);
    function();
}

static MARKER void wild_call_faults(void) {
    void (*function)(void) = crash_zoo_opaque(0x7654321000);
    function();
}

static MARKER void write_constant_faults(void) {
    volatile int *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    constant[8] = 2;
}

static MARKER void non_canonical_faults(void) {
    (void)*(volatile int *)crash_zoo_opaque(UINT64_C(0x4141414141414141));
}

/* The recursion must not be a loop. */
static MARKER int overflow_recurses(volatile char *outer) {
    volatile char frame[512];
    frame[0] = outer[0];
    return overflow_recurses(frame) + frame[0];
}
static MARKER void overflow_on_main(void) { (void)overflow_recurses("a"); }
static MARKER void *overflow_of_worker(void *name) {
    pthread_setname_np(pthread_self(), name);
    (void)overflow_recurses("a");
    return NULL;
}
static MARKER void overflow_on_worker(void) { crash_zoo_on_thread("worker", overflow_of_worker); }

/* Returns to where an overwritten stack says. */
static MARKER void smashed_return_faults(void) {
    volatile uintptr_t *frame = __builtin_frame_address(0);
    for (int i = 0; i < 4; i++) frame[i] = UINT64_C(0x4242424242424242);
}

static MARKER void bus_error_faults(void) {
    int fd = memfd_create("short", 0);
    volatile char *memory = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) crash_zoo_fail("mmap");
    (void)memory[4096];
}

static MARKER void division_faults(void) {
    volatile int zero = 0;
    volatile int result = 1 / zero;
    (void)result;
}

MARKER void crash_zoo_trap(void) { __asm__ volatile("ud2"); }
static MARKER void undefined_instruction_faults(void) { crash_zoo_trap(); }
static MARKER void breakpoint_faults(void) { __asm__ volatile("int3\n\tnop"); }

static MARKER void forbidden_call_faults(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        crash_zoo_fail("seccomp");
    }
    (void)getppid();
}

static MARKER void *fault_of_worker(void *name) {
    pthread_setname_np(pthread_self(), name);
    null_read_faults();
    return NULL;
}
static MARKER void fault_on_worker(void) { crash_zoo_on_thread("worker", fault_of_worker); }

/* A thread whose own stack is small. */
static MARKER void fault_on_small_stack(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 32 * 1024);
    if (pthread_create(&thread, &attributes, fault_of_worker, "small") != 0) crash_zoo_fail("pthread_create");
    pthread_join(thread, NULL);
}

#define HELPER "helper process"
const crash_zoo_program_t crash_zoo_faults[] = {
    {"null-read", "SIGSEGV", "SEGV_MAPERR", "null_read_faults<null_read_outer", "at address 0x10", HELPER, NULL,
     null_read_outer},
    {"null-call", "SIGSEGV", "SEGV_MAPERR", "null_call_faults", "at address 0x0", HELPER, NULL, null_call_faults},
    {"wild-call", "SIGSEGV", "SEGV_MAPERR", "wild_call_faults", "0x7654321000", HELPER, NULL, wild_call_faults},
    {"write-constant", "SIGSEGV", "SEGV_ACCERR", "write_constant_faults", "not allowed", HELPER, NULL,
     write_constant_faults},
    {"non-canonical", "SIGSEGV", "SI_KERNEL", "non_canonical_faults", "", HELPER, NULL, non_canonical_faults},
    {"overflow-main", "SIGSEGV", "SEGV_ACCERR|SEGV_MAPERR", "overflow_recurses<overflow_recurses", "stack", HELPER,
     NULL, overflow_on_main},
    {"overflow-worker", "SIGSEGV", "SEGV_ACCERR|SEGV_MAPERR", "overflow_recurses<overflow_recurses", "stack", HELPER,
     NULL, overflow_on_worker},
    {"smashed-return", "SIGSEGV", "SI_KERNEL", "smashed_return_faults", "", HELPER, NULL, smashed_return_faults},
    {"bus-error", "SIGBUS", "BUS_ADRERR", "bus_error_faults", "the file ends", HELPER, NULL, bus_error_faults},
    {"division", "SIGFPE", "FPE_INTDIV", "division_faults", "division by zero", HELPER, NULL, division_faults},
    {"undefined-instruction", "SIGILL", "ILL_ILLOPN", "crash_zoo_trap<undefined_instruction_faults", "", HELPER, NULL,
     undefined_instruction_faults},
    {"breakpoint", "SIGTRAP", "SI_KERNEL", "breakpoint_faults", "", HELPER, NULL, breakpoint_faults},
    {"forbidden-call", "SIGSYS", "SYS_SECCOMP", "forbidden_call_faults", "seccomp", HELPER, NULL,
     forbidden_call_faults},
    {"fault-on-worker", "SIGSEGV", "SEGV_MAPERR", "null_read_faults<fault_of_worker", "\"worker\"", HELPER, NULL,
     fault_on_worker},
    {"fault-on-small-stack", "SIGSEGV", "SEGV_MAPERR", "null_read_faults<fault_of_worker", "\"small\"", HELPER, NULL,
     fault_on_small_stack},
    {0},
};
