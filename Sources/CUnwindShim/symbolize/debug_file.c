/*
 * debug_file.c: finds the separate debug file of a module, by build ID, in debuginfod's cache too, and by debug link.
 * Threads: the symbolizer's own.
 * Signal safety: none (malloc, libelf, liblzma).
 *
 * Opens files, never the network: dwfl_standard_find_debuginfo loads libdebuginfod and curl even without a URL, and a
 * silent server held it for more than 120 s.
 */
#include "symbolize_internal.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <limits.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    const gmr_elf_image_t *main;
    const uint8_t *build_id;
    uint32_t build_id_size;
    bool has_link_crc;
    uint32_t link_crc;
    gmr_elf_image_t *found;
    const gmr_progress_t *progress;
} search_t;

/* The checksum of .gnu_debuglink is the CRC-32 of xz and zlib. */
static uint32_t checksum(const gmr_elf_image_t *image, const gmr_progress_t *progress) {
    uint32_t crc = 0;
    uint8_t buffer[32 * 1024];
    uint64_t offset = 0;
    size_t got;
    while ((got = gmr_elf_image_read(image, offset, buffer, sizeof buffer)) > 0) {
        crc = lzma_crc32(buffer, got, crc);
        offset += got;
        if (offset % (1024 * 1024) == 0) gmr_progress_made(progress);
    }
    return crc;
}

static bool is_same_file(const gmr_elf_image_t *a, const gmr_elf_image_t *b) {
    struct stat status_a, status_b;
    return a->fd >= 0 && b->fd >= 0 && fstat(a->fd, &status_a) == 0 && fstat(b->fd, &status_b) == 0
        && status_a.st_dev == status_b.st_dev && status_a.st_ino == status_b.st_ino;
}

/* The build ID decides where both have one; the link's CRC where either has none. */
static bool belongs(const search_t *search, const gmr_elf_image_t *candidate) {
    if (is_same_file(search->main, candidate)) return false;
    if (search->build_id_size > 0 && candidate->build_id_size > 0) {
        return search->build_id_size == candidate->build_id_size
            && memcmp(search->build_id, candidate->build_id, search->build_id_size) == 0;
    }
    return search->has_link_crc && checksum(candidate, search->progress) == search->link_crc;
}

static bool try_path(const search_t *search, const char *path) {
    if (gmr_elf_image_open(search->found, path) != 0) return false;
    if (belongs(search, search->found)
        && (gmr_elf_image_has_symtab(search->found) || gmr_elf_image_has_debug_info(search->found))) {
        return true;
    }
    gmr_elf_image_close(search->found);
    return false;
}

/* Takes the next directory of a colon-separated list; false at its end. */
static bool next_directory(const char **list, char *directory, size_t capacity) {
    while (**list != '\0') {
        const size_t length = strcspn(*list, ":");
        const char *start = *list;
        *list += length + (start[length] == ':');
        if (length == 0 || length >= capacity) continue;
        memcpy(directory, start, length);
        directory[length] = '\0';
        return true;
    }
    return false;
}

static bool try_build_id(const search_t *search, const gmr_debug_places_t *places, char *path) {
    if (search->build_id_size < 2 || search->build_id_size > GMR_BUILD_ID_MAX) return false;
    char hex[2 * GMR_BUILD_ID_MAX + 1];
    for (uint32_t i = 0; i < search->build_id_size; i++) snprintf(hex + 2 * i, 3, "%02x", search->build_id[i]);
    char directory[PATH_MAX];
    const char *directories = places->directories, *caches = places->caches;
    while (next_directory(&directories, directory, sizeof directory)) {
        const int length = snprintf(path, PATH_MAX, "%s/.build-id/%.2s/%s.debug", directory, hex, hex + 2);
        if (length < PATH_MAX && try_path(search, path)) return true;
    }
    /* A file without a byte, which is no ELF file, stands for "no server has it". */
    while (next_directory(&caches, directory, sizeof directory)) {
        const int length = snprintf(path, PATH_MAX, "%s/%s/debuginfo", directory, hex);
        if (length < PATH_MAX && try_path(search, path)) return true;
    }
    return false;
}

static bool try_beside(const search_t *search, const char *executable, const char *link, const char *directories,
                       char *path) {
    const char *slash = strrchr(executable, '/');
    if (slash == NULL) return false;
    const int prefix = (int)(slash - executable);
    if (snprintf(path, PATH_MAX, "%.*s/%s", prefix, executable, link) < PATH_MAX && try_path(search, path)) return true;
    if (snprintf(path, PATH_MAX, "%.*s/.debug/%s", prefix, executable, link) < PATH_MAX && try_path(search, path)) {
        return true;
    }
    char directory[PATH_MAX];
    while (next_directory(&directories, directory, sizeof directory)) {
        const int length = snprintf(path, PATH_MAX, "%s%.*s/%s", directory, prefix, executable, link);
        if (length < PATH_MAX && try_path(search, path)) return true;
    }
    return false;
}

static bool try_debug_link(search_t *search, const char *main_path, const char *directories, char *path) {
    GElf_Word crc = 0;
    if (search->main->elf == NULL || main_path == NULL) return false;
    const char *link = dwelf_elf_gnu_debuglink(search->main->elf, &crc);
    /* A link is a bare file name; one with a slash would make us open whatever it likes. */
    if (link == NULL || link[0] == '\0' || strchr(link, '/') != NULL) return false;
    search->has_link_crc = true;
    search->link_crc = crc;
    if (try_beside(search, main_path, link, directories, path)) return true;
    char resolved[PATH_MAX];
    return realpath(main_path, resolved) != NULL && strcmp(resolved, main_path) != 0
        && try_beside(search, resolved, link, directories, path);
}

int gmr_debug_file_find(const gmr_elf_image_t *main, const char *main_path, const uint8_t *build_id,
                        uint32_t build_id_size, const gmr_debug_places_t *places, gmr_string_arena_t *arena,
                        gmr_elf_image_t *found, const char **found_path) {
    search_t search = {.main = main, .build_id = build_id, .build_id_size = build_id_size, .found = found,
                       .progress = &places->progress};
    char path[PATH_MAX];
    *found = (gmr_elf_image_t){.fd = -1};
    if (!try_build_id(&search, places, path)
        && !try_debug_link(&search, main_path, places->directories, path)) {
        return -ENOENT;
    }
    *found_path = gmr_string_arena_copy(arena, path, strlen(path));
    return 0;
}
