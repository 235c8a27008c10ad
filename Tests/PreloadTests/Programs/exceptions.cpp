// exceptions.cpp: throws and catches, and says in whose hands its exceptions are; with an argument, throws it in vain.
#include <dlfcn.h>
#include <unwind.h>

#include <cstdio>
#include <cstring>
#include <stdexcept>

int main(int count, char **arguments) {
    int caught = 0;
    for (int i = 0; i < 1000; i++) {
        try {
            throw std::runtime_error("thrown");
        } catch (const std::exception &error) {
            caught += std::strcmp(error.what(), "thrown") == 0;
        }
    }
    Dl_info owner;
    dladdr(reinterpret_cast<void *>(&_Unwind_RaiseException), &owner);
    const char *slash = std::strrchr(owner.dli_fname, '/');
    std::printf("caught %d by %s\n", caught, slash ? slash + 1 : owner.dli_fname);
    if (count > 1) throw std::runtime_error(arguments[1]);
    return 0;
}
