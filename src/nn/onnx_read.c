/* From a chain of ONNX layers to a network: the plan from its architecture string, the values from its
 * tensors. */
#include "ferlab/nn/onnx.h"

#include "onnx_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* [out][channels][pixels] to [out][pixels][channels]; transposed: from [channels x pixels][out]. */
static void read_weights(const struct tensor *t, bool transposed, size_t outputs, size_t pixels,
                         size_t channels, float *to)
{
    size_t inputs = pixels * channels;
    for (size_t o = 0; o < outputs; o++)
        for (size_t c = 0; c < channels; c++)
            for (size_t p = 0; p < pixels; p++) {
                size_t i = c * pixels + p;
                to[o * inputs + p * channels + c] =
                    tensor_at(t, transposed ? i * outputs + o : o * inputs + i);
            }
}

static void read_values(const struct tensor *t, struct parameter *p)
{
    for (size_t i = 0; i < p->count; i++)
        p->value[i] = t->bytes ? tensor_at(t, i) : 0.0f;
}

/* Parameters scale, bias, mean, variance, for this network's own epsilon and a convolution without bias:
 *     scale (x + b - mean) / sqrt(variance + epsilon) is the same with mean - b, and with variance + epsilon
 * - 1e-5. */
static void read_norm(const struct link *link, struct parameter *p)
{
    for (size_t i = 0; i < p[0].count; i++) {
        float variance = tensor_at(&link->variance, i), own = variance + link->epsilon - NORM_EPSILON;
        float kept = own > 0.0f ? own : 0.0f;
        float mend = sqrtf((kept + NORM_EPSILON) / (variance + link->epsilon));
        /* Equal epsilons keep the stored bits. */
        bool same = link->epsilon == NORM_EPSILON;
        p[0].value[i] = tensor_at(&link->scale, i) * (same ? 1.0f : mend);
        p[1].value[i] = tensor_at(&link->shift, i);
        p[2].value[i] = tensor_at(&link->mean, i) - (link->bias.bytes ? tensor_at(&link->bias, i) : 0.0f);
        p[3].value[i] = same ? variance : kept;
    }
}

static void fill(struct network *net, const struct chain *chain)
{
    const struct link *link = chain->links;
    for (size_t i = 0; i < net->layer_count; i++) {
        const struct layer *l = &net->layers[i];
        struct parameter *p = &net->parameters[l->parameter];
        size_t outputs = (size_t)l->out.channels, channels = (size_t)l->in.channels;
        if (l->kind == LAYER_CONV) {
            read_weights(&link->weight, false, outputs, (size_t)l->kernel * (size_t)l->kernel, channels,
                         p->value);
            if (l->bias)
                read_values(&link->bias, &p[1]);
            link += l->bias; /* else its normalisation is next */
        } else if (l->kind == LAYER_NORM) {
            read_norm(link++, p);
        } else if (l->kind == LAYER_DENSE) {
            read_weights(&link->weight, link->transposed, outputs, (size_t)l->in.height * (size_t)l->in.width,
                         channels, p->value);
            read_values(&link->bias, &p[1]);
            link++;
        }
    }
}

static const struct layer *next_layer(const struct network *net, size_t *index)
{
    while (*index < net->layer_count && net->layers[*index].kind == LAYER_DROPOUT)
        (*index)++;
    return *index < net->layer_count ? &net->layers[(*index)++] : NULL;
}

/* Whether two networks compute the same but for dropout. */
static bool agree(const struct network *a, const struct network *b)
{
    size_t at_a = 0, at_b = 0;
    for (;;) {
        const struct layer *x = next_layer(a, &at_a), *y = next_layer(b, &at_b);
        if (!x || !y)
            return !x && !y;
        if (x->kind != y->kind || x->kernel != y->kernel || x->bias != y->bias || x->relu != y->relu ||
            memcmp(&x->in, &y->in, sizeof x->in) != 0 || memcmp(&x->out, &y->out, sizeof x->out) != 0)
            return false;
    }
}

/* Dropout is not in the graph, so where the file's note of its architecture fits the graph, the note is
 * taken. */
static struct network *plan_noted(const struct onnx_file *f, const struct chain *chain, struct network *plain)
{
    const char *arch = onnx_file_note(f, "arch");
    struct network *noted = arch ? network_plan(arch, chain->input_size, chain->classes, NULL) : NULL;
    if (noted && agree(noted, plain)) {
        network_free(plain);
        return noted;
    }
    network_free(noted);
    return plain;
}

static struct network *read_chain(const struct onnx_file *f, struct chain *chain, struct err *e)
{
    if (!onnx_chain_read(f, chain, e))
        return NULL;
    struct err inner;
    struct network *net =
        network_plan(chain->items.data ? chain->items.data : "", chain->input_size, chain->classes, &inner);
    if (!net) {
        err_set(e, ERR_INPUT, "%s: %s", f->name, inner.text);
        return NULL;
    }
    net = plan_noted(f, chain, net);
    fill(net, chain);
    return net;
}

struct network *onnx_read(const void *bytes, size_t size, const char *name, struct err *e)
{
    struct onnx_file file = {.name = name};
    struct chain *chain = calloc(1, sizeof *chain);
    struct network *net = NULL;
    if (!chain)
        err_memory(e, "reading a model");
    else if (onnx_file_open(&file, bytes, size, e))
        net = read_chain(&file, chain, e);
    onnx_file_close(&file);
    if (chain)
        str_free(&chain->items);
    free(chain);
    return net;
}
