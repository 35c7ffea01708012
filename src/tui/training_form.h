/* The form of a training: a recipe as fields that can be moved through, typed into and toggled. */
#ifndef FERLAB_TUI_TRAINING_FORM_H
#define FERLAB_TUI_TRAINING_FORM_H

#include "app.h"

#include "ferlab/train/recipe.h"

enum training_field {
    FIELD_NAME,
    FIELD_FROM,
    FIELD_ARCH,
    FIELD_EPOCHS,
    FIELD_BATCH,
    FIELD_RATE,
    FIELD_LIMIT,
    FIELD_RULE,
    FIELD_LABELS,
    FIELD_REVIEW_WEIGHT,
    FIELD_SHARE,
    FIELD_KEEP,
    FIELD_BALANCE,
    FIELD_MIXUP,
    FIELD_SEED,
    FIELD_THREADS,
    FIELD_USE,
    FIELD_ROTATION,
    FIELD_ZOOM,
    FIELD_SHIFT,
    FIELD_FLIP,
    FIELD_FOLDS,
    FIELD_START,
    FIELD_COUNT
};
enum { FORM_ROWS = 8, FORM_COLUMNS = (FIELD_COUNT + FORM_ROWS - 1) / FORM_ROWS };

struct training_form {
    struct recipe recipe;
    bool touched[FIELD_COUNT]; /* typed by the reviewer: kept when `from` changes which defaults hold */
    int field;
    int64_t changed_labels; /* that differ from the crowd's */
    int64_t new_labels;     /* emotions of faces that no crowd has seen */
};

/* Defaults: a fine-tuning of the current model where there is one, else a full training; of folds those of
 * folds. Keeps what was touched. */
void training_form_defaults(struct training_form *f, const struct app *app);
void training_form_count_labels(struct training_form *f, const struct app *app);

/* Asks for the selected field's value (text and numbers) or goes on to the next choice. */
void training_form_edit(struct training_form *f, struct app *app);
/* The next choice; false where the field is typed. */
bool training_form_cycle(struct training_form *f, const struct app *app);

/* Over FORM_ROWS rows from `row`, and one line of help below. */
void training_form_draw(const struct training_form *f, int row, bool active);
/* The field at a place of the screen; -1: none. */
int training_form_at(int form_row, int row, int column);

#endif
