/* Emotions, the ten vote columns, splits and rules: their order, names and spellings. Fixed words. */
#ifndef FERLAB_FACE_EMOTION_H
#define FERLAB_FACE_EMOTION_H

#include <stdbool.h>

/* The ten columns of FER+, in its order. The first eight are emotions. */
enum class_index {
    CLASS_NONE = -1, /* a rule gives no emotion */
    CLASS_NEUTRAL,
    CLASS_HAPPINESS,
    CLASS_SURPRISE,
    CLASS_SADNESS,
    CLASS_ANGER,
    CLASS_DISGUST,
    CLASS_FEAR,
    CLASS_CONTEMPT,
    EMOTION_COUNT,
    CLASS_UNKNOWN = EMOTION_COUNT,
    CLASS_NF, /* not a face */
    CLASS_COUNT
};

enum split { SPLIT_TRAIN, SPLIT_VALID, SPLIT_TEST, SPLIT_NONE, SPLIT_COUNT };

/* How votes become a target (Barsoum et al. 2016, arXiv 1608.01041). */
enum rule { RULE_MAJORITY, RULE_DISTRIBUTION, RULE_PROBABILITY, RULE_MULTI_TARGET, RULE_COUNT };

/* Whether it is one of the eight: not CLASS_NONE, unknown or not a face. */
static inline bool class_is_emotion(int c)
{
    return c >= 0 && c < EMOTION_COUNT;
}

const char *class_name(int c);  /* neutral … contempt, unknown, nf; "none" for CLASS_NONE */
const char *class_short(int c); /* neu hap sur sad ang dis fea con unk nf; "–" for CLASS_NONE */
const char *class_title(int c); /* for people: like class_name, but "not a face" */
/* Any class_name but "none", class_short or class_title, and common words such as happy; in any case. */
bool class_parse(const char *word, int *c);
const char *class_nearest(const char *word); /* what a misspelt one may have meant; NULL where none is near */

int emotion_most_probable(const float probabilities[EMOTION_COUNT]); /* the first of equals */
/* All of them from the most to the least probable, equals in their own order. */
void emotion_rank(const float probabilities[EMOTION_COUNT], int order[EMOTION_COUNT]);

const char *split_name(enum split s);
bool split_parse(const char *word, enum split *s);
const char *rule_name(enum rule r);
bool rule_parse(const char *word, enum rule *r);

#endif
