/* The labels that are most likely wrong, as faces. */
#include "faces.h"

#include "ferlab/store/reasons.h"

#include <math.h>
#include <stdio.h>

static size_t count_scored(const struct report *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->request->row_count; i++)
        count += !isnan(r->columns->suspect[r->request->rows[i]]);
    return count;
}

bool has_suspects(const struct report *r)
{
    return r->request->faces > 0 && count_scored(r) > 0;
}

void section_suspects(struct report *r)
{
    const struct columns *c = r->columns;
    struct html *h = &r->html;
    size_t count = 0, most = 2 * (size_t)r->request->faces, scored = count_scored(r);
    struct ranked *suspects = arena_alloc(&r->arena, scored * sizeof *suspects);
    if (suspects == NULL) {
        r->failed = !err_memory(&r->error, "ranking suspects");
        return;
    }
    for (size_t i = 0; i < r->request->row_count; i++) {
        uint32_t row = r->request->rows[i];
        if (!isnan(c->suspect[row]))
            suspects[count++] = (struct ranked){(double)c->suspect[row], row};
    }
    faces_sort(suspects, count);
    html_open(h, "p");
    html_text(h, "Labels in force that are most likely wrong, of the ");
    put_count(h, (int64_t)scored);
    html_text(h, " with a score, which only faces have that the model was not trained on. A label issue: "
                 "one by the confident joint. Look before you change one.");
    html_close(h);
    html_begin(h, "div", "class='gallery'");
    for (size_t i = 0; i < count && i < most; i++) {
        char remark[REASONS_SIZE + 32], why[REASONS_SIZE];
        snprintf(remark, sizeof remark, "suspect %.3f: %s", suspects[i].rank,
                 sample_reasons(c, suspects[i].row, why));
        faces_put(r, suspects[i].row, c->label[suspects[i].row], remark);
    }
    html_close(h);
}
