/*
 * api.c: what gmr.h promises, a line of output for each promise that is not kept.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gmr.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int broken;

static void check(int kept, const char *promise, int line) {
    if (kept) return;
    broken = 1;
    printf("line %d: %s (%s)\n", line, promise, gmr_error());
}
#define CHECK(promise) check((promise) != 0, #promise, __LINE__)

static int fill(gmr_section_t *section, void *context) {
    CHECK(strcmp(context, "context") == 0);
    CHECK(gmr_add_text(section, "text", "value") == 0);
    CHECK(gmr_add_text(section, "password", "hidden-by-key") == 0);
    CHECK(gmr_add_text(section, "note", "says vault-secret aloud") == 0);
    CHECK(gmr_add_text(section, "nothing", NULL) == 0);
    CHECK(gmr_add_integer(section, "integer", INT64_MIN) == 0);
    CHECK(gmr_add_number(section, "number", 2.5) == 0);
    CHECK(gmr_add_bool(section, "bool", 1) == 0);
    CHECK(gmr_add_bool(section, NULL, 1) == -EINVAL);
    CHECK(gmr_end(section) == -EINVAL);
    CHECK(gmr_begin_group(section, "group") == 0);
    CHECK(gmr_begin_list(section, "list") == 0);
    CHECK(gmr_add_integer(section, NULL, 1) == 0);
    CHECK(gmr_add_integer(section, "ignored", 2) == 0);
    int depth = 2;
    while (gmr_begin_list(section, NULL) == 0) depth++;
    CHECK(depth == 64);
    return 0;
}

static int fail(gmr_section_t *section, void *context) {
    (void)section, (void)context;
    return -EBUSY;
}

/* A report as text; NULL where there is none. */
static char *report(void) {
    static char text[1 << 20];
    int memory = memfd_create("report", 0);
    int result = gmr_report(memory);
    ssize_t count = pread(memory, text, sizeof text - 1, 0);
    close(memory);
    text[count > 0 ? count : 0] = 0;
    return result == 0 ? text : NULL;
}

static void never_asks(gmr_watch_t *watch, void *context) {
    (void)watch, (void)context;
    CHECK(!"there is a watchdog");
}

static void not_set_up(void) {
    CHECK(gmr_report(STDOUT_FILENO) == -ESRCH);
    CHECK(strstr(gmr_error(), "gmr_set_up") != NULL);
    CHECK(gmr_register_section("Early", fail, NULL) == -ESRCH);
    CHECK(gmr_register_secret("early") == -ESRCH);
    CHECK(gmr_watch("early", never_asks, NULL) == NULL);
    CHECK(strstr(gmr_error(), "gmr_set_up") != NULL);
    CHECK(gmr_unwatch(NULL) == -ENOENT);
    gmr_answer(NULL);
}

static void settings(void) {
    CHECK(gmr_set_up(NULL, NULL) == -EINVAL);
    CHECK(gmr_set("no_such_setting", "1") == -ENOENT);
    CHECK(strstr(gmr_error(), "log_dir") != NULL);
    CHECK(gmr_set("format", "pdf") == -EINVAL);
    CHECK(strstr(gmr_error(), "text, json, xml") != NULL);
    CHECK(gmr_set("signals", "USR1") == 0);
    CHECK(gmr_set("GMR_FORMAT", "text") == 0);
    CHECK(gmr_set("gmr.max.threads", "100") == 0);
}

static void sections(void) {
    int filled = gmr_register_section("Filled", fill, "context");
    int failed = gmr_register_section("Failed", fail, NULL);
    CHECK(filled > 0 && failed > filled);
    CHECK(gmr_register_secret("vault-secret") == 0);
    char *text = report();
    CHECK(text && strstr(text, "text = value\n"));
    CHECK(text && strstr(text, "integer = -9223372036854775808\n"));
    CHECK(text && strstr(text, "number = 2.5\n"));
    CHECK(text && strstr(text, "its generator threw: Device or resource busy"));
    CHECK(text && !strstr(text, "hidden-by-key") && !strstr(text, "vault-secret"));
    CHECK(text && strstr(text, "product = api\n") && strstr(text, "version = 1\n"));
    CHECK(text && strstr(text, "service = tested\n"));
    CHECK(gmr_unregister_section(failed) == 0);
    CHECK(gmr_unregister_section(failed) == -ENOENT);
    text = report();
    CHECK(text && strstr(text, "text = value\n") && !strstr(text, "Failed"));
}

static void heartbeats(void) {
    gmr_heartbeat_t *busy = gmr_heartbeat_new("busy", 3600000), *idle = gmr_heartbeat_new("idle", 1);
    CHECK(busy && idle);
    for (int i = 0; i < 1000; i++) gmr_heartbeat(busy);
    gmr_heartbeat(NULL);
    char *text = report();
    CHECK(text && strstr(text, "Heartbeats"));
    CHECK(text && strstr(text, "beats = 1000\n"));
    CHECK(text && strstr(text, "late = false\n") && strstr(text, "late = true\n"));
    for (int i = 2; i < 64; i++) CHECK(gmr_heartbeat_new("more", 0) != NULL);
    CHECK(gmr_heartbeat_new("one too many", 0) == NULL);
}

