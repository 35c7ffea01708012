/* The worst errors of each emotion, as faces. */
#include "faces.h"

#include <stdio.h>

/* Errors of one emotion, those first whose label the model finds least probable. */
static size_t collect(const struct report *r, int label, struct ranked *out)
{
    const struct columns *c = r->columns;
    size_t count = 0;
    for (size_t i = 0; i < r->request->row_count; i++) {
        size_t row = r->request->rows[i];
        int said = c->prediction[row];
        if (r->label[row] == label && class_is_emotion(said) && said != label)
            out[count++] = (struct ranked){-(double)c->probabilities[row][label], (uint32_t)row};
    }
    faces_sort(out, count);
    return count;
}

static void put_emotion(struct report *r, int label, const struct ranked *errors, size_t count)
{
    struct html *h = &r->html;
    size_t shown = count < (size_t)r->request->faces ? count : (size_t)r->request->faces;
    html_open(h, "h3");
    put_swatch(h, label);
    html_text(h, "%s: %zu of ", class_title(label), shown);
    put_count(h, (int64_t)count);
    html_text(h, count == 1 ? " error" : " errors");
    html_close(h);
    html_begin(h, "div", "class='gallery'");
    for (size_t i = 0; i < shown; i++)
        faces_put(r, errors[i].row, label, "");
    html_close(h);
}

static int64_t errors_of(const struct report *r)
{
    const struct metrics *m = &r->evaluation->metrics;
    return m->count - metrics_right(m);
}

bool has_errors(const struct report *r)
{
    return r->request->faces > 0 && errors_of(r) > 0;
}

void section_worst(struct report *r)
{
    struct ranked *errors = arena_alloc(&r->arena, (size_t)errors_of(r) * sizeof *errors);
    if (errors == NULL) {
        r->failed = !err_memory(&r->error, "ranking errors");
        return;
    }
    html_put(&r->html, "p", "",
             "Label \u2192 prediction. Of each emotion those first to whose label the model gives the least "
             "probability: its worst errors, or the crowd\u2019s.");
    for (int label = 0; label < EMOTION_COUNT; label++) {
        size_t count = collect(r, label, errors);
        if (count > 0)
            put_emotion(r, label, errors, count);
    }
}
