/*
 * leaf_x86_64.S: functions without a frame, as an optimizing compiler makes them, in debug builds too.
 */
        .text

/* void leaf_spins(volatile uint64_t *counter): counts for ever. Its variable lives in the red zone below rsp, so
 * whoever interrupts it must leave those 128 bytes alone; traps when they were not. */
        .globl  leaf_spins
        .type   leaf_spins, @function
leaf_spins:
        .cfi_startproc
        movq    $0x5a5a5a5a, -8(%rsp)
        movq    $0x2d2d2d2d, -120(%rsp)
1:      incq    (%rdi)
        cmpq    $0x5a5a5a5a, -8(%rsp)
        jne     2f
        cmpq    $0x2d2d2d2d, -120(%rsp)
        je      1b
2:      ud2
        .cfi_endproc
        .size   leaf_spins, . - leaf_spins

/* void smashed_rbp_blocks(uint32_t *word): waits in a futex with rbp overwritten and no note of where it was, so that
 * a caller that finds its frame through rbp is out of reach. */
        .globl  smashed_rbp_blocks
        .type   smashed_rbp_blocks, @function
smashed_rbp_blocks:
        .cfi_startproc
        movabsq $0x4242424242424242, %rbp
1:      movl    $202, %eax              /* futex(word, FUTEX_WAIT_PRIVATE, 0, NULL) */
        movl    $128, %esi
        xorl    %edx, %edx
        xorl    %r10d, %r10d
        syscall
        jmp     1b
        .cfi_endproc
        .size   smashed_rbp_blocks, . - smashed_rbp_blocks

/* void borrowed_rbp_blocks(uint32_t *word): the same with rbp saved and noted: the stack can be walked. */
        .globl  borrowed_rbp_blocks
        .type   borrowed_rbp_blocks, @function
borrowed_rbp_blocks:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset rbp, -16
        movabsq $0x4242424242424242, %rbp
1:      movl    $202, %eax
        movl    $128, %esi
        xorl    %edx, %edx
        xorl    %r10d, %r10d
        syscall
        jmp     1b
        .cfi_endproc
        .size   borrowed_rbp_blocks, . - borrowed_rbp_blocks

/* void smashed_sp_blocks(uint32_t *word, void *sp): waits in a futex with rsp set to `sp`. */
        .globl  smashed_sp_blocks
        .type   smashed_sp_blocks, @function
smashed_sp_blocks:
        .cfi_startproc
        movq    %rsi, %rsp
1:      movl    $202, %eax
        movl    $128, %esi
        xorl    %edx, %edx
        xorl    %r10d, %r10d
        syscall
        jmp     1b
        .cfi_endproc
        .size   smashed_sp_blocks, . - smashed_sp_blocks

        .section .note.GNU-stack, "", @progbits
