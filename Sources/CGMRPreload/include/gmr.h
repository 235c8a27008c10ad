/*
 * gmr.h: Guru Meditation Reports of a C or C++ program. Link with libgmr.so: pkg-config --cflags --libs gmr
 *
 *     gmr_package_t package = {.vendor = "Example", .product = "orders", .version = "1.4.2"};
 *     if (gmr_set_up(&package, "orders-api") != 0) fprintf(stderr, "%s\n", gmr_error());
 *
 * From then on `kill -USR2 PID` writes a report to standard error: stacks of all threads, who waits for whom, the
 * processes, the settings, and the sections that the program adds. A program that is not linked with it gets the same
 * by LD_PRELOAD=libgmr.so; see gmr_set() for the settings.
 *
 * Functions return 0, or what their comment says, and a negative errno on failure; gmr_error() then says more. They may
 * be called on any thread, but in no signal handler, unless their comment says otherwise. Texts are UTF-8 that ends in
 * NUL, and are copied.
 */
#ifndef GMR_H
#define GMR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the Package section says. Only `product` is needed; the others may be NULL. */
typedef struct {
    const char *vendor;
    const char *product;
    const char *version;
} gmr_package_t;

/* Sets what gmr_set_up() uses where the environment says nothing: "log_dir", "format", "signals" and all others, named
 * as their variables GMR_LOG_DIR, GMR_FORMAT, GMR_SIGNALS, …. -ENOENT: there is no such setting; -EINVAL: it does not
 * take that value; -EBUSY: reports are set up already. */
int gmr_set(const char *setting, const char *value);

/* Has the program answer its trigger signals (SIGUSR2, unless set otherwise) with a report. `service_name` is in file
 * names and in the report; NULL: the executable's name. Takes the place of the set-up that LD_PRELOAD has made, which
 * has no threads, and so no sections either. A child of fork() answers too, without sections, unless it calls this
 * itself.
 * -EALREADY: reports are set up; -ENOENT: libunwind8 is missing, or the trigger file; -EINVAL: a signal cannot trigger;
 * and what the system says. With GMR_ENABLE=0 in the environment it returns 0 and nothing else happens. */
int gmr_set_up(const gmr_package_t *package, const char *service_name);

/* Has a value masked in every report, such as a password that came from elsewhere than the environment. */
int gmr_register_secret(const char *secret);

/* What a section's generator fills. */
typedef struct gmr_section gmr_section_t;
/* Adds key and value with the gmr_add_* functions. Runs on a thread of its own for each report; the report waits one
 * second for it (GMR_SECTION_DEADLINE_MS). Returns 0, or a negative errno that the report shows in place of the
 * section. */
typedef int gmr_generator_t(gmr_section_t *section, void *context);

/* Adds a section to every report from now on. Returns its number, above 0; -ESRCH: reports are not set up. */
int gmr_register_section(const char *title, gmr_generator_t *generator, void *context);
/* Takes it out again. A report under way may still call its generator. -ENOENT: there is no such section. */
int gmr_unregister_section(int section);

/* For generators alone. Inside a list the key is not looked at, and may be NULL. -EINVAL: the key is missing. */
int gmr_add_text(gmr_section_t *section, const char *key, const char *value);
int gmr_add_integer(gmr_section_t *section, const char *key, int64_t value);
int gmr_add_number(gmr_section_t *section, const char *key, double value);
int gmr_add_bool(gmr_section_t *section, const char *key, int value);
/* What is added between one of these and gmr_end() becomes one value. -E2BIG: 64 are open. */
int gmr_begin_group(gmr_section_t *section, const char *key);
int gmr_begin_list(gmr_section_t *section, const char *key);
/* -EINVAL: none is open. What is open at the generator's end is closed. */
int gmr_end(gmr_section_t *section);

/* A loop that says it is alive. The section Heartbeats shows when each did so last, and which of them are late. */
typedef struct gmr_heartbeat gmr_heartbeat_t;
/* `interval_ms`: how often it is to beat; 0: never late. Returns NULL where 64 are there already; never freed. */
gmr_heartbeat_t *gmr_heartbeat_new(const char *name, uint32_t interval_ms);
/* Beats. Takes some nanoseconds; may be called in a signal handler; does nothing with NULL. */
void gmr_heartbeat(gmr_heartbeat_t *heartbeat);

/* What the watchdog asks whether it still runs, such as an event loop. There is a watchdog where a limit is set, by
 * GMR_WATCHDOG=10 or gmr_set("watchdog", "10"): what has not answered for so many seconds makes a report that names it.
 * Time in which the machine could not have run the program does not count. */
typedef struct gmr_watch gmr_watch_t;
/* Has gmr_answer(watch) called by the loop: with a write to an eventfd, uv_async_send(), ev_async_send(), g_idle_add().
 * Runs on a thread of the watchdog's each quarter of the limit, but not before the last question is answered. It should
 * return at once: as long as it blocks, this question is unanswered, and no other loop is asked. */
typedef void gmr_ask_t(gmr_watch_t *watch, void *context);
/* Watches what runs already, until gmr_unwatch() or gmr_stop(); where there is no watchdog nobody ever asks. Of the
 * name 63 bytes are kept. Returns NULL where reports are not set up. The handle is never freed, so that an answer may
 * come at any time: register what lives long. */
gmr_watch_t *gmr_watch(const char *name, gmr_ask_t *ask, void *context);
/* Answers, whether asked or not: who calls this is not hung. Takes some nanoseconds and no lock; does nothing with
 * NULL, with a watch that has ended, or in a child of fork(). */
void gmr_answer(gmr_watch_t *watch);
/* Ends it. Nobody asks any more when this returns, so that `context` may be freed, unless `ask` itself has called it.
 * -ETIMEDOUT: `ask` has blocked for a second, and still does; call it again. -ENOENT: it has ended before. */
int gmr_unwatch(gmr_watch_t *watch);

/* Makes a report now and writes it to a descriptor, which stays the caller's. Blocks until that is done: some
 * milliseconds. -ESRCH: reports are not set up; -ETIMEDOUT: a reader takes nothing; and what write() says. */
int gmr_report(int descriptor);

/* Ends reports: earlier signal handlers are put back, and the threads of this library end, after the report under way
 * if there is one; each watch ends as by gmr_unwatch(). -ESRCH: reports are not set up; -ETIMEDOUT: all of that is
 * done, but an `ask` has blocked for a second, and still does. */
int gmr_stop(void);

/* What the last call that failed on this thread has to say, and what to do about it; "" where none has failed. Valid
 * until the next call. */
const char *gmr_error(void);

#ifdef __cplusplus
}
#endif
#endif
