/* The confident joint, and the issues that follow from it. */
#include "ferlab/eval/confident.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void find_thresholds(const int8_t *label, float (*p)[EMOTION_COUNT], size_t count,
                            struct confident_joint *out)
{
    double sum[EMOTION_COUNT] = {0};

    for (size_t i = 0; i < count; i++) {
        if (class_is_emotion(label[i])) {
            out->labelled[label[i]]++;
            sum[label[i]] += (double)p[i][label[i]];
        }
    }
    for (int k = 0; k < EMOTION_COUNT; k++)
        out->threshold[k] = out->labelled[k] > 0 ? sum[k] / (double)out->labelled[k] : NAN;
}

/* The class that an image is confidently of; CLASS_NONE of none. */
static int confident_class(const float p[EMOTION_COUNT], const double threshold[EMOTION_COUNT])
{
    int best = CLASS_NONE;

    for (int k = 0; k < EMOTION_COUNT; k++) {
        if ((double)p[k] >= threshold[k] && (best == CLASS_NONE || p[k] > p[best]))
            best = k;
    }
    return best;
}

static void calibrate_row(struct confident_joint *joint, int y)
{
    int64_t all = 0;

    for (int j = 0; j < EMOTION_COUNT; j++)
        all += joint->count[y][j];
    for (int j = 0; j < EMOTION_COUNT; j++)
        joint->calibrated[y][j] =
            all > 0 ? (double)joint->count[y][j] * (double)joint->labelled[y] / (double)all : 0;
    if (all == 0)
        joint->calibrated[y][y] = (double)joint->labelled[y];
}

void confident_joint(const int8_t *label, float (*probabilities)[EMOTION_COUNT], size_t count,
                     struct confident_joint *out)
{
    *out = (struct confident_joint){0};
    find_thresholds(label, probabilities, count, out);
    for (size_t i = 0; i < count; i++) {
        if (!class_is_emotion(label[i]))
            continue;
        int class = confident_class(probabilities[i], out->threshold);

        if (class != CLASS_NONE)
            out->count[label[i]][class]++;
    }
    for (int y = 0; y < EMOTION_COUNT; y++)
        calibrate_row(out, y);
}

/* --- issues --- */

/* An image that could be of another class. */
struct candidate {
    float margin; /* p_j - p_y */
    uint32_t image;
};

/* Candidates in one array, those of a pair of classes together. */
struct candidates {
    struct candidate *items;
    size_t first[EMOTION_COUNT * EMOTION_COUNT + 1];
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int by_margin = (x->margin < y->margin) - (x->margin > y->margin);

    return by_margin != 0 ? by_margin : (x->image > y->image) - (x->image < y->image);
}

static bool is_candidate(int label, int class, const float p[EMOTION_COUNT])
{
    return p[class] > p[label];
}

/* Counting sort by (label, class). */
static bool gather(const int8_t *label, float (*p)[EMOTION_COUNT], size_t count, struct candidates *out)
{
    enum { PAIRS = EMOTION_COUNT * EMOTION_COUNT };
    size_t at[PAIRS] = {0};

    memset(out->first, 0, sizeof out->first);
    for (size_t i = 0; i < count; i++)
        for (int j = 0; class_is_emotion(label[i]) && j < EMOTION_COUNT; j++)
            out->first[label[i] * EMOTION_COUNT + j + 1] += is_candidate(label[i], j, p[i]);
    for (int pair = 0; pair < PAIRS; pair++) {
        out->first[pair + 1] += out->first[pair];
        at[pair] = out->first[pair];
    }
    out->items = malloc((out->first[PAIRS] + 1) * sizeof *out->items);
    if (!out->items)
        return false;
    for (size_t i = 0; i < count; i++) {
        for (int j = 0; class_is_emotion(label[i]) && j < EMOTION_COUNT; j++) {
            if (is_candidate(label[i], j, p[i]))
                out->items[at[label[i] * EMOTION_COUNT + j]++] =
                    (struct candidate){p[i][j] - p[i][label[i]], (uint32_t)i};
        }
    }
    return true;
}

/* The `most` likeliest of the candidates of one pair. */
static void take_issues(struct candidate *items, size_t count, size_t most, int class,
                        float (*p)[EMOTION_COUNT], int8_t *issue)
{
    qsort(items, count, sizeof *items, compare_candidates);
    for (size_t i = 0; i < count && i < most; i++) {
        uint32_t image = items[i].image;

        if (issue[image] == CLASS_NONE || p[image][class] > p[image][issue[image]])
            issue[image] = (int8_t) class;
    }
}

bool confident_issues(const struct confident_joint *joint, const int8_t *label,
                      float (*probabilities)[EMOTION_COUNT], size_t count, int8_t *issue, struct err *e)
{
    struct candidates all;

    memset(issue, CLASS_NONE, count);
    if (!gather(label, probabilities, count, &all))
        return err_memory(e, "looking for label issues");
    for (int y = 0; y < EMOTION_COUNT; y++) {
        for (int j = 0; j < EMOTION_COUNT; j++) {
            const size_t *first = &all.first[y * EMOTION_COUNT + j]; /* of (y, y) there are none */

            take_issues(all.items + first[0], first[1] - first[0], (size_t)llround(joint->calibrated[y][j]),
                        j, probabilities, issue);
        }
    }
    free(all.items);
    return true;
}
