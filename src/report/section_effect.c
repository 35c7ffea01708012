/* What reviews and training changed: accuracy against the crowd's labels and the reviewed ones, and the
 * predictions of the model beside those of the one before it. */
#include "parts.h"

#include "ferlab/eval/comparison.h"
#include "ferlab/store/beside.h"

#include <jansson.h>
#include <math.h>
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
    double low = NAN, high = NAN;
    if (n.count > 0)
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
    put_head(h, "labels|faces|right|accuracy|95 % interval");
    html_open(h, "tbody");
    put_labels_row(r, "crowd", "the crowd\u2019s", r->columns->crowd);
    put_labels_row(r, "reviewed", "as reviewed", r->columns->label);
    html_close(h);
    close_table(r);
}

/* --- the model before; predictions of folds, which are there to rank labels, have none and are none --- */

bool find_previous(struct report *r, struct err *e)
{
    const char *name = r->run.parent;
    struct model *models;
    size_t count;
    if (r->columns->beside != NULL)
        return model_by_name(r->request->workspace, r->columns->beside->name, &r->arena, &r->previous, e);
    if (r->run.id == 0 || r->model.folds > 0)
        return true;
    json_t *recipe = json_loads(r->run.recipe, 0, NULL);
    const char *in_use = json_string_value(json_object_get(recipe, "in_use"));
    if (name[0] == '\0' && in_use != NULL)
        name = in_use;
    bool fine = models_list(r->request->workspace, &r->arena, &models, &count, e);
    for (size_t i = 0; fine && i < count; i++)
        if (strcmp(models[i].name, name) == 0 && models[i].id != r->model.id && models[i].folds == 0 &&
            models[i].predictions > 0)
            r->previous = models[i];
    json_decref(recipe);
    return fine;
}

bool has_effect(const struct report *r)
{
    return r->event_count > 0 || r->previous.id != 0;
}

/* --- the two models side by side --- */

static void put_scores(struct report *r, const struct comparison *c, const struct bootstrap *b)
{
    struct html *h = &r->html;
    open_table(r, "compared", "Scores of both, on the faces that both have predicted.");
    put_head(h, "score|before|now|difference|95 % interval");
    html_open(h, "tbody");
    for (int i = 0; i < SCORE_COUNT; i++) {
        enum score s = (enum score)i;
        bool percentage = score_is_percentage(s);
        double low, high;
        bootstrap_interval(b, s, &low, &high);
        html_begin(h, "tr", "id='compared-%s'", score_name(s));
        html_put(h, "th", "scope='row'", "%s", score_title(s));
        html_begin(h, "td", "class='n'");
        put_score(h, c->before.score[s], percentage);
        html_close(h);
        html_begin(h, "td", "class='n'");
        put_score(h, c->after.score[s], percentage);
        html_close(h);
        html_begin(h, "td", "class='n'");
        put_signed(h, c->after.score[s] - c->before.score[s], percentage);
        html_close(h);
        html_begin(h, "td", "class='n'");
        put_interval(h, low, high, percentage);
        html_close(h);
        html_close(h);
    }
    html_close(h);
    close_table(r);
}

static void put_flips(struct report *r, const struct comparison *c)
{
    static const struct {
        enum flip flip;
        const char *title;
    } rows[] = {{FLIP_FIXED, "\u2713 fixed: wrong, now right"},
                {FLIP_BROKEN, "\u2717 broken: right, now wrong"},
                {FLIP_CHANGED, "wrong, now otherwise wrong"},
                {FLIP_WRONG, "wrong as before"},
                {FLIP_RIGHT, "right as before"}};
    struct html *h = &r->html;
    open_table(r, "flips", "What became of each prediction.");
    put_head(h, "predictions|faces|share");
    html_open(h, "tbody");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t count = comparison_flips(c, rows[i].flip);
        html_begin(h, "tr", "id='flips-%s'", flip_name(rows[i].flip));
        html_put(h, "th", "scope='row'", "%s", rows[i].title);
        cell_count(h, count);
        cell_percent(h, ratio((double)count, c->count));
        html_close(h);
    }
    html_close(h);
    close_table(r);
}

static void put_comparison(struct report *r, const struct comparison *c, const struct bootstrap *b)
{
    struct html *h = &r->html;
    struct mcnemar test = comparison_mcnemar(c);
    html_open(h, "p");
    html_text(h, "From model %s to %s, on ", r->previous.name, r->model.name);
    put_count(h, c->count);
    html_text(h, " faces: McNemar\u2019s test of fixed against broken, p = %.3g%s.", test.p,
              test.exact ? " (exact)" : "");
    if (c->before.in_sample + c->after.in_sample > 0)
        html_text(h, " One of the two was, or may have been, trained on some of them.");
    html_close(h);
    html_begin(h, "div", "class='pair'");
    put_scores(r, c, b);
    put_flips(r, c);
    html_close(h);
}

static struct evaluation_faces faces_of(const struct report *r)
{
    const struct columns *c = r->columns;
    return (struct evaluation_faces){
        .label = r->label,
        .crowd = c->crowd,
        .prediction = c->prediction,
        .probabilities = c->probabilities,
        .in_sample = c->in_sample,
        .votes = c->votes,
        .rows = r->request->rows,
        .count = r->request->row_count,
    };
}

static bool compare(struct report *r, const struct beside *previous, struct err *e)
{
    struct evaluation_faces after = faces_of(r), before = after;
    struct comparison comparison;
    struct bootstrap *bootstrap;
    before.prediction = previous->prediction;
    before.probabilities = previous->probabilities;
    before.in_sample = previous->in_sample;
    comparison_of(&before, &after, &comparison);
    if (comparison.count == 0)
        return true;
    if (!bootstrap_new_paired(&bootstrap, &before, &after, e))
        return false;
    bootstrap_run(bootstrap, BOOTSTRAP_DRAWS);
    put_comparison(r, &comparison, bootstrap);
    bootstrap_free(bootstrap);
    return true;
}

static void put_previous(struct report *r)
{
    struct beside *loaded = NULL;
    const struct beside *previous = r->columns->beside;
    if (previous == NULL &&
        beside_load(&loaded, r->columns, r->request->workspace, r->previous.id, &r->error))
        previous = loaded;
    r->failed |= previous == NULL || !compare(r, previous, &r->error);
    beside_free(loaded);
}

void section_effect(struct report *r)
{
    if (r->event_count > 0)
        put_labels(r);
    if (r->previous.id != 0)
        put_previous(r);
}
