/* The form of a training. */
#include "training_form.h"

#include "ask.h"
#include "number.h"

#include "ferlab/base/str.h"
#include "ferlab/train/trainer.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum kind {
    KIND_TEXT,
    KIND_INT,
    KIND_SEED,
    KIND_LIMIT, /* 0: all */
    KIND_FOLDS, /* 0: no */
    KIND_DOUBLE,
    KIND_FLOAT,
    KIND_BOOL,
    KIND_RULE,
    KIND_LABELS,
    KIND_START
};

struct field {
    const char *title;
    enum kind kind;
    size_t offset, size; /* in struct recipe; size of texts */
    double min, max;
    const char *help;
};

#define AT(member) offsetof(struct recipe, member)
#define TEXT_AT(member) offsetof(struct recipe, member), sizeof((struct recipe *)0)->member

static const struct field fields[FIELD_COUNT] = {
    [FIELD_NAME] = {"name", KIND_TEXT, TEXT_AT(name), 0, 0,
                    "of the new model; empty: made from the architecture"},
    [FIELD_FROM] = {"from", KIND_TEXT, TEXT_AT(from), 0, 0,
                    "model to go on from; space: the next one, or fresh weights"},
    [FIELD_ARCH] = {"arch", KIND_TEXT, TEXT_AT(arch), 0, 0,
                    "of fresh weights: default, deep, wide, vgg13, or layers: 16,P,32,P"},
    [FIELD_EPOCHS] = {"epochs", KIND_INT, AT(epochs), 0, 1, RECIPE_EPOCHS_MAX,
                      "passes over the training faces; folds of few faces take more"},
    [FIELD_BATCH] = {"batch", KIND_INT, AT(batch), 0, 1, RECIPE_BATCH_MAX,
                     "faces in one step; folds of few faces take smaller ones"},
    [FIELD_RATE] = {"rate", KIND_DOUBLE, AT(learning_rate), 0, 0, RECIPE_RATE_MAX,
                    "learning rate at its peak; it warms up, then falls along a cosine to zero"},
    [FIELD_RULE] = {"rule", KIND_RULE, AT(rule), 0, 0, 0, "how votes become training targets"},
    [FIELD_LABELS] = {"labels", KIND_LABELS, AT(labels), 0, 0, 0,
                      "as reviewed (so many differ from the crowd's), or the crowd's alone"},
    [FIELD_REVIEW_WEIGHT] = {"reviews x", KIND_DOUBLE, AT(review_weight), 0, 0, RECIPE_WEIGHT_MAX,
                             "how much a reviewed face counts beside 1 of the others"},
    [FIELD_SHARE] = {"share", KIND_DOUBLE, AT(share), 0, 0, 1,
                     "of the faces without a review, the share drawn for each epoch"},
    [FIELD_KEEP] = {"keep", KIND_DOUBLE, AT(keep), 0, 0, 1,
                    "part of the old model's weights in the new one, beside those learnt"},
    [FIELD_BALANCE] = {"balance", KIND_DOUBLE, AT(balance), 0, 0, 1,
                       "weighs emotions by their share of the targets to the power of -this; 0: alike"},
    [FIELD_MIXUP] = {"mixup", KIND_DOUBLE, AT(mixup), 0, 0, 1,
                     "mixes each face with another, by shares of Beta(this, this); 0: no"},
    [FIELD_LIMIT] = {"limit", KIND_LIMIT, AT(limit), 0, 0, RECIPE_LIMIT_MAX,
                     "at most so many training faces, drawn by the seed; all: every one"},
    [FIELD_SEED] = {"seed", KIND_SEED, AT(seed), 0, 0, RECIPE_SEED_MAX, "same seed and threads: same model"},
    [FIELD_THREADS] = {"threads", KIND_INT, AT(threads), 0, 0, RECIPE_THREADS_MAX, "0: all the machine has"},
    [FIELD_USE] = {"use", KIND_BOOL, AT(use), 0, 0, 0,
                   "yes: the new model is the one in use when it is done; no: the present one stays"},
    [FIELD_ROTATION] = {"rotation", KIND_FLOAT, AT(augmentation.rotation_deg), 0, 0, RECIPE_ROTATION_MAX,
                        "augmentation: faces turned by up to so many degrees"},
    [FIELD_ZOOM] = {"zoom", KIND_FLOAT, AT(augmentation.zoom), 0, 0, RECIPE_ZOOM_MAX,
                    "augmentation: faces scaled by exp of up to this"},
    [FIELD_SHIFT] = {"shift", KIND_FLOAT, AT(augmentation.shift), 0, 0, RECIPE_SHIFT_MAX,
                     "augmentation: faces shifted by up to this share of their side"},
    [FIELD_FLIP] = {"flip", KIND_BOOL, AT(augmentation.flip), 0, 0, 0,
                    "augmentation: half the faces mirrored"},
    [FIELD_FOLDS] = {"folds", KIND_FOLDS, AT(folds), 0, 2, RECIPE_FOLDS_MAX,
                     "so many models, each predicts the faces it did not see: fair suspect scores"},
    [FIELD_START] = {"", KIND_START, 0, 0, 0, 0,
                     "Enter starts the training; it goes on when you leave ferlab"},
};

