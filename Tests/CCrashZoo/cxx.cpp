/*
 * cxx.cpp: exceptions that nobody catches, and one that somebody does.
 * Threads: main or one of their own.  Signal handlers: no.
 */
extern "C" {
#include "zoo.h"
}

#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

namespace {

struct out_of_patience : std::runtime_error {
    using runtime_error::runtime_error;
};

} // namespace

static MARKER void runtime_error_is_thrown() { throw std::runtime_error("no bread " + std::to_string(4711)); }

static MARKER void *thrower_on_thread(void *) {
    runtime_error_is_thrown();
    return nullptr;
}
static MARKER void throws_on_thread() { crash_zoo_on_thread("thrower", thrower_on_thread); }

static MARKER void own_class_is_thrown() { throw out_of_patience("at the fifth attempt"); }

static MARKER void int_is_thrown() { throw 42; }

static MARKER void exception_is_thrown_again() {
    std::exception_ptr kept;
    try {
        runtime_error_is_thrown();
    } catch (...) {
        kept = std::current_exception();
    }
    std::rethrow_exception(kept);
}

static MARKER void promise_is_broken() noexcept { runtime_error_is_thrown(); }

static MARKER void terminate_is_called() { std::terminate(); }

static MARKER void abort_in_handler() {
    try {
        runtime_error_is_thrown();
    } catch (const std::exception &) {
        abort();
    }
}

static MARKER void abort_after_handler() {
    try {
        runtime_error_is_thrown();
    } catch (const std::exception &) {
    }
    abort();
}

#define PROGRAM(name, stack, message, body) \
    {name, "SIGABRT", "SI_TKILL", "abort<" stack, message, "helper process", nullptr, body}
#define THROWN "terminate called after throwing an instance of "
extern "C" const crash_zoo_program_t crash_zoo_cxx[] = {
    PROGRAM("cxx-throw", "runtime_error_is_thrown()", THROWN "'std::runtime_error'; what():  no bread 4711",
            runtime_error_is_thrown),
    PROGRAM("cxx-throw-on-thread", "runtime_error_is_thrown()<thrower_on_thread(void*)",
            THROWN "'std::runtime_error'; what():  no bread 4711", throws_on_thread),
    PROGRAM("cxx-throw-own", "own_class_is_thrown()",
            THROWN "'(anonymous namespace)::out_of_patience'; what():  at the fifth attempt", own_class_is_thrown),
    PROGRAM("cxx-throw-int", "int_is_thrown()", THROWN "'int'", int_is_thrown),
    PROGRAM("cxx-throw-again", "exception_is_thrown_again()", THROWN "'std::runtime_error'; what():  no bread 4711",
            exception_is_thrown_again),
    PROGRAM("cxx-noexcept", "promise_is_broken()", THROWN "'std::runtime_error'; what():  no bread 4711",
            promise_is_broken),
    PROGRAM("cxx-terminate", "terminate_is_called()", "terminate called without an active exception",
            terminate_is_called),
    PROGRAM("cxx-abort-in-handler", "abort_in_handler()", "-", abort_in_handler),
    PROGRAM("cxx-abort-after-handler", "abort_after_handler()", "-", abort_after_handler),
    {},
};
