/* Checkpoints: a training as it stands after a step, in FILE.runs/ID/checkpoint.safetensors, from which it
 * goes on as if it had never been interrupted.
 *
 * Tensors: weights.P (running statistics too), best.P and momentum.P for the learner's parameters P; model,
 * the file it started from, where that is not of our own kind; the faces it trains on and is judged by
 * (train.ids, train.targets, valid.ids, valid.labels) and what the best epoch made of the latter
 * (valid.probabilities); epochs [done][loss, train accuracy, valid accuracy, seconds]; position [epochs done,
 * step, best epoch, right so far, seen so far]; tally [loss, seconds so far]. Notes: format, version, arch,
 * input_size, recipe, seed, label_revision, training_set (a digest of targets and labels), fold, digest (of
 * everything else). Random numbers need no place: they follow from seed, epoch and step. */
#ifndef FERLAB_TRAIN_CHECKPOINT_H
#define FERLAB_TRAIN_CHECKPOINT_H

#include "training.h"

#include "ferlab/base/digest.h"
#include "ferlab/nn/safetensors.h"

struct checkpoint {
    char path[PATH_MAX], *bytes;
    struct arena arena;
    struct safetensors file;
    struct recipe recipe;
    const char *arch;
    int64_t input_size, fold; /* fold: that the training was of; 0 where it has none */
};

/* Of all tensors with their names, and of all notes but the digest itself, which stands last. */
bool checkpoint_digest(const struct safetensors *f, char hex[DIGEST_HEX]);

/* Where the run has or would have it. */
bool checkpoint_path(struct workspace *ws, int64_t run, char out[PATH_MAX], struct err *e);

/* Replaces the run's checkpoint by one of now: temporary file, fsync, rename. One is kept; whatever happens,
 * it is the old or the new. */
bool checkpoint_write(struct training *t, struct err *e);
void checkpoint_remove(const struct training *t);

/* Files that a killed writer left half written beside it. */
void checkpoint_sweep(const char *dir);

/* Reads and checks a file as far as that goes without its training. checkpoint_free even after failure. */
bool checkpoint_read(struct checkpoint *c, struct err *e); /* c->path set, the rest {0} */
void checkpoint_free(struct checkpoint *c);

/* Makes a training of it: all but pixels and label revision. t->ws and t->recipe are set. */
bool checkpoint_restore(const struct checkpoint *c, struct training *t, struct err *e);

#endif
