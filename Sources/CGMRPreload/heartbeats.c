/*
 * heartbeats.c: loops that say they are alive, and the section that shows them.
 * gmr_heartbeat runs on any thread, the section's generator on one of its own.
 * A handler may run gmr_heartbeat: atomic stores and clock_gettime() alone.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gmr_preload.h"

#define CAPACITY 64u

struct gmr_heartbeat {
    char name[64];
    uint32_t interval_ms;
    /* All of one beat, or of two that came at once: nobody decides anything by them. */
    uint64_t last_ns; /* CLOCK_MONOTONIC; 0: none */
    uint64_t count;
    int32_t tid;
};

static struct gmr_heartbeat heartbeats[CAPACITY];
static uint32_t taken; /* may count beyond the capacity */
static uint32_t ready; /* release: publishes names; pairs with the acquire in the section */

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int gmr_has_heartbeats(void) { return __atomic_load_n(&ready, __ATOMIC_ACQUIRE) > 0; }

gmr_heartbeat_t *gmr_heartbeat_new(const char *name, uint32_t interval_ms) {
    uint32_t index = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
    if (index >= CAPACITY) {
        gmr_set_error("There are 64 heartbeats already; share one among loops that do the same.");
        return NULL;
    }
    gmr_heartbeat_t *heartbeat = &heartbeats[index];
    snprintf(heartbeat->name, sizeof heartbeat->name, "%s", name ? name : "unnamed");
    heartbeat->interval_ms = interval_ms;
    __atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
    gmr_preload_show_heartbeats();
    return heartbeat;
}

void gmr_heartbeat(gmr_heartbeat_t *heartbeat) {
    if (!heartbeat) return;
    __atomic_store_n(&heartbeat->last_ns, now_ns(), __ATOMIC_RELAXED);
    __atomic_fetch_add(&heartbeat->count, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&heartbeat->tid, (int32_t)syscall(SYS_gettid), __ATOMIC_RELAXED);
}

static void show(gmr_section_t *section, gmr_heartbeat_t *heartbeat, uint64_t now) {
    uint64_t last = __atomic_load_n(&heartbeat->last_ns, __ATOMIC_RELAXED);
    uint64_t since_ms = now > last ? (now - last) / 1000000 : 0;
    gmr_begin_group(section, heartbeat->name);
    gmr_add_integer(section, "beats", (int64_t)__atomic_load_n(&heartbeat->count, __ATOMIC_RELAXED));
    if (last) {
        gmr_add_integer(section, "last_ms_ago", (int64_t)since_ms);
        gmr_add_integer(section, "thread", __atomic_load_n(&heartbeat->tid, __ATOMIC_RELAXED));
    }
    if (heartbeat->interval_ms) {
        gmr_add_integer(section, "interval_ms", heartbeat->interval_ms);
        gmr_add_bool(section, "late", !last || since_ms > heartbeat->interval_ms);
    }
    gmr_end(section);
}

int gmr_heartbeat_section(gmr_section_t *section, void *unused) {
    (void)unused;
    uint64_t now = now_ns();
    uint32_t count = __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < CAPACITY; i++) show(section, &heartbeats[i], now);
    return 0;
}
