/* A progress bar for terminals, plain lines elsewhere. */
#include "ferlab/base/progress.h"

#include "ferlab/base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR = 30 };
static const double redraw_seconds = 0.1, line_seconds = 5;

void progress_start(struct progress *p, const char *label, const char *unit, size_t total, bool quiet)
{
    double now = clock_seconds();
    *p = (struct progress){
        .label = label,
        .unit = unit,
        .total = total,
        .quiet = quiet,
        .terminal = isatty(STDERR_FILENO) == 1,
        .started = now,
        .drawn = now - redraw_seconds,
    };
    if (!p->terminal)
        p->drawn = now;
}

static void describe(const struct progress *p, double now, char *out, size_t size)
{
    double seconds = now - p->started, rate = seconds > 0 ? (double)p->done / seconds : 0;
    char left[16] = "";
    if (p->total > 0 && rate > 0)
        clock_span(left, (double)(p->total - p->done) / rate);
    if (p->total > 0)
        snprintf(out, size, "%zu of %zu %s  %.0f/s%s%s%s", p->done, p->total, p->unit, rate,
                 left[0] ? "  " : "", left, left[0] ? " left" : "");
    else
        snprintf(out, size, "%zu %s  %.0f/s", p->done, p->unit, rate);
}

static void draw_bar(const struct progress *p, const char *text)
{
    enum { GLYPH = 3 }; /* bytes of one box-drawing character in UTF-8 */
    char bar[GLYPH * BAR + 1] = "";
    double share = p->total > 0 ? (double)p->done / (double)p->total : 0;
    int full = (int)(share * BAR + 0.5);
    for (int i = 0; p->total > 0 && i < BAR; i++)
        memcpy(bar + (size_t)(GLYPH * i), i < full ? "━" : "─", GLYPH + 1);
    struct winsize size = {0};
    int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    if ((int)(strlen(p->label) + strlen(text)) + BAR + 4 > columns)
        bar[0] = '\0';
    fprintf(stderr, "\r\033[K%s %s %.*s", p->label, bar, columns - 4, text);
    fflush(stderr);
}

void progress_update(struct progress *p, size_t done)
{
    p->done = done;
    if (p->quiet)
        return;
    double now = clock_seconds();
    if (now - p->drawn < (p->terminal ? redraw_seconds : line_seconds))
        return;
    p->drawn = now;
    p->shown = true;
    char text[160];
    describe(p, now, text, sizeof text);
    if (p->terminal)
        draw_bar(p, text);
    else
        fprintf(stderr, "%s: %s\n", p->label, text);
}

static void wipe(struct progress *p)
{
    if (p->shown && p->terminal && !p->quiet)
        fputs("\r\033[K", stderr);
    p->shown = false;
}

void progress_line(struct progress *p, const char *format, ...)
{
    if (p->quiet)
        return;
    wipe(p);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    p->drawn = 0;
}

void progress_end(struct progress *p)
{
    wipe(p);
    fflush(stderr);
}
