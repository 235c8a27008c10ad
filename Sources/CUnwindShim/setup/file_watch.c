/*
 * file_watch.c: a file that triggers a report when it is touched or modified.
 * The watcher's own thread, but gmr_file_watch_start and gmr_file_watch_stop, which run on the agent thread.
 * A handler may not run it. Once started it allocates nothing and takes no lock: system calls without libc.
 *
 * What counts is how the file looks, once each interval: its size, and when it was modified. Which file it is does not
 * count: some file systems number it anew now and then. inotify only says when to look sooner. It does not see changes
 * that other machines make to a network file system, nor those below an overlay; a link on the way that leads elsewhere
 * now; nor a directory above the file's own that was renamed. So the watcher looks at the end of each interval too, and
 * where inotify is refused that alone is left.
 *
 * One inotify watch at a time: the file's or, while there is none, its directory's. A file that is deleted, renamed or
 * replaced says so itself, and a watch of the directory wakes the service for every other file there.
 *
 * Nothing is read from the file and nothing is written to it: any number of processes may watch the same one.
 *
 * A file server that does not answer keeps whoever looks, and nothing wakes him. So the watcher has memory of its own,
 * which it keeps when it is left behind.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "../signal_safe/probe.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "../signal_safe/trigger.h"
#include "agent_state.h"

#define STACK_BYTES (256u * 1024u)
#define QUIET_NS UINT64_C(50000000)           /* `touch` of a new file is three events */
#define LONGEST_PAUSE_NS UINT64_C(1000000000)
#define SETTLING_LIMIT_NS UINT64_C(500000000) /* for a file that is written to all the time */
#define FIRST_LOOK_PATIENCE_NS UINT64_C(2000000000)
#define STOP_PATIENCE_S 1

/* The file as it was seen last. */
typedef struct {
    uint64_t bytes;
    int64_t seconds, nanoseconds; /* modified */
    int is_there;
} sight_t;

typedef struct {
    uint32_t is_stopping; /* futex */
    uint32_t has_looked;  /* futex: what changes from now on triggers */
    int wake;             /* eventfd that ends poll(); -1 without inotify */
    int inotify;          /* -1: looks at the end of each interval alone */
    int watched;          /* the watch in force; -1: none */
    int is_directory;     /* that is watched */
    uint64_t interval_ns;
    int was_event;
    uint64_t pause_ns; /* after events that were none of the file's: longer each time */
    sight_t known;
    char path[PATH_MAX];
    char directory[PATH_MAX];
} watch_t;

static watch_t *current; /* the agent thread's */

static int is_stopping(watch_t *watch) { return gmr_load_acquire(&watch->is_stopping) != 0; }

/* 1 after that time, 0 where the watcher has to stop. */
static int rest(watch_t *watch, uint64_t duration_ns) {
    uint64_t end = gmr_ss_clock_ns(CLOCK_MONOTONIC) + duration_ns;
    while (!is_stopping(watch)) {
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        if (now >= end) return 1;
        (void)gmr_ss_futex_wait(&watch->is_stopping, 0, end - now);
    }
    return 0;
}

/* 1: something has happened, 0: the time is over. Negative where that cannot be waited for. */
static long await_event(const watch_t *watch, uint64_t patience_ns) {
    struct pollfd ends[2] = {{.fd = watch->inotify, .events = POLLIN}, {.fd = watch->wake, .events = POLLIN}};
    long ready = gmr_ss_syscall3(SYS_poll, ends, 2, (patience_ns + 999999) / 1000000);
    if (ready <= 0) return ready;
    return (ends[0].revents | ends[1].revents) & ~POLLIN ? -EBADF : 1;
}

/* What the events say the next look shows. 1 where there were some. */
static int discard_events(watch_t *watch) {
    char events[4096] __attribute__((aligned(8)));
    int were_some = 0;
    long count;
    while ((count = gmr_ss_read(watch->inotify, events, sizeof events)) > 0) were_some = 1;
    if (count == -EAGAIN || count == -EINTR) return were_some;
    gmr_ss_close(watch->inotify);
    watch->inotify = -1;
    return were_some;
}

/* 1 when it is time to look, 0 where the watcher has to stop. */
static int await_change(watch_t *watch) {
    watch->was_event = 0;
    if (watch->inotify < 0) return rest(watch, watch->interval_ns);
    if (!rest(watch, watch->pause_ns)) return 0;
    long ready = await_event(watch, watch->interval_ns - watch->pause_ns);
    if (ready < 0) return rest(watch, watch->interval_ns);
    watch->was_event = ready > 0;
    for (uint64_t waited = 0; waited < SETTLING_LIMIT_NS && discard_events(watch); waited += QUIET_NS) {
        if (watch->inotify < 0 || !rest(watch, QUIET_NS)) break;
    }
    return !is_stopping(watch);
}

/* Of a directory where files come and go all the time each would wake the service. */
static void set_pause(watch_t *watch, int has_changed) {
    uint64_t longer_ns = watch->pause_ns ? 2 * watch->pause_ns : QUIET_NS;
    uint64_t longest_ns = watch->interval_ns < LONGEST_PAUSE_NS ? watch->interval_ns : LONGEST_PAUSE_NS;
    watch->pause_ns = !watch->was_event || has_changed ? 0 : longer_ns < longest_ns ? longer_ns : longest_ns;
}

