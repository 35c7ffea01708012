/* Reading data/demo.ini with inih. */
#include "demo_settings.h"

#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "synth_folder.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

enum kind { KIND_INTEGER, KIND_REAL, KIND_TEXT };

/* One key of the file: where its value goes, and the numbers it may be. */
struct key {
    const char *section, *name;
    double min, max; /* of a text: max is its longest length */
    union {
        int64_t *integer;
        double *real;
        char *text;
    } value;
    enum kind kind;
    bool seen;
};

struct reading {
    struct key *keys;
    size_t count;
    char wrong[128]; /* the first mistake; "" while there is none */
};

static bool take(const struct key *k, const char *value)
{
    switch (k->kind) {
    case KIND_INTEGER:
        return str_to_int(value, (int64_t)k->min, (int64_t)k->max, k->value.integer);
    case KIND_REAL:
        return str_to_double(value, k->min, k->max, k->value.real);
    case KIND_TEXT:
        if (value[0] == '\0' || strlen(value) > (size_t)k->max)
            return false;
        memcpy(k->value.text, value, strlen(value) + 1);
        return true;
    }
    return false;
}

static int take_pair(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    for (size_t i = 0; i < r->count; i++) {
        struct key *k = &r->keys[i];
        if (strcmp(k->section, section) != 0 || strcmp(k->name, name) != 0)
            continue;
        k->seen = take(k, value);
        if (!k->seen && r->wrong[0] == '\0')
            snprintf(r->wrong, sizeof r->wrong, "%s cannot be '%.40s'", name, value);
        return k->seen;
    }
    if (r->wrong[0] == '\0')
        snprintf(r->wrong, sizeof r->wrong, "there is no key '%.40s' in [%.40s]", name, section);
    return 0;
}

static bool read_keys(const char *path, struct key *keys, size_t count, struct err *e)
{
    struct reading r = {.keys = keys, .count = count};
    int line = ini_parse(path, take_pair, &r);
    if (line < 0)
        return err_set(e, ERR_IO, "%s: cannot be read; reinstall ferlab's data", path);
    if (line > 0)
        return err_set(e, ERR_INPUT, "%s:%d: %s; mend the line", path, line,
                       r.wrong[0] ? r.wrong : "neither [section] nor key = value");
    for (size_t i = 0; i < count; i++) {
        if (!keys[i].seen)
            return err_set(e, ERR_INPUT, "%s: the key '%s' is missing in [%s]; add it", path, keys[i].name,
                           keys[i].section);
    }
    return true;
}

bool demo_settings_load(struct demo_settings *out, struct err *e)
{
    char path[PATH_MAX];
    int64_t count = 0, seed = 0, training_seed = 0, epochs = 0, batch = 0;
    double rotation = 0, zoom = 0, shift = 0;
    *out = (struct demo_settings){.recipe = recipe_default};
    struct recipe *r = &out->recipe;
    struct key keys[] = {
        {"faces", "count", 100, SYNTH_MOST, {.integer = &count}, KIND_INTEGER, false},
        {"faces", "seed", 0, RECIPE_SEED_MAX, {.integer = &seed}, KIND_INTEGER, false},
        {"faces", "planted", 0, 0.9, {.real = &out->planted}, KIND_REAL, false},
        {"training", "name", 0, sizeof r->name - 1, {.text = r->name}, KIND_TEXT, false},
        {"training", "arch", 0, sizeof r->arch - 1, {.text = r->arch}, KIND_TEXT, false},
        {"training", "epochs", 1, RECIPE_EPOCHS_MAX, {.integer = &epochs}, KIND_INTEGER, false},
        {"training", "batch", 1, RECIPE_BATCH_MAX, {.integer = &batch}, KIND_INTEGER, false},
        {"training", "lr", 0, RECIPE_RATE_MAX, {.real = &r->learning_rate}, KIND_REAL, false},
        {"training", "seed", 0, RECIPE_SEED_MAX, {.integer = &training_seed}, KIND_INTEGER, false},
        {"training", "rotation", 0, RECIPE_ROTATION_MAX, {.real = &rotation}, KIND_REAL, false},
        {"training", "zoom", 0, RECIPE_ZOOM_MAX, {.real = &zoom}, KIND_REAL, false},
        {"training", "shift", 0, RECIPE_SHIFT_MAX, {.real = &shift}, KIND_REAL, false},
    };
    if (!path_of_data(path, "data/demo.ini"))
        return err_set(e, ERR_IO, "data/demo.ini: not found; set FERLAB_DATA to the folder that holds data/");
    if (!read_keys(path, keys, sizeof keys / sizeof *keys, e))
        return false;
    out->count = (uint32_t)count;
    out->seed = (uint64_t)seed;
    r->seed = (uint64_t)training_seed;
    r->epochs = (int)epochs;
    r->batch = (int)batch;
    r->augmentation.rotation_deg = (float)rotation;
    r->augmentation.zoom = (float)zoom;
    r->augmentation.shift = (float)shift;
    return true;
}
