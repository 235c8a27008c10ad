/*
 * string_arena.c: a bump allocator for the names and paths handed out, so that no ELF file stays open for them.
 * Threads: the symbolizer's own.
 * Signal safety: none (malloc).
 */
#include "symbolize_internal.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct gmr_string_chunk {
    gmr_string_chunk_t *next;
    size_t used;
    size_t capacity;
    char bytes[];
};

static char *reserve(gmr_string_arena_t *arena, size_t byte_count) {
    gmr_string_chunk_t *chunk = arena->chunks;
    if (chunk == NULL || chunk->capacity - chunk->used < byte_count) {
        const size_t capacity = byte_count > CHUNK_BYTES ? byte_count : CHUNK_BYTES;
        chunk = malloc(sizeof *chunk + capacity);
        if (chunk == NULL) return NULL;
        chunk->next = arena->chunks;
        chunk->used = 0;
        chunk->capacity = capacity;
        arena->chunks = chunk;
    }
    char *place = chunk->bytes + chunk->used;
    chunk->used += byte_count;
    return place;
}

char *gmr_string_arena_copy(gmr_string_arena_t *arena, const char *text, size_t length) {
    char *copy = reserve(arena, length + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

const char *gmr_string_arena_path(gmr_string_arena_t *arena, const char *directory, const char *path) {
    const size_t path_length = strlen(path);
    if (path[0] == '/' || directory == NULL || directory[0] == '\0') {
        return gmr_string_arena_copy(arena, path, path_length);
    }
    size_t directory_length = strlen(directory);
    while (directory_length > 1 && directory[directory_length - 1] == '/') directory_length--;
    char *joined = reserve(arena, directory_length + 1 + path_length + 1);
    if (joined == NULL) return NULL;
    memcpy(joined, directory, directory_length);
    joined[directory_length] = '/';
    memcpy(joined + directory_length + 1, path, path_length + 1);
    return joined;
}

void gmr_string_arena_free(gmr_string_arena_t *arena) {
    while (arena->chunks != NULL) {
        gmr_string_chunk_t *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
}
