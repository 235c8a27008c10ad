/*
 * newer.c: what the Swift runtime is to have after 6.3, preloaded in front of the one that there is: a list of all
 * tasks, and tasks of another size. With the compiler: -DTASK_BYTES=…, -DLAYOUT_VERSION=….
 * NEWER_FORGETS=N: the list lacks the Nth task that was made. NEWER_LOOPS=1: it has no end. NEWER_IS_OFF=1: it is
 * empty, as the runtime may be told to have it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef TASK_BYTES
const size_t _swift_concurrency_debug_asyncTaskSize = TASK_BYTES;
#endif
#ifdef LAYOUT_VERSION
const uint32_t _swift_concurrency_debug_internal_layout_version = LAYOUT_VERSION;
#endif

typedef struct record {
    uint64_t kind;
    struct record *parent;
    void *first_child;
} record_t;

/* The fields of a task that are used here. The newer runtime has two words for its list; of this one's a word serves
 * that only other platforms use. */
typedef struct task {
    const void *isa;
    uint64_t unused[3];
    uint32_t flags, id;
    uint64_t voucher;
    struct task *next; /* reserved */
    uint64_t others[6];
    record_t *records;
} task_t;
_Static_assert(offsetof(task_t, next) == 0x30 && offsetof(task_t, records) == 0x68, "layout version 1");
enum { CHILD_TASK_RECORD = 1 };

typedef struct {
    task_t *task;
    void *context;
} made_t;
typedef made_t create_t(uint64_t, void *, const void *, void *, void *);
typedef void begin_t(void *, void *, const void *, void *, void *, void *);
typedef void *retain_t(void *);

#define LISTS 64
static struct {
    pthread_mutex_t lock;
    task_t *first;
} lists[LISTS];
static unsigned made_count;
static const void *task_class;

static unsigned setting(const char *name) { return getenv(name) ? (unsigned)atoi(getenv(name)) : 0; }
static unsigned list_of(const task_t *task) { return (task->id ^ task->id >> 8) % LISTS; }

static void insert(task_t *task) {
    unsigned number = __atomic_add_fetch(&made_count, 1, __ATOMIC_RELAXED), list = list_of(task);
    if (number == setting("NEWER_FORGETS") || setting("NEWER_IS_OFF")) return;
    pthread_mutex_lock(&lists[list].lock);
    task->next = setting("NEWER_LOOPS") && !lists[list].first ? task : lists[list].first;
    __atomic_store_n(&lists[list].first, task, __ATOMIC_RELEASE);
    __atomic_store_n(&task_class, task->isa, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lists[list].lock);
}

/* As the runtime does it, a task that is removed leads on to the next one. */
static void removed(task_t *task) {
    unsigned list = list_of(task);
    pthread_mutex_lock(&lists[list].lock);
    for (task_t **link = &lists[list].first; *link; link = &(*link)->next) {
        if (*link != task) continue;
        *link = task->next;
        break;
    }
    pthread_mutex_unlock(&lists[list].lock);
}

made_t swift_task_create(uint64_t flags, void *options, const void *type, void *entry, void *closure) {
    create_t *create = (create_t *)dlsym(RTLD_NEXT, "swift_task_create");
    retain_t *retain = (retain_t *)dlsym(RTLD_NEXT, "swift_retain");
    void (*release)(void *) = (void (*)(void *))dlsym(RTLD_NEXT, "swift_release");
    made_t made = create(flags, options, type, entry, closure);
    retain(made.task); /* until it is in its list */
    insert(made.task);
    release(made.task);
    return made;
}

/* The runtime makes the task, whose parent then has a record of it. */
void swift_asyncLet_begin(void *let, void *options, const void *type, void *entry, void *closure, void *result) {
    begin_t *begin = (begin_t *)dlsym(RTLD_NEXT, "swift_asyncLet_begin");
    task_t *(*current)(void) = (task_t * (*)(void)) dlsym(RTLD_NEXT, "swift_task_getCurrent");
    begin(let, options, type, entry, closure, result);
    for (record_t *record = current()->records; record; record = record->parent) {
        if ((record->kind & 0xff) != CHILD_TASK_RECORD) continue;
        insert(record->first_child);
        return;
    }
}

/* Whoever frees a task has not changed it. One of an `async let` is part of its parent. */
extern void __libc_free(void *);
void free(void *memory) {
    const void *class = __atomic_load_n(&task_class, __ATOMIC_ACQUIRE);
    if (memory && class && (uintptr_t)memory % 16 == 0 && ((task_t *)memory)->isa == class) removed(memory);
    __libc_free(memory);
}

void *_swift_concurrency_debug_task_getShardHead(size_t list) { return list < LISTS ? lists[list].first : NULL; }
void *_swift_concurrency_debug_task_getTaskNext(void *task) { return task ? ((task_t *)task)->next : NULL; }
