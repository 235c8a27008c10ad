/*
 * mappings.c: which files are mapped where, for NT_FILE, and the vdso, which is in no file.
 * Runs on whichever thread writes a minicore.
 * A handler may not run it.
 *
 * Only code and constants are listed, which are the same in memory and in the file. Of a variable a debugger would
 * otherwise show the value that the file has, and nobody could tell that it is not the one the process had.
 */
#include <elf.h>

#include "../signal_safe/mapping_line.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "minicore_internal.h"

#define VDSO_LIMIT_BYTES (64u * 1024u)
#define DATA_SEGMENTS 8u

/* The image whose mappings are being listed: where its data segments are. The loader makes parts of them read-only
 * once they are relocated, and those are not what the file has either. */
typedef struct {
    uint64_t device, inode;
    uint32_t count;
    struct {
        uint64_t start, end;
    } data[DATA_SEGMENTS];
} image_t;

static int is_relocated(const image_t *image, const gmr_mapping_t *mapping) {
    if (image->device != mapping->device || image->inode != mapping->inode) return 0;
    for (uint32_t i = 0; i < image->count; i++) {
        if (mapping->start >= image->data[i].start && mapping->start < image->data[i].end) return 1;
    }
    return 0;
}

/* Returns 1 where the page at the start of a mapping is that of an ELF image. */
static int read_image(image_t *image, const gmr_mapping_t *mapping, const uint8_t *page) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)page;
    *image = (image_t){.device = mapping->device, .inode = mapping->inode};
    if (__builtin_memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64) return 0;
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phoff % 8 != 0) return 1;
    const Elf64_Phdr *first = 0;
    for (uint32_t i = 0; i < header->e_phnum; i++) {
        uint64_t at = header->e_phoff + i * sizeof(Elf64_Phdr);
        if (header->e_phoff > GMR_PAGE_BYTES || at + sizeof(Elf64_Phdr) > GMR_PAGE_BYTES) return 1;
        const Elf64_Phdr *segment = (const Elf64_Phdr *)(page + at);
        if (segment->p_type != PT_LOAD) continue;
        if (!first) first = segment; /* they are sorted, and this one is where the file begins */
        if (!(segment->p_flags & PF_W) || image->count == DATA_SEGMENTS) continue;
        uint64_t start = mapping->start + segment->p_vaddr - first->p_vaddr;
        image->data[image->count].start = start & ~(uint64_t)(GMR_PAGE_BYTES - 1);
        image->data[image->count++].end = start + segment->p_memsz;
    }
    return 1;
}

/* Neighbours are mostly of the same file, and share its name. */
static int store_name(gmr_core_t *core, const char *path, gmr_core_file_t *file) {
    if (core->file_count > 0) {
        const gmr_core_file_t *last = &core->files[core->file_count - 1];
        file->name = last->name;
        if (last->name_bytes == file->name_bytes &&
            __builtin_memcmp(core->names + last->name, path, file->name_bytes) == 0) return 1;
    }
    if (file->name_bytes > GMR_CORE_NAME_CAPACITY_BYTES - core->name_bytes) return 0;
    file->name = core->name_bytes;
    __builtin_memcpy(core->names + file->name, path, file->name_bytes);
    core->name_bytes += file->name_bytes;
    return 1;
}

void gmr_core_add_file(gmr_core_t *core, gmr_core_file_t file, const char *path, const gmr_core_range_t *range) {
    if (core->file_count == GMR_CORE_FILE_CAPACITY || !store_name(core, path, &file)) return;
    core->files[core->file_count++] = file;
    gmr_core_add_range(core, range);
}

static void see_file(gmr_core_t *core, image_t *image, const gmr_mapping_t *mapping) {
    gmr_core_file_t file = {.start = mapping->start, .end = mapping->end, .offset = mapping->offset,
                            .name_bytes = mapping->path_bytes};
    gmr_core_range_t range = {.address = mapping->start, .bytes = mapping->end - mapping->start, .flags = PF_R};
    if (mapping->executable) range.flags |= PF_X;
    if (mapping->offset == 0) {
        const uint8_t *page = gmr_core_copy(core, mapping->start, GMR_PAGE_BYTES);
        if (page && read_image(image, mapping, page)) {
            range.data = page;
            range.data_bytes = GMR_PAGE_BYTES;
        } else if (page) {
            gmr_core_uncopy(core, page, 0);
        }
    }
    if (!is_relocated(image, mapping)) gmr_core_add_file(core, file, mapping->path, &range);
}

static int is_named(const gmr_mapping_t *mapping, const char *head, uint32_t bytes) {
    return mapping->path_bytes >= bytes && __builtin_memcmp(mapping->path, head, bytes) == 0;
}

static void see_mapping(gmr_core_t *core, image_t *image, const gmr_mapping_t *mapping) {
    if (mapping->end <= mapping->start || !mapping->readable || mapping->writable || mapping->shared) return;
    uint64_t bytes = mapping->end - mapping->start;
    if (mapping->inode == 0) {
        if (is_named(mapping, "[vdso]", 6) && bytes <= VDSO_LIMIT_BYTES) {
            gmr_core_add_memory(core, mapping->start, bytes, PF_R | PF_X);
        }
    } else if (!is_named(mapping, "/dev/", 5)) { /* a debugger would open the device */
        see_file(core, image, mapping);
    }
}

int gmr_core_add_mappings(gmr_core_t *core) {
    int fd = gmr_core_open(core, "maps");
    if (fd < 0) return fd;
    image_t image = {0};
    char *buffer = (char *)core->buffer;
    uint64_t kept = 0; /* bytes of a line whose end has not been read yet */
    long bytes;
    while ((bytes = gmr_ss_read(fd, buffer + kept, GMR_CORE_BUFFER_BYTES - kept)) > 0) {
        uint64_t size = kept + (uint64_t)bytes;
        uint64_t line = 0;
        for (uint64_t i = kept; i < size; i++) {
            if (buffer[i] != '\n') continue;
            gmr_mapping_t mapping;
            if (gmr_ss_parse_mapping((gmr_text_t){buffer + line, buffer + i}, &mapping)) {
                see_mapping(core, &image, &mapping);
            }
            line = i + 1;
        }
        kept = size - line;
        if (kept == GMR_CORE_BUFFER_BYTES) kept = 0; /* no line is that long */
        __builtin_memmove(buffer, buffer + line, kept);
    }
    gmr_ss_close(fd);
    return bytes < 0 ? (int)bytes : 0;
}
