/* Boxes in a picture, in whole pixels, and lists of them. */
#ifndef FERLAB_DETECT_BOX_H
#define FERLAB_DETECT_BOX_H

#include <stdbool.h>
#include <stddef.h>

struct box {
    int x, y, width, height;
    float score; /* of whoever found it; comparable within one detector */
    int members; /* how many were made one; 1 as found */
};

struct boxes { /* start from {0} */
    struct box *items;
    size_t count, capacity;
};

bool boxes_append(struct boxes *list, struct box box); /* false: out of memory */
void boxes_sort(struct boxes *list);                   /* the best score first */
void boxes_free(struct boxes *list);

/* Intersection over union, 0 to 1. */
double box_overlap(const struct box *a, const struct box *b);

/* Makes boxes that are alike one: the mean of place and size, the best score. Alike are those whose four
 * sides differ by at most a fifth of the smaller's, and what is alike to the same one. Of one with fewer than
 * `least_neighbours` others nothing is left. In place, in the order of first members. False: out of memory.
 */
bool boxes_merge(struct boxes *list, int least_neighbours);
/* The same, and nothing is left of one that lies in another for which more were made one. This is the rule of
 * OpenCV's groupRectangles. */
bool boxes_group(struct boxes *list, int least_neighbours);

#endif
