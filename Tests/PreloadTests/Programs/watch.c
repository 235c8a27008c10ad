/*
 * watch.c: event loops that the watchdog asks. usage: watch MODE; it says "ready", and takes commands on its standard
 * input: "hold" has the first loop block, "release" has it go on, "ask" says when the last one has answered 12 more
 * questions, which are three times the limit apart.
 *     loop      one loop
 *     two       another one beside it, which is never held
 *     ended     both, but nobody asks the first one any more
 *     sender    beside it, one whose function that asks blocks
 */
#define _GNU_SOURCE
#include <errno.h>
#include <gmr.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct {
    const char *name;
    int questions; /* an eventfd */
    int holds;     /* an eventfd */
    sem_t release;
    sem_t answered;
    gmr_watch_t *watch;
} loop_t;

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0 && errno == EINTR) continue;
}

static void wake(int descriptor) {
    uint64_t one = 1;
    if (write(descriptor, &one, sizeof one) != sizeof one) perror("write");
}

static void take(int descriptor) {
    uint64_t count;
    if (read(descriptor, &count, sizeof count) != sizeof count) perror("read");
}

/* On a thread of the watchdog's. */
static void ask_loop(gmr_watch_t *watch, void *context) {
    loop_t *loop = context;
    loop->watch = watch;
    wake(loop->questions);
}

static __attribute__((noinline)) void handle_request(loop_t *loop) {
    wait_for(&loop->release);
    __asm__ volatile("");
}

static void *run_loop(void *context) {
    loop_t *loop = context;
    struct pollfd events[] = {{.fd = loop->questions, .events = POLLIN}, {.fd = loop->holds, .events = POLLIN}};
    pthread_setname_np(pthread_self(), loop->name);
    while (poll(events, 2, -1) > 0 || errno == EINTR) {
        if (events[1].revents) {
            take(loop->holds);
            handle_request(loop);
        }
        if (events[0].revents) {
            take(loop->questions);
            gmr_answer(loop->watch);
            sem_post(&loop->answered);
        }
    }
    return NULL;
}

static gmr_watch_t *start(loop_t *loop, const char *name) {
    pthread_t thread;
    *loop = (loop_t){.name = name, .questions = eventfd(0, 0), .holds = eventfd(0, 0)};
    sem_init(&loop->release, 0, 0);
    sem_init(&loop->answered, 0, 0);
    pthread_create(&thread, NULL, run_loop, loop);
    return gmr_watch(name, ask_loop, loop);
}

static void ask_for_ever(gmr_watch_t *watch, void *never) {
    (void)watch;
    for (;;) wait_for(never);
}

static void say(const char *text) {
    puts(text);
    fflush(stdout);
}

int main(int count, char **arguments) {
    static loop_t first, second;
    static sem_t never;
    gmr_package_t package = {.product = "watch"};
    const char *mode = count > 1 ? arguments[1] : "loop";
    int has_second = strcmp(mode, "two") == 0 || strcmp(mode, "ended") == 0;
    char command[16];
    if (gmr_set_up(&package, "watched") != 0) {
        fprintf(stderr, "%s\n", gmr_error());
        return 1;
    }
    gmr_watch_t *watch = start(&first, "first loop");
    if (has_second) start(&second, "second loop");
    if (strcmp(mode, "ended") == 0 && gmr_unwatch(watch) != 0) return 1;
    if (strcmp(mode, "sender") == 0) {
        sem_init(&never, 0, 0);
        gmr_watch("stuck sender", ask_for_ever, &never);
    }
    say("ready");
    while (fgets(command, sizeof command, stdin)) {
        if (strcmp(command, "hold\n") == 0) wake(first.holds);
        if (strcmp(command, "release\n") == 0) sem_post(&first.release);
        if (strcmp(command, "ask\n") == 0) {
            sem_t *answered = has_second ? &second.answered : &first.answered;
            while (sem_trywait(answered) == 0) continue;
            for (int i = 0; i < 12; i++) wait_for(answered);
            say("asked");
        }
    }
    /* One that asks for ever does so still. */
    return gmr_stop() == (strcmp(mode, "sender") == 0 ? -ETIMEDOUT : 0) ? 0 : 1;
}
