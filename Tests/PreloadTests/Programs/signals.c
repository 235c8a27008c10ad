/*
 * signals.c: what programs do with a signal that GMR shares, and with processes; a line of output for each thing that
 * goes otherwise than without GMR.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <gmr.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int broken;

static void check(int kept, const char *what, int line) {
    if (kept) return;
    broken = 1;
    printf("line %d: %s\n", line, what);
}
#define CHECK(what) check((what) != 0, #what, __LINE__)

static volatile sig_atomic_t ran;
static sigjmp_buf place;

static void count(int signal) {
    (void)signal;
    ran++;
}

static void jump(int signal) {
    (void)signal;
    ran++;
    siglongjmp(place, 1);
}

static void nest(int signal) {
    if (++ran < 5) raise(signal);
}

static void handlers(void) {
    struct sigaction action = {.sa_handler = nest, .sa_flags = SA_NODEFER}, old;
    signal(SIGUSR2, jump);
    for (volatile int i = 0; i < 5; i++) {
        if (sigsetjmp(place, 1) == 0) raise(SIGUSR2);
    }
    CHECK(ran == 5);
    ran = 0;
    sigaction(SIGUSR2, &action, &old);
    CHECK(old.sa_handler == jump);
    raise(SIGUSR2);
    CHECK(ran == 5);
}

static int has_read;

/* The other thread may be anywhere, and not in read() yet. */
static void *send_until_read(void *target) {
    do {
        usleep(50000);
        pthread_kill(*(pthread_t *)target, SIGUSR2);
    } while (!__atomic_load_n(&has_read, __ATOMIC_ACQUIRE));
    return NULL;
}

/* read() that nobody writes to, and a signal meanwhile. */
static int interrupted_read(void) {
    int ends[2];
    char byte;
    pthread_t sender, self = pthread_self();
    if (pipe(ends) != 0) return 0;
    pthread_create(&sender, NULL, send_until_read, &self);
    ssize_t result = read(ends[0], &byte, 1);
    int error = errno;
    __atomic_store_n(&has_read, 1, __ATOMIC_RELEASE);
    pthread_join(sender, NULL);
    close(ends[0]), close(ends[1]);
    return result < 0 && error == EINTR;
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void older_functions(void) {
    CHECK(siginterrupt(SIGUSR2, 1) == 0);
    CHECK(signal(SIGUSR2, count) == nest);
    CHECK(interrupted_read());
    CHECK(siginterrupt(SIGUSR2, 0) == 0);
    errno = 0;
    CHECK(signal(SIGUSR2, SIG_ERR) == SIG_ERR && errno == EINVAL);
    CHECK(signal(0, count) == SIG_ERR && signal(SIGKILL, count) == SIG_ERR);
    CHECK(sigset(SIGUSR2, SIG_HOLD) == count);
    ran = 0;
    raise(SIGUSR2);
    CHECK(ran == 0);
    CHECK(sigset(SIGUSR2, count) == SIG_HOLD);
    CHECK(ran == 1);
    CHECK(sigignore(SIGUSR1) == 0 && raise(SIGUSR1) == 0);
    CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
}

/* A child of vfork() has its parent's memory. */
static void vfork_child(void) {
    signal(SIGUSR2, count);
    pid_t child = vfork();
    if (child == 0) {
        signal(SIGUSR2, SIG_DFL);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    ran = 0;
    raise(SIGUSR2);
    CHECK(ran == 1);
    CHECK(signal(SIGUSR2, count) == count);
}

static volatile int is_setting;

static void *set_for_ever(void *unused) {
    while (is_setting) signal(SIGUSR2, count);
    return unused;
}

/* Another thread may be in sigaction() at a fork. */
static void forks_meanwhile(void) {
    pthread_t setter;
    is_setting = 1;
    pthread_create(&setter, NULL, set_for_ever, NULL);
    for (int i = 0; i < 300; i++) {
        pid_t child = fork();
        if (child == 0) _exit(signal(SIGUSR2, SIG_DFL) == count ? 0 : 1);
        int status = -1;
        struct timespec end, now;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += 10;
        while (waitpid(child, &status, WNOHANG) == 0) {
            clock_gettime(CLOCK_MONOTONIC, &now);
            if (now.tv_sec > end.tv_sec) kill(child, SIGKILL);
            usleep(100);
        }
        CHECK(status == 0);
    }
    is_setting = 0;
    pthread_join(setter, NULL);
}

/* A thread that masks the signal of the capture must not keep it for the program that it executes. */
static void masked_and_executed(const char *program) {
    pid_t child = fork();
    if (child == 0) {
        sigset_t all;
        sigfillset(&all);
        sigdelset(&all, SIGUSR2);
        sigprocmask(SIG_SETMASK, &all, NULL);
        raise(SIGUSR2);
        time_t end = time(NULL) + 2;
        while (time(NULL) < end) continue;
        execl(program, program, "unmask", NULL);
        _exit(9);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
}

static volatile int is_storming;

static void *storm(void *unused) {
    while (is_storming) {
        kill(getpid(), SIGUSR2);
        usleep(200);
    }
    return unused;
}

/* Agents that come on demand and the one that stays take turns while signals come. */
static void set_up_in_a_storm(void) {
    gmr_package_t package = {.product = "storm"};
    pthread_t sender;
    is_storming = 1;
    pthread_create(&sender, NULL, storm, NULL);
    for (int i = 0; i < 3; i++) {
        usleep(20000);
        CHECK(gmr_set_up(&package, NULL) == 0);
        usleep(20000);
        CHECK(gmr_stop() == 0);
    }
    is_storming = 0;
    pthread_join(sender, NULL);
}

int main(int argument_count, char **arguments) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (argument_count == 2 && strcmp(arguments[1], "unmask") == 0) return 0;
    handlers();
    older_functions();
    vfork_child();
    forks_meanwhile();
    masked_and_executed(arguments[0]);
    signal(SIGUSR2, count);
    set_up_in_a_storm();
    printf(broken ? "broken\n" : "kept\n");
    return broken;
}
