/* Faces in a report: picked from its rows by a rank, shown with votes and prediction below. */
#ifndef FERLAB_REPORT_FACES_H
#define FERLAB_REPORT_FACES_H

#include "parts.h"

/* Rows by how much they deserve to be shown. */
struct ranked {
    double rank; /* the largest first */
    uint32_t row;
};

/* Orders by rank, equals by row, so that the same faces come first everywhere. */
void faces_sort(struct ranked *faces, size_t count);

/* The face alone, `side` pixels wide on the screen. */
void faces_put_image(struct report *r, size_t row, int side);

/* The face, and below it the label, what the model says instead, the votes and the probabilities as bars and
 * in figures, and `remark`, where it is not "". */
void faces_put(struct report *r, size_t row, int label, const char *remark);

#endif
