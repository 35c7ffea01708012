/* Recipes: the defaults, their schedule, their sanity, their record. */
#include "recipe_record.h"

#include "ferlab/nn/network.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char unreadable[] = "the recipe on record cannot be read; start a new training";

/* What all recipes have in common. */
#define COMMON                                                                                               \
    .arch = "default", .batch = 128, .momentum = 0.9, .weight_decay = 5e-4, .balance = 0.2,                  \
    .rule = RULE_DISTRIBUTION, .labels = LABELS_REVIEWED, .seed = 1, .use = true,                            \
    .augmentation = {.rotation_deg = 20, .zoom = 0.12f, .aspect = 0.05f, .shift = 0.08f, .flip = true}

/* Measured on the real FER+ faces: 87.5 % of the validation split, in about half an hour on two cores. */
const struct recipe recipe_default = {
    COMMON,       .epochs = 30,       .learning_rate = 0.1, .warmup = 0.08,
    .ema = 0.998, .review_weight = 1, .share = 1,           .calibrate = true,
};

/* A short walk downhill from weights that are already good: a high rate would first undo what they know. All
 * that was reviewed takes part, and counts for more than the crowd's votes; half of the rest keeps the others
 * in mind, and three fifths of the weights what the model knew. Measured: tests/bench/LOG.md. */
const struct recipe recipe_fine_tune = {
    COMMON,       .epochs = 3, .learning_rate = 0.02, .warmup = 0.02, .ema = 0.99, .review_weight = 10,
    .share = 0.5, .keep = 0.6, .calibrate = true,
};

/* Labels are ranked by these predictions, not people by their scores: a few epochs are enough, and the last
 * is kept, since one chosen by the faces that are kept out would have seen their labels. */
const struct recipe recipe_folds = {
    COMMON,      .folds = RECIPE_FOLDS_USUAL, .epochs = 5, .learning_rate = 0.1, .warmup = 0.1,
    .ema = 0.99, .review_weight = 1,          .share = 1,
};

int64_t recipe_fold_steps(const struct recipe *r, int64_t faces)
{
    int64_t learnt = faces - faces / r->folds;
    if (r->limit > 0 && learnt > r->limit)
        learnt = r->limit;
    learnt = (int64_t)ceil(r->share * (double)learnt);
    return r->epochs * ((learnt + r->batch - 1) / r->batch);
}

void recipe_fit_folds(struct recipe *r, int64_t faces, bool batch_said, bool epochs_said)
{
    if (r->folds == 0)
        return;
    while (!batch_said && recipe_fold_steps(r, faces) < RECIPE_FOLD_STEPS && r->batch > RECIPE_FOLD_BATCH)
        r->batch /= 2;
    while (!epochs_said && recipe_fold_steps(r, faces) < RECIPE_FOLD_STEPS && r->epochs < RECIPE_FOLD_EPOCHS)
        r->epochs++;
}

const char *recipe_arch(int index)
{
    return network_preset(index);
}

/* lr min(1, f / w) (1 + cos(pi max(0, (f - w) / (1 - w)))) / 2 with f = step / steps, w = warmup. */
double recipe_learning_rate(const struct recipe *r, int64_t step, int64_t steps)
{
    double f = steps > 0 ? (double)step / (double)steps : 0;
    double rise = r->warmup > 0 ? fmin(1, f / r->warmup) : 1;
    double fall = r->warmup < 1 ? fmax(0, (f - r->warmup) / (1 - r->warmup)) : 0;
    return r->learning_rate * rise * 0.5 * (1 + cos(M_PI * fall));
}

double recipe_ema(const struct recipe *r, int64_t step)
{
    return fmin(r->ema, (1 + (double)step) / (10 + (double)step));
}

/* The double with the fewest digits that is this float: 0.12 and not 0.11999999731779. */
static double short_double(float x)
{
    char text[32];
    double value = (double)x;
    for (int digits = 1; digits <= FLT_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)x);
        value = strtod(text, NULL);
        if ((float)value == x)
            break;
    }
    return value;
}

static json_t *number_record(const struct recipe *r, const struct recipe_number *number)
{
    double value = recipe_get(r, number);
    if (recipe_number_is_whole(number))
        return json_integer((json_int_t)value);
    return json_real(number->type == RECIPE_FLOAT ? short_double((float)value) : value);
}

