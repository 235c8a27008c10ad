/*
 * inline_frames.c: walks the DIEs of one compilation unit to the functions and inlined calls that hold its addresses.
 * Threads: the symbolizer's own.
 * Signal safety: none (malloc, libdw).
 *
 * First the functions where they usually are: at top level, or in a namespace or type. Swift nests a function in the
 * DIE of another one whose code is elsewhere, so what is left is then looked for everywhere.
 */
#include "symbolize_internal.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 200, /* of DIEs; each level takes about 200 bytes of stack */
    DIES_PER_PROGRESS = 65536,
};

typedef struct {
    gmr_line_index_t *index;
    uint32_t unit;
    bool is_deep;
    uint32_t missing; /* addresses of the unit without a function yet */
    int error;
} walk_t;

typedef struct {
    walk_t *walk;
    Dwarf_Die *die;
    bool is_function;
    bool has_hit;
} match_t;

static bool match_range(void *context, uint64_t start, uint64_t end) {
    match_t *match = context;
    walk_t *walk = match->walk;
    gmr_line_index_t *index = walk->index;
    uint32_t i = gmr_lower_bound(index->addresses, index->count, start);
    for (; i < index->count && index->addresses[i] < end; i++) {
        if (index->unit_of_address[i] != walk->unit) continue;
        if (index->work_left == 0) return false;
        index->work_left--;
        /* A function starts a chain, a call inlined into it extends one. */
        if ((index->innermost[i] != NULL) == match->is_function) continue;
        gmr_scope_t *scope = malloc(sizeof *scope);
        if (scope == NULL) {
            walk->error = -ENOMEM;
            return false;
        }
        *scope = (gmr_scope_t){.caller = index->innermost[i], .next = index->scopes, .die = *match->die,
                               .range_start = start, .address_index = i};
        index->scopes = scope;
        index->innermost[i] = scope;
        if (match->is_function) walk->missing--;
        match->has_hit = true;
    }
    return true;
}

static bool is_container(int tag) {
    return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type || tag == DW_TAG_class_type
        || tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type || tag == DW_TAG_interface_type;
}

/* Counts a DIE, and says so now and then: one unit may be all of a program (LTO). */
static void count_die(walk_t *walk) {
    if (--walk->index->work_left % DIES_PER_PROGRESS == 0) gmr_progress_made(walk->index->progress);
}

static bool is_done(const walk_t *walk) {
    return walk->error != 0 || walk->index->work_left == 0;
}

/* Inlined calls in a function or call that holds some of the addresses. */
static void walk_body(walk_t *walk, Dwarf_Die *parent, unsigned depth) {
    Dwarf_Die die;
    if (depth >= DEPTH_MAX || dwarf_child(parent, &die) != 0) return;
    do {
        if (is_done(walk)) return;
        count_die(walk);
        const int tag = dwarf_tag(&die);
        if (tag == DW_TAG_inlined_subroutine) {
            match_t match = {.walk = walk, .die = &die};
            gmr_line_index_ranges(walk->index, &die, match_range, &match);
            if (match.has_hit) walk_body(walk, &die, depth + 1);
        } else if (tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block) {
            walk_body(walk, &die, depth + 1);
        }
    } while (dwarf_siblingof(&die, &die) == 0);
}

static void walk_functions(walk_t *walk, Dwarf_Die *parent, unsigned depth) {
    Dwarf_Die die;
    if (depth >= DEPTH_MAX || dwarf_child(parent, &die) != 0) return;
    do {
        if (is_done(walk) || walk->missing == 0) return;
        count_die(walk);
        const int tag = dwarf_tag(&die);
        if (tag == DW_TAG_subprogram) {
            match_t match = {.walk = walk, .die = &die, .is_function = true};
            gmr_line_index_ranges(walk->index, &die, match_range, &match);
            if (match.has_hit) walk_body(walk, &die, depth + 1);
        }
        if (is_container(tag) || (walk->is_deep && dwarf_haschildren(&die) > 0)) walk_functions(walk, &die, depth + 1);
    } while (dwarf_siblingof(&die, &die) == 0);
}

/* With -gsplit-dwarf the functions are in a .dwo file, and the unit here is a skeleton. Only by that suffix: clang's
 * module units name .pcm files in the same attribute, and libdw would open thousands of them. */
static Dwarf_Die unit_with_functions(Dwarf_Die *unit) {
    Dwarf_Attribute attribute;
    Dwarf_Die split;
    const char *name = dwarf_formstring(dwarf_attr(unit, DW_AT_dwo_name, &attribute));
    if (name == NULL) name = dwarf_formstring(dwarf_attr(unit, DW_AT_GNU_dwo_name, &attribute));
    const size_t length = name == NULL ? 0 : strlen(name);
    if (length < 4 || strcmp(name + length - 4, ".dwo") != 0) return *unit;
    if (dwarf_cu_info(unit->cu, NULL, NULL, NULL, &split, NULL, NULL, NULL) != 0 || split.addr == NULL) return *unit;
    return split;
}

int gmr_inline_frames_resolve(gmr_line_index_t *index, uint32_t unit) {
    walk_t walk = {.index = index, .unit = unit};
    for (uint32_t i = 0; i < index->count; i++) {
        if (index->unit_of_address[i] == unit && index->innermost[i] == NULL) walk.missing++;
    }
    Dwarf_Die root = unit_with_functions(&index->units[unit]);
    walk_functions(&walk, &root, 0);
    if (walk.missing > 0 && walk.error == 0) {
        walk.is_deep = true;
        walk_functions(&walk, &root, 0);
    }
    return walk.error;
}

const char *gmr_scope_name(gmr_scope_t *scope, bool *is_linkage_name) {
    Dwarf_Attribute attribute;
    /* "integrate": the attribute may stand in the abstract origin or the declaration. */
    const char *name = dwarf_formstring(dwarf_attr_integrate(&scope->die, DW_AT_linkage_name, &attribute));
    if (name == NULL) {
        name = dwarf_formstring(dwarf_attr_integrate(&scope->die, DW_AT_MIPS_linkage_name, &attribute));
    }
    *is_linkage_name = name != NULL;
    return name != NULL ? name : dwarf_formstring(dwarf_attr_integrate(&scope->die, DW_AT_name, &attribute));
}
