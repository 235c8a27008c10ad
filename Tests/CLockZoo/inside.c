/*
 * inside.c: locks that programs do not see: of stdio, malloc, the loader, once tokens, files; and waits in calls.
 * Threads: those of the program.  Signal handlers: on_signal, which does what none may.
 */
#include "zoo.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* stdio */

static void *lock_file_then_mutex(void *unused) {
    flockfile(stderr);
    lock_zoo_meet();
    pthread_mutex_lock(&lock);
    return unused;
}

static void *lock_mutex_then_print(void *unused) {
    pthread_mutex_lock(&lock);
    lock_zoo_meet();
    fputs("never\n", stderr);
    return unused;
}

static void file_and_mutex(void) {
    lock_zoo_expect(2);
    lock_zoo_start("alpha", lock_file_then_mutex, NULL);
    lock_zoo_start("beta", lock_mutex_then_print, NULL);
}

static FILE *files[2];

static void *lock_files(void *turned) {
    flockfile(files[turned ? 1 : 0]);
    lock_zoo_meet();
    flockfile(files[turned ? 0 : 1]);
    return NULL;
}

static void two_files(void) {
    lock_zoo_expect(2);
    for (int i = 0; i < 2; i++) files[i] = fopen("/dev/null", "w");
    lock_zoo_start("alpha", lock_files, NULL);
    lock_zoo_start("beta", lock_files, "turned");
}

/* the loader */

static int visit(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)info, (void)size, (void)unused;
    lock_zoo_meet();
    pthread_mutex_lock(&lock);
    return 1;
}

static void *iterate(void *unused) {
    dl_iterate_phdr(visit, NULL);
    return unused;
}

static void *lock_mutex_then_iterate(void *unused) {
    pthread_mutex_lock(&lock);
    lock_zoo_meet();
    dl_iterate_phdr(visit, NULL);
    return unused;
}

static void loader(void) {
    lock_zoo_expect(2);
    lock_zoo_start("alpha", iterate, NULL);
    lock_zoo_start("beta", lock_mutex_then_iterate, NULL);
}

/* malloc */

static volatile int is_interrupting;

static void on_signal(int signal) {
    (void)signal;
    is_interrupting = 1;
    free(malloc(3000));
    is_interrupting = 0;
}

/* Large enough to go past the thread's cache, and so to take the arena's lock. */
static void *allocate_for_ever(void *unused) {
    for (;;) {
        void *blocks[16];
        for (int i = 0; i < 16; i++) blocks[i] = malloc(3000 + 16 * (size_t)i);
        for (int i = 0; i < 16; i++) free(blocks[i]);
    }
    return unused;
}

/* Sooner or later it is interrupted with the lock taken. */
static void malloc_in_handler(void) {
    signal(SIGUSR1, on_signal);
    pthread_t thread = lock_zoo_start("alpha", allocate_for_ever, NULL);
    for (int waited = 0; waited < 50; waited = is_interrupting ? waited + 1 : 0) {
        if (waited == 0) pthread_kill(thread, SIGUSR1);
        usleep(1000);
    }
}

/* once */

static pthread_once_t tokens[2] = {PTHREAD_ONCE_INIT, PTHREAD_ONCE_INIT};
static void first_asks_second(void);
static void second_asks_first(void);

__attribute__((noinline)) static void ask_first(void) {
    pthread_once(&tokens[0], first_asks_second);
    __asm__ volatile("");
}

__attribute__((noinline)) static void ask_second(void) {
    pthread_once(&tokens[1], second_asks_first);
    __asm__ volatile("");
}

static void first_asks_second(void) {
    lock_zoo_meet();
    ask_second();
}

static void second_asks_first(void) {
    lock_zoo_meet();
    ask_first();
}

static void *begin_first(void *unused) {
    ask_first();
    return unused;
}

static void *begin_second(void *unused) {
    ask_second();
    return unused;
}

static void crossed_once(void) {
    lock_zoo_expect(2);
    lock_zoo_start("alpha", begin_first, NULL);
    lock_zoo_start("beta", begin_second, NULL);
}

/* Both tokens are asked for in one place. */
static pthread_once_t pair[2] = {PTHREAD_ONCE_INIT, PTHREAD_ONCE_INIT};
static void ask_second_of_pair(void);
static void ask_first_of_pair(void);

__attribute__((noinline)) static void ask_pair(int index) {
    pthread_once(&pair[index], index ? ask_first_of_pair : ask_second_of_pair);
    __asm__ volatile("");
}

static void ask_second_of_pair(void) {
    lock_zoo_meet();
    ask_pair(1);
}

static void ask_first_of_pair(void) {
    lock_zoo_meet();
    ask_pair(0);
}

static void *begin_pair(void *index) {
    ask_pair(index != NULL);
    return NULL;
}

static void crossed_pair(void) {
    lock_zoo_expect(2);
    lock_zoo_start("alpha", begin_pair, NULL);
    lock_zoo_start("beta", begin_pair, "second");
}

/* One initializes for long; another asks for that token in its own initialization: slow, no more. */
static void read_of_pair(void) {
    lock_zoo_meet();
    lock_zoo_read_for_ever();
}

static void ask_slow_of_pair(void) {
    lock_zoo_meet();
    ask_pair(1);
}

static void *begin_slow(void *unused) {
    pthread_once(&pair[1], read_of_pair);
    return unused;
}

static void *begin_behind_slow(void *unused) {
    pthread_once(&pair[0], ask_slow_of_pair);
    return unused;
}

static void once_behind_once(void) {
    lock_zoo_expect(2);
    lock_zoo_start("slow", begin_slow, NULL);
    lock_zoo_start("waiter", begin_behind_slow, NULL);
}

