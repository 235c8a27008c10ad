/*
 * error.c: what gmr_error() says.
 * Runs on any thread.
 * A handler may not run it.
 */
#include <stdio.h>

#include "gmr_preload.h"

static _Thread_local char message[512];

void gmr_set_error(const char *text) { snprintf(message, sizeof message, "%s", text); }

const char *gmr_error(void) { return message; }
