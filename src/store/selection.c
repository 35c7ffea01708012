/* Selections as text, ranges of ids: "3-17,20,25-26". */
#include "ferlab/store/selection.h"
#include "ferlab/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char key[] = "selected_on_map";

static void add_range(struct str *text, int64_t first, int64_t last)
{
    str_appendf(text, "%s%" PRId64, text->length > 0 ? "," : "", first);
    if (last > first)
        str_appendf(text, "-%" PRId64, last);
}

/* Ids without a sample between two rows do no harm in a range. */
static void describe(const struct columns *c, const uint32_t *rows, size_t count, struct str *text)
{
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;

        while (end < count && rows[end] == rows[end - 1] + 1)
            end++;
        add_range(text, c->id[rows[i]], c->id[rows[end - 1]]);
        i = end;
    }
}

bool selection_set(struct columns *c, struct workspace *ws, bool keep, const uint32_t *rows, size_t count,
                   struct err *e)
{
    struct str text = {0};

    memset(c->selected, 0, c->count * sizeof *c->selected);
    for (size_t i = 0; i < count; i++)
        c->selected[rows[i]] = true;
    describe(c, rows, count, &text);
    bool good = !text.failed || err_memory(e, "keeping the selection");

    good = good && (!keep || workspace_set_setting(ws, key, text.data ? text.data : "", e));
    str_free(&text);
    return good;
}

static size_t first_row_from(const struct columns *c, int64_t id)
{
    size_t low = 0, high = c->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (c->id[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void selection_load(struct columns *c, struct workspace *ws)
{
    char *text = workspace_setting(ws, key), *rest = text;

    for (char *range; rest && (range = strsep(&rest, ",")) != NULL;) {
        char *last = strchr(range, '-');
        int64_t from, to;

        if (last)
            *last++ = '\0';
        if (!str_to_int(range, 1, INT64_MAX, &from) || !str_to_int(last ? last : range, from, INT64_MAX, &to))
            continue; /* written by other hands than ours */
        for (size_t row = first_row_from(c, from); row < c->count && c->id[row] <= to; row++)
            c->selected[row] = true;
    }
    free(text);
}
