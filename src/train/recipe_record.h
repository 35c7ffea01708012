/* The record of a recipe while more is put beside it. */
#ifndef FERLAB_TRAIN_RECIPE_RECORD_H
#define FERLAB_TRAIN_RECIPE_RECORD_H

#include "ferlab/train/recipe.h"

#include <jansson.h>

/* What recipe_json writes, as an object (NULL when memory runs out), and such an object as text: numbers have
 * 15 digits, which survive being read and written again. Takes over the reference. */
json_t *recipe_record(const struct recipe *r);
char *recipe_text(json_t *record);

#endif