static void *field_place(struct recipe *r, int field)
{
    return (char *)r + fields[field].offset;
}

/* --- values --- */

/* As text that can be edited and read back. */
static void field_text(const struct recipe *r, int field, char *out, size_t size)
{
    const void *at = (const char *)r + fields[field].offset;
    switch (fields[field].kind) {
    case KIND_TEXT:
        snprintf(out, size, "%s", (const char *)at);
        break;
    case KIND_INT:
        snprintf(out, size, "%d", *(const int *)at);
        break;
    case KIND_SEED:
        snprintf(out, size, "%" PRIu64, *(const uint64_t *)at);
        break;
    case KIND_LIMIT:
        if (*(const int64_t *)at == 0)
            snprintf(out, size, "all");
        else
            snprintf(out, size, "%" PRId64, *(const int64_t *)at);
        break;
    case KIND_FOLDS:
        if (*(const int *)at == 0)
            snprintf(out, size, "no");
        else
            snprintf(out, size, "%d", *(const int *)at);
        break;
    case KIND_DOUBLE:
        snprintf(out, size, "%g", *(const double *)at);
        break;
    case KIND_FLOAT:
        snprintf(out, size, "%g", (double)*(const float *)at);
        break;
    case KIND_BOOL:
        snprintf(out, size, "%s", *(const bool *)at ? "yes" : "no");
        break;
    case KIND_RULE:
        snprintf(out, size, "%s", rule_name(*(const enum rule *)at));
        break;
    case KIND_LABELS:
        snprintf(out, size, "%s", *(const enum label_source *)at == LABELS_CROWD ? "crowd" : "reviewed");
        break;
    case KIND_START:
        snprintf(out, size, "start training");
        break;
    }
}

static bool field_set(struct recipe *r, int field, const char *text)
{
    const struct field *f = &fields[field];
    void *at = field_place(r, field);
    int64_t whole;
    double real;
    switch (f->kind) {
    case KIND_TEXT:
        if (strlen(text) >= f->size)
            return false;
        strcpy(at, text);
        return true;
    case KIND_INT:
        if (!str_to_int(text, (int64_t)f->min, (int64_t)f->max, &whole))
            return false;
        *(int *)at = (int)whole;
        return true;
    case KIND_SEED:
        if (!str_to_int(text, (int64_t)f->min, (int64_t)f->max, &whole))
            return false;
        *(uint64_t *)at = (uint64_t)whole;
        return true;
    case KIND_LIMIT:
        if (strcmp(text, "all") == 0)
            whole = 0;
        else if (!str_to_int(text, (int64_t)f->min, (int64_t)f->max, &whole))
            return false;
        *(int64_t *)at = whole;
        return true;
    case KIND_FOLDS:
        if (strcmp(text, "no") == 0)
            whole = 0;
        else if (!str_to_int(text, (int64_t)f->min, (int64_t)f->max, &whole))
            return false;
        *(int *)at = (int)whole;
        return true;
    case KIND_DOUBLE:
    case KIND_FLOAT:
        if (!str_to_double(text, f->min, f->max, &real))
            return false;
        if (f->kind == KIND_DOUBLE)
            *(double *)at = real;
        else
            *(float *)at = (float)real;
        return true;
    default:
        return false;
    }
}

