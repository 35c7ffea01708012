/* Folding: batch normalisation with running statistics is slope x + offset of each channel, so the
 * convolution before it can do that with its weights and a bias. */
#include "layer.h"

#include "ferlab/base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Every convolution with a bias and no normalisation: N becomes Nb. Canonical strings hold no blanks. */
static void spell_biased(const char *arch, struct str *out)
{
    for (const char *item = arch_expand(arch);;) {
        size_t length = strcspn(item, ",");
        str_append_bytes(out, item, length);
        if (isdigit((unsigned char)item[0]) && item[length - 1] != 'b')
            str_append(out, "b");
        item += length;
        if (*item++ == '\0')
            return;
        str_append(out, ",");
    }
}

static void copy_values(const struct parameter *from, struct parameter *to)
{
    memcpy(to->value, from->value, from->count * sizeof *to->value);
}

/* The weights of `from`, a convolution, and the parameters of its normalisation to weights and bias. scratch
 * 3 x channels floats. */
static void fold_convolution(const struct parameter *from, const struct parameter *norm, float *scratch,
                             struct parameter to[2])
{
    size_t channels = to[1].count, inputs = to[0].count / channels;
    struct norm n = {.channels = (int)channels,
                     .scale = norm[NORM_SCALE].value,
                     .bias = norm[NORM_BIAS].value,
                     .mean = scratch,
                     .inverse = scratch + channels,
                     .slope = scratch + 2 * channels,
                     .offset = to[1].value};
    norm_from_running(&n, norm[NORM_MEAN].value, norm[NORM_VARIANCE].value);
    for (size_t o = 0; o < channels; o++)
        for (size_t i = o * inputs; i < (o + 1) * inputs; i++)
            to[0].value[i] = from->value[i] * n.slope[o];
}

/* The layers of both agree one by one, but for ReLU in place of normalisation with ReLU. */
static void fold_layers(const struct network *net, float *scratch, struct network *folded)
{
    for (size_t i = 0; i < net->layer_count; i++) {
        const struct layer *from = &net->layers[i], *to = &folded->layers[i];
        const struct parameter *old = &net->parameters[from->parameter];
        struct parameter *new = &folded->parameters[to->parameter];
        bool has_bias = from->bias || from->kind == LAYER_DENSE;
        if (from->kind == LAYER_CONV && !from->bias) {
            fold_convolution(old, &net->parameters[from[1].parameter], scratch, new);
        } else if (has_bias) {
            copy_values(&old[0], &new[0]);
            copy_values(&old[1], &new[1]);
        }
    }
}

struct network *network_fold(const struct network *net, struct err *e)
{
    struct str arch = {0};
    spell_biased(net->arch, &arch);
    float *scratch = malloc(3 * CHANNELS_MAX * sizeof *scratch);
    struct network *folded = NULL;
    if (arch.failed || !scratch)
        err_memory(e, "folding a network");
    else
        folded = network_plan(arch.data, net->input_size, net->classes, e);
    if (folded)
        fold_layers(net, scratch, folded);
    free(scratch);
    str_free(&arch);
    return folded;
}
