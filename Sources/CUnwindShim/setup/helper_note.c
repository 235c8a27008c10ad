/*
 * helper_note.c: how a program says that it can be a helper: an ELF note, which is read without running it.
 * Runs on the thread that sets up.
 * A handler may not run it.
 *
 * Rejected: starting the program and seeing what it says. What is named by mistake may be anything, the service's own
 * start script for one.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../signal_safe/helper_spawn.h"
#include "agent_state.h"

#define NOTE_NAME "gmr"
#define NOTE_TYPE 1
#define NOTE_LIMIT_BYTES 4096

/* Of both programs it must be the same: one reads what the other writes. */
typedef struct {
    Elf64_Nhdr header;
    char name[4];
    uint32_t arena_version;
    uint32_t arena_header_bytes;
    uint32_t helper_version;
} note_t;
_Static_assert(sizeof(note_t) == sizeof(Elf64_Nhdr) + 16, "wire format");

__attribute__((section(".note.gmr"), used, retain, aligned(4))) static const note_t own_note = {
    {sizeof NOTE_NAME, 12, NOTE_TYPE},
    NOTE_NAME,
    GMR_ARENA_VERSION,
    sizeof(gmr_arena_header_t),
    GMR_HELPER_VERSION,
};

/* 0, -ESRCH where there is none among these notes, or -EPROTO where it is one of another version. */
static int find(const uint8_t *notes, uint64_t bytes) {
    Elf64_Nhdr header;
    for (uint64_t at = 0; bytes - at >= sizeof header;) {
        memcpy(&header, notes + at, sizeof header);
        uint64_t name_bytes = (header.n_namesz + UINT64_C(3)) & ~UINT64_C(3);
        uint64_t note_bytes = sizeof header + name_bytes + ((header.n_descsz + UINT64_C(3)) & ~UINT64_C(3));
        if (note_bytes > bytes - at) break;
        if (header.n_namesz == sizeof NOTE_NAME && header.n_type == NOTE_TYPE &&
            memcmp(notes + at + sizeof header, NOTE_NAME, sizeof NOTE_NAME) == 0) {
            int is_same = note_bytes == sizeof own_note && memcmp(notes + at, &own_note, sizeof own_note) == 0;
            return is_same ? 0 : -EPROTO;
        }
        at += note_bytes;
    }
    return -ESRCH;
}

static int check(int fd) {
    Elf64_Ehdr file;
    if (pread(fd, &file, sizeof file, 0) != (ssize_t)sizeof file || memcmp(file.e_ident, ELFMAG, SELFMAG) != 0 ||
        file.e_ident[EI_CLASS] != ELFCLASS64 || file.e_phentsize != sizeof(Elf64_Phdr)) {
        return -ENOEXEC;
    }
    for (uint64_t i = 0; i < file.e_phnum; i++) {
        Elf64_Phdr segment;
        uint8_t notes[NOTE_LIMIT_BYTES] __attribute__((aligned(8)));
        off_t place = (off_t)(file.e_phoff + i * sizeof segment);
        if (pread(fd, &segment, sizeof segment, place) != (ssize_t)sizeof segment) return -ENOEXEC;
        if (segment.p_type != PT_NOTE) continue;
        uint64_t bytes = segment.p_filesz < sizeof notes ? segment.p_filesz : sizeof notes;
        if (pread(fd, notes, bytes, (off_t)segment.p_offset) != (ssize_t)bytes) return -ENOEXEC;
        int result = find(notes, bytes);
        if (result != -ESRCH) return result;
    }
    return -ENOEXEC;
}

int gmr_helper_check(const char *path) {
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return -errno;
    int result = 0;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) result = -ENOEXEC;
    else if (access(path, X_OK) != 0) result = -errno;
    else result = check(fd);
    close(fd);
    return result;
}
