/*
 * orders.c: a C service with reports. Its two workers move money between two accounts, and one day they deadlock.
 *
 *     export PKG_CONFIG_PATH=$(dirname "$(make -s preload)")/pkgconfig
 *     cc -g -O2 -pthread orders.c $(pkg-config --cflags --libs gmr) -o orders && ./orders
 */
#define _GNU_SOURCE
#include <gmr.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
    pthread_mutex_t lock;
    long cents;
} account_t;

static account_t shop = {PTHREAD_MUTEX_INITIALIZER, 100000}, supplier = {PTHREAD_MUTEX_INITIALIZER, 0};
static atomic_long transfers;
static pthread_barrier_t first_transfer;

static void transfer(account_t *from, account_t *to, long cents) {
    pthread_mutex_lock(&from->lock);
    pthread_barrier_wait(&first_transfer); /* so that it happens today */
    pthread_mutex_lock(&to->lock);
    from->cents -= cents;
    to->cents += cents;
    transfers++;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
}

static void *pay(void *unused) {
    pthread_setname_np(pthread_self(), "payments");
    transfer(&shop, &supplier, 250);
    return unused;
}

static void *refund(void *unused) {
    pthread_setname_np(pthread_self(), "refunds");
    transfer(&supplier, &shop, 100);
    return unused;
}

/* Takes no lock of the program: the thread that has it may be the one that hangs. */
static int show_transfers(gmr_section_t *section, void *unused) {
    (void)unused;
    gmr_add_integer(section, "done", transfers);
    gmr_begin_list(section, "accounts");
    gmr_add_text(section, NULL, "shop");
    gmr_add_text(section, NULL, "supplier");
    return gmr_end(section);
}

int main(void) {
    gmr_package_t package = {.vendor = "Example", .product = "orders", .version = "1.4.2"};
    if (gmr_set_up(&package, "orders-api") != 0 || gmr_register_section("Transfers", show_transfers, NULL) < 0) {
        fprintf(stderr, "orders: no reports: %s\n", gmr_error());
    }
    gmr_heartbeat_t *heartbeat = gmr_heartbeat_new("main loop", 2000);
    pthread_barrier_init(&first_transfer, NULL, 2);
    pthread_t payments, refunds;
    pthread_create(&payments, NULL, pay, NULL);
    pthread_create(&refunds, NULL, refund, NULL);
    printf("orders: started; kill -USR2 %d\n", getpid());
    fflush(stdout);
    for (;;) {
        gmr_heartbeat(heartbeat);
        sleep(1);
    }
}
