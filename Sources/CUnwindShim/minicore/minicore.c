/*
 * minicore.c: a small core file, from the arena and what little else a debugger needs of the process.
 * Runs on whichever thread asks for one, in the process or in another one.
 * A handler may not run it: it is not marked, and opens files.
 *
 * All is collected first, in memory of its own: threads and stacks, files, libraries. Then all sizes are known, and
 * the file is written from its start to its end.
 */
#include <elf.h>
#include <errno.h>
#include <sys/mman.h>

#include "../include/gmr_agent.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "minicore_internal.h"

static int collect_from_process(gmr_core_t *core) {
    int error = gmr_core_open_target(core);
    if (error == 0) {
        gmr_core_executable(core, core->executable, sizeof core->executable);
        gmr_core_read_auxv(core);
        gmr_core_add_link_maps(core);
        gmr_core_add_stacks(core);
        error = gmr_core_add_mappings(core);
    }
    gmr_core_close_target(core);
    return error;
}

static int collect_from_files(gmr_core_t *core) {
    core->reader_tid = 0;
    gmr_core_add_stacks(core);
    return gmr_core_add_modules(core);
}

static int collect(gmr_core_t *core, int is_record) {
    int error = gmr_core_add_threads(core);
    if (error) return error;
    error = is_record ? -EACCES : collect_from_process(core);
    if (error == -EACCES || error == -EPERM) error = collect_from_files(core);
    gmr_core_settle_ranges(core);
    return error;
}

static uint64_t padding_before(uint64_t offset) { return -offset & (GMR_CORE_ALIGNMENT - 1); }

static void put_headers(const gmr_core_t *core, gmr_core_output_t *output, uint64_t note_bytes) {
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE},
        .e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = sizeof header,
        .e_ehsize = sizeof header, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = (Elf64_Half)(core->range_count + 1)};
    gmr_core_put(output, &header, sizeof header);
    uint64_t offset = sizeof header + (core->range_count + UINT64_C(1)) * sizeof(Elf64_Phdr);
    Elf64_Phdr notes = {.p_type = PT_NOTE, .p_offset = offset, .p_filesz = note_bytes, .p_align = 4};
    gmr_core_put(output, &notes, sizeof notes);
    offset += note_bytes;
    for (uint32_t i = 0; i < core->range_count; i++) {
        const gmr_core_range_t *range = &core->ranges[i];
        offset += padding_before(offset);
        Elf64_Phdr segment = {
            .p_type = PT_LOAD, .p_flags = range->flags, .p_offset = offset, .p_vaddr = range->address,
            .p_filesz = range->data_bytes, .p_memsz = range->bytes, .p_align = GMR_CORE_ALIGNMENT};
        gmr_core_put(output, &segment, sizeof segment);
        offset += range->data_bytes;
    }
}

static int write_core(gmr_core_t *core, int descriptor) {
    static const uint8_t zeros[GMR_CORE_ALIGNMENT];
    gmr_core_output_t count = {.descriptor = -1};
    gmr_core_put_notes(core, &count);
    gmr_core_output_t output = {.descriptor = descriptor, .buffer = core->buffer};
    put_headers(core, &output, count.bytes);
    gmr_core_put_notes(core, &output);
    for (uint32_t i = 0; i < core->range_count; i++) {
        gmr_core_put(&output, zeros, padding_before(output.bytes));
        if (core->ranges[i].data_bytes) gmr_core_put(&output, core->ranges[i].data, core->ranges[i].data_bytes);
    }
    gmr_core_flush(&output);
    return output.error;
}

static int make_core(const gmr_arena_header_t *arena, const gmr_minicore_crash_t *crash, const char *const *files,
                     uint32_t file_count, int descriptor) {
    if (!gmr_arena_has_layout(arena, arena->arena_bytes) || arena->pid <= 0) return -EPROTO;
    if (descriptor < 0) return -EBADF;
    long place = gmr_ss_syscall6(SYS_mmap, 0, sizeof(gmr_core_t), PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place < 0) return (int)place;
    gmr_core_t *core = (gmr_core_t *)place;
    core->arena = arena;
    core->crash = crash;
    core->memory_descriptor = -1;
    core->module_files = files;
    core->module_file_count = file_count;
    int error = collect(core, files != 0);
    if (error == 0) error = write_core(core, descriptor);
    (void)gmr_ss_syscall3(SYS_munmap, core, sizeof *core, 0);
    return error;
}

int gmr_minicore_write(const gmr_arena_header_t *arena, const gmr_minicore_crash_t *crash, int descriptor) {
    return make_core(arena, crash, 0, 0, descriptor);
}

int gmr_minicore_write_record(const gmr_arena_header_t *arena, const gmr_minicore_crash_t *crash,
                              const char *const *files, uint32_t file_count, int descriptor) {
    return files ? make_core(arena, crash, files, file_count, descriptor) : -EINVAL;
}
