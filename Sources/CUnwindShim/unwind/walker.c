/*
 * walker.c: libunwind over copied stacks, in an address space of our own.
 * Runs on the agent thread (gmr_walker_load at set-up).
 * A handler may not run it: libunwind locks its caches.
 */
#include "walker.h"

#include <dlfcn.h>
#include <errno.h>
#include <libunwind-x86_64.h>

#include "../signal_safe/capture.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "frame_pointer.h"
#include "image_memory.h"

#define STRINGIFY(name) #name
#define NAME_OF(macro) STRINGIFY(macro)

/* libunwind by its entry points: linking it would put libunwind.so in front of libgcc for C++ exceptions. */
static struct {
    unw_addr_space_t (*create)(unw_accessors_t *, int);
    int (*init)(unw_cursor_t *, unw_addr_space_t, void *);
    int (*step)(unw_cursor_t *);
    int (*get_reg)(unw_cursor_t *, int, unw_word_t *);
    int (*get_save_loc)(unw_cursor_t *, int, unw_save_loc_t *);
    int (*set_caching_policy)(unw_addr_space_t, unw_caching_policy_t);
    int (*set_cache_size)(unw_addr_space_t, size_t, int);
    void (*flush_cache)(unw_addr_space_t, unw_word_t, unw_word_t);
    int (*search_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int, void *);
    unw_addr_space_t space;
} libunwind;

typedef struct {
    gmr_arena_header_t *arena;
    gmr_slot_t *slot;
    int task_directory;
    int no_info;             /* the step found no unwind information */
    int unreadable;          /* the step read memory that is not there */
    int beyond_copy;         /* the step needed more of the stack than was copied */
    int wants_rbp;           /* the step needed the frame pointer of a thread read from outside */
    int used_live_memory;    /* frames so far rest on memory read now, not at the capture */
} walk_t;

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info, int need, void *context) {
    walk_t *walk = context;
    const gmr_module_t *module = gmr_ss_module_at(walk->arena, ip);
    if (!module || !(module->flags & GMR_MODULE_TABLE)) {
        walk->no_info = 1;
        return -UNW_ESTOPUNWIND;
    }
    unw_dyn_info_t table = {.start_ip = module->start,
                            .end_ip = module->end,
                            .gp = 0,
                            .format = UNW_INFO_FORMAT_REMOTE_TABLE,
                            .u.rti = {.name_ptr = 0,
                                      .segbase = module->eh_frame_hdr,
                                      .table_len = module->table_entries * 8 / sizeof(unw_word_t),
                                      .table_data = module->table}};
    int result = libunwind.search_table(space, ip, &table, info, need, context);
    if (result < 0) {
        if (!walk->unreadable) walk->no_info = 1;
        return -UNW_ESTOPUNWIND;
    }
    return 0;
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *context) {
    (void)space, (void)info, (void)context; /* libunwind returns its own CIE records to its pool */
}

static int no_dynamic_code(unw_addr_space_t space, unw_word_t *list, void *context) {
    (void)space, (void)list, (void)context;
    return -UNW_ENOINFO;
}

/* Stack memory outside the copy: a signal handler's alternate stack, or more than 64 KiB of a deep one. A thread
 * that sleeps can be read now; that it did not move meanwhile is checked when its walk is done. One that crashed waits
 * in its handler. */
static int read_live(walk_t *walk, uint64_t address, unw_word_t *value) {
    if (walk->slot->method == GMR_CAPTURE_SIGNAL || walk->slot->method == GMR_CAPTURE_PTRACE) {
        walk->beyond_copy = 1;
        return -UNW_EINVAL;
    }
    if (gmr_ss_read_as_agent(address, value, sizeof *value) != sizeof *value) {
        walk->unreadable = 1;
        return -UNW_EINVAL;
    }
    walk->used_live_memory = 1;
    return 0;
}

static int access_memory(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *context) {
    (void)space;
    walk_t *walk = context;
    if (write) return -UNW_EINVAL;
    uint64_t offset = address - walk->slot->stack_base;
    if (address >= walk->slot->stack_base && offset + sizeof *value <= walk->slot->stack_bytes) {
        __builtin_memcpy(value, gmr_slot_stack(walk->slot) + offset, sizeof *value);
        return 0;
    }
    if (gmr_ss_module_at(walk->arena, address)) {
        if (gmr_image_read(address, value, sizeof *value)) return 0;
        walk->unreadable = 1;
        return -UNW_EINVAL;
    }
    return read_live(walk, address, value);
}

