/*
 * output.c: the bytes of a core, one after the other, to a descriptor or just counted.
 * Runs on whichever thread writes a minicore.
 * A handler may not run it.
 */
#include "../signal_safe/syscalls_x86_64.h"
#include "minicore_internal.h"

static void write_out(gmr_core_output_t *output, const void *data, uint64_t bytes) {
    if (output->error == 0) output->error = gmr_ss_write_all(output->descriptor, data, bytes);
}

void gmr_core_flush(gmr_core_output_t *output) {
    if (output->descriptor >= 0) write_out(output, output->buffer, output->used);
    output->used = 0;
}

void gmr_core_put(gmr_core_output_t *output, const void *data, uint64_t bytes) {
    output->bytes += bytes;
    if (output->descriptor < 0) return;
    if (bytes > GMR_CORE_BUFFER_BYTES - output->used) gmr_core_flush(output);
    if (bytes > GMR_CORE_BUFFER_BYTES) {
        write_out(output, data, bytes);
        return;
    }
    __builtin_memcpy(output->buffer + output->used, data, bytes);
    output->used += (uint32_t)bytes;
}