static int form_column(int index)
{
    int width = draw_columns() - 2; /* the first column holds names and sentences, so it gets more */
    return 1 + (index == 0 ? 0 : index == 1 ? width * 42 / 100 : width * 72 / 100);
}

/* Columns for a field's value, between the brackets of the one that is being filled in. */
enum { TITLE = 9, BRACKETS = 2, APART = 1 };

static int form_room(int field)
{
    int index = field / FORM_ROWS;
    int end = index + 1 < FORM_COLUMNS ? form_column(index + 1) : draw_columns();
    return end - form_column(index) - TITLE - BRACKETS - APART;
}

/* What is shown: the value, or what an empty one means. */
static void field_shown(const struct training_form *f, int field, char *out, size_t size)
{
    const struct recipe *r = &f->recipe;
    char count[NUMBER_TEXT];
    field_text(r, field, out, size);
    if (field == FIELD_FROM && r->from[0] == '\0')
        snprintf(out, size, "fresh weights");
    else if (field == FIELD_NAME && r->name[0] == '\0')
        snprintf(out, size, "(made up)");
    else if (field == FIELD_ARCH && r->from[0] != '\0')
        snprintf(out, size, "(that model's)");
    else if (field == FIELD_THREADS && r->threads == 0)
        snprintf(out, size, "all");
    else if (field == FIELD_ROTATION)
        snprintf(out, size, "%g°", (double)r->augmentation.rotation_deg);
    else if (field == FIELD_LABELS && r->labels == LABELS_REVIEWED) {
        int used = snprintf(out, size, "reviewed (%s changed", draw_count(count, f->changed_labels));
        if (f->new_labels > 0)
            used += snprintf(out + used, size - (size_t)used, ", %s new", draw_count(count, f->new_labels));
        snprintf(out + used, size - (size_t)used, ")");
        if (str_columns(out) > form_room(field))
            snprintf(out, size, "reviewed (%s)", draw_count(count, f->changed_labels + f->new_labels));
    }
}

/* What others decide: no field to fill in. */
static bool field_is_idle(const struct recipe *r, int field)
{
    return (field == FIELD_ARCH && r->from[0] != '\0') || (field == FIELD_KEEP && r->from[0] == '\0') ||
           (field == FIELD_FROM && r->folds > 0);
}

/* --- filling it in --- */

void training_form_count_labels(struct training_form *f, const struct app *app)
{
    const struct columns *c = app->columns;
    f->changed_labels = f->new_labels = 0;
    for (size_t row = 0; row < c->count; row++) {
        if (columns_voted(c, row))
            f->changed_labels += c->label[row] != c->crowd[row];
        else
            f->new_labels += class_is_emotion(c->label[row]);
    }
}

/* The defaults of what is trained, fitted to the faces there are, but for what was touched. */
static void form_apply_base(struct training_form *f, const struct app *app)
{
    struct recipe kept = f->recipe;
    if (kept.folds > 0)
        kept.from[0] = '\0';
    f->recipe = kept.folds > 0 ? recipe_folds : kept.from[0] != '\0' ? recipe_fine_tune : recipe_default;
    strcpy(f->recipe.from, kept.from);
    f->recipe.folds = kept.folds;
    for (int field = 0; field < FIELD_START; field++) {
        size_t size = fields[field].size;
        static const size_t sizes[] = {
            [KIND_INT] = sizeof(int),
            [KIND_SEED] = sizeof(uint64_t),
            [KIND_LIMIT] = sizeof(int64_t),
            [KIND_FOLDS] = sizeof(int),
            [KIND_DOUBLE] = sizeof(double),
            [KIND_FLOAT] = sizeof(float),
            [KIND_BOOL] = sizeof(bool),
            [KIND_RULE] = sizeof(enum rule),
            [KIND_LABELS] = sizeof(enum label_source),
        };
        if (size == 0)
            size = sizes[fields[field].kind];
        if (f->touched[field])
            memcpy(field_place(&f->recipe, field), field_place(&kept, field), size);
    }
    if (f->recipe.folds > 0)
        recipe_fit_folds(&f->recipe, train_faces_with_target(app->columns, f->recipe.rule, f->recipe.labels),
                         f->touched[FIELD_BATCH], f->touched[FIELD_EPOCHS]);
}

