/*
 * frame_pointer.c: finds rbp of a sleeping thread from the code and the stack.
 * Runs on the agent thread.
 * A handler may not run it (see image_memory.c).
 *
 * libc's functions mostly leave rbp alone, so the value is needed as late as in the first function with a frame
 * pointer. There the stack pointer is known, and the prologue says how far above it rbp points. Where the function
 * moves the stack pointer at run time (alloca, Swift generics, realignment) the stack is searched upward for a return
 * address whose call instruction leads to this very function. A bare guess is never taken.
 */
#include "frame_pointer.h"

#include "image_memory.h"

#define PROLOGUE_BYTES 64u
#define MAX_CALL_BYTES 8u

static int stack_word(const gmr_slot_t *slot, uint64_t address, uint64_t *value) {
    uint64_t offset = address - slot->stack_base;
    if (address < slot->stack_base || offset + 8 > slot->stack_bytes) return 0;
    __builtin_memcpy(value, gmr_slot_stack(slot) + offset, 8);
    return 1;
}

static int32_t signed32(const uint8_t *bytes) {
    int32_t value;
    __builtin_memcpy(&value, bytes, 4);
    return value;
}

/* Bytes between rbp and the stack pointer behind the prologue; -1 where it is not the usual one. `*end`: its length. */
static int64_t prologue_depth(uint64_t function, uint64_t *end) {
    uint8_t code[PROLOGUE_BYTES];
    uint32_t at = 0;
    if (!gmr_image_read(function, code, sizeof code)) return -1;
    if (code[0] == 0xf3 && code[1] == 0x0f && code[2] == 0x1e && code[3] == 0xfa) at += 4; /* endbr64 */
    if (code[at] != 0x55) return -1;                                                      /* push %rbp */
    at++;
    if (code[at] != 0x48 || !((code[at + 1] == 0x89 && code[at + 2] == 0xe5) ||           /* mov %rsp,%rbp */
                              (code[at + 1] == 0x8b && code[at + 2] == 0xec))) {
        return -1;
    }
    at += 3;
    int64_t depth = 0;
    while (at + 8 < PROLOGUE_BYTES) {
        if (code[at] >= 0x50 && code[at] <= 0x57) { /* push */
            depth += 8;
            at += 1;
        } else if (code[at] == 0x41 && code[at + 1] >= 0x50 && code[at + 1] <= 0x57) { /* push %r8…%r15 */
            depth += 8;
            at += 2;
        } else {
            break;
        }
    }
    if (code[at] == 0x48 && code[at + 1] == 0x83 && code[at + 2] == 0xec) { /* sub $imm8,%rsp */
        depth += (int8_t)code[at + 3];
        at += 4;
    } else if (code[at] == 0x48 && code[at + 1] == 0x81 && code[at + 2] == 0xec) { /* sub $imm32,%rsp */
        depth += signed32(code + at + 3);
        at += 7;
    }
    *end = function + at;
    return depth;
}

typedef enum { NOT_A_CALL, CALL_ELSEWHERE, CALL_INDIRECT, CALL_OF_FUNCTION } call_t;

/* Follows the jump of a PLT entry or a thunk, if `target` is one. */
static uint64_t jump_target(uint64_t target) {
    uint8_t code[16];
    if (!gmr_image_read(target, code, sizeof code)) return 0;
    uint32_t at = 0;
    if (code[0] == 0xf3 && code[1] == 0x0f && code[2] == 0x1e && code[3] == 0xfa) at += 4;
    if (code[at] == 0xf2) at++; /* bnd */
    if (code[at] == 0xe9) return target + at + 5 + (uint64_t)(int64_t)signed32(code + at + 1);
    uint64_t slot, address;
    if (code[at] != 0xff || code[at + 1] != 0x25) return 0;
    slot = target + at + 6 + (uint64_t)(int64_t)signed32(code + at + 2);
    return gmr_image_read(slot, &address, sizeof address) ? address : 0;
}

/* What kind of call ends right before `address`, seen from `function`. */
static call_t call_before(const gmr_arena_header_t *arena, uint64_t address, uint64_t function) {
    const gmr_module_t *module = gmr_module_at(arena, address);
    if (!module || address < module->text_start + MAX_CALL_BYTES || address > module->text_end) return NOT_A_CALL;
    uint8_t code[MAX_CALL_BYTES];
    if (!gmr_image_read(address - MAX_CALL_BYTES, code, sizeof code)) return NOT_A_CALL;
    if (code[3] == 0xe8) { /* call rel32 */
        uint64_t target = address + (uint64_t)(int64_t)signed32(code + 4);
        if (target == function || jump_target(target) == function) return CALL_OF_FUNCTION;
        const gmr_module_t *there = gmr_module_at(arena, target);
        if (there && target >= there->text_start && target < there->text_end) return CALL_ELSEWHERE;
    }
    /* ff /2 with every length of its operand: register or [register], +disp8, +SIB, rip- or disp32-relative. */
    for (uint32_t length = 2; length <= 7; length++) {
        const uint8_t *at = code + MAX_CALL_BYTES - length;
        if (at[0] != 0xff || (at[1] & 0x38) != 0x10) continue;
        uint8_t mode = at[1] >> 6, base = at[1] & 7;
        uint32_t expected = 2 + (mode != 3 && base == 4);
        if (mode == 1) expected += 1;
        if (mode == 2 || (mode == 0 && base == 5)) expected += 4;
        if (expected == length) return CALL_INDIRECT;
    }
    return NOT_A_CALL;
}

int gmr_find_frame_pointer(const gmr_arena_header_t *arena, const gmr_slot_t *slot, uint64_t function, uint64_t pc,
                           uint64_t sp, uint64_t *rbp) {
    uint64_t saved, back, end = 0;
    int64_t depth = prologue_depth(function, &end);
    if (depth >= 0 && pc >= end) {
        uint64_t candidate = sp + (uint64_t)depth;
        if (stack_word(slot, candidate, &saved) && stack_word(slot, candidate + 8, &back) &&
            call_before(arena, back, function) != NOT_A_CALL) {
            *rbp = candidate;
            return 1;
        }
    }
    /* rbp is a multiple of 16: at the call the stack is aligned, then come the return address and the saved rbp. */
    uint64_t indirect = 0;
    for (uint64_t at = (sp + 15) & ~UINT64_C(15); stack_word(slot, at, &saved) && stack_word(slot, at + 8, &back);
         at += 16) {
        call_t call = call_before(arena, back, function);
        if (call == CALL_OF_FUNCTION) {
            *rbp = at;
            return 1;
        }
        /* A frame chain leads upward; a word that is no stack address is no saved frame pointer worth a guess. */
        if (call == CALL_INDIRECT && !indirect && saved > at && saved < slot->stack_base + slot->stack_bytes) {
            indirect = at;
        }
    }
    *rbp = indirect;
    return indirect != 0;
}
