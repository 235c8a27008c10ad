/*
 * maps.c: reads the mappings of a process line by line.
 * Runs on the agent thread.
 * A handler may run all of it.
 */
#include "maps.h"

#include "syscalls_x86_64.h"

#define BUFFER_BYTES (64u * 1024u) /* no line is that long */

static struct {
    int descriptor;
    uint32_t line, scanned, end; /* in the buffer: the next line, how far it has no end, and what has been read */
    char buffer[BUFFER_BYTES];
} maps;

int gmr_ss_maps_open(const char *path) GMR_SIGNAL_SAFE {
    maps.descriptor = gmr_ss_open_at(AT_FDCWD, path, O_RDONLY);
    maps.line = maps.scanned = maps.end = 0;
    return maps.descriptor < 0 ? maps.descriptor : 0;
}

/* Makes room behind a line whose end has not been read, and reads on. As read(2). */
static long read_on(void) GMR_SIGNAL_SAFE {
    uint32_t kept = maps.end - maps.line;
    if (kept == BUFFER_BYTES) kept = 0;
    for (uint32_t i = 0; i < kept; i++) maps.buffer[i] = maps.buffer[maps.line + i];
    maps.line = 0;
    maps.scanned = maps.end = kept;
    long bytes = gmr_ss_read(maps.descriptor, maps.buffer + kept, BUFFER_BYTES - kept);
    if (bytes > 0) maps.end += (uint32_t)bytes;
    return bytes;
}

int gmr_ss_maps_next(gmr_mapping_t *mapping) GMR_SIGNAL_SAFE {
    for (;;) {
        while (maps.scanned < maps.end) {
            if (maps.buffer[maps.scanned++] != '\n') continue;
            gmr_text_t line = {maps.buffer + maps.line, maps.buffer + maps.scanned - 1};
            maps.line = maps.scanned;
            if (gmr_ss_parse_mapping(line, mapping)) return 1;
        }
        long bytes = read_on();
        if (bytes <= 0) return (int)bytes;
    }
}

void gmr_ss_maps_close(void) GMR_SIGNAL_SAFE { gmr_ss_close(maps.descriptor); }
