/* Comparing two models on the same faces: what a training changed. */
#ifndef FERLAB_TUI_COMPARE_H
#define FERLAB_TUI_COMPARE_H

#include "app.h"

struct comparison {
    char before_name[64];
    int64_t count;          /* faces of the validation split that count */
    int64_t fixed, broken;  /* wrong then right, right then wrong */
    int64_t still_wrong;    /* wrong both times */
    int64_t labels_changed; /* whose label differs from what the model before learnt from */
    double accuracy_before, accuracy_after;
    double p;  /* McNemar's exact test of fixed against broken */
    int moved; /* the emotion whose recall moved most, or CLASS_NONE */
    double recall_before, recall_after;
};

/* The model to compare with: the one its run started from, else the one in use when the run began, else the
 * newest before it. Never the predictions of folds, which are made to rank labels. 0: none. */
int64_t compare_baseline(const struct app *app, int64_t model);

const struct model *compare_model(const struct app *app, int64_t id); /* NULL when it is gone */
const struct run *compare_run(const struct app *app, int64_t id);

/* The predictions of any model, one per row of app->columns, malloc'ed. */
bool compare_predictions(struct app *app, int64_t model, int8_t **out, struct err *e);

/* Both models against the labels in force, on the validation split. */
bool compare_models(struct app *app, int64_t before, int64_t after, struct comparison *out, struct err *e);

/* McNemar's test: the two-sided exact binomial p of b against c discordant pairs. */
double compare_mcnemar(int64_t b, int64_t c);

#endif