static pthread_once_t own_token = PTHREAD_ONCE_INIT;

__attribute__((noinline)) static void ask_own(void);
static void asks_itself(void) { ask_own(); }

__attribute__((noinline)) static void ask_own(void) {
    pthread_once(&own_token, asks_itself);
    __asm__ volatile("");
}

static void *begin_own(void *unused) {
    ask_own();
    return unused;
}

static void recursive_once(void) { lock_zoo_start("alpha", begin_own, NULL); }

static pthread_once_t locking_token = PTHREAD_ONCE_INIT;

static void locks_mutex(void) {
    lock_zoo_meet();
    pthread_mutex_lock(&lock);
}

__attribute__((noinline)) static void ask_locking(void) {
    pthread_once(&locking_token, locks_mutex);
    __asm__ volatile("");
}

static void *begin_locking(void *unused) {
    ask_locking();
    return unused;
}

static void *lock_then_ask(void *unused) {
    pthread_mutex_lock(&lock);
    lock_zoo_meet();
    ask_locking();
    return unused;
}

static void once_and_mutex(void) {
    lock_zoo_expect(2);
    lock_zoo_start("alpha", begin_locking, NULL);
    lock_zoo_start("beta", lock_then_ask, NULL);
}

/* spin locks */

static pthread_spinlock_t spin;

static void *spin_for_ever(void *unused) {
    pthread_spin_lock(&spin);
    return unused;
}

static void spinning(void) {
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&spin);
    lock_zoo_start("hot-spinner", spin_for_ever, NULL);
}

/* locks on files */

static int temporary_file(char *path) {
    strcpy(path, "/tmp/lock-zoo-XXXXXX");
    int file = mkstemp(path);
    if (file < 0) lock_zoo_fail("mkstemp");
    return file;
}

static void *lock_file_again(void *path) {
    int file = open(path, O_RDWR);
    unlink(path);
    flock(file, LOCK_EX);
    return NULL;
}

static char file_path[32];

static void file_against_itself(void) {
    flock(temporary_file(file_path), LOCK_EX);
    lock_zoo_start("alpha", lock_file_again, file_path);
}

static int record_file;

static void *lock_record(void *unused) {
    struct flock whole = {.l_type = F_WRLCK};
    fcntl(record_file, F_SETLKW, &whole);
    return unused;
}

/* A child has it. */
static void record_of_another(void) {
    int ready[2];
    char byte = 0;
    record_file = temporary_file(file_path);
    unlink(file_path);
    if (pipe(ready) != 0) lock_zoo_fail("pipe");
    if (fork() == 0) {
        struct flock whole = {.l_type = F_WRLCK};
        fcntl(record_file, F_SETLK, &whole);
        if (write(ready[1], &byte, 1) != 1) _exit(1);
        for (;;) pause();
    }
    if (read(ready[0], &byte, 1) != 1) lock_zoo_fail("read");
    lock_zoo_start("alpha", lock_record, NULL);
}

/* waits in calls */

static void *wait_for_child(void *unused) {
    pid_t child = fork();
    if (child == 0) {
        for (;;) pause();
    }
    waitpid(child, NULL, 0);
    return unused;
}

static void child(void) { lock_zoo_start("alpha", wait_for_child, NULL); }

static void *read_from_nobody(void *unused) {
    lock_zoo_read_for_ever();
    return unused;
}

static void own_pipe(void) { lock_zoo_start("alpha", read_from_nobody, NULL); }

static void *read_from_peer(void *unused) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    char byte;
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&address, bytes) != 0 || listen(server, 1) != 0 ||
        getsockname(server, (struct sockaddr *)&address, &bytes) != 0 ||
        connect(client, (struct sockaddr *)&address, bytes) != 0)
        lock_zoo_fail("socket");
    pthread_mutex_lock(&lock);
    lock_zoo_meet();
    (void)!read(client, &byte, 1);
    return unused;
}

static void *wait_for_reader(void *unused) {
    lock_zoo_meet();
    pthread_mutex_lock(&lock);
    return unused;
}

static void convoy_behind_socket(void) {
    lock_zoo_expect(5);
    lock_zoo_start("slow", read_from_peer, NULL);
    for (int i = 0; i < 4; i++) lock_zoo_start("waiter", wait_for_reader, NULL);
}

const lock_zoo_program_t lock_zoo_inside_programs[] = {
    {"file-and-mutex", "alpha mutex beta fileLock alpha: certain", "", file_and_mutex},
    {"two-files", "alpha fileLock beta fileLock alpha: certain", "", two_files},
    {"loader", "alpha mutex beta loaderLock alpha: certain", "", loader},
    {"malloc-in-handler", "alpha mallocLock alpha: likely", "", malloc_in_handler},
    {"crossed-once", "alpha once beta once alpha: likely", "", crossed_once},
    {"crossed-pair", "alpha once beta once alpha: likely", "", crossed_pair},
    {"once-behind-once", "", "waiter once slow", once_behind_once},
    {"recursive-once", "alpha once alpha: likely", "", recursive_once},
    {"once-and-mutex", "alpha mutex beta once alpha: likely", "", once_and_mutex},
    {"spinning", "", "hot-spinner spinLock -", spinning},
    {"file-against-itself", "", "alpha fileLock self", file_against_itself},
    {"record-of-another", "", "alpha fileLock other", record_of_another},
    {"child", "", "alpha process other", child},
    {"own-pipe", "", "alpha fd -", own_pipe},
    {"convoy-behind-socket", "", "waiter mutex slow; slow fd -", convoy_behind_socket},
    {0},
};
