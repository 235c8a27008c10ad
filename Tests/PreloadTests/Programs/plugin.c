/*
 * plugin.c: a library whose constructor waits for a thread that needs the loader's lock, which the constructor's caller
 * has.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>

static void *load(void *unused) {
    pthread_setname_np(pthread_self(), "loading");
    dlopen("libm.so.6", RTLD_NOW);
    return unused;
}

__attribute__((constructor)) static void wait_for_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, load, NULL);
    pthread_join(thread, NULL);
}
