/* Flips and their words. */
#include "ferlab/face/flip.h"

#include <string.h>

static const char *const names[FLIP_COUNT] = {
    [FLIP_FIXED] = "fixed", [FLIP_BROKEN] = "broken", [FLIP_CHANGED] = "changed",
    [FLIP_WRONG] = "wrong", [FLIP_RIGHT] = "right",
};

const char *flip_name(enum flip f)
{
    return f >= 0 && f < FLIP_COUNT ? names[f] : "none";
}

bool flip_parse(const char *word, enum flip *f)
{
    for (int i = 0; i < FLIP_COUNT; i++) {
        if (strcmp(names[i], word) == 0) {
            *f = (enum flip)i;
            return true;
        }
    }
    return false;
}

enum flip flip_of(int label_before, int before, int label_after, int after)
{
    if (!class_is_emotion(label_before) || !class_is_emotion(before) || !class_is_emotion(label_after) ||
        !class_is_emotion(after))
        return FLIP_NONE;
    bool was = before == label_before, is = after == label_after;
    if (was != is)
        return is ? FLIP_FIXED : FLIP_BROKEN;
    return is ? FLIP_RIGHT : before != after ? FLIP_CHANGED : FLIP_WRONG;
}
