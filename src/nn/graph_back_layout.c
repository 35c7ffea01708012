/* Gradients of operators that move values. Where a value of the output comes from is found by moving the
 * places instead of the values: the operator itself runs once more, on integers that count its input. */
#include "graph.h"

#include <string.h>

enum { INPUTS_MAX = 5 }; /* Slice has most */

bool back_same(struct back *b)
{
    for (size_t i = 0; i < b->s.out[0].count; i++)
        b->dx[0][i] += b->dy[i];
    return true;
}

/* Input 0 with each value's place in its stead, from 1 on, so that 0 is no place. */
static bool count_places(struct step *s, struct value *out)
{
    const struct value *x = step_input(s, 0);
    int64_t *places = step_scratch(s, x->count, sizeof *places);
    *out = *x;
    out->type = VALUE_INT;
    out->ints = places;
    for (size_t i = 0; places && i < x->count; i++)
        places[i] = (int64_t)i + 1;
    return places != NULL;
}

/* Runs the step on places, with `filler`, where it is not NULL, as input 2. */
static bool move(struct back *b, const struct value *filler)
{
    struct graph_step node = *b->s.node;
    struct value places, moved = {0};
    const struct value *in[INPUTS_MAX] = {0};
    if (!count_places(&b->s, &places))
        return false;
    memcpy(in, b->s.in, (size_t)node.input_count * sizeof *in);
    in[0] = &places;
    if (filler) {
        in[2] = filler;
        node.input_count = node.input_count > 3 ? node.input_count : 3;
    }
    struct step again = {
        .graph = b->s.graph, .node = &node, .in = in, .out = &moved, .budget = b->s.budget, .err = b->s.err};
    bool fine = node.op->run(&again);
    for (size_t i = 0; fine && i < moved.count; i++)
        if (moved.ints[i] > 0)
            b->dx[0][moved.ints[i] - 1] += b->dy[i];
    value_free(&moved, b->s.budget);
    return fine;
}

bool back_move(struct back *b)
{
    return move(b, NULL);
}

bool back_pad(struct back *b)
{
    int64_t no_place = 0;
    const struct value filler = {.type = VALUE_INT, .count = 1, .ints = &no_place};
    return move(b, &filler);
}

bool back_concat(struct back *b)
{
    struct step *s = &b->s;
    int axis;
    if (!step_axis(s, step_int(s, "axis", 1), s->out[0].rank, &axis))
        return false;
    struct around all = value_around(&s->out[0], axis);
    const float *dy = b->dy;
    for (int i = 0; i < s->node->input_count; i++) {
        struct around a = value_around(step_input(s, i), axis);
        size_t row = a.at * a.after;
        for (size_t k = 0; k < a.before * row && b->dx[i]; k++)
            b->dx[i][k] += dy[k / row * all.at * all.after + k % row];
        dy += row;
    }
    return true;
}
