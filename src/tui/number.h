/* Numbers as people read them: thousands apart, percentages with one decimal, a dash where there is no
 * number. */
#ifndef FERLAB_TUI_NUMBER_H
#define FERLAB_TUI_NUMBER_H

#include <stdint.h>

enum { NUMBER_TEXT = 32 };

/* Each writes to out and returns it. */
char *number_signed(char out[NUMBER_TEXT], int64_t n);     /* +12, −3, 0 */
char *number_percent(char out[NUMBER_TEXT], double share); /* 88.1 % of 0.881 */
char *number_fraction(char out[NUMBER_TEXT], double x);    /* .741, 1.000 */
char *number_change(char out[NUMBER_TEXT], double x);      /* +.012, −.004: of a fraction */
char *number_p(char out[NUMBER_TEXT], double p);           /* = .049, < .001: of a test */
char *number_points(char out[NUMBER_TEXT], double share); /* +1.2, −0.4: a difference in percentage points */

#endif
