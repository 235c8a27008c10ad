/*
 * minidebuginfo.c: unpacks .gnu_debugdata, the xz-compressed ELF file with a stripped program's local symbols.
 * Threads: the symbolizer's own.
 * Signal safety: none (malloc, liblzma).
 */
#include "symbolize_internal.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>

/* Fedora's largest are about 10 MB unpacked. What claims more is broken, or means harm. */
enum { UNPACKED_MAX = 128 * 1024 * 1024, DECODER_MEMORY_MAX = 128 * 1024 * 1024 };

static int unpack(const uint8_t *packed, size_t packed_size, uint8_t **unpacked, size_t *unpacked_size) {
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, DECODER_MEMORY_MAX, 0) != LZMA_OK) return -ENOMEM;
    size_t capacity = packed_size * 4 + 4096;
    uint8_t *bytes = malloc(capacity);
    int result = bytes == NULL ? -ENOMEM : 0;
    stream.next_in = packed;
    stream.avail_in = packed_size;
    while (result == 0) {
        stream.next_out = bytes + stream.total_out;
        stream.avail_out = capacity - (size_t)stream.total_out;
        const lzma_ret status = lzma_code(&stream, LZMA_FINISH);
        if (status == LZMA_STREAM_END) break;
        if (status != LZMA_OK || stream.avail_out > 0) {
            result = status == LZMA_MEM_ERROR ? -ENOMEM : status == LZMA_MEMLIMIT_ERROR ? -E2BIG : -EBADMSG;
        } else if (capacity >= UNPACKED_MAX) {
            result = -E2BIG;
        } else {
            uint8_t *grown = realloc(bytes, capacity * 2);
            if (grown == NULL) {
                result = -ENOMEM;
            } else {
                bytes = grown;
                capacity *= 2;
            }
        }
    }
    *unpacked_size = (size_t)stream.total_out;
    lzma_end(&stream);
    if (result != 0) {
        free(bytes);
        return result;
    }
    *unpacked = bytes;
    return 0;
}

int gmr_minidebuginfo_open(const gmr_elf_image_t *main, gmr_elf_image_t *found) {
    *found = (gmr_elf_image_t){.fd = -1};
    GElf_Shdr header;
    if (gmr_elf_image_section(main, ".gnu_debugdata", 0, &header) == NULL) return -ENOENT;
    if (header.sh_type == SHT_NOBITS || header.sh_size == 0) return -ENOENT;
    if (header.sh_size > UNPACKED_MAX || header.sh_size > main->byte_count) return -E2BIG;
    uint8_t *packed = malloc(header.sh_size);
    if (packed == NULL) return -ENOMEM;
    const size_t packed_size = gmr_elf_image_read(main, header.sh_offset, packed, header.sh_size);
    uint8_t *unpacked = NULL;
    size_t unpacked_size = 0;
    const int result = unpack(packed, packed_size, &unpacked, &unpacked_size);
    free(packed);
    return result != 0 ? result : gmr_elf_image_open_memory(found, unpacked, unpacked_size, unpacked);
}
