/*
 * arena.c: makes and maps the arena, and the parts of it that more than one process touches.
 * Runs on the agent thread at set-up and after a report; the section functions on any thread.
 * A handler may not run it.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../locks/waits.h"
#include "../signal_safe/capture.h"
#include "../signal_safe/helper_spawn.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"

#define ALIGN_PAGE(bytes) (((uint64_t)(bytes) + GMR_PAGE_BYTES - 1) & ~(uint64_t)(GMR_PAGE_BYTES - 1))

/* Threads may have to be stopped for it. */
#define SECOND_LOOK_PATIENCE_NS UINT64_C(1500000000)
#define SECOND_LOOK_WAITS 20 /* that it is made of: where the machine stands still, one is longer */

static uint64_t lay_out(gmr_arena_header_t *header, uint32_t slot_capacity) {
    header->setup_offset = GMR_PAGE_BYTES;
    header->module_offset = gmr_publication_offset(GMR_PUBLICATION_COUNT, 0);
    header->string_offset = header->module_offset + ALIGN_PAGE(GMR_MODULE_CAPACITY * sizeof(gmr_module_t));
    header->section_offset = header->string_offset + GMR_STRING_CAPACITY_BYTES;
    header->slot_offset = gmr_task_references_offset() +
                          ALIGN_PAGE(GMR_TASK_REFERENCE_CAPACITY * sizeof(gmr_task_reference_t));
    header->slot_capacity = slot_capacity;
    header->slot_stride_bytes = GMR_SLOT_STRIDE_BYTES;
    header->arena_bytes = header->slot_offset + (uint64_t)slot_capacity * GMR_SLOT_STRIDE_BYTES;
    return header->arena_bytes;
}

/* A new memfd of `slot_capacity` slots, or of fewer where an address space limit leaves no room for all. */
static gmr_arena_header_t *map_new(uint32_t slot_capacity, gmr_arena_header_t *layout, int fd) {
    for (; slot_capacity >= 64; slot_capacity /= 4) {
        uint64_t bytes = lay_out(layout, slot_capacity);
        if (ftruncate(fd, (off_t)bytes) != 0) break;
        /* mlockall(MCL_FUTURE) fills what is mapped, unless it cannot be touched. */
        gmr_arena_header_t *arena = mmap(NULL, bytes, PROT_NONE, MAP_SHARED | MAP_NORESERVE, fd, 0);
        if (arena == MAP_FAILED) continue;
        (void)munlock(arena, bytes);
        if (mprotect(arena, bytes, PROT_READ | PROT_WRITE) == 0) return arena;
        (void)munmap(arena, bytes);
    }
    return NULL;
}

/* Sets up the mapping of `fd`. A fork child has no agent and must not write into its parent's report; a core dump needs
 * no copy of stacks; and a stray write of the application's must not cost its crash report. */
static void settle(gmr_arena_header_t *arena, int fd) {
    (void)madvise(arena, arena->arena_bytes, MADV_DONTFORK);
    (void)madvise(arena, arena->arena_bytes, MADV_DONTDUMP);
    (void)mprotect((char *)arena + arena->setup_offset, GMR_SETUP_CAPACITY_BYTES, PROT_READ);
    gmr_agent_state.arena_descriptor = fd;
    gmr_agent_state.arena_inode = gmr_descriptors_inode(fd);
}

static int open_memory(void) { return gmr_descriptors_raise(memfd_create("gmr-arena", MFD_CLOEXEC)); }

static char *publication_buffer(gmr_arena_header_t *arena, uint32_t which, uint32_t version) {
    return (char *)arena + gmr_publication_offset(which, version & 1);
}

int gmr_arena_make(const gmr_agent_config_t *config) {
    uint32_t setup_bytes = config->setup_bytes;
    gmr_arena_header_t layout = {
        .magic = GMR_ARENA_MAGIC, .version = GMR_ARENA_VERSION, .header_bytes = GMR_PAGE_BYTES};
    if (setup_bytes > GMR_SETUP_CAPACITY_BYTES || config->record_bytes > GMR_PUBLICATION_CAPACITY_BYTES) return -E2BIG;
    int fd = open_memory();
    if (fd < 0) return fd;
    gmr_arena_header_t *arena = map_new(config->thread_capacity, &layout, fd);
    if (!arena) {
        int error = errno;
        close(fd);
        return -error;
    }
    /* Of an earlier set-up; a capture has ended long ago, so no handler is at work in it. Its generation goes on, so
     * that none that is still pending takes this one for its own. */
    gmr_arena_header_t *old = gmr_agent_arena();
    if (old) layout.generation = old->generation;
    layout.pid = getpid();
    layout.setup_bytes = setup_bytes;
    *arena = layout;
    __builtin_memcpy((char *)arena + arena->setup_offset, config->setup, setup_bytes);
    __builtin_memcpy(publication_buffer(arena, GMR_PUBLISHED_RECORD, 1), config->record, config->record_bytes);
    arena->publications[GMR_PUBLISHED_RECORD] = (gmr_publication_t){{0, config->record_bytes}, 1, 0};
    settle(arena, fd);
    gmr_safe_state.arena_pid = arena->pid;
    __atomic_store_n(&gmr_safe_state.arena, arena, __ATOMIC_RELEASE);
    if (old) munmap(old, old->arena_bytes);
    return 0;
}

