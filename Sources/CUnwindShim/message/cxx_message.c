/*
 * cxx_message.c: the exception that nobody caught, as std::terminate() tells of it.
 * Runs on the agent thread.
 * A handler may not run it. Finding allocates nothing and takes no lock; setting up does.
 *
 * A thread that is in std::terminate() ends this way; the exception is the newest one that it has caught, which is in
 * its thread-local __cxa_eh_globals. Everything here is fixed by the Itanium C++ ABI as GCC 5 and later have it; see
 * libstdc++'s unwind-cxx.h and tinfo.h.
 */
#include <link.h>
#include <string.h>

#include "crash_words.h"
#include "message_sources.h"

#define GNU_CXX_CLASS UINT64_C(0x474e5543432b2b) /* "GNUCC++", and a byte: 0, or 1 for a dependent exception */
#define CLASS_OFFSET 80  /* in __cxa_exception, which begins with the type */
#define OBJECT_OFFSET 112
#define MOST_BASES 8
#define DEEPEST_BASE 12
#define CALLS_BYTES 32 /* std::terminate()'s own code */
#define LONGEST_WHAT_BYTES 4096

GMR_MAYBE_LINKED(__cxa_get_globals);
GMR_MAYBE_LINKED(_ZSt9terminatev);
GMR_MAYBE_LINKED(_ZNKSt13runtime_error4whatEv);
GMR_MAYBE_LINKED(_ZNKSt11logic_error4whatEv);
GMR_MAYBE_LINKED(_ZNKSt12future_error4whatEv);
GMR_MAYBE_LINKED(_ZNKSt8ios_base7failureB5cxx114whatEv);

typedef void *(*get_globals_t)(void);

static uint64_t terminate, terminate_core; /* std::terminate(), __cxxabiv1::__terminate() */
static uint64_t whats[4];                  /* each returns the text in the object */
static uint64_t tls_module, tls_offset;    /* of __cxa_eh_globals; 0: it is not known */

/* The calling thread's block tells where in any thread's block the variable is. */
static int look_at_module(struct dl_phdr_info *info, size_t info_bytes, void *globals) {
    uint64_t block = (uint64_t)(uintptr_t)info->dlpi_tls_data, at = (uint64_t)(uintptr_t)globals;
    (void)info_bytes;
    for (int i = 0; block && i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_TLS || at - block >= info->dlpi_phdr[i].p_memsz) continue;
        tls_module = info->dlpi_tls_modid;
        tls_offset = at - block;
    }
    return tls_module != 0;
}

void gmr_cxx_message_prepare(void) {
    get_globals_t get_globals = (get_globals_t)GMR_PROGRAM_SYMBOL(__cxa_get_globals);
    tls_module = 0;
    if (get_globals) (void)dl_iterate_phdr(look_at_module, get_globals());
    terminate = GMR_PROGRAM_SYMBOL(_ZSt9terminatev);
    terminate_core = 0;
    for (uint64_t end = terminate + 5; terminate && end <= terminate + CALLS_BYTES; end++) {
        uint64_t target = gmr_call_target(end);
        if (target) terminate_core = target; /* its last call */
    }
    whats[0] = GMR_PROGRAM_SYMBOL(_ZNKSt13runtime_error4whatEv);
    whats[1] = GMR_PROGRAM_SYMBOL(_ZNKSt11logic_error4whatEv);
    whats[2] = GMR_PROGRAM_SYMBOL(_ZNKSt12future_error4whatEv);
    whats[3] = GMR_PROGRAM_SYMBOL(_ZNKSt8ios_base7failureB5cxx114whatEv);
}

/* The exception that the thread caught last, 0 where it has none, by glibc's dtv: {block, to free} for each module, its
 * length 16 bytes before it. Returns 0 where it cannot be read. */
