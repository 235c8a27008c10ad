/*
 * await_scopes.c: finds the calls that a suspended Swift function awaits, where the optimizer has inlined them.
 * Threads: the symbolizer's own.
 * Signal safety: none (malloc, libdw).
 *
 * The part of an async function that goes on after an `await` has a symbol that ends in TQ and a number. What it does
 * first, giving back the memory of the call that has returned, belongs to that call: the inlined calls that begin in
 * its first bytes are those that the function is in while it waits. At its very first instruction DWARF has none of
 * them, and often the line of the whole function.
 */
#include "symbolize_internal.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 200,
    ENTRY_BYTES = 40, /* 12 to 30 were seen; the call that frees the memory ends later */
};

static bool is_await_resume(const char *name) {
    size_t length = name == NULL ? 0 : strlen(name);
    if (length < 4 || strncmp(name, "$s", 2) != 0 || name[--length] != '_') return false;
    const size_t end = length;
    while (length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9') length--;
    return length < end && length >= 2 && memcmp(name + length - 2, "TQ", 2) == 0;
}

typedef struct {
    uint64_t from, to;   /* a range is to begin after the one and not after the other; */
    uint64_t containing; /* where this is not 0: to hold it */
    uint64_t start;      /* of the first that does; 0: none */
} search_t;

static bool match_range(void *context, uint64_t start, uint64_t end) {
    search_t *search = context;
    const bool matches = search->containing != 0 ? start <= search->containing && search->containing < end
                                                 : search->from < start && start <= search->to;
    if (matches && (search->start == 0 || start < search->start)) search->start = start;
    return true;
}

/* The first inlined call among the children, through blocks. */
static bool find_call(gmr_line_index_t *index, Dwarf_Die *parent, search_t *search, Dwarf_Die *found, unsigned depth) {
    Dwarf_Die die;
    bool has_found = false;
    if (depth >= DEPTH_MAX || dwarf_child(parent, &die) != 0) return false;
    do {
        if (index->work_left == 0) return has_found;
        index->work_left--;
        const int tag = dwarf_tag(&die);
        const uint64_t before = search->start;
        if (tag == DW_TAG_inlined_subroutine) {
            gmr_line_index_ranges(index, &die, match_range, search);
            if (search->start == before) continue;
            *found = die;
            has_found = true;
        } else if (tag == DW_TAG_lexical_block) {
            has_found |= find_call(index, &die, search, found, depth + 1);
        }
    } while (dwarf_siblingof(&die, &die) == 0);
    return has_found;
}

int gmr_await_scopes_add(gmr_line_index_t *index, uint32_t address_index) {
    gmr_scope_t *function = index->innermost[address_index];
    const uint64_t entry = index->addresses[address_index];
    bool is_linkage_name;
    if (function == NULL || function->caller != NULL || function->range_start != entry) return 0;
    if (!is_await_resume(gmr_scope_name(function, &is_linkage_name))) return 0;
    Dwarf_Die parent = function->die, die;
    gmr_scope_t *scope = NULL;
    search_t search = {.from = entry, .to = entry + ENTRY_BYTES};
    for (unsigned depth = 0; depth < DEPTH_MAX && find_call(index, &parent, &search, &die, depth); depth++) {
        scope = malloc(sizeof *scope);
        if (scope == NULL) return -ENOMEM;
        *scope = (gmr_scope_t){.caller = index->innermost[address_index], .next = index->scopes, .die = die,
                               .range_start = search.start, .address_index = address_index};
        index->scopes = scope;
        index->innermost[address_index] = scope;
        if (search.containing == 0) search.containing = search.start;
        search.start = 0;
        parent = die;
    }
    if (scope != NULL) scope->await_address = search.containing;
    return 0;
}
