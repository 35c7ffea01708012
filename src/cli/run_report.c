/* Runs as JSON. */
#include "run_report.h"

#include "ferlab/base/json.h"
#include "ferlab/train/trainer.h"

static json_t *text_or_null(const char *s)
{
    return s == NULL || s[0] == '\0' ? json_null() : json_text(s);
}

static json_t *run_object(struct workspace *ws, const struct run *r)
{
    json_t *recipe = r->recipe == NULL ? NULL : json_loads(r->recipe, 0, NULL);
    json_t *j = json_object();
    json_object_set_new(j, "id", json_integer(r->id));
    json_object_set_new(j, "name", json_text(r->name));
    json_object_set_new(j, "state", json_string(run_state_name(r->state)));
    json_object_set_new(j, "resumable", json_boolean(train_can_resume(ws, r)));
    json_object_set_new(j, "model", text_or_null(r->model_name));
    json_object_set_new(j, "parent", text_or_null(r->parent));
    json_object_set_new(j, "epochs_planned", json_integer(r->epochs_planned));
    json_object_set_new(j, "best_valid_accuracy", json_number(r->best_valid_accuracy));
    json_object_set_new(j, "best_epoch", json_integer(r->best_epoch));
    json_object_set_new(j, "label_revision", json_text(r->label_revision));
    json_object_set_new(j, "seed", json_integer(r->seed));
    json_object_set_new(j, "threads", json_integer(r->threads));
    json_object_set_new(j, "pid", json_integer(r->pid));
    json_object_set_new(j, "started", text_or_null(r->started));
    json_object_set_new(j, "finished", text_or_null(r->finished));
    json_object_set_new(j, "failure", text_or_null(r->failure));
    json_object_set_new(j, "recipe", recipe == NULL ? json_null() : recipe);
    return j;
}

/* Each fold that has begun, with the accuracy of what it kept out once it is done. */
static json_t *folds_json(const struct run *r, const struct run_epoch *epochs, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count && r->folds > 0; i++) {
        int64_t fold = run_fold(r, epochs[i].epoch);
        if (i + 1 < count && run_fold(r, epochs[i + 1].epoch) == fold)
            continue;
        json_t *j = json_object();
        json_object_set_new(j, "fold", json_integer(fold));
        json_object_set_new(j, "epochs", json_integer(run_fold_epoch(r, epochs[i].epoch)));
        json_object_set_new(j, "accuracy", json_number(epochs[i].valid_accuracy));
        json_array_append_new(list, j);
    }
    return list;
}

json_t *run_json(struct workspace *ws, const struct run *r, const struct run_epoch *epochs, size_t count)
{
    json_t *j = run_object(ws, r), *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        if (r->folds > 0)
            json_object_set_new(row, "fold", json_integer(run_fold(r, epochs[i].epoch)));
        json_object_set_new(row, "epoch", json_integer(run_fold_epoch(r, epochs[i].epoch)));
        json_object_set_new(row, "loss", json_number(epochs[i].loss));
        json_object_set_new(row, "train_accuracy", json_number(epochs[i].train_accuracy));
        json_object_set_new(row, "valid_accuracy", json_number(epochs[i].valid_accuracy));
        json_object_set_new(row, "seconds", json_number(epochs[i].seconds));
        json_array_append_new(list, row);
    }
    json_object_set_new(j, "epochs", list);
    json_object_set_new(j, "folds", folds_json(r, epochs, count));
    return j;
}

json_t *run_json_short(struct workspace *ws, const struct run *r)
{
    json_t *j = run_object(ws, r);
    json_object_set_new(j, "epochs", json_integer(r->epochs_done));
    json_object_set_new(j, "folds", json_integer(r->folds));
    if (r->state == RUN_RUNNING) {
        if (r->folds > 0)
            json_object_set_new(j, "fold", json_integer(run_fold(r, r->epoch > 0 ? r->epoch : 1)));
        json_object_set_new(j, "epoch", json_integer(r->epoch > 0 ? run_fold_epoch(r, r->epoch) : 0));
        json_object_set_new(j, "step", json_integer(r->step));
        json_object_set_new(j, "steps", json_integer(r->steps));
        json_object_set_new(j, "images_per_second", json_number(r->images_per_second));
        json_object_set_new(j, "seconds_left", json_number(r->seconds_left));
    }
    return j;
}
