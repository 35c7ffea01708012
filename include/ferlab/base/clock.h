/* Time: a monotonic clock for durations, UTC stamps for records. */
#ifndef FERLAB_BASE_CLOCK_H
#define FERLAB_BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_STAMP = 24 };

double clock_seconds(void);                                  /* monotonic */
void clock_stamp(char out[CLOCK_STAMP]);                     /* now as 2026-11-22T21:04:05Z (RFC 3339, UTC) */
void clock_stamp_of(int64_t seconds, char out[CLOCK_STAMP]); /* likewise, of a time since 1970 */
double clock_of_stamp(const char *stamp); /* of such a record, in seconds since 1970; NaN where it is none */
char *clock_span(char out[16], double s); /* a duration for people: 0:42, 1:12, 2:03:04 */

#endif
