/*
 * file_watch.c: a file that triggers a report when it is touched or modified.
 * The watcher's own thread, but gmr_file_watch_start and gmr_file_watch_stop, which run on the agent thread.
 * A handler may not run it. Once started it allocates nothing and takes no lock: system calls without libc.
 *
 * What counts is how the file looks, once each interval: which file it is, its size, when it was modified. inotify only
 * says when to look sooner. It does not see changes that other machines make to a network file system, nor those below
 * an overlay; a link on the way that leads elsewhere now; nor a directory above the file's own that was renamed. So the
 * watcher looks at the end of each interval too, and where inotify is refused that alone is left.
 *
 * One inotify watch at a time: the file's or, while there is none, its directory's. A file that is deleted, renamed or
 * replaced says so itself, and a watch of the directory would wake the service for every other file there.
 *
 * Nothing is read from the file and nothing is written to it: any number of processes may watch the same one.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "../signal_safe/probe.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "../signal_safe/trigger.h"
#include "agent_state.h"

#define STACK_BYTES (256u * 1024u)
#define QUIET_NS UINT64_C(50000000)           /* `touch` of a new file is three events */
#define SETTLING_LIMIT_NS UINT64_C(500000000) /* for a file that is written to all the time */

/* The file as it was seen last. */
typedef struct {
    uint64_t device, inode, bytes;
    int64_t seconds, nanoseconds; /* modified */
    int is_there;
} sight_t;

static struct {
    uint32_t is_stopping; /* futex */
    int wake;             /* eventfd that ends poll(); -1 without inotify */
    int inotify;          /* -1: looks at the end of each interval alone */
    int watched;          /* the watch in force; -1: none */
    uint64_t interval_ns;
    sight_t known;
    char path[PATH_MAX];
    char directory[PATH_MAX];
} watch;

/* 1 after that time, 0 where the watcher has to stop. */
static int rest(uint64_t duration_ns) {
    uint64_t end = gmr_ss_clock_ns(CLOCK_MONOTONIC) + duration_ns;
    while (!gmr_load_acquire(&watch.is_stopping)) {
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        if (now >= end) return 1;
        (void)gmr_ss_futex_wait(&watch.is_stopping, 0, end - now);
    }
    return 0;
}

/* 1: something has happened, 0: the time is over. Negative where poll() fails. */
static long await_event(uint64_t patience_ns) {
    struct pollfd ends[2] = {{.fd = watch.inotify, .events = POLLIN}, {.fd = watch.wake, .events = POLLIN}};
    long ready = gmr_ss_syscall3(SYS_poll, ends, 2, (patience_ns + 999999) / 1000000);
    return ready > 0 ? 1 : ready;
}

/* What the events say the next look shows; that there are some is all that matters. */
static void discard_events(void) {
    char events[4096] __attribute__((aligned(8)));
    long count;
    do count = gmr_ss_read(watch.inotify, events, sizeof events);
    while (count > 0);
    if (count == -EAGAIN || count == -EINTR) return;
    gmr_ss_close(watch.inotify);
    watch.inotify = -1;
}

/* 1 when it is time to look, 0 where the watcher has to stop. */
static int await_change(void) {
    if (watch.inotify < 0) return rest(watch.interval_ns);
    long ready = await_event(watch.interval_ns);
    if (ready < 0) return rest(watch.interval_ns);
    uint64_t end = gmr_ss_clock_ns(CLOCK_MONOTONIC) + SETTLING_LIMIT_NS;
    while (ready > 0 && !gmr_load_acquire(&watch.is_stopping)) {
        discard_events();
        if (watch.inotify < 0 || gmr_ss_clock_ns(CLOCK_MONOTONIC) >= end) break;
        ready = await_event(QUIET_NS);
    }
    return !gmr_load_acquire(&watch.is_stopping);
}

