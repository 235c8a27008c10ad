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
    uint64_t unused[6];
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

#define LISTS 64
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static task_t *lists[LISTS];
static unsigned made_count;

static unsigned setting(const char *name) { return getenv(name) ? (unsigned)atoi(getenv(name)) : 0; }

static void insert(task_t *task) {
    pthread_mutex_lock(&lock);
    made_count++;
    if (made_count != setting("NEWER_FORGETS") && !setting("NEWER_IS_OFF")) {
        task_t **list = &lists[made_count % LISTS];
        task->next = setting("NEWER_LOOPS") && *list == NULL ? task : *list;
        *list = task;
    }
    pthread_mutex_unlock(&lock);
}

made_t swift_task_create(
    uint64_t flags, void *options, const void *type, void *entry, void *closure) {
    create_t *create = (create_t *)dlsym(RTLD_NEXT, "swift_task_create");
    void *(*retain)(void *) = (void *(*)(void *))dlsym(RTLD_NEXT, "swift_retain");
    made_t made = create(flags, options, type, entry, closure);
    insert(retain(made.task)); /* for ever: nobody is told when it ends */
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

void *_swift_concurrency_debug_task_getShardHead(size_t list) { return list < LISTS ? lists[list] : NULL; }
void *_swift_concurrency_debug_task_getTaskNext(void *task) { return task ? ((task_t *)task)->next : NULL; }
