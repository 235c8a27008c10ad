/*
 * api.c: what gmr.h promises, a line of output for each promise that is not kept.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gmr.h>
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

static void not_set_up(void) {
    CHECK(gmr_report(STDOUT_FILENO) == -ESRCH);
    CHECK(strstr(gmr_error(), "gmr_set_up") != NULL);
    CHECK(gmr_register_section("Early", fail, NULL) == -ESRCH);
    CHECK(gmr_register_secret("early") == -ESRCH);
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
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        gmr_package_t package = {.product = "child"};
        CHECK(gmr_report(STDOUT_FILENO) == -ESRCH);
        CHECK(gmr_set_up(&package, NULL) == 0);
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
    descriptors();
    fork_child();
    raise(SIGUSR1); /* answered: its default action would end this process */
    CHECK(gmr_stop() == 0);
    CHECK(gmr_stop() == -ESRCH);
    CHECK(gmr_set_up(&package, "again") == 0);
    char *text = report();
    CHECK(text && strstr(text, "service = again\n") && strstr(text, "Heartbeats") && !strstr(text, "Filled"));
    CHECK(gmr_stop() == 0);
    printf(broken ? "broken\n" : "kept\n");
    return broken;
}
