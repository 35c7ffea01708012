/* Clocks and stamps. */
#include "ferlab/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void clock_stamp(char out[CLOCK_STAMP])
{
    clock_stamp_of(time(NULL), out);
}

void clock_stamp_of(int64_t seconds, char out[CLOCK_STAMP])
{
    time_t then = seconds;
    struct tm utc;
    gmtime_r(&then, &utc);
    if (strftime(out, CLOCK_STAMP, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        out[0] = '\0';
}

double clock_of_stamp(const char *stamp)
{
    struct tm utc = {0};
    const char *end = strptime(stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return end != NULL && *end == '\0' ? (double)timegm(&utc) : NAN;
}

char *clock_span(char out[16], double s)
{
    if (!isfinite(s) || s < 0 || s > 359999) {
        snprintf(out, 16, "–");
        return out;
    }
    int seconds = (int)(s + 0.5);
    if (seconds >= 3600)
        snprintf(out, 16, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    else
        snprintf(out, 16, "%d:%02d", seconds / 60, seconds % 60);
    return out;
}
