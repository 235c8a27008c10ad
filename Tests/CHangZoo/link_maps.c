/*
 * link_maps.c: the loader's chain of libraries, as a stray write leaves it.
 * Threads: one, while no other one loads a library or throws.  Signal handlers: no.
 */
#include "CHangZoo.h"

#include <link.h>
#include <stddef.h>

static struct link_map *second;
static struct link_map *third;

void zoo_break_link_maps(void) {
    second = _r_debug.r_map->l_next;
    third = second->l_next;
    second->l_next = second;
}

void zoo_mend_link_maps(void) { second->l_next = third; }