int gmr_arena_renew(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    uint64_t kept = arena->section_offset; /* header, set-up, publications, modules; the rest each report writes anew */
    int fd = open_memory();
    if (fd < 0) return fd;
    if (ftruncate(fd, (off_t)arena->arena_bytes) != 0 || pwrite(fd, arena, kept, 0) != (ssize_t)kept ||
        mmap(arena, arena->arena_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, 0) ==
            MAP_FAILED) {
        int error = errno;
        close(fd);
        return -error;
    }
    settle(arena, fd);
    return 0;
}

gmr_arena_header_t *gmr_agent_arena(void) { return gmr_ss_own_arena(); }

/* Taking a page of the arena from the kernel costs more than reading a thread into it. So the first slots keep the
 * part that nearly every thread fills, 1 MiB in all; no more, because a report must not make the service grow. */
#define KEPT_SLOTS 64u
#define KEPT_HEAD_BYTES GMR_PAGE_BYTES /* slot and its first 149 frames */
#define KEPT_STACK_BYTES (3u * GMR_PAGE_BYTES)

/* Stacks hold secrets that the application may have wiped since. Also brings the pages in. */
static void wipe(gmr_slot_t *slot) {
    __builtin_memset(slot, 0, KEPT_HEAD_BYTES);
    __builtin_memset(gmr_slot_stack(slot), 0, KEPT_STACK_BYTES);
}

static void release_rest(gmr_slot_t *slot) {
    (void)madvise((char *)slot + KEPT_HEAD_BYTES, GMR_SLOT_STACK_OFFSET - KEPT_HEAD_BYTES, MADV_REMOVE);
    (void)madvise(gmr_slot_stack(slot) + KEPT_STACK_BYTES, GMR_STACK_CAPACITY_BYTES - KEPT_STACK_BYTES, MADV_REMOVE);
}

void gmr_arena_ready_slots(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    for (uint32_t i = 0; i < KEPT_SLOTS && i < arena->slot_capacity; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (gmr_slot_state(slot) != GMR_SLOT_FILLING) wipe(slot);
    }
}

void gmr_arena_release_slots(void) {
    gmr_arena_header_t *arena = gmr_safe_state.arena;
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (gmr_slot_state(slot) == GMR_SLOT_FILLING) continue; /* its handler may still write */
        if (i < KEPT_SLOTS) {
            release_rest(slot);
            wipe(slot);
        } else {
            (void)madvise(slot, GMR_SLOT_STRIDE_BYTES, MADV_REMOVE);
        }
    }
    (void)madvise((char *)arena + arena->section_offset, arena->slot_offset - arena->section_offset, MADV_REMOVE);
}

int gmr_agent_publish(uint32_t which, const void *bytes, uint32_t count) {
    gmr_arena_header_t *arena = gmr_agent_arena();
    if (!arena) return -ESRCH;
    if (count > GMR_PUBLICATION_CAPACITY_BYTES) return -ENOSPC;
    gmr_publication_t *publication = &arena->publications[which];
    uint32_t version = publication->version + 1;
    publication->bytes[version & 1] = count;
    __builtin_memcpy(publication_buffer(arena, which, version), bytes, count);
    gmr_store_release(&publication->version, version);
    return 0;
}

int64_t gmr_arena_read_published(gmr_arena_header_t *arena, uint32_t which, void *copy) {
    gmr_publication_t *publication = &arena->publications[which];
    for (int attempt = 0; attempt < 1000; attempt++) {
        uint32_t version = gmr_load_acquire(&publication->version);
        if (version == 0) return -ENODATA;
        uint32_t count = publication->bytes[version & 1];
        if (count > GMR_PUBLICATION_CAPACITY_BYTES) return -EPROTO;
        __builtin_memcpy(copy, publication_buffer(arena, which, version), count);
        /* Whole, unless somebody has begun to write that buffer again, which takes another version before. */
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&publication->version, __ATOMIC_RELAXED) == version) return count;
    }
    return -EAGAIN;
}

int gmr_arena_append_section(gmr_arena_header_t *arena, uint32_t generation, const void *bytes, uint32_t count) {
    if (arena->generation != generation) return -ESTALE;
    if (GMR_SECTION_CAPACITY_BYTES - arena->section_bytes < count) return -ENOSPC;
    __builtin_memcpy((char *)arena + arena->section_offset + arena->section_bytes, bytes, count);
    gmr_store_release(&arena->section_bytes, arena->section_bytes + count);
    gmr_ss_futex_wake(&arena->section_bytes);
    return 0;
}

