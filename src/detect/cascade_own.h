/* What a cascade is made of. Private to this folder. */
#ifndef FERLAB_DETECT_CASCADE_OWN_H
#define FERLAB_DETECT_CASCADE_OWN_H

#include "ferlab/detect/cascade.h"

#include <stdint.h>

enum {
    CASCADE_MOST_NODES = 32, /* of one tree */
    CASCADE_LEAST_WINDOW = 8,
    CASCADE_MOST_WINDOW = 128,
    HAAR_RECTS = 3,
    LBP_WORDS = 8, /* a bit for each of the 256 patterns */
};

enum feature_kind { FEATURE_HAAR, FEATURE_LBP };

struct rect {
    int x, y, width, height;
};

/* Haar: the weighed sums of up to three rectangles; tilted ones stand on their corner at x, y, width going
 * down to the right and height down to the left. LBP: rect[0] is the first of 3 x 3 blocks. */
struct feature {
    struct rect rects[HAAR_RECTS];
    float weights[HAAR_RECTS];
    bool tilted;
};

/* A branch of a tree: to the left where the feature is below the threshold, or its pattern in the subset.
 * A side greater than 0 is a node of the same tree, behind this one; else the leaf of its negative. */
struct node {
    int sides[2]; /* left, right */
    int feature;
    float threshold;
    uint32_t subset[LBP_WORDS];
};

struct tree {
    size_t first_node, first_leaf;
    int nodes; /* and one leaf more */
};

struct stage {
    size_t first_tree, trees;
    float threshold; /* windows whose trees sum to less are rejected */
};

struct cascade {
    enum feature_kind kind;
    int width, height; /* of the window */
    bool tilts;        /* some feature is tilted */
    struct feature *features;
    struct node *nodes;
    float *leaves;
    struct tree *trees;
    struct stage *stages;
    size_t feature_count, node_count, leaf_count, tree_count, stage_count;
};

/* One size of windows over a strip of the picture: its summed-area tables, entry (x, y) being the sum of what
 * lies above and to the left. Rows are `stride` apart in all of them. */
struct strip {
    const uint32_t *sum, *squares, *tilted; /* squares for Haar, tilted where the cascade tilts */
    int stride;
    int columns, rows; /* places of windows: x and y from 0 to below these */
    int step;          /* between the places that are tried */
};

/* Places (x, y) of windows that all stages accept, in order, with their scores, as boxes of no size. False:
 * out of memory. */
bool cascade_evaluate(const struct cascade *c, const struct strip *strip, struct boxes *out);

#endif
