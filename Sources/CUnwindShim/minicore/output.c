/*
 * output.c: the bytes of a core, one after the other, to a descriptor or just counted.
 * Runs on whichever thread writes a minicore.
 * A handler may not run it.
 */
#include <errno.h>

#include "../signal_safe/syscalls_x86_64.h"
#include "minicore_internal.h"

static void write_all(gmr_core_output_t *output, const uint8_t *data, uint64_t bytes) {
    while (bytes > 0 && output->error == 0) {
        long written = gmr_ss_write(output->descriptor, data, bytes);
        if (written == -EINTR) continue;
        if (written <= 0) {
            output->error = written < 0 ? (int)written : -EIO;
            return;
        }
        data += written;
        bytes -= (uint64_t)written;
    }
}

void gmr_core_flush(gmr_core_output_t *output) {
    if (output->descriptor >= 0) write_all(output, output->buffer, output->used);
    output->used = 0;
}

void gmr_core_put(gmr_core_output_t *output, const void *data, uint64_t bytes) {
    output->bytes += bytes;
    if (output->descriptor < 0) return;
    if (bytes > GMR_CORE_BUFFER_BYTES - output->used) gmr_core_flush(output);
    if (bytes > GMR_CORE_BUFFER_BYTES) {
        write_all(output, data, bytes);
        return;
    }
    __builtin_memcpy(output->buffer + output->used, data, bytes);
    output->used += (uint32_t)bytes;
}
