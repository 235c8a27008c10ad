/*
 * rename_no_replace.c: renameat2(), which Swift's view of the C library lacks.
 * Runs wherever a report is delivered: in the helper, or on the worker thread.
 * A handler may not run it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "gmr_agent.h"

int gmr_rename_no_replace(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0 ? 0 : -errno;
}
