/* Emotions, splits and rules: the tables behind their words. */
#include "ferlab/face/emotion.h"

#include "ferlab/base/spelling.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { OTHER_WORDS = 2 };

/* others: what people and other collections call the class; understood, never written. */
static const struct {
    const char *name, *brief, *title, *others[OTHER_WORDS];
} classes[CLASS_COUNT] = {
    [CLASS_NEUTRAL] = {.name = "neutral", .brief = "neu", .title = "neutral"},
    [CLASS_HAPPINESS] = {.name = "happiness", .brief = "hap", .title = "happiness", .others = {"happy"}},
    [CLASS_SURPRISE] = {.name = "surprise", .brief = "sur", .title = "surprise", .others = {"surprised"}},
    [CLASS_SADNESS] = {.name = "sadness", .brief = "sad", .title = "sadness"},
    [CLASS_ANGER] = {.name = "anger", .brief = "ang", .title = "anger", .others = {"angry"}},
    [CLASS_DISGUST] = {.name = "disgust", .brief = "dis", .title = "disgust", .others = {"disgusted"}},
    [CLASS_FEAR] = {.name = "fear", .brief = "fea", .title = "fear", .others = {"fearful", "afraid"}},
    [CLASS_CONTEMPT] = {.name = "contempt", .brief = "con", .title = "contempt", .others = {"contemptuous"}},
    [CLASS_UNKNOWN] = {.name = "unknown", .brief = "unk", .title = "unknown"},
    [CLASS_NF] = {.name = "nf", .brief = "nf", .title = "not a face"},
};

static const char *const splits[SPLIT_COUNT] = {
    [SPLIT_TRAIN] = "train",
    [SPLIT_VALID] = "valid",
    [SPLIT_TEST] = "test",
    [SPLIT_NONE] = "none",
};

static const char *const rules[RULE_COUNT] = {
    [RULE_MAJORITY] = "majority",
    [RULE_DISTRIBUTION] = "distribution",
    [RULE_PROBABILITY] = "probability",
    [RULE_MULTI_TARGET] = "multi-target",
};

static bool is_class(int c)
{
    return c >= 0 && c < CLASS_COUNT;
}

const char *class_name(int c)
{
    return is_class(c) ? classes[c].name : "none";
}

const char *class_short(int c)
{
    return is_class(c) ? classes[c].brief : "–";
}

const char *class_title(int c)
{
    return is_class(c) ? classes[c].title : "none";
}

static bool means_class(const char *word, int c)
{
    if (strcasecmp(word, classes[c].name) == 0 || strcasecmp(word, classes[c].brief) == 0 ||
        strcasecmp(word, classes[c].title) == 0)
        return true;
    for (int i = 0; i < OTHER_WORDS && classes[c].others[i] != NULL; i++) {
        if (strcasecmp(word, classes[c].others[i]) == 0)
            return true;
    }
    return false;
}

bool class_parse(const char *word, int *c)
{
    for (int i = 0; i < CLASS_COUNT; i++) {
        if (means_class(word, i)) {
            *c = i;
            return true;
        }
    }
    return false;
}

const char *class_nearest(const char *word)
{
    struct spelling s;
    spelling_start(&s, word);
    for (int i = 0; i < CLASS_COUNT; i++)
        spelling_try(&s, classes[i].name);
    return s.best;
}

static int word_index(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return i;
    }
    return -1;
}

const char *split_name(enum split s)
{
    return (unsigned)s < SPLIT_COUNT ? splits[s] : "none";
}

bool split_parse(const char *word, enum split *s)
{
    int i = word_index(word, splits, SPLIT_COUNT);
    if (i < 0)
        return false;
    *s = (enum split)i;
    return true;
}

const char *rule_name(enum rule r)
{
    return (unsigned)r < RULE_COUNT ? rules[r] : "none";
}

bool rule_parse(const char *word, enum rule *r)
{
    int i = word_index(word, rules, RULE_COUNT);
    if (i < 0)
        return false;
    *r = (enum rule)i;
    return true;
}

int emotion_most_probable(const float probabilities[EMOTION_COUNT])
{
    int best = 0;
    for (int k = 1; k < EMOTION_COUNT; k++)
        if (probabilities[k] > probabilities[best])
            best = k;
    return best;
}

void emotion_rank(const float probabilities[EMOTION_COUNT], int order[EMOTION_COUNT])
{
    for (int k = 0; k < EMOTION_COUNT; k++) {
        int at = k;
        for (; at > 0 && probabilities[k] > probabilities[order[at - 1]]; at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
}