static int read_exception(uint64_t thread_pointer, uint64_t *exception) {
    uint64_t dtv = gmr_read_word(thread_pointer + 8), length, block;
    *exception = 0;
    if (!gmr_read_all(dtv - 16, &length, sizeof length)) return 0;
    if (length < tls_module) return 1;
    if (!gmr_read_all(dtv + tls_module * 16, &block, sizeof block) || block == 0) return 0;
    if (block == UINT64_MAX) return 1; /* not yet made for this thread */
    return gmr_read_all(block + tls_offset, exception, sizeof *exception);
}

/* The length of the text that what() returns, which is copied to the piece. It is known without a call where the class
 * has what() from std::runtime_error or std::logic_error, whose objects are {vtable, characters}; else 0. */
static uint64_t read_what(uint64_t type, uint64_t object, int depth) {
    static char name[96];
    if (gmr_read_string(gmr_read_word(type + 8), name, sizeof name) &&
        (strcmp(name, "St13runtime_error") == 0 || strcmp(name, "St11logic_error") == 0)) {
        uint64_t what = gmr_read_word(gmr_read_word(object) + 16);
        for (int i = 0; what && i < 4; i++) {
            if (what != whats[i]) continue;
            return gmr_read_string(gmr_read_word(object + 8), gmr_message_piece, LONGEST_WHAT_BYTES);
        }
    }
    /* The class of the type_info itself says whether there is one base, or a list of {type, offset << 8 | flags}. */
    uint64_t own_type = gmr_read_word(gmr_read_word(type) - 8);
    if (depth > DEEPEST_BASE || !gmr_read_string(gmr_read_word(own_type + 8), name, sizeof name)) return 0;
    if (strstr(name, "__si_class_type_info")) return read_what(gmr_read_word(type + 16), object, depth + 1);
    if (!strstr(name, "__vmi_class_type_info")) return 0;
    uint64_t count = gmr_read_word(type + 16) >> 32;
    for (uint64_t i = 0; i < count && i < MOST_BASES; i++) {
        uint64_t flags = gmr_read_word(type + 32 + i * 16);
        if (flags & 1) continue; /* a virtual base: only its vtable says where it is */
        uint64_t bytes = read_what(gmr_read_word(type + 24 + i * 16), object + (flags >> 8), depth + 3);
        if (bytes) return bytes;
    }
    return 0;
}

/* The text is libstdc++'s own. */
int gmr_cxx_message_of_abort(gmr_crash_t *crash) {
    static const char none[] = "terminate called without an active exception";
    static const char thrown[] = "terminate called after throwing an instance of '", what[] = "\n  what():  ";
    static char name[GMR_CRASH_MESSAGE_BYTES];
    if (!tls_module || (!gmr_caller_of(terminate) && !gmr_caller_of(terminate_core))) return 0;
    uint64_t exception;
    if (!read_exception(crash->thread_pointer, &exception)) return 0;
    if (!exception) return gmr_message_finish(crash, none, sizeof none - 1);
    uint64_t class = gmr_read_word(exception + CLASS_OFFSET);
    if (class >> 8 != GNU_CXX_CLASS) return 0;
    /* A dependent one begins with a pointer to the object that it shares. */
    uint64_t object = class & 1 ? gmr_read_word(exception) : exception + OBJECT_OFFSET;
    uint64_t type = gmr_read_word(object - OBJECT_OFFSET);
    uint64_t bytes = gmr_read_string(gmr_read_word(type + 8), name, sizeof name);
    if (!bytes) return 0;
    int is_local = name[0] == '*'; /* compared by address */
    gmr_message_append(crash, thrown, sizeof thrown - 1);
    gmr_message_append(crash, name + is_local, bytes - (uint64_t)is_local);
    gmr_message_append(crash, "'", 1);
    bytes = read_what(type, object, 0);
    if (bytes) gmr_message_append(crash, what, sizeof what - 1);
    return gmr_message_finish(crash, gmr_message_piece, bytes);
}