/* The model in use; where that is of folds and has no file, the newest that has one. */
static const char *name_to_go_on_from(const struct app *app)
{
    const struct columns *c = app->columns;
    if (c->model == 0 || c->model_folds == 0)
        return c->model != 0 ? c->model_name : "";
    for (size_t i = app->model_count; i-- > 0;)
        if (!app->models[i].external && app->models[i].folds == 0)
            return app->models[i].name;
    return "";
}

void training_form_defaults(struct training_form *f, const struct app *app)
{
    if (!f->touched[FIELD_FROM])
        snprintf(f->recipe.from, sizeof f->recipe.from, "%s", name_to_go_on_from(app));
    form_apply_base(f, app);
    training_form_count_labels(f, app);
}

/* Fresh weights, then every model of the workspace, then fresh weights again. */
static void form_next_from(struct training_form *f, const struct app *app)
{
    const char *next = "";
    bool take = f->recipe.from[0] == '\0';
    for (size_t i = app->model_count; i-- > 0;) { /* newest first */
        if (app->models[i].external || app->models[i].folds > 0)
            continue;
        if (take) {
            next = app->models[i].name;
            break;
        }
        take = strcmp(app->models[i].name, f->recipe.from) == 0;
    }
    snprintf(f->recipe.from, sizeof f->recipe.from, "%s", next);
}

static void form_next_folds(struct training_form *f, const struct app *app)
{
    f->recipe.folds = f->recipe.folds == 0 ? RECIPE_FOLDS_USUAL : 0;
    training_form_defaults(f, app);
}

static void form_next_arch(struct recipe *r)
{
    int at = 0;
    while (recipe_arch(at) != NULL && strcmp(recipe_arch(at), r->arch) != 0)
        at++;
    bool last = recipe_arch(at) == NULL || recipe_arch(at + 1) == NULL;
    snprintf(r->arch, sizeof r->arch, "%s", recipe_arch(last ? 0 : at + 1));
}

bool training_form_cycle(struct training_form *f, const struct app *app)
{
    struct recipe *r = &f->recipe;
    if (field_is_idle(r, f->field))
        return false;
    switch (f->field) {
    case FIELD_FROM:
        form_next_from(f, app);
        break;
    case FIELD_FOLDS:
        form_next_folds(f, app);
        break;
    case FIELD_ARCH:
        form_next_arch(r);
        break;
    case FIELD_RULE:
        r->rule = (enum rule)((r->rule + 1) % RULE_COUNT);
        break;
    case FIELD_LABELS:
        r->labels = r->labels == LABELS_REVIEWED ? LABELS_CROWD : LABELS_REVIEWED;
        break;
    case FIELD_USE:
        r->use = !r->use;
        break;
    case FIELD_FLIP:
        r->augmentation.flip = !r->augmentation.flip;
        break;
    default:
        return false;
    }
    f->touched[f->field] = true;
    form_apply_base(f, app);
    return true;
}

/* A prompt that knows the field it is for. */
struct field_ask {
    struct ask ask; /* first: the prompt is handed on by its address */
    int field;
};

static bool is_known(const struct app *app, const char *name)
{
    bool known = false;
    for (size_t i = 0; i < app->model_count; i++)
        known |= strcmp(app->models[i].name, name) == 0;
    return known;
}

static bool check_new_name(const struct app *app, const char *name, struct err *e)
{
    bool taken = is_known(app, name);
    for (size_t i = 0; i < app->run_count; i++)
        taken |= strcmp(app->runs[i].name, name) == 0;
    return recipe_check_name(name, e) &&
           (!taken || err_set(e, ERR_USAGE, "there is a run or a model called '%s' already", name));
}

/* What the trainer would refuse at once: so it is said before a training is started. */
static bool check_words(const struct app *app, int field, const char *text, struct err *e)
{
    if (field == FIELD_NAME)
        return check_new_name(app, text, e);
    if (field == FIELD_ARCH)
        return recipe_check_arch(text, e);
    bool file = strpbrk(text, "/.") != NULL;
    return text[0] == '\0' || file || is_known(app, text) ||
           err_set(e, ERR_USAGE, "no model is called '%s'; Esc, then space offers those there are", text);
}

