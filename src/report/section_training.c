/* The training that made the model: how it went, and its recipe. */
#include "parts.h"
#include "plot.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

enum { DOTS_MOST = 60 }; /* epochs; more dots would be a thick line */

bool has_training(const struct report *r)
{
    return r->run.id != 0;
}

enum measure { LOSS, TRAIN_ACCURACY, VALID_ACCURACY };

static double measure_of(const struct run_epoch *epoch, enum measure m)
{
    return m == LOSS ? epoch->loss : m == TRAIN_ACCURACY ? epoch->train_accuracy : epoch->valid_accuracy;
}

/* A curve a fold: their epochs are counted on, and each begins anew. */
static void put_curves(struct report *r, struct plot *p, enum measure m, const char *class)
{
    double *x = arena_alloc(&r->arena, (r->epoch_count + 1) * sizeof *x),
           *y = arena_alloc(&r->arena, (r->epoch_count + 1) * sizeof *y);
    if (x == NULL || y == NULL) {
        r->failed = !err_memory(&r->error, "drawing curves");
        return;
    }
    size_t from = 0;
    for (size_t i = 0; i < r->epoch_count; i++) {
        x[i] = (double)r->epochs[i].epoch;
        y[i] = measure_of(&r->epochs[i], m);
        bool last = i + 1 == r->epoch_count ||
                    run_fold(&r->run, r->epochs[i + 1].epoch) != run_fold(&r->run, r->epochs[i].epoch);
        if (last) {
            plot_curve(p, x + from, y + from, i + 1 - from, class);
            from = i + 1;
        }
    }
    for (size_t i = 0; m == VALID_ACCURACY && r->epoch_count <= DOTS_MOST && i < r->epoch_count; i++)
        if (!isnan(y[i]))
            plot_dot(p, x[i], y[i], r->epochs[i].epoch == r->run.best_epoch ? 4.5 : 2.2,
                     r->epochs[i].epoch == r->run.best_epoch ? "best" : "valid");
}

static void widen(const struct report *r, enum measure m, double *low, double *high)
{
    for (size_t i = 0; i < r->epoch_count; i++) {
        *low = fmin(*low, measure_of(&r->epochs[i], m));
        *high = fmax(*high, measure_of(&r->epochs[i], m));
    }
}

static void put_axes(struct report *r, struct plot *p, const char *name, bool percent)
{
    struct plot_axis x = {.name = "epoch"}, y = {.name = name, .percent = percent};
    p->x_min = 0;
    p->x_max = (double)r->epochs[r->epoch_count - 1].epoch;
    plot_fit(&x, &p->x_min, &p->x_max, 1);
    plot_fit(&y, &p->y_min, &p->y_max, percent ? 0.01 : 0.001);
    plot_axes(p, &x, &y);
}

static void put_loss(struct report *r)
{
    struct plot p = {.y_min = INFINITY, .y_max = -INFINITY};
    widen(r, LOSS, &p.y_min, &p.y_max);
    open_figure(r, "plot");
    plot_open(&p, &r->html, "Loss of the training, epoch by epoch");
    put_axes(r, &p, "training loss", false);
    put_curves(r, &p, LOSS, "train");
    plot_close(&p);
    close_figure(r, "Training loss%s.", r->run.folds > 0 ? " of each fold" : "");
}

static void put_accuracy(struct report *r)
{
    struct plot p = {.y_min = INFINITY, .y_max = -INFINITY};
    widen(r, TRAIN_ACCURACY, &p.y_min, &p.y_max);
    widen(r, VALID_ACCURACY, &p.y_min, &p.y_max);
    open_figure(r, "plot");
    plot_open(&p, &r->html, "Accuracy in training and validation, epoch by epoch");
    put_axes(r, &p, "accuracy", true);
    put_curves(r, &p, TRAIN_ACCURACY, "train");
    put_curves(r, &p, VALID_ACCURACY, "valid");
    plot_close(&p);
    if (r->run.folds > 0)
        close_figure(r, "Accuracy. Lines: on the faces learnt from, as augmented; dots: of each fold, on "
                        "those kept out.");
    else
        close_figure(r,
                     "Accuracy. Plain line: on the training faces, as augmented; dotted line: on the "
                     "validation split; ring: "
                     "epoch %lld, which was kept.",
                     (long long)r->run.best_epoch);
}

/* --- the recipe --- */

static void put_value(struct html *h, const char *prefix, const char *key, const json_t *value)
{
    char name[96];
    snprintf(name, sizeof name, "%s%s", prefix, key);
    if (json_is_string(value))
        put_fact(h, name, "%s", json_string_value(value)[0] != '\0' ? json_string_value(value) : "\u2013");
    else if (json_is_boolean(value))
        put_fact(h, name, "%s", json_is_true(value) ? "yes" : "no");
    else if (json_is_integer(value))
        put_fact(h, name, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        put_fact(h, name, "%.10g", json_real_value(value));
}

static void put_values(struct html *h, const char *prefix, json_t *object)
{
    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
        json_t *value = json_object_iter_value(i);
        if (json_is_object(value))
            put_values(h, "augmentation: ", value); /* the only one */
        else
            put_value(h, prefix, json_object_iter_key(i), value);
    }
}

static void put_recipe(struct report *r)
{
    json_t *recipe = json_loads(r->run.recipe, 0, NULL);
    html_put(&r->html, "h3", "", "Recipe");
    html_begin(&r->html, "dl", "class='facts recipe'");
    put_values(&r->html, "", recipe);
    html_close(&r->html);
    json_decref(recipe);
}

static void put_run(struct report *r)
{
    const struct run *run = &r->run;
    struct html *h = &r->html;
    html_begin(h, "dl", "class='facts'");
    put_fact(h, "Run", "%lld, %s", (long long)run->id, run_state_name(run->state));
    put_fact(h, "Began with", "%s", run->parent[0] != '\0' ? run->parent : "fresh weights");
    put_fact(h, "Label revision", "%s", run->label_revision);
    put_fact(h, "Seed, threads", "%lld, %lld", (long long)run->seed, (long long)run->threads);
    put_fact(h, "Started, finished", "%s, %s", run->started, run->finished);
    put_fact(h, "Epochs", "%lld of %lld", (long long)run->epochs_done, (long long)run->epochs_planned);
    html_close(h);
}

void section_training(struct report *r)
{
    put_run(r);
    if (r->epoch_count > 0) {
        html_begin(&r->html, "div", "class='pair'");
        put_loss(r);
        put_accuracy(r);
        html_close(&r->html);
    }
    put_recipe(r);
}
