/* Comparing the model in use with another: which one that is, and what a training changed. What stands beside
 * the model in use, for the compare view, the differences of the matrix and the filter, is columns->beside.
 */
#ifndef FERLAB_TUI_COMPARE_H
#define FERLAB_TUI_COMPARE_H

#include "app.h"

#include "ferlab/eval/comparison.h"

struct beside;

/* The model to compare with: the one its run started from, else the one in use when the run began, else the
 * newest before it. Never the predictions of folds, which are made to rank labels. 0: none. */
int64_t compare_baseline(const struct app *app, int64_t model);

const struct model *compare_model(const struct app *app, int64_t id); /* NULL when it is gone */
const struct run *compare_run(const struct app *app, int64_t id);

/* Puts a model beside the one in use (0: none; itself: its label sets are compared) and tells all views;
 * where that fails it complains. */
bool compare_with(struct app *app, int64_t model);
/* Puts the model before beside the one in use, where no other stands there; complains where there is none. */
bool compare_with_former(struct app *app);

/* Opens the compare view on that; on what stands there, or on the model before, where it is the one in use or
 * none (0). */
void compare_open_with(struct app *app, int64_t model);

/* One side of a comparison: the model in use (b NULL) or one beside it, on `count` rows. */
struct evaluation_faces compare_faces(const struct columns *c, const struct beside *b, const int8_t *label,
                                      const uint32_t *rows, size_t count);

/* How many labels differ between what two models learnt from; -1 where that cannot be rebuilt. */
int64_t compare_labels(const struct columns *c, const struct beside *before, const struct beside *after);

/* What changed from one model to another, in a sentence of two lines. */
struct retraining {
    char before_name[64];
    struct comparison comparison;
    int64_t labels; /* compare_labels */
};
/* On the validation split, against the labels in force. */
bool compare_models(struct app *app, int64_t before, int64_t after, struct retraining *out, struct err *e);
/* "12 reviewed labels → ✓ 37 fixed …" and, a row below, "accuracy 86.2 % → 87.0 % …". */
void compare_draw_sentence(const struct retraining *r, int row);

#endif
