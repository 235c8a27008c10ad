/*
 * signal_changer.c: other code that wants SIGUSR2 too. Preloaded into the zoo.
 * What CHANGER_BEFORE names is done before main(), what CHANGER_LATER names when SIGUSR1 comes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void handle(int signal) { (void)signal; }

static void seen(void *unused) {
    (void)unused;
    dprintf(2, "changer: dispatch saw it\n");
}

/* What DispatchSource.makeSignalSource() comes to. */
static void let_dispatch_read(void) {
    const void *type = dlsym(RTLD_DEFAULT, "_dispatch_source_type_signal");
    void *(*create)(const void *, uintptr_t, uintptr_t, void *) = dlsym(RTLD_DEFAULT, "dispatch_source_create");
    void *(*queue)(intptr_t, uintptr_t) = dlsym(RTLD_DEFAULT, "dispatch_get_global_queue");
    void (*set_handler)(void *, void (*)(void *)) = dlsym(RTLD_DEFAULT, "dispatch_source_set_event_handler_f");
    void (*resume)(void *) = dlsym(RTLD_DEFAULT, "dispatch_resume");
    void *source = create(type, SIGUSR2, 0, queue(0, 0));
    set_handler(source, seen);
    resume(source);
}

static void change(const char *what) {
    if (!what) return;
    if (strcmp(what, "ignore") == 0) signal(SIGUSR2, SIG_IGN);
    if (strcmp(what, "default") == 0) signal(SIGUSR2, SIG_DFL);
    if (strcmp(what, "handle") == 0) signal(SIGUSR2, handle);
    if (strcmp(what, "dispatch") == 0) let_dispatch_read();
}

/* libdispatch puts its handler in place on a thread of its own, some time later. */
static void await_handler_change(const struct sigaction *before) {
    struct sigaction now;
    do sigaction(SIGUSR2, NULL, &now);
    while (now.sa_handler == before->sa_handler && sched_yield() == 0);
}

static void *wait_for_order(void *unused) {
    (void)unused;
    sigset_t order;
    int signal;
    sigemptyset(&order);
    sigaddset(&order, SIGUSR1);
    sigwait(&order, &signal);
    struct sigaction before;
    sigaction(SIGUSR2, NULL, &before);
    change(getenv("CHANGER_LATER"));
    await_handler_change(&before);
    dprintf(2, "changer: done\n");
    return NULL;
}

__attribute__((constructor)) static void start(void) {
    pthread_t thread;
    sigset_t order;
    struct sigaction before;
    sigaction(SIGUSR2, NULL, &before);
    sigemptyset(&order);
    sigaddset(&order, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &order, NULL);
    pthread_create(&thread, NULL, wait_for_order, NULL);
    change(getenv("CHANGER_BEFORE"));
    if (getenv("CHANGER_BEFORE")) await_handler_change(&before);
}
