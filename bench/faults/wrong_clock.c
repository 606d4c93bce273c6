/* A clock on the wall that is wrong (WRONG_CLOCK: seconds to add, or =seconds to stand still at); the monotonic one is left alone.
   libfaketime 0.9.10 cannot leave it alone under CPython 3.11: every sleep fails or hangs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static void bend(struct timespec *moment) {
    const char *wrong = getenv("WRONG_CLOCK");
    if (wrong == NULL) return;
    if (wrong[0] == '=') {
        moment->tv_sec = atoll(wrong + 1);
        moment->tv_nsec = 0;
    } else {
        moment->tv_sec += atoll(wrong);
    }
}

int clock_gettime(clockid_t which, struct timespec *moment) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(which, moment);
    if (result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) bend(moment);
    return result;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    moment->tv_sec = now.tv_sec;
    moment->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *moment) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (moment != NULL) *moment = now.tv_sec;
    return now.tv_sec;
}
