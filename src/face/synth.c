/* Sets of synthetic faces: splits, classes and planted errors laid out exactly; voters simulated. */
#include "ferlab/face/synth.h"

#include "ferlab/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "portrait.h"

enum { VOTERS = 10 };

/* Independent random sequences: the layout of a set, and one per face for its picture and for its voters. */
enum stream { STREAM_LAYOUT = 1, STREAM_PICTURES = 2, STREAM_VOTERS = 3 };

/* How common each class is, in per cent: as lopsided as FER+ (37, 27, 13, 11, 9, 1, 2, 1), but with enough of
 * the rare emotions to learn from a small set. */
static const int share_percent[CLASS_COUNT] = {27, 20, 12, 11, 9, 5, 7, 6, 2, 1};

struct entry {
    uint8_t split, truth, voted;
};

struct synth_set {
    uint64_t seed;
    uint32_t count;
    struct entry entries[];
};

/* Classes of one split in their exact shares, each rounded so that the sums up to it are right, then
 * shuffled. */
static void lay_out_classes(struct entry *entries, uint32_t count, uint32_t *order, struct rng *r)
{
    uint32_t start = 0;
    int percent = 0;
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    rng_shuffle(r, order, count);
    for (int c = 0; c < CLASS_COUNT; c++) {
        percent += share_percent[c];
        uint32_t end = (uint32_t)(((uint64_t)count * (uint64_t)percent + 50) / 100);
        for (; start < end; start++)
            entries[order[start]].truth = entries[order[start]].voted = (uint8_t)c;
    }
}

/* The first `wanted` faces of a shuffled order that show an emotion get another one. */
static void plant_errors(struct entry *entries, uint32_t count, uint32_t wanted, uint32_t *order,
                         struct rng *r)
{
    rng_shuffle(r, order, count);
    for (uint32_t i = 0; i < count && wanted > 0; i++) {
        struct entry *e = &entries[order[i]];
        if (e->truth >= EMOTION_COUNT)
            continue;
        e->voted = (uint8_t)((e->truth + 1 + rng_below(r, EMOTION_COUNT - 1)) % EMOTION_COUNT);
        wanted--;
    }
}

struct synth_set *synth_set_new(uint64_t seed, uint32_t count, double planted)
{
    struct synth_set *set = calloc(1, sizeof *set + (size_t)count * sizeof *set->entries);
    uint32_t *order = malloc((count ? count : 1) * sizeof *order);
    if (!set || !order) {
        free(set);
        free(order);
        return NULL;
    }
    set->seed = seed;
    set->count = count;
    struct rng r;
    rng_seed(&r, seed, STREAM_LAYOUT);
    uint32_t tenth = (uint32_t)(((uint64_t)count + 5) / 10), start = 0;
    const uint32_t sizes[] = {[SPLIT_TRAIN] = count - 2 * tenth, [SPLIT_VALID] = tenth, [SPLIT_TEST] = tenth};
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; split++) {
        struct entry *entries = set->entries + start;
        for (uint32_t i = 0; i < sizes[split]; i++)
            entries[i].split = (uint8_t)split;
        lay_out_classes(entries, sizes[split], order, &r);
        plant_errors(entries, sizes[split], (uint32_t)lround(planted * sizes[split]), order, &r);
        start += sizes[split];
    }
    free(order);
    return set;
}

void synth_set_free(struct synth_set *set)
{
    free(set);
}

static int draw_class(const double *shares, double total, struct rng *r)
{
    double left = (double)rng_uniform(r) * total;
    for (int c = 0; c < CLASS_COUNT - 1; c++) {
        left -= shares[c];
        if (left < 0)
            return c;
    }
    return CLASS_COUNT - 1;
}

/* Whether the votes keep synth.h's promise: planted, and only planted, labels are wrong. */
static bool votes_fit(const struct votes *v, const struct synth_face *face)
{
    int label = votes_label(v, RULE_MAJORITY);
    if (face->planted)
        return label == face->voted;
    return label == CLASS_NONE || label == face->truth;
}

static void cast_votes(const double shares[CLASS_COUNT], struct rng *r, struct synth_face *face)
{
    double total = 0;
    for (int c = 0; c < CLASS_COUNT; c++)
        total += shares[c];
    do {
        memset(&face->votes, 0, sizeof face->votes);
        for (int i = 0; i < VOTERS; i++)
            face->votes.count[draw_class(shares, total, r)]++;
    } while (!votes_fit(&face->votes, face));
}

/* Voters before a picture that shows no emotion: some guess all the same. */
static const double puzzled[][CLASS_COUNT] = {
    {[CLASS_NEUTRAL] = 0.15,
     [CLASS_SADNESS] = 0.05,
     [CLASS_ANGER] = 0.05,
     [CLASS_UNKNOWN] = 0.7,
     [CLASS_NF] = 0.05},
    {[CLASS_UNKNOWN] = 0.15, [CLASS_NF] = 0.85},
};

static void make_puzzle(struct rng *picture, struct rng *voters, struct synth_face *out)
{
    struct expression x;
    if (out->truth == CLASS_NF) {
        portrait_draw_nothing(picture, out->pixels);
    } else {
        expression_draw(CLASS_NEUTRAL, picture, &x);
        portrait_draw(&x, 1, picture, out->pixels);
    }
    cast_votes(puzzled[out->truth - CLASS_UNKNOWN], voters, out);
}

void synth_set_face(const struct synth_set *set, uint32_t index, struct synth_face *out)
{
    const struct entry *e = &set->entries[index];
    struct rng picture, voters;
    struct expression shown, read;
    double shares[CLASS_COUNT];
    *out = (struct synth_face){
        .split = (enum split)e->split, .truth = e->truth, .voted = e->voted, .planted = e->voted != e->truth};
    rng_seed(&picture, set->seed, (uint64_t)STREAM_PICTURES << 32 | index);
    rng_seed(&voters, set->seed, (uint64_t)STREAM_VOTERS << 32 | index);
    if (out->truth >= EMOTION_COUNT) {
        make_puzzle(&picture, &voters, out);
        return;
    }
    expression_draw(out->truth, &picture, &shown);
    portrait_draw(&shown, 0, &picture, out->pixels);
    if (out->planted)
        expression_draw(out->voted, &voters, &read); /* they saw another face */
    else
        read = shown;
    expression_voters(out->voted, &read, shares);
    cast_votes(shares, &voters, out);
}
