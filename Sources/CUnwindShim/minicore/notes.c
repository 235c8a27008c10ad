/*
 * notes.c: the notes of a core: threads with their registers, the process, its crash, its files.
 * Runs on whichever thread writes a minicore.
 * A handler may not run it.
 *
 * In the order of the kernel's: what follows a thread's NT_PRSTATUS belongs to that thread, and debuggers select the
 * first one. Floating-point registers are left out: no unwinding needs them.
 */
#include <elf.h>
#include <signal.h>
#include <sys/procfs.h>
#include <sys/user.h>

#include "minicore_internal.h"

#define USER_CODE_SEGMENT 0x33 /* of every 64-bit program */
#define USER_STACK_SEGMENT 0x2b

static void put_padding(gmr_core_output_t *output, uint64_t bytes) {
    static const uint8_t zeros[4];
    gmr_core_put(output, zeros, -bytes & 3);
}

static void put_head(gmr_core_output_t *output, uint32_t type, uint64_t bytes) {
    static const char name[8] = "CORE";
    Elf64_Nhdr header = {.n_namesz = 5, .n_descsz = (uint32_t)bytes, .n_type = type};
    gmr_core_put(output, &header, sizeof header);
    gmr_core_put(output, name, sizeof name);
}

static void put_note(gmr_core_output_t *output, uint32_t type, const void *data, uint64_t bytes) {
    put_head(output, type, bytes);
    gmr_core_put(output, data, bytes);
    put_padding(output, bytes);
}

static struct user_regs_struct registers_of(const gmr_slot_t *slot) {
    uint64_t known[GMR_REGISTER_COUNT] = {0};
    for (uint32_t i = 0; i < GMR_REGISTER_COUNT; i++) {
        if (slot->known_registers >> i & 1) known[i] = slot->registers[i];
    }
    struct user_regs_struct user = {
        .rax = known[0], .rdx = known[1], .rcx = known[2], .rbx = known[3], .rsi = known[4], .rdi = known[5],
        .rbp = known[GMR_REG_RBP], .rsp = known[GMR_REG_RSP], .r8 = known[8], .r9 = known[9], .r10 = known[10],
        .r11 = known[11], .r12 = known[12], .r13 = known[13], .r14 = known[14], .r15 = known[15],
        .rip = known[GMR_REG_RIP], .orig_rax = UINT64_MAX, .cs = USER_CODE_SEGMENT, .ss = USER_STACK_SEGMENT};
    /* A thread read from outside sleeps in a call, whose arguments are still where the call takes them. */
    if (slot->method == GMR_CAPTURE_NO_TOUCH && slot->syscall_number >= 0) {
        user.orig_rax = (uint64_t)slot->syscall_number;
        user.rdi = slot->syscall_args[0];
        user.rsi = slot->syscall_args[1];
        user.rdx = slot->syscall_args[2];
        user.r10 = slot->syscall_args[3];
        user.r8 = slot->syscall_args[4];
        user.r9 = slot->syscall_args[5];
    }
    return user;
}

/* The signal stands with every thread, as the kernel has it: gdb believes the last one. */
static void put_thread(gmr_core_output_t *output, const gmr_slot_t *slot, const gmr_minicore_crash_t *crash) {
    struct elf_prstatus status = {.pr_pid = slot->tid};
    struct user_regs_struct user = registers_of(slot);
    _Static_assert(sizeof user == sizeof status.pr_reg, "the kernel's layout");
    __builtin_memcpy(&status.pr_reg, &user, sizeof user);
    if (crash) {
        status.pr_cursig = (short)crash->signal;
        status.pr_info.si_signo = crash->signal;
        status.pr_info.si_code = crash->code;
    }
    put_note(output, NT_PRSTATUS, &status, sizeof status);
}

/* `at`: the part of a path behind its last slash. */
static const char *file_name(const char *path) {
    const char *name = path;
    for (; *path; path++) {
        if (*path == '/') name = path + 1;
    }
    return name;
}

static void copy_text(char *to, uint32_t capacity, const char *from) {
    for (uint32_t i = 0; i + 1 < capacity && from[i]; i++) to[i] = from[i];
}

/* The executable's path stands for the arguments, which may hold secrets. */
static void put_process(const gmr_core_t *core, gmr_core_output_t *output) {
    struct elf_prpsinfo process = {.pr_sname = 'R',
                                   .pr_pid = core->arena->pid,
                                   .pr_uid = (unsigned)gmr_core_auxv(core, AT_UID),
                                   .pr_gid = (unsigned)gmr_core_auxv(core, AT_GID)};
    const char *name = file_name(core->executable);
    copy_text(process.pr_fname, sizeof process.pr_fname, name);
    uint32_t bytes = 0;
    while (core->executable[bytes]) bytes++;
    copy_text(process.pr_psargs, sizeof process.pr_psargs, bytes < sizeof process.pr_psargs ? core->executable : name);
    put_note(output, NT_PRPSINFO, &process, sizeof process);
}

static void put_crash(gmr_core_output_t *output, const gmr_minicore_crash_t *crash) {
    siginfo_t info;
    __builtin_memset(&info, 0, sizeof info);
    info.si_signo = crash->signal;
    info.si_code = crash->code;
    if (crash->code <= 0) info.si_pid = crash->sender_pid;
    else info.si_addr = (void *)(uintptr_t)crash->address;
    put_note(output, NT_SIGINFO, &info, sizeof info);
}

/* {count, page size, {start, end, offset in pages}..., names...} */
static void put_files(const gmr_core_t *core, gmr_core_output_t *output) {
    uint64_t head[2] = {core->file_count, GMR_PAGE_BYTES};
    uint64_t bytes = sizeof head;
    for (uint32_t i = 0; i < core->file_count; i++) bytes += 3 * sizeof(uint64_t) + core->files[i].name_bytes + 1;
    put_head(output, NT_FILE, bytes);
    gmr_core_put(output, head, sizeof head);
    for (uint32_t i = 0; i < core->file_count; i++) {
        const gmr_core_file_t *file = &core->files[i];
        const uint64_t place[3] = {file->start, file->end, file->offset / GMR_PAGE_BYTES};
        gmr_core_put(output, place, sizeof place);
    }
    for (uint32_t i = 0; i < core->file_count; i++) {
        gmr_core_put(output, core->names + core->files[i].name, core->files[i].name_bytes);
        gmr_core_put(output, "", 1);
    }
    put_padding(output, bytes);
}

void gmr_core_put_notes(const gmr_core_t *core, gmr_core_output_t *output) {
    for (uint32_t i = 0; i < core->thread_count; i++) {
        const gmr_slot_t *slot = gmr_arena_slot(core->arena, core->threads[i]);
        put_thread(output, slot, core->crash);
        if (i > 0) continue;
        put_process(core, output);
        if (core->crash && slot->tid == core->crash->tid) put_crash(output, core->crash);
        put_note(output, NT_AUXV, core->auxv, core->auxv_bytes);
        put_files(core, output);
    }
}
