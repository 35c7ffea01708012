/* Numbers as people read them. */
#include "number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\u2212"
#define MISSING "\u2013"

char *number_signed(char out[NUMBER_TEXT], int64_t n)
{
    snprintf(out, NUMBER_TEXT, "%s%" PRId64, n > 0 ? "+" : n < 0 ? MINUS : "", n < 0 ? -n : n);
    return out;
}

char *number_percent(char out[NUMBER_TEXT], double share)
{
    snprintf(out, NUMBER_TEXT, isnan(share) ? MISSING : "%.1f %%", 100 * share);
    return out;
}

char *number_fraction(char out[NUMBER_TEXT], double x)
{
    if (isnan(x))
        return strcpy(out, MISSING);
    char text[NUMBER_TEXT];
    snprintf(text, sizeof text, "%.3f", x);
    return strcpy(out, text[0] == '0' ? text + 1 : text);
}

char *number_points(char out[NUMBER_TEXT], double share)
{
    if (isnan(share))
        return strcpy(out, MISSING);
    double points = round(1000 * share) / 10;
    snprintf(out, NUMBER_TEXT, "%s%.1f", points > 0 ? "+" : points < 0 ? MINUS : "", fabs(points));
    return out;
}

char *number_change(char out[NUMBER_TEXT], double x)
{
    char size[NUMBER_TEXT];
    if (isnan(x))
        return strcpy(out, MISSING);
    double thousandths = round(1000 * x);
    snprintf(out, NUMBER_TEXT, "%s%.16s",
             thousandths > 0   ? "+"
             : thousandths < 0 ? MINUS
                               : "",
             number_fraction(size, fabs(thousandths) / 1000));
    return out;
}

char *number_p(char out[NUMBER_TEXT], double p)
{
    char size[NUMBER_TEXT];
    if (p < 0.001)
        return strcpy(out, "< .001");
    if (p >= 0.9995)
        return strcpy(out, "= 1");
    snprintf(out, NUMBER_TEXT, "= %.16s", number_fraction(size, p));
    return out;
}