/* Says what is wrong while it is typed; Enter waits until it is right. */
static void look_value(struct app *app, struct ask *ask)
{
    const struct field_ask *asked = (const struct field_ask *)ask;
    const struct field *f = &fields[asked->field];
    struct recipe tried;
    struct err e;
    bool set = field_set(&tried, asked->field, ask->text);
    if (set && (f->kind != KIND_TEXT || check_words(app, asked->field, ask->text, &e)))
        return;
    ask->place = 0;
    if (set)
        snprintf(ask->hint, sizeof ask->hint, "%.*s", (int)sizeof ask->hint - 1, e.text);
    else if (f->kind == KIND_TEXT)
        snprintf(ask->hint, sizeof ask->hint, "at most %zu characters", f->size - 1);
    else
        snprintf(ask->hint, sizeof ask->hint, "this is not a number from %g to %g%s", f->min, f->max,
                 f->kind == KIND_LIMIT   ? ", or all"
                 : f->kind == KIND_FOLDS ? ", or no"
                                         : "");
}

static void say_idle(const struct training_form *f, struct app *app)
{
    if (f->field == FIELD_FROM)
        app_message(app, "folds begin with fresh weights, for a model may have seen the faces they keep out");
    else if (f->field == FIELD_KEEP)
        app_message(app, "fresh weights have nothing to keep; choose a model under 'from'");
    else
        app_message(app, "%s decides the architecture; choose fresh weights under 'from' for another",
                    f->recipe.from);
}

void training_form_edit(struct training_form *f, struct app *app)
{
    const struct field *field = &fields[f->field];
    if (field->kind == KIND_START)
        return;
    if (field->kind != KIND_TEXT && field->kind != KIND_FOLDS && training_form_cycle(f, app))
        return;
    if (field_is_idle(&f->recipe, f->field)) {
        say_idle(f, app);
        return;
    }
    char prompt[32];
    struct field_ask asked = {.ask = {.prompt = prompt, .look = look_value, .place = -1}, .field = f->field};
    field_text(&f->recipe, f->field, asked.ask.text, sizeof asked.ask.text);
    snprintf(prompt, sizeof prompt, "%s ", field->title);
    if (!ask_run(app, &asked.ask) || !field_set(&f->recipe, f->field, asked.ask.text))
        return;
    f->touched[f->field] = true;
    if (f->field == FIELD_FOLDS)
        training_form_defaults(f, app);
    else
        form_apply_base(f, app);
}

/* --- drawing --- */

static void draw_field(const struct training_form *f, int field, int row, int column, int width, bool here)
{
    char shown[PATH_MAX + 16];
    field_shown(f, field, shown, sizeof shown);
    if (field == FIELD_START) {
        draw_text(row, column, width, here ? STYLE_SELECTED : STYLE_ACCENT, here ? "[▶ %s]" : " ▶ %s ",
                  shown);
        return;
    }
    bool idle = field_is_idle(&f->recipe, field);
    draw_text(row, column, TITLE, STYLE_DIM, "%s", fields[field].title);
    enum style style = here                ? STYLE_SELECTED
                       : idle              ? STYLE_DIM
                       : f->touched[field] ? STYLE_BOLD
                                           : STYLE_NORMAL;
    draw_text(row, column + TITLE, width - TITLE - APART, style, here ? "[%s]" : " %s ", shown);
}

void training_form_draw(const struct training_form *f, int row, bool active)
{
    for (int field = 0; field < FIELD_COUNT; field++) {
        int index = field / FORM_ROWS, column = form_column(index);
        int end = index + 1 < FORM_COLUMNS ? form_column(index + 1) : draw_columns();
        draw_field(f, field, row + field % FORM_ROWS, column, end - column, active && field == f->field);
    }
    if (active)
        draw_text(row + FORM_ROWS, 1, 0, STYLE_DIM, "%s", fields[f->field].help);
}

int training_form_at(int form_row, int row, int column)
{
    if (row < form_row || row >= form_row + FORM_ROWS)
        return -1;
    int index = 0;
    while (index + 1 < FORM_COLUMNS && column >= form_column(index + 1))
        index++;
    int field = index * FORM_ROWS + row - form_row;
    return field < FIELD_COUNT ? field : -1;
}