/* Before a look, so that what changes behind it is told. Watching the same file again changes nothing. */
static void arm(watch_t *watch) {
    if (watch->inotify < 0) return;
    const uint32_t of_file = IN_ATTRIB | IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF;
    const uint32_t of_directory = IN_CREATE | IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
    long next = gmr_ss_syscall3(SYS_inotify_add_watch, watch->inotify, watch->path, of_file);
    watch->is_directory = next == -ENOENT || next == -ENOTDIR;
    if (watch->is_directory) {
        next = gmr_ss_syscall3(SYS_inotify_add_watch, watch->inotify, watch->directory, of_directory);
    }
    if (next == watch->watched) return;
    if (watch->watched >= 0) (void)gmr_ss_syscall3(SYS_inotify_rm_watch, watch->inotify, watch->watched, 0);
    watch->watched = next < 0 ? -1 : (int)next;
}

/* 0 or a negative errno. */
static long look(watch_t *watch, struct stat *status) {
    arm(watch);
    long error = gmr_ss_syscall4(SYS_newfstatat, AT_FDCWD, watch->path, status, 0);
    if (error || !watch->is_directory) return error;
    /* It came between the two. */
    arm(watch);
    return gmr_ss_syscall4(SYS_newfstatat, AT_FDCWD, watch->path, status, 0);
}

/* 1 where it looks otherwise than at the last look. That it is gone is no change; that it is back is one. */
static int has_changed(watch_t *watch) {
    struct stat status;
    long error = look(watch, &status);
    if (error == -ENOENT || error == -ENOTDIR) watch->known.is_there = 0;
    /* Anything else, such as a file server that is restarted, says nothing about the file. */
    if (error < 0) return 0;
    sight_t before = watch->known;
    watch->known = (sight_t){.bytes = (uint64_t)status.st_size, .seconds = status.st_mtim.tv_sec,
                             .nanoseconds = status.st_mtim.tv_nsec, .is_there = 1};
    return !before.is_there || before.bytes != watch->known.bytes || before.seconds != watch->known.seconds ||
           before.nanoseconds != watch->known.nanoseconds;
}

/* Without a descriptor table of our own the application may close inotify's descriptor and open a file of its own under
 * the number. */
static void open_inotify(watch_t *watch) {
    watch->inotify = watch->wake = watch->watched = -1;
    if (!gmr_agent_state.has_own_table || !(gmr_safe_state.allowed & GMR_PROBE_INOTIFY)) return;
    watch->wake = gmr_descriptors_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (watch->wake < 0) return;
    watch->inotify = gmr_descriptors_raise(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

static void watch_file(watch_t *watch) {
    while (await_change(watch)) {
        int changes = 0;
        /* One report each interval. What changes meanwhile is seen at its end. */
        while (has_changed(watch)) {
            if (is_stopping(watch)) return;
            gmr_ss_post_trigger(GMR_TRIGGER_FILE, 0, 0);
            if (!rest(watch, watch->interval_ns)) return;
            changes++;
        }
        if (is_stopping(watch)) return;
        set_pause(watch, changes > 0);
        gmr_signals_watch();
    }
}

static void *watcher_main(void *argument) {
    watch_t *watch = argument;
    gmr_desk_introduce(&gmr_agent_state.watcher, "gmr-watcher");
    (void)has_changed(watch);
    gmr_store_release(&watch->has_looked, 1);
    gmr_ss_futex_wake(&watch->has_looked);
    watch_file(watch);
    if (watch->inotify >= 0) gmr_ss_close(watch->inotify);
    if (watch->wake >= 0) gmr_ss_close(watch->wake);
    return NULL;
}

int gmr_file_watch_start(const char *path, uint64_t interval_ns) {
    size_t length = strlen(path);
    if (path[0] != '/') return -EINVAL;
    if (length >= sizeof current->path) return -ENAMETOOLONG;
    watch_t *watch = mmap(NULL, sizeof *watch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (watch == MAP_FAILED) return -errno;
    memcpy(watch->path, path, length + 1);
    memcpy(watch->directory, path, length + 1);
    char *end = strrchr(watch->directory, '/');
    end[end == watch->directory] = 0; /* the root keeps its name */
    watch->interval_ns = interval_ns;
    open_inotify(watch);
    current = watch;
    int error = gmr_desk_start(&gmr_agent_state.watcher, STACK_BYTES, watcher_main, watch);
    if (error) return error;
    uint64_t limit = gmr_ss_clock_ns(CLOCK_MONOTONIC) + FIRST_LOOK_PATIENCE_NS;
    while (!gmr_load_acquire(&watch->has_looked)) {
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        if (now >= limit) break;
        (void)gmr_ss_futex_wait(&watch->has_looked, 0, limit - now);
    }
    return 0;
}

void gmr_file_watch_stop(void) {
    gmr_desk_t *watcher = &gmr_agent_state.watcher;
    if (!watcher->started) return;
    const uint64_t one = 1;
    struct timespec limit;
    gmr_store_release(&current->is_stopping, 1);
    gmr_ss_futex_wake(&current->is_stopping);
    if (current->wake >= 0) (void)gmr_ss_write(current->wake, &one, sizeof one);
    (void)clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += STOP_PATIENCE_S;
    if (pthread_clockjoin_np(watcher->thread, NULL, CLOCK_MONOTONIC, &limit) == 0) {
        (void)munmap(current, sizeof *current);
    } else {
        (void)pthread_detach(watcher->thread);
    }
}