/* Without a watchdog. */
static void watches(void) {
    gmr_watch_t *watch = gmr_watch("loop", never_asks, NULL);
    CHECK(watch != NULL);
    gmr_answer(watch);
    CHECK(gmr_watch(NULL, never_asks, NULL) == NULL);
    CHECK(gmr_watch("nobody asks", NULL, NULL) == NULL);
    CHECK(strstr(gmr_error(), "gmr_watch() needs") != NULL);
    CHECK(gmr_unwatch(watch) == 0);
    CHECK(gmr_unwatch(watch) == -ENOENT);
    gmr_answer(watch);
}

static sem_t asks, may_return;
static int has_returned;

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0 && errno == EINTR) continue;
}

static void asks_slowly(gmr_watch_t *watch, void *context) {
    has_returned = 0;
    sem_post(&asks);
    poll(NULL, 0, 100);
    if (context) CHECK(gmr_unwatch(watch) == 0);
    __atomic_store_n(&has_returned, 1, __ATOMIC_RELEASE);
    if (context) sem_post(context);
}

static void asks_and_blocks(gmr_watch_t *watch, void *context) {
    (void)watch, (void)context;
    sem_post(&asks);
    wait_for(&may_return);
}

/* With a watchdog: when a watch has ended, nobody asks. */
static void ends_of_watches(void) {
    sem_t has_ended;
    sem_init(&asks, 0, 0);
    sem_init(&may_return, 0, 0);
    sem_init(&has_ended, 0, 0);
    gmr_watch_t *watch = gmr_watch("slow", asks_slowly, NULL);
    wait_for(&asks);
    CHECK(gmr_unwatch(watch) == 0);
    CHECK(__atomic_load_n(&has_returned, __ATOMIC_ACQUIRE));
    watch = gmr_watch("ends itself", asks_slowly, &has_ended);
    wait_for(&has_ended);
    CHECK(gmr_unwatch(watch) == -ENOENT);
    watch = gmr_watch("stuck", asks_and_blocks, NULL);
    wait_for(&asks); /* of the one that has ended itself */
    wait_for(&asks);
    CHECK(gmr_unwatch(watch) == -ETIMEDOUT);
    CHECK(strstr(gmr_error(), "blocked") != NULL);
    sem_post(&may_return);
    watch = gmr_watch("until the stop", asks_slowly, NULL);
    wait_for(&asks);
    CHECK(gmr_stop() == 0);
    CHECK(__atomic_load_n(&has_returned, __ATOMIC_ACQUIRE));
    CHECK(gmr_unwatch(watch) == -ENOENT);
    gmr_answer(watch);
}

static void descriptors(void) {
    CHECK(gmr_report(-1) == -EBADF);
    int closed = open("/dev/null", O_RDONLY);
    CHECK(gmr_report(closed) < 0);
    close(closed);
    int stuck[2];
    CHECK(pipe(stuck) == 0);
    while (write(stuck[1], "x", 1) == 1 && fcntl(stuck[1], F_SETFL, O_NONBLOCK) == 0) continue;
    CHECK(gmr_report(stuck[1]) == -ETIMEDOUT);
}

static void fork_child(void) {
    gmr_watch_t *watch = gmr_watch("of the parent", never_asks, NULL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        gmr_package_t package = {.product = "child"};
        CHECK(gmr_report(STDOUT_FILENO) == -ESRCH);
        CHECK(gmr_watch("child", never_asks, NULL) == NULL);
        CHECK(gmr_set_up(&package, NULL) == 0);
        CHECK(gmr_unwatch(watch) == -ENOENT);
        gmr_answer(watch);
        char *text = report();
        CHECK(text && strstr(text, "product = child\n") && !strstr(text, "Filled"));
        CHECK(gmr_stop() == 0);
        fflush(stdout);
        _exit(broken);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    CHECK(report() != NULL);
    CHECK(gmr_unwatch(watch) == 0);
}

int main(void) {
    CHECK(strcmp(gmr_error(), "") == 0);
    not_set_up();
    settings();
    gmr_package_t package = {.vendor = "GMR", .product = "api", .version = "1"};
    CHECK(gmr_set_up(&package, "tested") == 0);
    CHECK(gmr_set_up(&package, "tested") == -EALREADY);
    CHECK(gmr_set("signals", "USR2") == -EBUSY);
    sections();
    heartbeats();
    watches();
    descriptors();
    fork_child();
    raise(SIGUSR1); /* answered: its default action would end this process */
    CHECK(gmr_stop() == 0);
    CHECK(gmr_stop() == -ESRCH);
    CHECK(gmr_set_up(&package, "again") == 0);
    char *text = report();
    CHECK(text && strstr(text, "service = again\n") && strstr(text, "Heartbeats") && !strstr(text, "Filled"));
    CHECK(gmr_stop() == 0);
    CHECK(gmr_set("watchdog", "0.5") == 0);
    CHECK(gmr_set_up(&package, "watched") == 0);
    ends_of_watches();
    printf(broken ? "broken\n" : "kept\n");
    return broken;
}
