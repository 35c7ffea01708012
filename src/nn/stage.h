/* Stages: the layers of a session's plan with their buffers, and a table of what each kind of layer does with
 * them. */
#ifndef FERLAB_NN_STAGE_H
#define FERLAB_NN_STAGE_H

#include "layer.h"

enum { SLICES_MAX = 256 };

struct stage {
    const struct layer *layer;
    const struct stage_ops *ops;
    int images; /* prediction: how many go together at most; 0 in training */
    struct parameter *parameters;
    /* Convolutions: the normalisation or ReLU right after them, which their ending computes or prepares. */
    const struct stage *follower;
    /* Nobody writes the output: a convolution's follower has it computed there (ReLU), or whoever reads it
     * does so through `norm`. */
    bool lazy;
    struct norm norm;
    const struct norm *through; /* the input is read through this, or NULL */
    bool in_place;              /* y is x, dx is dy */
    bool learns_below;          /* an earlier stage needs dx */
    bool learns;                /* this one or an earlier stage has gradients */
    size_t y_at, d_at;          /* training: where a slice's arena holds the output and its gradient */
    float *packed, *packed_back;
    float *statistics; /* normalisations: the arrays of `norm` */
    double *sums;      /* normalisations: [slices][2][channels] */
    float *partials;   /* [slices][partial] */
    size_t partial;
};

/* The images one thread works on. Pointers are to the first of them. */
struct slice {
    int index, first, count;
    int part, parts; /* prediction by a team: which part of a convolution's outputs */
    bool training;
    uint32_t layer;
    uint64_t seed, step;
    const float *x, *dy;
    float *y, *dx; /* dx NULL: not wanted */
    float *workspace;
};

/* What a kind of layer does; NULL where it has nothing to do. */
struct stage_ops {
    const char *name;
    bool in_place;
    size_t (*packed)(const struct stage *s); /* floats */
    size_t (*packed_back)(const struct stage *s);
    size_t (*workspace)(const struct stage *s, bool training); /* floats a thread */
    size_t (*partial)(const struct stage *s);                  /* floats a slice */
    size_t (*statistics)(const struct layer *l);
    void (*prepare)(const struct stage *s, bool training); /* once a pass, before the first slice */
    void (*combine)(const struct stage *s, int slices,
                    const int *counts); /* before forward, once all slices of the stage below are done */
    void (*forward)(const struct stage *s, const struct slice *part);
    void (*measure_back)(const struct stage *s, const struct slice *part);
    void (*combine_back)(const struct stage *s, int slices, const int *counts);
    void (*backward)(const struct stage *s, const struct slice *part);
    void (*gather)(const struct stage *s, int slices); /* partials to gradients */
};

extern const struct stage_ops stage_ops[];

/* A normalisation's view of its statistics and parameters, once those have their places. */
struct norm stage_norm(const struct stage *s);

/* session.c: seconds spent in each stage, added to times[stage] from now on; NULL ends it. */
struct stage_time {
    double forward, backward;
};
size_t session_stages(const struct session *s);
const struct layer *session_layer(const struct session *s, size_t index);
const char *session_stage_name(const struct session *s, size_t index);
int session_threads(const struct session *s);
void session_profile(struct session *s, struct stage_time *times);

#endif
