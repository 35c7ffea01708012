/* Layouts: places in one stretch of memory for tensors that live at different times. */
#ifndef FERLAB_NN_LAYOUT_H
#define FERLAB_NN_LAYOUT_H

#include <stddef.h>

struct tensor {
    size_t size;        /* floats */
    size_t first, last; /* when it lives, both ends included */
    size_t *at;         /* receives its offset */
};

/* Places the largest first, each as low as it can lie clear of those that live when it does. Reorders them;
 * returns the floats that are needed. */
size_t layout_tensors(struct tensor *tensors, size_t count);

#endif
