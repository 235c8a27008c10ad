/*
 * native.c: programs that know nothing of GMR. usage: native PROGRAM; each says "ready …" and runs until its standard
 * input ends.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int threads_at_start, mask_at_start;

static int thread_count(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/task");
    while (directory && readdir(directory)) count++;
    if (directory) closedir(directory);
    return count - 2;
}

static int masked_signals(void) {
    sigset_t mask;
    int count = 0;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int signal = 1; signal < 65; signal++) count += sigismember(&mask, signal) == 1;
    return count;
}

__attribute__((constructor)) static void look(void) {
    threads_at_start = thread_count();
    mask_at_start = masked_signals();
}

static void say(const char *text) {
    puts(text);
    fflush(stdout);
}

static void wait_for_end(void) {
    char byte;
    ssize_t count;
    while ((count = read(STDIN_FILENO, &byte, 1)) > 0 || (count < 0 && errno == EINTR)) continue;
}

static int start(void) {
    char line[128];
    snprintf(line, sizeof line, "ready constructors: threads %d, masked %d; main: masked %d", threads_at_start,
             mask_at_start, masked_signals());
    say(line);
    wait_for_end();
    return 7;
}

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

static void *cross(void *turned) {
    pthread_mutex_lock(turned ? &second : &first);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(turned ? &first : &second);
    return NULL;
}

static void *cross_named(void *name) {
    pthread_setname_np(pthread_self(), name);
    return cross(strcmp(name, "beta") == 0 ? name : NULL);
}

static int abba(void) {
    pthread_t alpha, beta;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&alpha, NULL, cross_named, "alpha");
    pthread_create(&beta, NULL, cross_named, "beta");
    say("ready");
    wait_for_end();
    return 0;
}

static void *hold(void *unused) {
    pthread_mutex_lock(&first);
    pthread_barrier_wait(&both);
    for (;;) pause();
    return unused;
}

/* A child that works, one that sleeps, and a grandchild. */
static int forks(void) {
    char line[128];
    int pids[2];
    if (pipe(pids)) return 1;
    pid_t busy = fork();
    if (busy == 0) {
        for (;;) free(malloc(100));
    }
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            for (;;) pause();
        }
        if (write(pids[1], &grandchild, sizeof grandchild) < 0) return 1;
        for (;;) pause();
    }
    pid_t grandchild = 0;
    if (read(pids[0], &grandchild, sizeof grandchild) < 0) return 1;
    snprintf(line, sizeof line, "ready %d %d %d", busy, child, grandchild);
    say(line);
    wait_for_end();
    kill(busy, SIGKILL), kill(child, SIGKILL), kill(grandchild, SIGKILL);
    return 0;
}

/* A child that has locked up. */
static int forked_abba(void) {
    char line[128];
    pid_t child = fork();
    if (child == 0) {
        pthread_t beta;
        pthread_barrier_init(&both, NULL, 2);
        pthread_create(&beta, NULL, cross_named, "beta");
        pthread_setname_np(pthread_self(), "alpha");
        cross(NULL);
    }
    snprintf(line, sizeof line, "ready %d", child);
    say(line);
    wait_for_end();
    kill(child, SIGKILL);
    return 0;
}

/* A child whose mutex another thread of the parent had locked at the fork. */
static int copied_lock(void) {
    char line[128];
    pthread_t beta;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&beta, NULL, hold, NULL);
    pthread_barrier_wait(&both);
    pid_t child = fork();
    if (child == 0) pthread_mutex_lock(&first);
    snprintf(line, sizeof line, "ready %d", child);
    say(line);
    wait_for_end();
    kill(child, SIGKILL);
    return 0;
}

static int load_plugin(const char *path) {
    say("ready");
    dlopen(path, RTLD_NOW);
    return 1;
}

static int execute(const char *program) {
    execl(program, "native", "start", NULL);
    return 1;
}

static void on_signal(int signal) {
    (void)signal;
    if (write(STDOUT_FILENO, "handled\n", 8) < 0) _exit(1);
}

typedef void function_t(int);
extern function_t *sysv_signal(int, function_t *);

static function_t *handler_now(void) {
    struct sigaction now;
    return sigaction(SIGUSR2, NULL, &now) == 0 ? now.sa_handler : SIG_ERR;
}

/* What it has set is what it sees. */
static int handler(const char *way) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, old;
    if (handler_now() != SIG_DFL) return 1;
    if (strcmp(way, "handler") == 0) {
        if (sigaction(SIGUSR2, &action, &old) != 0 || old.sa_handler != SIG_DFL) return 2;
        if (sigaction(SIGUSR2, &action, &old) != 0 || old.sa_handler != on_signal) return 3;
        if (old.sa_flags != SA_RESTART) return 3;
    } else if ((way[1] == 'i' ? signal : sysv_signal)(SIGUSR2, on_signal) != SIG_DFL) {
        return 4;
    }
    if (handler_now() != on_signal) return 5;
    if (signal(SIGUSR1, on_signal) != SIG_DFL || signal(SIGUSR1, SIG_DFL) != on_signal) return 6;
    say("ready");
    wait_for_end();
    return 0;
}

static int change_root(void) {
    if (chroot("/proc/self") != 0 || chdir("/") != 0) return 1;
    return start();
}

int main(int count, char **arguments) {
    const char *program = count > 1 ? arguments[1] : "";
    if (strcmp(program, "start") == 0) return start();
    if (strcmp(program, "abba") == 0) return abba();
    if (strcmp(program, "forks") == 0) return forks();
    if (strcmp(program, "forked-abba") == 0) return forked_abba();
    if (strcmp(program, "chroot") == 0) return change_root();
    if (strcmp(program, "copied-lock") == 0) return copied_lock();
    if (strcmp(program, "plugin") == 0 && count > 2) return load_plugin(arguments[2]);
    if (strcmp(program, "exec") == 0) return execute(arguments[0]);
    if (strstr(program, "handler")) return handler(program);
    fprintf(stderr, "usage: native PROGRAM\n");
    return 2;
}
