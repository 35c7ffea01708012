/* A model with inputs and the outputs it should give, as tests/golden/make_graph_goldens.py and
 * tests/conformance/onnx_nodes.py write them: bytes as hexadecimal digits in JSON. */
#ifndef FERLAB_TESTS_GRAPH_CASE_H
#define FERLAB_TESTS_GRAPH_CASE_H

#include "../../src/nn/graph.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASE_TENSORS_MAX = 16 };

/* malloc'ed. */
static inline void *case_bytes(const json_t *text, size_t *size)
{
    const char *hex = json_string_value(text);
    *size = hex ? strlen(hex) / 2 : 0;
    unsigned char *bytes = malloc(*size + 1);
    for (size_t i = 0; i < *size; i++) {
        unsigned byte = 0;
        sscanf(hex + 2 * i, "%2x", &byte);
        bytes[i] = (unsigned char)byte;
    }
    return bytes;
}

static inline struct value case_value(const json_t *j)
{
    bool floats = json_is_true(json_object_get(j, "float"));
    struct value v = {.type = floats ? VALUE_FLOAT : VALUE_INT, .owned = true};
    const json_t *dims = json_object_get(j, "dims");
    size_t size;
    v.rank = (int)json_array_size(dims);
    for (int i = 0; i < v.rank; i++)
        v.dims[i] = json_integer_value(json_array_get(dims, (size_t)i));
    v.data = case_bytes(json_object_get(j, "data"), &size);
    v.count = size / value_bytes(v.type);
    return v;
}

static inline bool case_same(const struct value *got, const struct value *want, char *why, size_t room)
{
    if (got->type != want->type || got->rank != want->rank || got->count != want->count ||
        memcmp(got->dims, want->dims, (size_t)want->rank * sizeof *want->dims) != 0) {
        snprintf(why, room, "%d dimensions, %zu values; not %d, %zu", got->rank, got->count, want->rank,
                 want->count);
        return false;
    }
    for (size_t i = 0; i < want->count; i++) {
        bool floats = want->type == VALUE_FLOAT;
        double a = floats ? (double)got->floats[i] : (double)got->ints[i];
        double b = floats ? (double)want->floats[i] : (double)want->ints[i];
        if (!(a == b || fabs(a - b) <= 1e-5 + 1e-4 * fabs(b) || (isnan(a) && isnan(b)))) {
            snprintf(why, room, "value %zu is %g, not %g", i, a, b);
            return false;
        }
    }
    return true;
}

/* Whether the case's model gives what it should; else why not. *refused: it was not taken at all. */
static inline bool case_passes(const json_t *c, char *why, size_t room, bool *refused)
{
    struct value in[CASE_TENSORS_MAX], out[CASE_TENSORS_MAX] = {{0}};
    size_t size, ins = json_array_size(json_object_get(c, "inputs")),
                 outs = json_array_size(json_object_get(c, "outputs"));
    void *bytes = case_bytes(json_object_get(c, "model"), &size);
    struct err e = {0};
    struct graph *g = graph_open(bytes, size, json_string_value(json_object_get(c, "name")), &e);
    struct budget budget = graph_budget();
    for (size_t i = 0; i < ins; i++)
        in[i] = case_value(json_array_get(json_object_get(c, "inputs"), i));
    bool fine = g && g->input_count == (int)ins && g->output_count == (int)outs &&
                graph_evaluate(g, in, out, &budget, &e);
    *refused = !fine;
    if (!fine)
        snprintf(why, room, "%s", e.text[0] ? e.text : "other numbers of inputs or outputs");
    for (size_t i = 0; fine && i < outs; i++) {
        struct value want = case_value(json_array_get(json_object_get(c, "outputs"), i));
        fine = case_same(&out[i], &want, why, room);
        value_free(&want, NULL);
    }
    for (size_t i = 0; i < outs; i++)
        value_free(&out[i], NULL);
    for (size_t i = 0; i < ins; i++)
        value_free(&in[i], NULL);
    graph_free(g);
    free(bytes);
    return fine;
}

#endif
