/* What each face contributes to the scores, and their sums: for the faces as they are, and for draws of them.
 */
#ifndef FERLAB_EVAL_TALLY_H
#define FERLAB_EVAL_TALLY_H

#include "ferlab/eval/evaluation.h"

struct tally_face {
    int8_t label, prediction;
    uint8_t bin; /* of confidence */
    bool top2, voted;
    float confidence, loss, brier, kl, js; /* loss: -ln p of the label; kl, js: 0 where not voted */
};
/* False where the face does not count. */
bool tally_face_of(const struct evaluation_faces *f, size_t row, struct tally_face *out);

struct tally {
    struct confusion confusion;
    struct calibration calibration;
    int64_t count, top2, voted;
    double brier, kl, js;
};
static inline void tally_add(struct tally *t, const struct tally_face *f)
{
    t->confusion.cell[f->label][f->prediction]++;
    calibration_count(&t->calibration, f->bin, f->label == f->prediction, (double)f->confidence,
                      (double)f->loss);
    t->count++;
    t->top2 += f->top2;
    t->brier += (double)f->brier;
    t->voted += f->voted;
    t->kl += (double)f->kl;
    t->js += (double)f->js;
}
void tally_scores(const struct tally *t, const struct metrics *m, double score[SCORE_COUNT]);

#endif
