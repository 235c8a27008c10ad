/*
 * frame_pointer.c: finds rbp of a sleeping thread from the code and the stack.
 * Runs on the agent thread.
 * A handler may not run it (see image_memory.c).
 *
 * libc's functions mostly leave rbp alone, so the value is needed as late as in the first function with a frame
 * pointer. There the stack pointer is known, and the prologue says how far above it rbp points. Where the function
 * moves the stack pointer at run time (alloca, Swift generics, realignment) the stack is searched upward, from the
 * fixed part of the frame on, for a return address whose call leads to this very function. The remains of an earlier
 * call may be found instead, so the report says that it was searched. Rejected: indirect calls, which prove nothing.
 */
#include "frame_pointer.h"

#include "../signal_safe/capture.h"
#include "image_memory.h"

#define PROLOGUE_BYTES 64u
#define MAX_CALL_BYTES 8u
#define MAX_FUNCTION_BYTES (256u * 1024u)

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

typedef struct {
    int64_t depth;     /* bytes between rbp and the lowest stack pointer that the prologue sets */
    uint64_t end;      /* the address behind it */
    uint32_t aligned;  /* the stack pointer was then rounded down to this; 0: it was not */
} prologue_t;

/* Length of an instruction that compilers put between a prologue's pushes and that leaves rsp alone: mov, lea or xor
 * between registers, a store of a register below rbp; 0 for any other. */
static uint32_t harmless(const uint8_t *code) {
    uint32_t at = (code[0] & 0xf0) == 0x40 ? 1 : 0;
    uint8_t opcode = code[at], operand = code[at + 1];
    if (opcode != 0x89 && opcode != 0x8b && opcode != 0x31 && opcode != 0x33 && opcode != 0x8d) return 0;
    uint8_t mode = operand >> 6, target = operand & 7;
    int writes_rsp = opcode == 0x8b || opcode == 0x33 || opcode == 0x8d
                         ? (operand >> 3 & 7) == 4 && !(code[0] & 4 && at)
                         : mode == 3 && target == 4 && !(code[0] & 1 && at);
    if (writes_rsp) return 0;
    if (mode == 3) return opcode == 0x8d ? 0 : at + 2;
    if (target == 4) return 0; /* SIB */
    if (mode == 1) return at + 3;
    if (mode == 2) return at + 6;
    return target == 5 ? at + 6 : at + 2;
}

/* 0 where the function does not begin with the usual `push %rbp; mov %rsp,%rbp`. */
static int read_prologue(uint64_t function, prologue_t *prologue) {
    uint8_t code[PROLOGUE_BYTES + 16];
    uint32_t at = 0;
    if (!function || !gmr_image_read(function, code, sizeof code)) return 0;
    if (code[0] == 0xf3 && code[1] == 0x0f && code[2] == 0x1e && code[3] == 0xfa) at += 4; /* endbr64 */
    if (code[at] != 0x55) return 0;                                                       /* push %rbp */
    at++;
    if (code[at] != 0x48 || !((code[at + 1] == 0x89 && code[at + 2] == 0xe5) ||           /* mov %rsp,%rbp */
                              (code[at + 1] == 0x8b && code[at + 2] == 0xec))) {
        return 0;
    }
    at += 3;
    *prologue = (prologue_t){.end = function + at};
    while (at < PROLOGUE_BYTES) {
        const uint8_t *next = code + at;
        uint32_t length = harmless(next);
        if (next[0] >= 0x50 && next[0] <= 0x57) { /* push */
            prologue->depth += 8;
            prologue->end = function + ++at;
        } else if (next[0] == 0x41 && next[1] >= 0x50 && next[1] <= 0x57) { /* push %r8…%r15 */
            prologue->depth += 8;
            prologue->end = function + (at += 2);
        } else if (next[0] == 0x48 && next[1] == 0x83 && next[2] == 0xe4) { /* and $imm8,%rsp */
            prologue->aligned = (uint32_t)-(int32_t)(int8_t)next[3];
            prologue->end = function + (at += 4);
        } else if (next[0] == 0x48 && next[1] == 0x83 && next[2] == 0xec) { /* sub $imm8,%rsp */
            prologue->depth += (int8_t)next[3];
            prologue->end = function + at + 4;
            break;
        } else if (next[0] == 0x48 && next[1] == 0x81 && next[2] == 0xec) { /* sub $imm32,%rsp */
            prologue->depth += signed32(next + 3);
            prologue->end = function + at + 7;
            break;
        } else if (length) {
            at += length;
        } else {
            break;
        }
    }
    return prologue->depth >= 0;
}

