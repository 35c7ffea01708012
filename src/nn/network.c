/* Networks: layers, and their parameters in one allocation each for values and gradients. */
#include "layer.h"

#include "ferlab/base/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PER_LAYER_MAX = 4, NAME_LENGTH = 32 };

static const char *const layer_prefix[] = {
    [LAYER_CONV] = "conv", [LAYER_NORM] = "bn", [LAYER_DENSE] = "dense"};

static size_t product(const int *dims, int rank)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    return count;
}

/* The parameters of one layer, without names and places; returns how many. */
static size_t describe(const struct layer *l, struct parameter out[PER_LAYER_MAX],
                       const char *suffix[PER_LAYER_MAX])
{
    int channels = l->out.channels;
    size_t n = 0;
    if (l->kind == LAYER_CONV || l->kind == LAYER_DENSE) {
        out[n] = l->kind == LAYER_CONV
                     ? (struct parameter){.dims = {channels, l->kernel, l->kernel, l->in.channels}, .rank = 4}
                     : (struct parameter){.dims = {channels, (int)shape_count(l->in)}, .rank = 2};
        out[n].decays = true;
        suffix[n++] = "weight";
    }
    if ((l->kind == LAYER_CONV && l->bias) || l->kind == LAYER_DENSE) {
        out[n] = (struct parameter){.dims = {channels}, .rank = 1};
        suffix[n++] = "bias";
    }
    if (l->kind == LAYER_NORM) {
        static const char *const names[PER_LAYER_MAX] = {"scale", "bias", "mean", "variance"};
        for (; n < PER_LAYER_MAX; n++) {
            out[n] = (struct parameter){.dims = {channels}, .rank = 1};
            suffix[n] = names[n];
        }
    }
    return n;
}

static bool is_running(const struct layer *l, size_t index)
{
    return l->kind == LAYER_NORM && index >= 2;
}

static size_t round_up(size_t count)
{
    size_t unit = NN_ALIGN / sizeof(float);
    return (count + unit - 1) / unit * unit;
}

/* Fills net->parameters (with values and gradients as offsets to come) and says how many floats they need. */
static void list_parameters(struct network *net, size_t *values)
{
    int number[LAYER_DENSE + 1] = {0};
    size_t total = 0;
    net->parameter_count = net->learnt = 0;
    for (size_t i = 0; i < net->layer_count; i++) {
        struct layer *l = &net->layers[i];
        struct parameter found[PER_LAYER_MAX];
        const char *suffix[PER_LAYER_MAX];
        size_t count = describe(l, found, suffix);
        l->parameter = net->parameter_count;
        number[l->kind]++;
        for (size_t k = 0; k < count; k++) {
            char *name = net->names + net->parameter_count * NAME_LENGTH;
            snprintf(name, NAME_LENGTH, "%s%d.%s", layer_prefix[l->kind], number[l->kind], suffix[k]);
            struct parameter *p = &net->parameters[net->parameter_count++];
            *p = found[k];
            p->name = name;
            p->count = product(p->dims, p->rank);
            if (!is_running(l, k))
                net->learnt += p->count;
            total += round_up(p->count);
        }
    }
    *values = total;
}

/* Values and gradients are `count` floats each, from one block that calloc gives as zeros: what is not
 * touched, as the gradients of a model that only predicts, costs no memory and no time. */
static bool place_parameters(struct network *net, size_t count)
{
    net->memory = calloc(1, NN_ALIGN + 2 * count * sizeof(float));
    if (!net->memory)
        return false;
    size_t past = (uintptr_t)net->memory % NN_ALIGN;
    void *aligned = (char *)net->memory + (NN_ALIGN - past) % NN_ALIGN;
    float *value = aligned, *gradient = value + count;
    for (size_t i = 0; i < net->layer_count; i++) {
        const struct layer *l = &net->layers[i];
        size_t end = i + 1 < net->layer_count ? net->layers[i + 1].parameter : net->parameter_count;
        for (size_t k = l->parameter; k < end; k++) {
            struct parameter *p = &net->parameters[k];
            p->value = value;
            value += round_up(p->count);
            p->gradient = is_running(l, k - l->parameter) ? NULL : gradient;
            gradient += round_up(p->count);
        }
    }
    return true;
}

bool network_check(const char *arch, int input_size, int classes, struct err *e)
{
    struct layer *layers = calloc(LAYERS_MAX, sizeof *layers);
    size_t count;
    char *normal = NULL;
    if (!layers)
        return err_memory(e, "reading an architecture");
    bool fine = arch_parse(arch, &input_size, classes, layers, &count, &normal, e);
    free(normal);
    free(layers);
    return fine;
}

