/* What the demo makes, read from data/demo.ini. */
#ifndef FERLAB_CLI_DEMO_SETTINGS_H
#define FERLAB_CLI_DEMO_SETTINGS_H

#include "ferlab/train/recipe.h"

struct demo_settings {
    uint32_t count;
    uint64_t seed;
    double planted;
    struct recipe recipe;
};

bool demo_settings_load(struct demo_settings *out, struct err *e);

#endif
