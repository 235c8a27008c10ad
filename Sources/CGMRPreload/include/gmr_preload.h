/*
 * gmr_preload.h: what libgmr.so's two halves, C and Swift, call in each other.
 */
#ifndef GMR_PRELOAD_H
#define GMR_PRELOAD_H

#include "gmr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In GMRPreload. Sets up reports from the environment alone; what cannot be done costs a line on standard error. */
void gmr_preload_set_up(void);

/* Keeps a text for gmr_error(), of this thread; cut at 511 bytes. */
void gmr_set_error(const char *text);

/* The generator of the section Heartbeats. */
int gmr_heartbeat_section(gmr_section_t *section, void *unused);
/* 1 where a heartbeat has been made. */
int gmr_has_heartbeats(void);
/* In GMRPreload. Has each report show the heartbeats; nothing where it does already, or reports are not set up. */
void gmr_preload_show_heartbeats(void);

#ifdef __cplusplus
}
#endif
#endif
