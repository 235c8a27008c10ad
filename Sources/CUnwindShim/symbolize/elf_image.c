/*
 * elf_image.c: opens one ELF file or image in memory, and reads its build ID, sections and bytes.
 * Threads: the symbolizer's own.
 * Signal safety: none (malloc, libelf).
 */
#include "symbolize_internal.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int accept_elf(gmr_elf_image_t *image) {
    GElf_Ehdr header;
    if (image->elf == NULL || elf_kind(image->elf) != ELF_K_ELF || gelf_getehdr(image->elf, &header) == NULL) {
        return -ENOEXEC;
    }
    const uint8_t native_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != native_order) return -ENOEXEC;
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN) return -ENOEXEC;

    const void *build_id = NULL;
    const ssize_t size = dwelf_elf_gnu_build_id(image->elf, &build_id);
    if (size > 0 && size <= GMR_BUILD_ID_MAX) {
        memcpy(image->build_id, build_id, (size_t)size);
        image->build_id_size = (uint32_t)size;
    }
    return 0;
}

static int finish_open(gmr_elf_image_t *image) {
    const int result = accept_elf(image);
    if (result != 0) gmr_elf_image_close(image);
    return result;
}

int gmr_elf_image_open(gmr_elf_image_t *image, const char *path) {
    *image = (gmr_elf_image_t){.fd = -1};
    if (elf_version(EV_CURRENT) == EV_NONE) return -ENOTSUP;
    /* O_NONBLOCK: a FIFO of that name must not hold the report up. */
    image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (image->fd < 0) return -errno;
    struct stat status;
    if (fstat(image->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        gmr_elf_image_close(image);
        return -ENOEXEC;
    }
    image->byte_count = (uint64_t)status.st_size;
    image->elf = elf_begin(image->fd, ELF_C_READ, NULL);
    return finish_open(image);
}

int gmr_elf_image_open_memory(gmr_elf_image_t *image, const void *memory, uint64_t byte_count, void *owned) {
    *image = (gmr_elf_image_t){.fd = -1, .memory = memory, .owned_memory = owned, .byte_count = byte_count};
    if (elf_version(EV_CURRENT) == EV_NONE || memory == NULL || byte_count > SIZE_MAX) {
        gmr_elf_image_close(image);
        return -ENOEXEC;
    }
    /* libelf takes a non-const pointer but writes only on elf_update. */
    image->elf = elf_memory((char *)(uintptr_t)memory, (size_t)byte_count);
    return finish_open(image);
}

void gmr_elf_image_close(gmr_elf_image_t *image) {
    if (image->elf != NULL) elf_end(image->elf);
    if (image->fd >= 0) close(image->fd);
    free(image->owned_memory);
    *image = (gmr_elf_image_t){.fd = -1};
}

size_t gmr_elf_image_read(const gmr_elf_image_t *image, uint64_t offset, void *buffer, size_t count) {
    if (offset >= image->byte_count) return 0;
    if (count > image->byte_count - offset) count = (size_t)(image->byte_count - offset);
    if (image->memory != NULL) {
        memcpy(buffer, image->memory + offset, count);
        return count;
    }
    size_t done = 0;
    while (done < count) {
        const ssize_t got = pread(image->fd, (char *)buffer + done, count - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += (size_t)got;
    }
    return done;
}

Elf_Scn *gmr_elf_image_section(const gmr_elf_image_t *image, const char *name, uint32_t type, GElf_Shdr *header) {
    size_t names_index = 0;
    if (image->elf == NULL || elf_getshdrstrndx(image->elf, &names_index) != 0) return NULL;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(image->elf, section)) != NULL;) {
        if (gelf_getshdr(section, header) == NULL) continue;
        if (name == NULL) {
            if (header->sh_type == type) return section;
            continue;
        }
        const char *its_name = elf_strptr(image->elf, names_index, header->sh_name);
        if (its_name != NULL && strcmp(its_name, name) == 0) return section;
    }
    return NULL;
}

bool gmr_elf_image_has_symtab(const gmr_elf_image_t *image) {
    GElf_Shdr header;
    return gmr_elf_image_section(image, NULL, SHT_SYMTAB, &header) != NULL;
}

bool gmr_elf_image_has_debug_info(const gmr_elf_image_t *image) {
    GElf_Shdr header;
    return (gmr_elf_image_section(image, ".debug_info", 0, &header) != NULL && header.sh_type != SHT_NOBITS)
        || gmr_elf_image_section(image, ".zdebug_info", 0, &header) != NULL;
}
