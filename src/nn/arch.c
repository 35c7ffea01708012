/* Architecture strings: parsing, checking, presets. */
#include "layer.h"

#include "ferlab/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char network_arch_help[] =
    "ARCH is a preset (default, deep, wide, vgg13) or comma-separated items: N a 3x3 convolution to N\n"
    "channels with batch normalisation and ReLU, Nx1 a 1x1 one, Nb (Nx1b) one with a bias and no "
    "normalisation,\n"
    "P 2x2 max pooling, Dn dropout of n percent, Fn a dense layer of n with ReLU; once, after the\n"
    "maps, G their averages or V all their values (as F alone takes them). Without G, V and F,\n"
    "averages and dropout 30 follow; a dense layer to the classes always does.\n"
    "default = 32,32,P,64,64,P,128,128,P,256,256,P; wide = 48,48,P,96,96,P,192,192,P,384,384,P;\n"
    "deep = 32,32,P,64,64,64,P,128,128,128,P,256,256,256,P\n";

static const struct {
    const char *name, *items;
    int input_size;
} presets[] = {
    {.name = "default", .items = "32,32,P,64,64,P,128,128,P,256,256,P", .input_size = 48},
    {.name = "deep", .items = "32,32,P,64,64,64,P,128,128,128,P,256,256,256,P", .input_size = 48},
    {.name = "wide", .items = "48,48,P,96,96,P,192,192,P,384,384,P", .input_size = 48},
    {.name = "vgg13",
     .items = "64b,64b,P,D25,128b,128b,P,D25,256b,256b,256b,P,D25,256b,256b,256b,P,D25,F1024,D50,F1024,D50",
     .input_size = 64},
};
enum {
    PRESETS = sizeof presets / sizeof *presets,
    DEFAULT_SIZE = 48,
    ITEM_LENGTH = 32,
    DROPOUT_PERCENT = 30
};

/* Bounds memory: four times the file size that onnx.h takes could not be stored anyway. */
static const size_t weights_max = 128u << 20;

const char *arch_expand(const char *arch)
{
    for (int i = 0; i < PRESETS; i++)
        if (strcmp(presets[i].name, arch) == 0)
            return presets[i].items;
    return arch;
}

const char *network_preset(int index)
{
    return index >= 0 && index < PRESETS ? presets[index].name : NULL;
}

struct parser {
    struct layer *layers;
    size_t count, weights;
    struct shape at; /* what the next layer is given */
    bool dense;      /* G, V or F came: only F and D may follow */
    int item;
    char text[ITEM_LENGTH];
    struct str canonical;
    struct err *err;
};

static bool refuse(struct parser *p, const char *what)
{
    return err_set(p->err, ERR_USAGE, "architecture:item %d '%s': %s", p->item, p->text, what);
}

static bool add(struct parser *p, struct layer layer, struct shape out)
{
    layer.in = p->at;
    layer.out = out;
    if (layer.kind == LAYER_CONV)
        p->weights +=
            (size_t)layer.kernel * (size_t)layer.kernel * (size_t)p->at.channels * (size_t)out.channels;
    if (layer.kind == LAYER_DENSE)
        p->weights += shape_count(p->at) * (size_t)out.channels;
    if (p->weights > weights_max)
        return refuse(p, "the network would have over 134 million weights; use fewer channels");
    p->layers[p->count++] = layer;
    p->at = out;
    return true;
}

static bool add_pool(struct parser *p)
{
    if (p->dense)
        return refuse(p, "pooling cannot stand here; put P before G, V and F");
    if (p->at.height < 2)
        return refuse(p, "a 1x1 map cannot be pooled again; use fewer P or a larger input");
    struct shape out = {p->at.height / 2, p->at.width / 2, p->at.channels};
    str_append(&p->canonical, "P");
    return add(p, (struct layer){.kind = LAYER_POOL}, out);
}

static bool add_dropout(struct parser *p)
{
    int64_t percent;
    if (!str_to_int(p->text + 1, 0, 95, &percent))
        return refuse(p, "dropout is D and a percentage from 0 to 95, such as D25");
    if (p->count == 0)
        return refuse(p, "dropout of the input itself is not supported; begin with a convolution");
    str_appendf(&p->canonical, "D%d", (int)percent);
    return add(p, (struct layer){.kind = LAYER_DROPOUT, .rate = (float)percent / 100.0f}, p->at);
}

static bool add_dense(struct parser *p)
{
    int64_t units;
    if (!str_to_int(p->text + 1, 1, CHANNELS_MAX, &units))
        return refuse(p, "a dense layer is F and its size from 1 to 4096, such as F1024");
    p->dense = true;
    struct shape out = {1, 1, (int)units};
    str_appendf(&p->canonical, "F%d", (int)units);
    return add(p, (struct layer){.kind = LAYER_DENSE}, out) &&
           add(p, (struct layer){.kind = LAYER_RELU}, out);
}

/* G or V: how the maps become a vector. */
static bool add_vector(struct parser *p)
{
    if (p->dense)
        return refuse(p, "the maps are a vector already; G or V stands once, before the first F");
    p->dense = true;
    str_append(&p->canonical, p->text);
    struct shape out = {1, 1, p->at.channels};
    return p->text[0] == 'V' || add(p, (struct layer){.kind = LAYER_AVERAGE}, out);
}