json_t *recipe_record(const struct recipe *r)
{
    json_t *augmentation = json_pack("{s:b}", "flip", r->augmentation.flip),
           *record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o*, s:b, s:b}", "arch", r->arch, "name", r->name,
                               "from", r->from, "rule", rule_name(r->rule), "labels",
                               r->labels == LABELS_CROWD ? "crowd" : "reviewed", "augmentation", augmentation,
                               "calibrate", r->calibrate, "use", r->use);
    bool fine = record != NULL && augmentation != NULL;
    for (const struct recipe_number *n = recipe_numbers; fine && n < recipe_numbers + RECIPE_NUMBERS; n++)
        fine =
            json_object_set_new(n->of_augmentation ? augmentation : record, n->key, number_record(r, n)) == 0;
    if (!fine)
        json_decref(record);
    return fine ? record : NULL;
}

char *recipe_text(json_t *record)
{
    char *text = record == NULL ? NULL : json_dumps(record, JSON_REAL_PRECISION(DBL_DIG));
    json_decref(record);
    return text;
}

char *recipe_json(const struct recipe *r)
{
    return recipe_text(recipe_record(r));
}

static bool copy_word(const char *word, char *out, size_t size)
{
    return snprintf(out, size, "%s", word) < (int)size;
}

static bool check_number(const struct recipe_number *number, double value, struct err *e)
{
    return (value >= number->low && value <= number->high) ||
           err_set(e, ERR_USAGE, "train: a %s of %g makes no sense; give %.10g to %.10g", number->key, value,
                   number->low, number->high);
}

static bool parse_number(const json_t *record, const struct recipe_number *number, struct recipe *r,
                         struct err *e)
{
    const json_t *value = json_object_get(record, number->key);
    if (value == NULL && !isnan(number->missing)) {
        recipe_set(r, number, number->missing);
        return true;
    }
    double said = json_number_value(value);
    if (!json_is_number(value))
        return err_set(e, ERR_INPUT, "%s", unreadable);
    if (!check_number(number, said, e))
        return false;
    recipe_set(r, number, said);
    return true;
}

static bool parse_record(json_t *record, struct recipe *r, struct err *e)
{
    const char *arch, *name, *from, *rule, *labels;
    json_t *augmentation;
    int flip, use = true, calibrate = false;
    if (json_unpack(record, "{s:s, s:s, s:s, s:s, s:s, s:o, s?b, s?b}", "arch", &arch, "name", &name, "from",
                    &from, "rule", &rule, "labels", &labels, "augmentation", &augmentation, "calibrate",
                    &calibrate, "use", &use) != 0 ||
        json_unpack(augmentation, "{s:b}", "flip", &flip) != 0 || !copy_word(arch, r->arch, sizeof r->arch) ||
        !copy_word(name, r->name, sizeof r->name) || !copy_word(from, r->from, sizeof r->from) ||
        !rule_parse(rule, &r->rule))
        return err_set(e, ERR_INPUT, "%s", unreadable);
    r->labels = strcmp(labels, "crowd") == 0 ? LABELS_CROWD : LABELS_REVIEWED;
    r->augmentation.flip = flip;
    r->calibrate = calibrate;
    r->use = use;
    for (const struct recipe_number *n = recipe_numbers; n < recipe_numbers + RECIPE_NUMBERS; n++)
        if (!parse_number(n->of_augmentation ? augmentation : record, n, r, e))
            return false;
    return true;
}

bool recipe_parse(const char *text, struct recipe *out, struct err *e)
{
    json_t *record = json_loads(text, 0, NULL);
    *out = (struct recipe){0};
    bool fine = parse_record(record, out, e) && recipe_check(out, e);
    json_decref(record);
    return fine;
}

bool recipe_check_name(const char *name, struct err *e)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (name[strspn(name, allowed)] != '\0')
        return err_set(e, ERR_USAGE, "train: '%s' is no name for a model; use letters, digits, '.', '_', '-'",
                       name);
    return true;
}

bool recipe_check_arch(const char *arch, struct err *e)
{
    return network_check(arch, 0, EMOTION_COUNT, e);
}

static bool check_folds(const struct recipe *r, struct err *e)
{
    if (r->folds == 1)
        return err_set(e, ERR_USAGE, "train: one fold keeps nothing out; give 2 to %d folds",
                       RECIPE_FOLDS_MAX);
    if (r->folds > 0 && r->from[0] != '\0')
        return err_set(
            e, ERR_USAGE,
            "train: folds begin with fresh weights, for a model may have seen the faces that they keep "
            "out; leave out --from or --folds");
    return true;
}

bool recipe_check(const struct recipe *r, struct err *e)
{
    for (const struct recipe_number *n = recipe_numbers; n < recipe_numbers + RECIPE_NUMBERS; n++)
        if (!check_number(n, recipe_get(r, n), e))
            return false;
    return check_folds(r, e) && recipe_check_name(r->name, e);
}