/* Before a look, so that what changes behind it is told. Watching the same file again changes nothing. */
static void arm(void) {
    if (watch.inotify < 0) return;
    const uint32_t of_file = IN_ATTRIB | IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF;
    const uint32_t of_directory = IN_CREATE | IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
    long next = gmr_ss_syscall3(SYS_inotify_add_watch, watch.inotify, watch.path, of_file);
    if (next < 0) next = gmr_ss_syscall3(SYS_inotify_add_watch, watch.inotify, watch.directory, of_directory);
    if (next == watch.watched) return;
    if (watch.watched >= 0) (void)gmr_ss_syscall3(SYS_inotify_rm_watch, watch.inotify, watch.watched, 0);
    watch.watched = next < 0 ? -1 : (int)next;
}

/* 1 where it is another file than at the last look, or another state of it. That it is gone is no change; that it is
 * back is one. */
static int has_changed(void) {
    struct stat status;
    arm();
    long error = gmr_ss_syscall4(SYS_newfstatat, AT_FDCWD, watch.path, &status, 0);
    if (error == -ENOENT || error == -ENOTDIR) watch.known.is_there = 0;
    /* Anything else, such as a file server that is restarted, says nothing about the file. */
    if (error < 0) return 0;
    sight_t before = watch.known;
    watch.known = (sight_t){.device = status.st_dev, .inode = status.st_ino, .bytes = (uint64_t)status.st_size,
                            .seconds = status.st_mtim.tv_sec, .nanoseconds = status.st_mtim.tv_nsec, .is_there = 1};
    return !before.is_there || before.device != watch.known.device || before.inode != watch.known.inode ||
           before.bytes != watch.known.bytes || before.seconds != watch.known.seconds ||
           before.nanoseconds != watch.known.nanoseconds;
}

static void *watcher_main(void *unused) {
    (void)unused;
    gmr_desk_introduce(&gmr_agent_state.watcher, "gmr-watcher");
    while (await_change()) {
        /* One report each interval. What changes meanwhile is seen at its end. */
        while (has_changed()) {
            gmr_ss_post_trigger(GMR_TRIGGER_FILE, 0, 0);
            if (!rest(watch.interval_ns)) return NULL;
        }
        gmr_signals_watch();
    }
    return NULL;
}

/* Without a descriptor table of our own the application may close inotify's descriptor and open a file of its own under
 * the number. */
static void open_inotify(void) {
    watch.inotify = watch.wake = watch.watched = -1;
    if (!gmr_agent_state.has_own_table || !(gmr_safe_state.allowed & GMR_PROBE_INOTIFY)) return;
    watch.wake = gmr_descriptors_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (watch.wake < 0) return;
    watch.inotify = gmr_descriptors_raise(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

int gmr_file_watch_start(const char *path, uint64_t interval_ns) {
    size_t length = strlen(path);
    if (path[0] != '/') return -EINVAL;
    if (length >= sizeof watch.path) return -ENAMETOOLONG;
    memcpy(watch.path, path, length + 1);
    memcpy(watch.directory, path, length + 1);
    char *end = strrchr(watch.directory, '/');
    end[end == watch.directory] = 0; /* the root keeps its name */
    watch.interval_ns = interval_ns;
    gmr_store_release(&watch.is_stopping, 0);
    watch.known = (sight_t){0};
    open_inotify();
    (void)has_changed();
    return gmr_desk_start(&gmr_agent_state.watcher, watcher_main, STACK_BYTES);
}

void gmr_file_watch_stop(void) {
    gmr_desk_t *watcher = &gmr_agent_state.watcher;
    if (!watcher->started) return;
    const uint64_t one = 1;
    gmr_store_release(&watch.is_stopping, 1);
    gmr_ss_futex_wake(&watch.is_stopping);
    if (watch.wake >= 0) (void)gmr_ss_write(watch.wake, &one, sizeof one);
    pthread_join(watcher->thread, NULL);
    if (watch.inotify >= 0) gmr_ss_close(watch.inotify);
    if (watch.wake >= 0) gmr_ss_close(watch.wake);
}
