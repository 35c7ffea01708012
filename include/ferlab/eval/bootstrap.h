/* Intervals at 95 % around scores: of accuracy, a proportion, Wilson's (metrics_wilson), as everywhere; of
 * the others by the bootstrap (Efron 1979): faces are drawn with replacement, as many as there are, the
 * scores of each draw are worked out, and the interval holds the middle 95 % of them (percentile method).
 * That of the calibration error leans upward: a draw repeats faces, and chance alone makes bins disagree. The
 * same faces give the same intervals, on however many threads and in however many steps. */
#ifndef FERLAB_EVAL_BOOTSTRAP_H
#define FERLAB_EVAL_BOOTSTRAP_H

#include "ferlab/base/err.h"
#include "ferlab/eval/evaluation.h"

enum { BOOTSTRAP_DRAWS = 1000, BOOTSTRAP_SEED = 1 };

struct bootstrap;

/* Takes what it needs of the faces; they may go. Of no face that counts, all intervals are NaN. */
bool bootstrap_new(struct bootstrap **out, const struct evaluation_faces *f, struct err *e);
/* Of the differences after - before between two sides of a comparison, which have the same rows: each draw is
 * of faces with what both sides say of them. All intervals, of accuracy too, are the bootstrap's. */
bool bootstrap_new_paired(struct bootstrap **out, const struct evaluation_faces *before,
                          const struct evaluation_faces *after, struct err *e);
void bootstrap_free(struct bootstrap *b);

/* Works out so many more draws, on all threads where that pays; false once all of BOOTSTRAP_DRAWS are done.
 */
bool bootstrap_run(struct bootstrap *b, int draws);

/* The interval of a score, once all draws are done; before, and where some draw has no score, NaN. */
void bootstrap_interval(const struct bootstrap *b, enum score s, double *low, double *high);

#endif