static int access_register(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int write, void *context) {
    (void)space;
    walk_t *walk = context;
    if (write || number < 0 || number >= GMR_REGISTER_COUNT) return -UNW_EBADREG;
    if (!(walk->slot->known_registers >> number & 1)) {
        if (number == GMR_REG_RBP) walk->wants_rbp = 1;
        return -UNW_EBADREG;
    }
    *value = walk->slot->registers[number];
    return 0;
}

static int access_fp_register(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int write,
                              void *context) {
    (void)space, (void)number, (void)value, (void)write, (void)context;
    return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t space, unw_cursor_t *cursor, void *context) {
    (void)space, (void)cursor, (void)context;
    return -UNW_EINVAL;
}

static int no_name(unw_addr_space_t space, unw_word_t address, char *name, size_t bytes, unw_word_t *offset,
                   void *context) {
    (void)space, (void)address, (void)name, (void)bytes, (void)offset, (void)context;
    return -UNW_ENOINFO;
}

int gmr_walker_load(void) {
    static unw_accessors_t accessors = {
        .find_proc_info = find_proc_info,
        .put_unwind_info = put_unwind_info,
        .get_dyn_info_list_addr = no_dynamic_code,
        .access_mem = access_memory,
        .access_reg = access_register,
        .access_fpreg = access_fp_register,
        .resume = no_resume,
        .get_proc_name = no_name,
    };
    if (libunwind.space) return 0;
    void *library = dlopen("libunwind-x86_64.so.8", RTLD_NOW | RTLD_LOCAL);
    if (!library) return -ENOENT;
    const struct {
        const char *name;
        void *entry;
    } entries[] = {
        {NAME_OF(unw_create_addr_space), &libunwind.create},
        {NAME_OF(unw_init_remote), &libunwind.init},
        {NAME_OF(unw_step), &libunwind.step},
        {NAME_OF(unw_get_reg), &libunwind.get_reg},
        {NAME_OF(unw_get_save_loc), &libunwind.get_save_loc},
        {NAME_OF(unw_set_caching_policy), &libunwind.set_caching_policy},
        {NAME_OF(unw_set_cache_size), &libunwind.set_cache_size},
        {NAME_OF(unw_flush_cache), &libunwind.flush_cache},
        {"_Ux86_64_dwarf_search_unwind_table", &libunwind.search_table},
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        void *symbol = dlsym(library, entries[i].name);
        if (!symbol) return -ENOSYS;
        __builtin_memcpy(entries[i].entry, &symbol, sizeof symbol);
    }
    libunwind.space = libunwind.create(&accessors, 0);
    if (!libunwind.space) return -ENOMEM;
    libunwind.set_caching_policy(libunwind.space, UNW_CACHE_GLOBAL);
    return 0;
}

void gmr_walker_go_without_cache(void) { libunwind.set_caching_policy(libunwind.space, UNW_CACHE_NONE); }

void gmr_walker_enlarge_cache(void) { libunwind.set_cache_size(libunwind.space, 4096, 0); }

/* Steps once; with the frame pointer found first where the step turns out to need it. */
static int step(walk_t *walk, unw_cursor_t *cursor, uint64_t pc, uint64_t sp, int exact) {
    unw_cursor_t before;
    int rbp_unknown = !(walk->slot->known_registers >> GMR_REG_RBP & 1);
    if (rbp_unknown) before = *cursor;
    walk->no_info = walk->unreadable = walk->beyond_copy = walk->wants_rbp = 0;
    int result = libunwind.step(cursor);
    if (!rbp_unknown || !walk->wants_rbp) return result;
    /* libunwind looks a function up only where its row cache does not know the address. */
    unw_proc_info_t function;
    int found = GMR_RBP_NOT_FOUND;
    if (find_proc_info(libunwind.space, exact ? pc : pc - 1, &function, 0, walk) == 0) {
        found = gmr_find_frame_pointer(walk->arena, walk->slot, function.start_ip, function.end_ip, pc,
                                       sp, &walk->slot->registers[GMR_REG_RBP]);
    }
    if (found == GMR_RBP_NOT_FOUND) {
        walk->unreadable = 1;
        return -UNW_EBADREG;
    }
    walk->slot->known_registers |= 1u << GMR_REG_RBP;
    walk->slot->flags |= found == GMR_RBP_SEARCHED ? GMR_SLOT_RBP_SEARCHED : GMR_SLOT_RBP_RECOVERED;
    *cursor = before;
    walk->no_info = walk->unreadable = walk->beyond_copy = walk->wants_rbp = 0;
    return libunwind.step(cursor);
}

