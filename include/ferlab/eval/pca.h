/* Principal components: the plane in which vectors lie farthest apart. In steps, so that whoever has other
 * things to do can do them in between. */
#ifndef FERLAB_EVAL_PCA_H
#define FERLAB_EVAL_PCA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PCA_AXES = 2 };

struct pca {
    size_t width, count;
    float *rows;     /* scratch */
    float *products; /* [width][width], the upper half: sums of x y, then the covariance */
    double *sums;    /* [width], then the mean */
    float *axes;     /* [PCA_AXES][width], of length 1 */
};

bool pca_start(struct pca *p, size_t width); /* false: out of memory */
void pca_free(struct pca *p);

/* Takes vectors [count][width] in half precision (base/half.h) into account; rows of zeros say nothing. */
void pca_add(struct pca *p, const uint16_t *vectors, size_t count);

/* Then finds the axes, the one of the largest variance first: orthogonal iteration on the covariance. Of each
 * the sign is such that its largest value is positive. */
void pca_find_axes(struct pca *p);

/* Places [count][2] of vectors; NaN of rows of zeros. */
void pca_project(const struct pca *p, const uint16_t *vectors, size_t count, float (*places)[PCA_AXES]);

#endif
