/*
 * cxx.cpp: the locks of the C++ standard library, and of the language itself.
 * Threads: those of the program.  Signal handlers: no.
 */
extern "C" {
#include "zoo.h"
}

#include <atomic>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace {

using Body = void();

/* Starts a thread that runs a function without arguments. */
void begin(const char *name, Body *body) {
    lock_zoo_start(
        name,
        [](void *argument) -> void * {
            reinterpret_cast<Body *>(argument)();
            return nullptr;
        },
        reinterpret_cast<void *>(body));
}

void begin_both(Body *alpha, Body *beta) {
    lock_zoo_expect(2);
    begin("alpha", alpha);
    begin("beta", beta);
}

/* mutexes */

template <typename Mutex> struct Crossed {
    static inline Mutex first, second;

    static void start() {
        begin_both(
            [] {
                first.lock();
                lock_zoo_meet();
                second.lock();
            },
            [] {
                second.lock();
                lock_zoo_meet();
                first.lock();
            });
    }
};

void readers_and_writer() {
    static std::shared_mutex mutex;
    begin_both(
        [] {
            mutex.lock();
            lock_zoo_meet();
            lock_zoo_read_for_ever();
        },
        [] {
            lock_zoo_meet();
            mutex.lock_shared();
        });
}

/* std::call_once */

std::once_flag first_flag, second_flag;
void ask_first();
void ask_second();

[[gnu::noinline]] void ask_first() {
    std::call_once(first_flag, [] {
        lock_zoo_meet();
        ask_second();
    });
    asm volatile("");
}

[[gnu::noinline]] void ask_second() {
    std::call_once(second_flag, [] {
        lock_zoo_meet();
        ask_first();
    });
    asm volatile("");
}

void crossed_call_once() { begin_both(ask_first, ask_second); }

/* static variables */

int second_value();

int make_first() {
    lock_zoo_meet();
    return second_value();
}

[[gnu::noinline]] int first_value() {
    static int value = make_first();
    return value;
}

int make_second() {
    lock_zoo_meet();
    return first_value();
}

[[gnu::noinline]] int second_value() {
    static int value = make_second();
    return value;
}

void crossed_statics() {
    begin_both([] { first_value(); }, [] { second_value(); });
}

int slow_value() {
    lock_zoo_meet();
    lock_zoo_read_for_ever();
    return 1;
}

[[gnu::noinline]] int slowly_made() {
    static int value = slow_value();
    return value;
}

void slow_static() {
    begin_both([] { slowly_made(); },
               [] {
                   lock_zoo_meet();
                   slowly_made();
               });
}

/* futures and atomics */

void join_of_future() {
    begin("alpha", [] {
        auto answer = std::async(std::launch::async, [] {
            pthread_setname_np(pthread_self(), "worker");
            lock_zoo_read_for_ever();
            return 42;
        });
        answer.get();
    });
}

void broken_promise() {
    begin("alpha", [] {
        std::promise<int> promise;
        promise.get_future().get();
    });
}

void atomic_wait() {
    static std::atomic<int> word{0};
    begin("alpha", [] { word.wait(0); });
}

}  // namespace

extern "C" const lock_zoo_program_t lock_zoo_cxx_programs[] = {
    {"cxx-mutex", "alpha mutex beta mutex alpha: certain", "", Crossed<std::mutex>::start},
    {"cxx-recursive-mutex", "alpha mutex beta mutex alpha: certain", "", Crossed<std::recursive_mutex>::start},
    {"cxx-shared-mutex", "alpha rwlock beta rwlock alpha: certain", "", Crossed<std::shared_mutex>::start},
    {"cxx-reader", "", "beta rwlock alpha", readers_and_writer},
    {"cxx-call-once", "alpha once beta once alpha: likely", "", crossed_call_once},
    {"cxx-statics", "alpha once beta once alpha: likely", "", crossed_statics},
    {"cxx-slow-static", "", "beta once alpha", slow_static},
    {"cxx-future", "", "alpha join worker", join_of_future},
    {"cxx-promise", "", "alpha futex -", broken_promise},
    {"cxx-atomic", "", "alpha futex -", atomic_wait},
    {},
};
