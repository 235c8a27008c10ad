/*
 * image_memory.h: checked reads of loaded images, a page at a time.
 */
#ifndef GMR_IMAGE_MEMORY_H
#define GMR_IMAGE_MEMORY_H

#include "gmr_capture_format.h"

/* Copies `bytes` of a module's memory; 1, or 0 where it cannot be read. Threads: the agent thread. */
int gmr_image_read(uint64_t address, void *buffer, uint32_t bytes);

/* Forgets what was read: modules may have changed. */
void gmr_image_forget(void);

#endif
