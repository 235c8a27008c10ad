/*
 * program.c: makes libgmr.so a program too, as libc.so.6 is one: it is its own helper process.
 * Runs on the main thread of that process, before there is another.
 * A handler may not run it.
 *
 * Rejected: the program that is preloaded, started anew with LD_PRELOAD, because constructors of its other libraries
 * would run a second time.
 */
#include <stdio.h>
#include <unistd.h>

#include "start.h"

/* The linker makes a PT_INTERP of it, so that the kernel can start the file. CUnwindShim/setup looks for the symbol. */
extern const char gmr_own_interpreter[];
const char gmr_own_interpreter[] __attribute__((section(".interp"), used)) = "/lib64/ld-linux-x86-64.so.2";

static int explain(int count, char **arguments, char **environment) {
    (void)count, (void)environment;
    /* The reference keeps a linker that drops unused sections from dropping this one. */
    __asm__ volatile("" ::"r"(gmr_own_interpreter));
    printf("libgmr.so makes Guru Meditation Reports of the program that it is loaded into:\n"
           "  LD_PRELOAD=%s PROGRAM &\n"
           "  kill -USR2 $!          # its report comes on standard error\n",
           arguments[0]);
    return 0;
}

/* By the time it is called, the constructor in CUnwindShim/setup/helper_entry.c has taken over where this process is a
 * helper. */
__attribute__((used, noreturn)) static void begin(long *stack, void (*finish_loader)(void)) {
    (void)gmr_start_main(explain, (int)stack[0], (char **)(stack + 1), NULL, NULL, finish_loader, stack);
    _exit(127);
}

__asm__(".text\n"
        ".globl gmr_program_start\n"
        ".type gmr_program_start, @function\n"
        "gmr_program_start:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined rip\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsp, %rdi\n"
        "    mov %rdx, %rsi\n"
        "    and $-16, %rsp\n"
        "    call begin\n"
        "    hlt\n"
        "    .cfi_endproc\n");