/* The end of a stack is where the unwind tables say that there is no return address, as in clone3 and _start. One that
 * was read and is zero is a smashed stack. */
static int is_outermost(unw_cursor_t *cursor) {
    unw_save_loc_t location;
    return libunwind.get_save_loc(cursor, UNW_REG_IP, &location) == 0 && location.type == UNW_SLT_NONE;
}

static uint32_t stop_reason(const walk_t *walk, unw_cursor_t *cursor, int step_result) {
    if (walk->no_info) return GMR_STOP_NO_UNWIND_INFO;
    if (walk->beyond_copy && walk->slot->flags & GMR_SLOT_STACK_CUT) return GMR_STOP_TRUNCATED;
    if (walk->beyond_copy || walk->unreadable || step_result < 0) return GMR_STOP_UNREADABLE;
    return step_result > 0 || is_outermost(cursor) ? GMR_STOP_COMPLETE : GMR_STOP_UNREADABLE;
}

/* What a signal handler returns to: the code is fixed by the kernel's interface. libunwind's own is_signal_frame() says
 * so only where the code has no unwind information, and libc's has. */
static int is_trampoline(const gmr_arena_header_t *arena, uint64_t pc) {
    static const uint8_t code[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05}; /* mov $15, %rax; syscall */
    uint8_t there[sizeof code];
    return gmr_ss_module_at(arena, pc) && gmr_image_read(pc, there, sizeof there) &&
           __builtin_memcmp(there, code, sizeof code) == 0;
}

/* A call of what is no function has come to its first instruction, which there is none: the caller's frame begins
 * above the return address. Turns the registers back to there. */
static int leave_nowhere(walk_t *walk) {
    gmr_slot_t *slot = walk->slot;
    unw_word_t caller = 0;
    uint64_t *registers = slot->registers;
    if (slot->method != GMR_CAPTURE_CRASH || gmr_ss_module_at(walk->arena, registers[GMR_REG_RIP])) return 0;
    if (access_memory(libunwind.space, registers[GMR_REG_RSP], &caller, 0, walk) != 0) return 0;
    const gmr_module_t *module = gmr_ss_module_at(walk->arena, caller);
    if (!module || caller <= module->text_start || caller > module->text_end) return 0;
    gmr_frame_t *frame = &gmr_slot_frames(slot)[slot->frame_count++];
    *frame = (gmr_frame_t){registers[GMR_REG_RIP], registers[GMR_REG_RSP] + 8, GMR_FRAME_EXACT, 0};
    registers[GMR_REG_RIP] = caller - 1; /* libunwind takes the first one for an instruction */
    registers[GMR_REG_RSP] += 8;
    return 1;
}

/* Which lock it was that a thread could not have, and crashed for. */
static void keep_self(walk_t *walk, unw_cursor_t *cursor, uint32_t frame) {
    unw_word_t self;
    if (walk->slot->method != GMR_CAPTURE_CRASH || frame >= GMR_CRASH_SELF_COUNT) return;
    if (libunwind.get_reg(cursor, UNW_X86_64_R13, &self) == 0) walk->arena->crash.selves[frame].address = self;
}

/* Whether this step leads back to a frame that the walk has been at. A handler that overruns its stack makes such
 * stacks: what the kernel keeps for the fault takes the place of what it kept for the handler's own signal. */
