/*
 * vdso.c: the ELF image that the kernel maps into every process.
 * Any thread.
 * A handler may not run it: getauxval() is not promised to be safe there.
 */
#include <elf.h>
#include <stddef.h>
#include <sys/auxv.h>

#include "gmr_symbolize.h"

const void *gmr_vdso_image(uint64_t *bytes) {
    const char *image = (const char *)getauxval(AT_SYSINFO_EHDR);
    *bytes = 0;
    if (!image) return NULL;
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    *bytes = header->e_shoff + (uint64_t)header->e_shnum * header->e_shentsize;
    return image;
}
