/* For LD_PRELOAD: has the n-th write or sync of a file whose path holds a word fail. bench/faults/faulty_io.py steers it through shared memory. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct plan {
    atomic_int countdown; /* which call from now; 0: none */
    atomic_int number;    /* the errno that it gets; 0: it is told that all went well, and nothing is done */
    atomic_int lasting;   /* every write from then on, syncs not: a full disk */
    atomic_int failed;
};
static struct plan *plan;
static const char *word;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTY_IO_PLAN");
    word = getenv("FAULTY_IO_WORD");
    int file = path && word ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *shared = mmap(NULL, sizeof(struct plan), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) plan = shared;
    close(file);
}

static int is_meant(int file) {
    char link[64], target[4096];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, target, sizeof target - 1);
    errno = before;
    if (length < 0) return 0;
    target[length] = 0;
    return strstr(target, word) != NULL;
}

static int fails(int file, int writes) {
    if (!plan || atomic_load(&plan->countdown) <= 0 || !is_meant(file)) return 0;
    int lasting = atomic_load(&plan->lasting);
    if (lasting && !writes) return 0;
    if (atomic_load(&plan->countdown) > 1 || !lasting) {
        if (atomic_fetch_sub(&plan->countdown, 1) != 1) return 0;
    }
    atomic_fetch_add(&plan->failed, 1);
    return 1;
}

#define FAULTY(type, name, parameters, arguments, writes, done)              \
    type name parameters {                                                   \
        static type(*real) parameters;                                       \
        if (!real) *(void **)(&real) = dlsym(RTLD_NEXT, #name);              \
        if (fails(file, writes)) {                                           \
            int number = atomic_load(&plan->number);                         \
            if (!number) return (type)(done);                                \
            errno = number;                                                  \
            return -1;                                                       \
        }                                                                    \
        return real arguments;                                               \
    }

FAULTY(ssize_t, write, (int file, const void *data, size_t size), (file, data, size), 1, size)
FAULTY(ssize_t, pwrite, (int file, const void *data, size_t size, off_t place), (file, data, size, place), 1, size)
FAULTY(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t place), (file, data, size, place), 1, size)
FAULTY(int, fsync, (int file), (file), 0, 0)
FAULTY(int, fdatasync, (int file), (file), 0, 0)