static bool add_convolution(struct parser *p)
{
    char number[ITEM_LENGTH];
    size_t digits = strspn(p->text, "0123456789");
    memcpy(number, p->text, digits);
    number[digits] = '\0';
    const char *rest = p->text + digits;
    int kernel = 3;
    if (strncmp(rest, "x1", 2) == 0 || strncmp(rest, "x3", 2) == 0) {
        kernel = rest[1] - '0';
        rest += 2;
    }
    bool bias = *rest == 'b';
    if (rest[bias] != '\0')
        return refuse(p,
                      "no such layer; a convolution is a channel count, optionally x1, such as 32 or 64x1");
    int64_t channels;
    if (!str_to_int(number, 1, CHANNELS_MAX, &channels))
        return refuse(p, "a convolution has 1 to 4096 channels");
    if (p->dense)
        return refuse(p, "a convolution cannot stand here; put it before G, V and F");
    struct shape out = {p->at.height, p->at.width, (int)channels};
    str_appendf(&p->canonical, "%d%s%s", (int)channels, kernel == 1 ? "x1" : "", bias ? "b" : "");
    return add(p, (struct layer){.kind = LAYER_CONV, .kernel = kernel, .bias = bias}, out) &&
           add(p, (struct layer){.kind = bias ? LAYER_RELU : LAYER_NORM, .relu = true}, out);
}

static bool add_item(struct parser *p)
{
    if (p->item > ITEMS_MAX)
        return refuse(p, "too many items; an architecture has 64 at most");
    if (p->item > 1)
        str_append(&p->canonical, ",");
    if (isdigit((unsigned char)p->text[0]))
        return add_convolution(p);
    if (strcmp(p->text, "P") == 0)
        return add_pool(p);
    if (strcmp(p->text, "G") == 0 || strcmp(p->text, "V") == 0)
        return add_vector(p);
    if (p->text[0] == 'D')
        return add_dropout(p);
    if (p->text[0] == 'F')
        return add_dense(p);
    return refuse(
        p, "no such layer or preset; items are 32 or 64x1 (convolutions), P, D25, F1024, presets default, "
           "deep, wide and vgg13");
}

static bool add_items(struct parser *p, const char *items)
{
    for (const char *rest = items;; rest++) {
        rest += strspn(rest, " ");
        size_t length = strcspn(rest, ","), kept = length;
        while (kept && rest[kept - 1] == ' ')
            kept--;
        p->item++;
        snprintf(p->text, sizeof p->text, "%.*s", (int)(kept < ITEM_LENGTH ? kept : ITEM_LENGTH - 1), rest);
        if (kept >= ITEM_LENGTH)
            return refuse(p, "no such layer; items are separated by commas");
        if (kept == 0)
            return refuse(p, "an item is empty; write something like 32,32,P,64,64,P");
        if (!add_item(p))
            return false;
        rest += length;
        if (*rest == '\0')
            return true;
    }
}

static bool add_head(struct parser *p, int classes)
{
    struct shape out = {1, 1, p->at.channels};
    p->item++;
    snprintf(p->text, sizeof p->text, "classes");
    if (!p->dense && !(add(p, (struct layer){.kind = LAYER_AVERAGE}, out) &&
                       add(p, (struct layer){.kind = LAYER_DROPOUT, .rate = DROPOUT_PERCENT / 100.0f}, out)))
        return false;
    return add(p, (struct layer){.kind = LAYER_DENSE}, (struct shape){1, 1, classes});
}

/* The preset that items and size amount to, else the items. */
static const char *preset_name(const char *items, int input_size)
{
    for (int i = 0; i < PRESETS; i++)
        if (presets[i].input_size == input_size && strcmp(presets[i].items, items) == 0)
            return presets[i].name;
    return items;
}

static int preset_size(const char *items)
{
    for (int i = 0; i < PRESETS; i++)
        if (strcmp(presets[i].items, items) == 0)
            return presets[i].input_size;
    return DEFAULT_SIZE;
}

bool arch_parse(const char *arch, int *input_size, int classes, struct layer *layers, size_t *count,
                char **canonical, struct err *e)
{
    const char *items = arch_expand(arch);
    int size = *input_size ? *input_size : preset_size(items);
    if (size < INPUT_MIN || size > INPUT_MAX)
        return err_set(e, ERR_USAGE,
                       "architecture: an input of %dx%d is not supported; use a side from %d to %d", size,
                       size, INPUT_MIN, INPUT_MAX);
    if (classes < 1 || classes > CLASSES_MAX)
        return err_set(e, ERR_USAGE, "architecture: %d classes are not supported; use 1 to %d", classes,
                       CLASSES_MAX);
    struct parser p = {.layers = layers, .at = {size, size, 1}, .err = e};
    bool parsed = add_items(&p, items) && add_head(&p, classes);
    if (parsed && p.canonical.failed)
        parsed = err_memory(e, "reading an architecture");
    if (parsed) {
        *canonical = strdup(preset_name(p.canonical.data, size));
        if (!*canonical)
            parsed = err_memory(e, "reading an architecture");
    }
    str_free(&p.canonical);
    *count = p.count;
    *input_size = size;
    return parsed;
}
