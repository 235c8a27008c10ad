/*
 * crash.c: an unmodified program that crashes: on its main thread, on one that has used up its stack, in a fork child,
 * in a vfork child. Linked with nothing but libc.
 * Threads: main and one more.  Signal handlers: none.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int *volatile nowhere = (int *)0x10;

static void fault(void) { *nowhere = 1; }

static int recurse(volatile char *outer) {
    volatile char frame[400];
    frame[0] = outer[0];
    return outer[0] ? recurse(frame) + frame[0] : 0; /* always the first, which the compiler does not know */
}

static void *overflow(void *unused) {
    volatile char first = 'a';
    (void)recurse(&first);
    return unused;
}

/* The parent lives, and says how the child ended. */
static int end_of(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    printf("child ended by %d\n", WTERMSIG(status));
    return 0;
}

int main(int count, char **arguments) {
    const char *way = count > 1 ? arguments[1] : "";
    pthread_t thread;
    printf("ready\n");
    fflush(stdout);
    if (strcmp(way, "overflow") == 0) {
        pthread_create(&thread, NULL, overflow, NULL);
        pthread_join(thread, NULL);
    } else if (strcmp(way, "fork") == 0) {
        pid_t child = fork();
        if (child == 0) fault();
        return end_of(child);
    } else if (strcmp(way, "vfork") == 0) {
        pid_t child = vfork();
        if (child == 0) fault();
        return end_of(child);
    } else if (strcmp(way, "abort") == 0) {
        abort();
    }
    fault();
    return 0;
}
