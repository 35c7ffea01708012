/* Numbers, tables and figures of a report. */
#include "parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MISSING "\u2013"
#define MINUS "\u2212"

const char *number_with_commas(char out[NUMBER_TEXT], int64_t n)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)n), used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

static void put_number(struct html *h, double x, const char *text)
{
    html_begin(h, "data", "value='%.9g'", x);
    html_text(h, "%s", text);
    html_close(h);
}

void put_percent(struct html *h, double share)
{
    char text[NUMBER_TEXT];
    snprintf(text, sizeof text, "%.1f\u00a0%%", 100 * share);
    if (isnan(share))
        html_text(h, MISSING);
    else
        put_number(h, share, text);
}

void put_fraction(struct html *h, double x)
{
    char text[NUMBER_TEXT];
    snprintf(text, sizeof text, "%.3f", x);
    if (isnan(x))
        html_text(h, MISSING);
    else
        put_number(h, x, text);
}

void put_count(struct html *h, int64_t n)
{
    char text[NUMBER_TEXT];
    html_begin(h, "data", "value='%lld'", (long long)n);
    html_text(h, "%s", number_with_commas(text, n));
    html_close(h);
}

void put_score(struct html *h, double x, bool percentage)
{
    if (percentage)
        put_percent(h, x);
    else
        put_fraction(h, x);
}

static void put_end(struct html *h, double x, bool percentage)
{
    char digits[NUMBER_TEXT], text[NUMBER_TEXT + 4];
    snprintf(digits, sizeof digits, percentage ? "%.1f" : "%.3f", fabs(percentage ? 100 * x : x));
    snprintf(text, sizeof text, "%s%s", x < 0 ? MINUS : "", digits);
    put_number(h, x, text);
}

void put_interval(struct html *h, double low, double high, bool percentage)
{
    if (isnan(low)) {
        html_text(h, MISSING);
        return;
    }
    put_end(h, low, percentage);
    html_text(h, low < 0 ? " to " : "\u2009\u2013\u2009");
    put_end(h, high, percentage);
}

void put_signed(struct html *h, double x, bool percentage)
{
    char digits[NUMBER_TEXT], text[NUMBER_TEXT + 4];
    if (isnan(x)) {
        html_text(h, MISSING);
        return;
    }
    snprintf(digits, sizeof digits, percentage ? "%.1f" : "%.3f", fabs(percentage ? 100 * x : x));
    bool zero = strspn(digits, "0.") == strlen(digits);
    snprintf(text, sizeof text, "%s%s", zero ? "" : x > 0 ? "+" : MINUS, digits);
    put_number(h, x, text);
}

void cell_percent(struct html *h, double share)
{
    html_begin(h, "td", "class='n'");
    put_percent(h, share);
    html_close(h);
}

void cell_fraction(struct html *h, double x)
{
    html_begin(h, "td", "class='n'");
    put_fraction(h, x);
    html_close(h);
}

void cell_count(struct html *h, int64_t n)
{
    html_begin(h, "td", "class='n'");
    put_count(h, n);
    html_close(h);
}

double ratio(double part, int64_t whole)
{
    return whole > 0 ? part / (double)whole : NAN;
}

/* --- structure --- */

void open_table(struct report *r, const char *class, const char *title)
{
    int number = ++r->tables;
    html_begin(&r->html, "div", "class='scroll' role='region' tabindex='0' aria-labelledby='table-%d'",
               number);
    html_begin(&r->html, "table", "class='%s'", class);
    html_begin(&r->html, "caption", "id='table-%d'", number);
    html_put(&r->html, "b", "", "Table %d.", number);
    html_text(&r->html, " %s", title);
    html_close(&r->html);
}

void close_table(struct report *r)
{
    html_close(&r->html);
    html_close(&r->html);
}

void put_head(struct html *h, const char *titles)
{
    html_open(h, "thead");
    html_open(h, "tr");
    for (const char *title = titles; *title != '\0';) {
        int length = (int)strcspn(title, "|");
        html_put(h, "th", title == titles ? "scope='col'" : "scope='col' class='n'", "%.*s", length, title);
        title += length + (title[length] == '|');
    }
    html_close(h);
    html_close(h);
}

void put_swatch(struct html *h, int class_index)
{
    html_begin(h, "span", "class='swatch e%d'", class_index < 0 ? CLASS_NF : class_index);
    html_close(h);
}

/* Readers of the screen hear the long name only. */
void put_class_name(struct html *h, int class_index)
{
    html_put(h, "span", "class='long'", "%s", class_title(class_index));
    html_put(h, "span", "class='short' aria-hidden='true'", "%s", class_short(class_index));
}

void put_class_head(struct html *h, int class_index)
{
    html_begin(h, "th", "scope='row'");
    put_swatch(h, class_index);
    put_class_name(h, class_index);
    html_close(h);
}

void open_figure(struct report *r, const char *class)
{
    html_begin(&r->html, "figure", "class='%s'", class);
}

void close_figure(struct report *r, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    html_open(&r->html, "figcaption");
    html_put(&r->html, "b", "", "Figure %d.", ++r->figures);
    html_text(&r->html, " %s", text);
    html_close(&r->html);
    html_close(&r->html);
}

void put_fact(struct html *h, const char *name, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    html_open(h, "div");
    html_put(h, "dt", "", "%s", name);
    html_put(h, "dd", "", "%s", text);
    html_close(h);
}