/* Of a `call` at `site`, whose distance may look like anything: does it stay in the module? */
static int is_call(const gmr_arena_header_t *arena, uint64_t site, const uint8_t *code) {
    const gmr_module_t *module = gmr_ss_module_at(arena, site);
    uint64_t target = site + 5 + (uint64_t)(int64_t)signed32(code + 1);
    return code[0] == 0xe8 && module && target >= module->text_start && target < module->text_end;
}

/* Does the code move rsp by a number known at run time only? Bytes are matched, not instructions: a match too many
 * costs certainty, never truth. `lea N(%rbp),%rsp` is how such functions find their way back. */
static int moves_stack_pointer(const gmr_arena_header_t *arena, uint64_t from, uint64_t to) {
    uint8_t code[256];
    const uint32_t overlap = 2;
    if (to < from || to - from > MAX_FUNCTION_BYTES) return 1;
    while (from + overlap < to) {
        uint32_t bytes = to - from < sizeof code ? (uint32_t)(to - from) : (uint32_t)sizeof code;
        if (!gmr_image_read(from, code, bytes)) return 1;
        for (uint32_t i = 0; i + overlap < bytes; i++) {
            if (i + 5 <= bytes && is_call(arena, from + i, code + i)) {
                i += 4;
                continue;
            }
            if ((code[i] & 0xfa) != 0x48) continue; /* REX.W, with or without a high source register */
            uint8_t opcode = code[i + 1], operand = code[i + 2];
            int to_rsp = (operand & 0xc7) == 0xc4 && !(code[i] & 1);  /* op %reg,%rsp */
            int from_any = (operand & 0x38) == 0x20 && !(code[i] & 4); /* op operand,%rsp */
            if ((opcode == 0x29 || opcode == 0x89) && to_rsp) return 1;
            if ((opcode == 0x2b || opcode == 0x8b || opcode == 0x8d) && from_any) return 1;
        }
        from += bytes - overlap;
    }
    return 0;
}

typedef enum { NOT_A_CALL, SOME_CALL, CALL_OF_FUNCTION } call_t;

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
    const gmr_module_t *module = gmr_ss_module_at(arena, address);
    if (!function || !module) return NOT_A_CALL;
    if (address < module->text_start + MAX_CALL_BYTES || address > module->text_end) return NOT_A_CALL;
    uint8_t code[MAX_CALL_BYTES];
    if (!gmr_image_read(address - MAX_CALL_BYTES, code, sizeof code)) return NOT_A_CALL;
    if (code[3] == 0xe8) { /* call rel32 */
        uint64_t target = address + (uint64_t)(int64_t)signed32(code + 4);
        if (target == function || jump_target(target) == function) return CALL_OF_FUNCTION;
        const gmr_module_t *there = gmr_ss_module_at(arena, target);
        if (there && target >= there->text_start && target < there->text_end) return SOME_CALL;
    }
    /* ff /2 with every length of its operand: register or [register], +disp8, +SIB, rip- or disp32-relative. */
    for (uint32_t length = 2; length <= 7; length++) {
        const uint8_t *at = code + MAX_CALL_BYTES - length;
        if (at[0] != 0xff || (at[1] & 0x38) != 0x10) continue;
        uint8_t mode = at[1] >> 6, base = at[1] & 7;
        uint32_t expected = 2 + (mode != 3 && base == 4);
        if (mode == 1) expected += 1;
        if (mode == 2 || (mode == 0 && base == 5)) expected += 4;
        if (expected == length) return SOME_CALL;
    }
    return NOT_A_CALL;
}

int gmr_find_frame_pointer(const gmr_arena_header_t *arena, const gmr_slot_t *slot, uint64_t function, uint64_t end,
                           uint64_t pc, uint64_t sp, uint64_t *rbp) {
    uint64_t saved, back;
    prologue_t prologue = {0};
    int is_usual = read_prologue(function, &prologue) && pc >= prologue.end;
    uint64_t lowest = is_usual ? sp + (uint64_t)prologue.depth : sp;
    int is_fixed = is_usual && !prologue.aligned && !moves_stack_pointer(arena, prologue.end, end);
    if (is_fixed && stack_word(slot, lowest, &saved) && stack_word(slot, lowest + 8, &back) &&
        call_before(arena, back, function) != NOT_A_CALL) {
        *rbp = lowest;
        return GMR_RBP_FROM_PROLOGUE;
    }
    /* rbp is a multiple of 16: at the call the stack is aligned, then come the return address and the saved rbp. */
    for (uint64_t at = (lowest + 15) & ~UINT64_C(15); stack_word(slot, at, &saved) && stack_word(slot, at + 8, &back);
         at += 16) {
        if (call_before(arena, back, function) != CALL_OF_FUNCTION) continue;
        *rbp = at;
        return GMR_RBP_SEARCHED;
    }
    return GMR_RBP_NOT_FOUND;
}
