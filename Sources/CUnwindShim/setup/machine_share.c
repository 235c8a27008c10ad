/*
 * machine_share.c: how much of the machine the process got, for the watchdog: starved is not hung.
 * Runs on the watchdog thread.
 * A handler may not run it. It allocates nothing and takes no lock, which a stuck thread may hold.
 *
 * /proc/TID/schedstat has the time on a processor, and the time ready to run without one: where others have the
 * processors, and where the quota of a cgroup is used up. A wait is added when it is over, so that a thread which was
 * ready to run at the last call, is now and has not moved waited all the time.
 *
 * Rejected: PSI's `cpu some`, of the machine or a cgroup. It says that somebody waited, which on a busy machine is
 * always true, also while the process sleeps in a deadlock.
 */
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "../signal_safe/proc_text.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "gmr_agent.h"

#define THREAD_COUNT 8192u /* a power of two; further ones are left out */

typedef struct {
    int32_t tid;
    uint32_t series; /* of calls: entries of an earlier one are free */
    uint64_t ran_ns, waited_ns;
    int was_ready;
} thread_t;

static thread_t threads[THREAD_COUNT];
static uint32_t series;
static uint64_t stalled_before_ns;

/* A new entry has no times. NULL: the table is full. */
static thread_t *entry_of(int32_t tid) {
    for (uint32_t i = 0, at = (uint32_t)tid * 2654435761u; i < THREAD_COUNT; i++, at++) {
        thread_t *entry = &threads[at % THREAD_COUNT];
        if (entry->series == series && entry->tid == tid) return entry;
        if (entry->series == series) continue;
        *entry = (thread_t){.tid = tid, .series = series};
        return entry;
    }
    return NULL;
}

/* What fits of a file's start. */
static gmr_text_t read_text(int directory, const char *path, char *buffer, size_t bytes) {
    gmr_text_t text = {buffer, buffer};
    int fd = gmr_ss_open_at(directory, path, O_RDONLY);
    if (fd < 0) return text;
    long count = gmr_ss_read(fd, buffer, bytes);
    gmr_ss_close(fd);
    if (count > 0) text.end += count;
    return text;
}

/* `tid (name) R …`; there may be parentheses in the name. */
static int is_ready(int task_directory, int32_t tid) {
    char path[40], buffer[256];
    gmr_ss_task_path(path, tid, "stat");
    gmr_text_t text = read_text(task_directory, path, buffer, sizeof buffer);
    const char *at = text.end;
    while (at > text.at && at[-1] != ')') at--;
    return text.end - at > 1 && at[1] == 'R';
}

static void add_thread(gmr_machine_share_t *share, int task_directory, int32_t tid, uint64_t elapsed_ns) {
    char path[40], buffer[128];
    gmr_ss_task_path(path, tid, "schedstat");
    gmr_text_t text = read_text(task_directory, path, buffer, sizeof buffer);
    int64_t ran_ns, waited_ns;
    if (!gmr_ss_text_decimal(&text, &ran_ns)) return;
    gmr_ss_text_blanks(&text);
    thread_t *entry = entry_of(tid);
    if (!gmr_ss_text_decimal(&text, &waited_ns) || !entry) return;
    const thread_t before = *entry;
    entry->ran_ns = (uint64_t)ran_ns;
    entry->waited_ns = (uint64_t)waited_ns;
    entry->was_ready = is_ready(task_directory, tid);
    if (elapsed_ns == 0) return;
    if (entry->ran_ns == before.ran_ns && entry->waited_ns == before.waited_ns) {
        if (entry->was_ready && before.was_ready) share->waited_ns += elapsed_ns;
        return;
    }
    uint64_t ran = entry->ran_ns - before.ran_ns, waited = entry->waited_ns - before.waited_ns;
    /* A wait that began before the last call; another thread's entry, whose number was used again. */
    share->ran_ns += ran < elapsed_ns ? ran : elapsed_ns;
    share->waited_ns += waited < elapsed_ns ? waited : elapsed_ns;
}

static void add_threads(gmr_machine_share_t *share, uint64_t elapsed_ns) {
    gmr_directory_t list = {.descriptor = gmr_ss_open_at(AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY)};
    int32_t tid;
    if (list.descriptor < 0) return;
    while (gmr_ss_next_thread(&list, &tid) > 0) add_thread(share, list.descriptor, tid, elapsed_ns);
    gmr_ss_close(list.descriptor);
}

/* `full avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS` */
static uint64_t stalled_ns(const char *memory_pressure) {
    char buffer[256];
    gmr_text_t text = read_text(AT_FDCWD, memory_pressure, buffer, sizeof buffer);
    int64_t microseconds;
    while (text.at < text.end && !gmr_ss_text_word(&text, "full ")) gmr_ss_text_next_line(&text);
    while (text.at < text.end && !gmr_ss_text_word(&text, "total=")) text.at++;
    return gmr_ss_text_decimal(&text, &microseconds) ? (uint64_t)microseconds * 1000 : 0;
}

static uint32_t processors(void) {
    uint64_t mask[CPU_SETSIZE / 64];
    uint32_t count = 0;
    long bytes = gmr_ss_syscall3(SYS_sched_getaffinity, 0, sizeof mask, mask);
    for (long i = 0; i < bytes / 8; i++) count += (uint32_t)__builtin_popcountll(mask[i]);
    return count ? count : 1;
}

void gmr_machine_share(gmr_machine_share_t *share, uint64_t elapsed_ns, int is_first, const char *memory_pressure) {
    *share = (gmr_machine_share_t){.processors = processors()};
    if (is_first) series++;
    add_threads(share, is_first ? 0 : elapsed_ns);
    uint64_t stalled = stalled_ns(memory_pressure);
    if (!is_first && stalled > stalled_before_ns) share->stalled_ns = stalled - stalled_before_ns;
    stalled_before_ns = stalled;
}
