/* Cascades of boosted trees over Haar-like features (Viola & Jones 2001; Lienhart & Maydt 2002, with tilted
 * ones) or local binary patterns of blocks (Liao et al. 2007), as OpenCV's training writes them in XML, and
 * the search for what they accept: windows of all places and sizes in a picture, neighbours made one.
 *
 * The search follows OpenCV's CascadeClassifier::detectMultiScale closely enough to find its boxes, which is
 * how it is tested; it differs where the picture is scaled down by a hair's breadth. */
#ifndef FERLAB_DETECT_CASCADE_H
#define FERLAB_DETECT_CASCADE_H

#include "ferlab/detect/box.h"

#include "ferlab/base/err.h"
#include "ferlab/face/image.h"

#include <stddef.h>

struct cascade;

/* From an XML file's bytes; `name` is for messages. Everything in it is checked: what cascade_scan evaluates
 * is within its window and its arrays. The caller frees. */
struct cascade *cascade_read(const char *bytes, size_t size, const char *name, struct err *e);
struct cascade *cascade_load(const char *path, struct err *e);
void cascade_free(struct cascade *c);

struct cascade_search {
    double step;    /* between sizes: each is so many times the one before, more than 1 */
    int least_side; /* of a window, pixels of the picture; 0: the cascade's own */
    bool coarse;    /* every second place at all sizes; else only of windows below twice the cascade's own */
    int threads;    /* 0: all the machine has */
};

/* Every window that all stages accept, largest pictures first, row by row; score is what the last stage
 * summed to. Appends to *out. */
bool cascade_scan(const struct cascade *c, const struct gray *image, const struct cascade_search *how,
                  struct boxes *out, struct err *e);

#endif