void gmr_arena_set_section_state(gmr_arena_header_t *arena, uint32_t generation, uint32_t state) {
    if (arena->generation != generation) return;
    gmr_store_release(&arena->section_state, state);
    gmr_ss_futex_wake(&arena->section_bytes);
}

int gmr_arena_wait_sections(gmr_arena_header_t *arena, uint32_t seen_bytes, uint32_t seen_state, uint64_t timeout_ns) {
    uint64_t deadline = gmr_ss_clock_ns(CLOCK_MONOTONIC) + timeout_ns;
    for (;;) {
        uint32_t state = gmr_load_acquire(&arena->section_state);
        uint32_t bytes = gmr_load_acquire(&arena->section_bytes);
        if (bytes != seen_bytes || state != seen_state) return 1;
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        if (now >= deadline) return 0;
        /* A new state changes no byte count: look again now and then. */
        uint64_t slice = deadline - now < 10000000 ? deadline - now : 10000000;
        (void)gmr_ss_futex_wait(&arena->section_bytes, bytes, slice);
    }
}

int gmr_arena_look_again(gmr_arena_header_t *arena) {
    if (arena->pid == getpid()) return gmr_waits_look_again(arena);
    const uint64_t wait_ns = (GMR_SECOND_LOOK_NS + SECOND_LOOK_PATIENCE_NS) / SECOND_LOOK_WAITS;
    gmr_store_release(&arena->second_look, GMR_SECOND_LOOK_ASKED);
    gmr_arena_progress(arena, 0);
    for (unsigned waits = 0;; waits++) {
        uint32_t state = gmr_load_acquire(&arena->second_look);
        if (state == GMR_SECOND_LOOK_DONE) return 1;
        if (waits == SECOND_LOOK_WAITS) return 0;
        (void)gmr_ss_futex_wait(&arena->second_look, state, wait_ns);
    }
}

void gmr_arena_account(gmr_arena_header_t *arena, uint64_t render_ns, int32_t error, uint32_t told) {
    arena->render_ns = render_ns;
    arena->delivery = error ? GMR_DELIVERY_FAILED : GMR_DELIVERED;
    if (error) {
        arena->lost_error = error;
        __atomic_fetch_add(&arena->lost_reports, 1, __ATOMIC_RELAXED);
    } else {
        /* A helper that came too late and the worker may have told of the same ones. */
        uint32_t lost = __atomic_load_n(&arena->lost_reports, __ATOMIC_RELAXED);
        while (!__atomic_compare_exchange_n(&arena->lost_reports, &lost, lost > told ? lost - told : 0, 1,
                                            __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        }
    }
}

void gmr_arena_progress(gmr_arena_header_t *arena, uint32_t helper_state) {
    gmr_ss_helper_progress(arena, helper_state);
}

int gmr_arena_has_layout(const gmr_arena_header_t *arena, uint64_t bytes) {
    gmr_arena_header_t expected;
    return arena->slot_capacity <= GMR_MAX_THREADS && lay_out(&expected, arena->slot_capacity) == bytes &&
           arena->arena_bytes == bytes && arena->magic == GMR_ARENA_MAGIC && arena->version == GMR_ARENA_VERSION &&
           arena->setup_offset == expected.setup_offset && arena->module_offset == expected.module_offset &&
           arena->string_offset == expected.string_offset && arena->section_offset == expected.section_offset &&
           arena->slot_offset == expected.slot_offset;
}

int gmr_arena_is_sound(const gmr_arena_header_t *arena, uint64_t bytes) {
    return gmr_arena_has_layout(arena, bytes) && arena->setup_bytes <= GMR_SETUP_CAPACITY_BYTES &&
           arena->section_bytes <= GMR_SECTION_CAPACITY_BYTES && arena->slot_count <= arena->slot_capacity &&
           arena->module_count <= GMR_MODULE_CAPACITY && arena->string_bytes <= GMR_STRING_CAPACITY_BYTES &&
           arena->task_count <= GMR_TASK_CAPACITY && arena->task_frame_count <= GMR_TASK_FRAME_CAPACITY &&
           arena->task_text_bytes <= GMR_TASK_TEXT_CAPACITY_BYTES &&
           arena->task_reference_count <= GMR_TASK_REFERENCE_CAPACITY;
}

int gmr_arena_is_size(uint64_t bytes) {
    gmr_arena_header_t layout;
    uint64_t fixed = lay_out(&layout, 0);
    return bytes >= fixed && bytes <= lay_out(&layout, GMR_MAX_THREADS) && (bytes - fixed) % GMR_SLOT_STRIDE_BYTES == 0;
}

gmr_arena_header_t *gmr_arena_map(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0 || status.st_size < (off_t)GMR_PAGE_BYTES) return NULL;
    uint64_t bytes = (uint64_t)status.st_size;
    gmr_arena_header_t *arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
    if (arena == MAP_FAILED) return NULL;
    if (gmr_arena_is_sound(arena, bytes)) return arena;
    munmap(arena, bytes);
    return NULL;
}