struct network *network_plan(const char *arch, int input_size, int classes, struct err *e)
{
    struct network *net = calloc(1, sizeof *net);
    if (!net || !(net->layers = calloc(LAYERS_MAX, sizeof *net->layers)) ||
        !(net->parameters = calloc(LAYERS_MAX * PER_LAYER_MAX, sizeof *net->parameters)) ||
        !(net->names = calloc(LAYERS_MAX * PER_LAYER_MAX, NAME_LENGTH))) {
        err_memory(e, "making a network");
        goto failed;
    }
    net->input_size = input_size;
    net->classes = classes;
    if (!arch_parse(arch, &net->input_size, classes, net->layers, &net->layer_count, &net->arch, e))
        goto failed;
    size_t values;
    list_parameters(net, &values);
    if (place_parameters(net, values))
        return net;
    err_memory(e, "making a network");
failed:
    network_free(net);
    return NULL;
}

/* Normal with variance gain / fan-in. Gain 2 keeps the size of what passes ReLU (He et al. 2015) and is for
 * layers whose size normalisation sets anyway. Max pooling enlarges too, and where nothing normalises it, ten
 * such layers explode at the first steps: those get gain 1 (as Glorot & Bengio 2010 for layers as wide as the
 * one below). */
static void initialise(struct network *net, uint64_t seed)
{
    for (size_t i = 0; i < net->layer_count; i++) {
        const struct layer *l = &net->layers[i];
        struct parameter *p = &net->parameters[l->parameter];
        if (l->kind == LAYER_NORM) {
            for (size_t k = 0; k < p[0].count; k++)
                p[0].value[k] = p[3].value[k] = 1.0f;
        } else if (l->kind == LAYER_CONV || l->kind == LAYER_DENSE) {
            size_t fan_in = p->count / (size_t)p->dims[0];
            float gain = l->kind == LAYER_CONV && !l->bias ? 2.0f : 1.0f,
                  deviation = sqrtf(gain / (float)fan_in);
            struct rng r;
            rng_seed(&r, seed, l->parameter);
            for (size_t k = 0; k < p->count; k++)
                p->value[k] = deviation * rng_normal(&r);
        }
    }
}

struct network *network_create(const char *arch, int input_size, int classes, uint64_t seed, struct err *e)
{
    struct network *net = network_plan(arch, input_size, classes, e);
    if (net)
        initialise(net, seed);
    return net;
}

struct network *network_copy(const struct network *net, struct err *e)
{
    struct network *copy = network_plan(net->arch, net->input_size, net->classes, e);
    if (!copy)
        return NULL;
    for (size_t i = 0; i < net->parameter_count; i++)
        memcpy(copy->parameters[i].value, net->parameters[i].value, net->parameters[i].count * sizeof(float));
    return copy;
}

void network_free(struct network *net)
{
    if (!net)
        return;
    free(net->arch);
    free(net->layers);
    free(net->parameters);
    free(net->names);
    free(net->memory);
    free(net);
}

const char *network_arch(const struct network *net)
{
    return net->arch;
}

int network_input_size(const struct network *net)
{
    return net->input_size;
}

int network_classes(const struct network *net)
{
    return net->classes;
}

size_t network_parameters(const struct network *net)
{
    return net->learnt;
}

size_t network_embedding_values(const struct network *net)
{
    return shape_count(net->layers[net->layer_count - 1].in);
}

double network_flops(const struct network *net)
{
    double flops = 0.0;
    for (size_t i = 0; i < net->layer_count; i++)
        flops += layer_flops(&net->layers[i]);
    return flops;
}

double layer_flops(const struct layer *l)
{
    if (l->kind == LAYER_CONV)
        return 2.0 * l->kernel * l->kernel * l->in.channels * (double)shape_count(l->out);
    if (l->kind == LAYER_DENSE)
        return 2.0 * (double)shape_count(l->in) * l->out.channels;
    return 0.0;
}

size_t network_parameter_count(const struct network *net)
{
    return net->parameter_count;
}

struct parameter *network_parameter(struct network *net, size_t index)
{
    return index < net->parameter_count ? &net->parameters[index] : NULL;
}

struct parameter_list network_parameter_list(struct network *net)
{
    return (struct parameter_list){net->parameters, net->parameter_count};
}

void network_scale_logits(struct network *net, float factor)
{
    const struct layer *last = &net->layers[net->layer_count - 1];
    for (size_t i = last->parameter; i < net->parameter_count; i++)
        for (size_t k = 0; k < net->parameters[i].count; k++)
            net->parameters[i].value[k] *= factor;
}
