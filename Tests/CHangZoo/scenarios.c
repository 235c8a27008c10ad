/*
 * scenarios.c: the table of all C scenarios.
 * Threads: main.  Signal handlers: no.
 */
#include "scenarios.h"

#include <stddef.h>
#include <string.h>

static const zoo_scenario_t *const families[] = {
    zoo_lock_scenarios,     zoo_wait_scenarios,      zoo_spin_scenarios,    zoo_crowd_scenarios,  zoo_stack_scenarios,
    zoo_signal_scenarios,   zoo_loader_scenarios,    zoo_malloc_scenarios,  zoo_stdio_scenarios,  zoo_limit_scenarios,
    zoo_register_scenarios, zoo_privilege_scenarios, zoo_syscall_scenarios,
};

const zoo_scenario_t *zoo_scenario_at(int index) {
    for (size_t family = 0; family < sizeof families / sizeof *families; family++)
        for (const zoo_scenario_t *scenario = families[family]; scenario->name != NULL; scenario++)
            if (index-- == 0)
                return scenario;
    return NULL;
}

const zoo_scenario_t *zoo_scenario_named(const char *name) {
    const zoo_scenario_t *scenario;
    for (int index = 0; (scenario = zoo_scenario_at(index)) != NULL; index++)
        if (strcmp(scenario->name, name) == 0)
            return scenario;
    return NULL;
}