static int was_there(unw_cursor_t *cursor, const gmr_slot_t *slot, uint64_t sp) {
    const gmr_frame_t *frames = gmr_slot_frames(slot);
    unw_word_t pc = 0;
    libunwind.get_reg(cursor, UNW_REG_IP, &pc);
    for (uint32_t i = 0; i < slot->frame_count; i++) {
        uint64_t frame_sp = i > 0 ? frames[i - 1].cfa : slot->registers[GMR_REG_RSP];
        if (frames[i].address == pc && frame_sp == sp) return 1;
    }
    return 0;
}

static void walk_slot(walk_t *walk) {
    gmr_slot_t *slot = walk->slot;
    gmr_frame_t *frames = gmr_slot_frames(slot);
    uint32_t frames_from_copy = 0;
    unw_cursor_t cursor;
    slot->frame_count = 0;
    slot->stop = GMR_STOP_UNREADABLE;
    int is_caller = leave_nowhere(walk), exact = !is_caller;
    if (libunwind.init(&cursor, libunwind.space, walk) < 0) return;
    for (;;) {
        unw_word_t pc = 0, sp = 0, next_sp = 0;
        libunwind.get_reg(&cursor, UNW_REG_IP, &pc);
        pc += (unw_word_t)is_caller;
        is_caller = 0;
        libunwind.get_reg(&cursor, UNW_REG_SP, &sp);
        if (slot->frame_count == GMR_FRAME_CAPACITY) {
            slot->flags |= GMR_SLOT_FRAMES_CUT;
            slot->stop = GMR_STOP_TRUNCATED;
            break;
        }
        int trampoline = is_trampoline(walk->arena, pc);
        keep_self(walk, &cursor, slot->frame_count);
        gmr_frame_t *frame = &frames[slot->frame_count++];
        *frame = (gmr_frame_t){.address = pc};
        if (exact || trampoline) frame->flags |= GMR_FRAME_EXACT;
        if (trampoline) frame->flags |= GMR_FRAME_SIGNAL;
        if (!walk->used_live_memory) frames_from_copy = slot->frame_count;
        int result = step(walk, &cursor, pc, sp, exact || trampoline);
        slot->stop = stop_reason(walk, &cursor, result);
        if (result <= 0 || slot->stop != GMR_STOP_COMPLETE) break;
        libunwind.get_reg(&cursor, UNW_REG_SP, &next_sp);
        /* A stack that does not grow is a cycle or a smashed frame; only a signal may change to another stack. */
        if (next_sp <= sp && (!trampoline || was_there(&cursor, slot, next_sp))) {
            slot->stop = GMR_STOP_UNREADABLE;
            break;
        }
        frame->cfa = next_sp;
        exact = trampoline;
    }
    if (walk->used_live_memory && slot->method != GMR_CAPTURE_CRASH &&
        !gmr_ss_is_unmoved(walk->task_directory, slot)) {
        slot->frame_count = frames_from_copy;
        slot->stop = GMR_STOP_TRUNCATED;
    }
}

/* FNV-1a over what identifies the modules: when it changes, nothing cached holds any more. */
static uint64_t fingerprint(const gmr_arena_header_t *arena) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const gmr_module_t *modules = gmr_arena_modules(arena);
    for (uint32_t i = 0; i < arena->module_count; i++) {
        const uint64_t parts[] = {modules[i].start, modules[i].end, modules[i].device, modules[i].inode};
        for (unsigned k = 0; k < sizeof parts / sizeof parts[0]; k++) {
            hash = (hash ^ parts[k]) * UINT64_C(0x100000001b3);
        }
    }
    return hash;
}

void gmr_walk_all(gmr_arena_header_t *arena) {
    static uint64_t known_modules;
    uint64_t start = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    uint64_t modules = fingerprint(arena);
    if (modules != known_modules) libunwind.flush_cache(libunwind.space, 0, 0);
    known_modules = modules;
    gmr_image_forget();
    int task_directory = gmr_ss_open_at(AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY);
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation != arena->generation || gmr_slot_state(slot) != GMR_SLOT_CAPTURED) continue;
        walk_t walk = {.arena = arena, .slot = slot, .task_directory = task_directory};
        walk_slot(&walk);
    }
    if (task_directory >= 0) gmr_ss_close(task_directory);
    arena->unwind_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC) - start;
}
