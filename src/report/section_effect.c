/* What reviews and training changed: accuracy against the crowd's labels and the reviewed ones, and the
 * predictions of the model beside those of the one before it. */
#include "parts.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct right {
    int64_t count, right;
};

static struct right count_right(const struct report *r, const int8_t *label)
{
    struct right n = {0};
    for (size_t i = 0; i < r->request->row_count; i++) {
        size_t row = r->request->rows[i];
        if (!class_is_emotion(label[row]) || !class_is_emotion(r->columns->prediction[row]))
            continue;
        n.count++;
        n.right += label[row] == r->columns->prediction[row];
    }
    return n;
}

static void put_labels_row(struct report *r, const char *id, const char *name, const int8_t *label)
{
    struct html *h = &r->html;
    struct right n = count_right(r, label);
    double low, high;
    metrics_wilson(n.right, n.count, &low, &high);
    html_begin(h, "tr", "id='labels-%s'", id);
    html_put(h, "th", "scope='row'", "%s", name);
    cell_count(h, n.count);
    cell_count(h, n.right);
    cell_percent(h, ratio((double)n.right, n.count));
    html_begin(h, "td", "class='n'");
    put_interval(h, low, high, true);
    html_close(h);
    html_close(h);
}

static void put_labels(struct report *r)
{
    struct html *h = &r->html;
    open_table(r, "labels", "The same predictions against both sets of labels.");
    put_head(h, "labels", "faces", "right", "accuracy", "95 % interval", NULL);
    html_open(h, "tbody");
    put_labels_row(r, "crowd", "the crowd\u2019s", r->columns->crowd);
    put_labels_row(r, "reviewed", "as reviewed", r->columns->label);
    html_close(h);
    close_table(r);
}

/* --- the model before --- */

bool find_previous(struct report *r, struct err *e)
{
    const char *name = r->run.parent;
    struct model *models;
    size_t count;
    if (r->run.id == 0)
        return true;
    json_t *recipe = json_loads(r->run.recipe, 0, NULL);
    const char *in_use = json_string_value(json_object_get(recipe, "in_use"));
    if (name[0] == '\0' && in_use != NULL)
        name = in_use;
    bool fine = models_list(r->request->workspace, &r->arena, &models, &count, e);
    for (size_t i = 0; fine && i < count; i++)
        if (strcmp(models[i].name, name) == 0 && models[i].id != r->model.id && models[i].predictions > 0)
            r->previous = models[i];
    json_decref(recipe);
    return fine;
}

bool has_effect(const struct report *r)
{
    return r->event_count > 0 || r->previous.id != 0;
}

struct flips {
    int64_t count, right_before, right_after, fixed, broken, otherwise_wrong;
};

/* Of the faces that both have predicted. */
static void count_flips(const struct report *r, const struct columns *before, struct flips *f)
{
    *f = (struct flips){0};
    for (size_t i = 0; i < r->request->row_count; i++) {
        size_t row = r->request->rows[i];
        int64_t old = columns_row(before, r->columns->id[row]);
        int label = r->label[row], now = r->columns->prediction[row];
        int then = old < 0 ? CLASS_NONE : before->prediction[old];
        if (!class_is_emotion(label) || !class_is_emotion(now) || !class_is_emotion(then))
            continue;
        f->count++;
        f->right_before += then == label;
        f->right_after += now == label;
        f->fixed += then != label && now == label;
        f->broken += then == label && now != label;
        f->otherwise_wrong += then != label && now != label && then != now;
    }
}

static void put_flip(struct html *h, const char *id, const char *name, int64_t count, int64_t of)
{
    html_begin(h, "tr", "id='flips-%s'", id);
    html_put(h, "th", "scope='row'", "%s", name);
    cell_count(h, count);
    cell_percent(h, ratio((double)count, of));
    html_close(h);
}

static void put_flips(struct report *r, const struct flips *f)
{
    struct html *h = &r->html;
    char title[256];
    snprintf(title, sizeof title, "From model %.80s to %.80s, on the faces that both have predicted.",
             r->previous.name, r->model.name);
    open_table(r, "flips", title);
    put_head(h, "faces", "count", "share", NULL);
    html_open(h, "tbody");
    put_flip(h, "count", "both have predicted", f->count, f->count);
    put_flip(h, "before", "right before", f->right_before, f->count);
    put_flip(h, "after", "right now", f->right_after, f->count);
    put_flip(h, "fixed", "\u2713 fixed: wrong, now right", f->fixed, f->count);
    put_flip(h, "broken", "\u2717 broken: right, now wrong", f->broken, f->count);
    put_flip(h, "otherwise", "wrong, now otherwise wrong", f->otherwise_wrong, f->count);
    html_close(h);
    close_table(r);
}

static void put_previous(struct report *r)
{
    struct columns *before;
    struct flips flips;
    if (!columns_load(&before, r->request->workspace, r->columns->rule, r->previous.id, &r->error)) {
        r->failed = true;
        return;
    }
    count_flips(r, before, &flips);
    columns_free(before);
    if (flips.count > 0)
        put_flips(r, &flips);
}

void section_effect(struct report *r)
{
    html_begin(&r->html, "div", "class='pair'");
    if (r->event_count > 0)
        put_labels(r);
    if (r->previous.id != 0)
        put_previous(r);
    html_close(&r->html);
}
