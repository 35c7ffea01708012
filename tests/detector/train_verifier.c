/* train_verifier OUT.onnx CASCADE.xml EPOCHS SCENES...: the network that says which of the cascade's windows
 * hold a face, and where in them. It learns from folders of tests/bench/scenes.py: windows around the faces,
 * and a share of what the cascade finds beside them. */
#include "scene_files.h"

#include "ferlab/base/path.h"
#include "ferlab/base/rng.h"
#include "ferlab/detect/cascade.h"
#include "ferlab/detect/detect.h"
#include "ferlab/detect/offset.h"
#include "ferlab/nn/network.h"
#include "ferlab/nn/onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 24, AREA = SIDE * SIDE, BATCH = 64, NEAR = 4, FAR = 4 }; /* windows around a face */

static const char arch[] = "16,P,32,P,64,V,D30";
static const float rate = 0.05F, momentum = 0.9F, decay = 5e-4F;
static const double least_overlap = 0.35, no_overlap = 0.2; /* of a window with a face, and one without */
static const double share_of_windows = 0.08, share_of_groups = 0.32; /* of those beside faces */

struct crop {
    uint8_t pixels[AREA];
    bool face;
    struct offset offset;
};

struct crops {
    struct crop *items;
    size_t count, capacity;
};

static struct crop *crops_add(struct crops *c, const struct gray *image, const struct box *window)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 1024;
        c->items = realloc(c->items, c->capacity * sizeof *c->items);
    }
    struct crop *crop = &c->items[c->count++];
    *crop = (struct crop){0};
    face_crop(image, window, 1, SIDE, crop->pixels);
    return crop;
}

static void take_face(struct crops *out, const struct gray *image, const struct box *window,
                      const struct box *face)
{
    struct offset o = offset_between(window, face);
    if (!offset_in_reach(&o) || box_overlap(window, face) < least_overlap)
        return;
    struct crop *crop = crops_add(out, image, window);
    crop->face = true;
    crop->offset = o;
}

static double within(struct rng *r, double most)
{
    return most * (2 * (double)rng_uniform(r) - 1);
}

static void take_around(struct crops *out, const struct gray *image, const struct box *face, double shift,
                        double growth, struct rng *r)
{
    struct offset o = {.right = within(r, shift), .down = within(r, shift), .growth = within(r, growth)};
    struct box window = offset_apply(face, &o);
    take_face(out, image, &window, face);
}

static double best_overlap(const struct scene *s, const struct box *b)
{
    double most = 0;
    for (int i = 0; i < s->face_count; i++)
        most = fmax(most, box_overlap(&s->faces[i], b));
    return most;
}

static void take_others(struct crops *out, const struct scene *s, const struct boxes *found, double share,
                        struct rng *r)
{
    for (size_t i = 0; i < found->count; i++)
        if ((double)rng_uniform(r) < share && best_overlap(s, &found->items[i]) < no_overlap)
            crops_add(out, &s->image, &found->items[i]);
}

/* Windows a little off a face, as the network is shown again what it has moved, and far off it. */
static void collect(struct crops *out, const struct cascade *c, const struct scene *s, struct rng *r)
{
    struct err e = {0};
    struct boxes found = {0};
    cascade_scan(c, &s->image, &(struct cascade_search){.step = 1.1, .least_side = 30, .threads = 2}, &found,
                 &e);
    for (int f = 0; f < s->face_count; f++) {
        for (int i = 0; i < NEAR; i++)
            take_around(out, &s->image, &s->faces[f], 0.06, 0.1, r);
        for (int i = 0; i < FAR; i++)
            take_around(out, &s->image, &s->faces[f], 0.3, 0.4, r);
    }
    take_others(out, s, &found, share_of_windows, r);
    boxes_merge(&found, 0);
    take_others(out, s, &found, share_of_groups, r);
    boxes_free(&found);
}

static void fill(const struct crops *c, const uint32_t *order, int count, struct rng *r, float *x,
                 float *targets)
{
    for (int i = 0; i < count; i++) {
        uint8_t turned[AREA];
        const struct crop *crop = &c->items[order[i]];
        bool mirrored = rng_below(r, 2);
        for (int p = 0; p < AREA; p++)
            turned[p] = crop->pixels[mirrored ? p / SIDE * SIDE + SIDE - 1 - p % SIDE : p];
        image_standardise(turned, x + (size_t)i * AREA, AREA);
        float *target = targets + (size_t)i * OFFSET_CLASSES;
        struct offset o = crop->offset;
        o.right = mirrored ? -o.right : o.right;
        memset(target, 0, OFFSET_CLASSES * sizeof *target);
        if (crop->face)
            offset_classes(&o, target);
        else
            target[OFFSET_OTHER] = 1;
    }
}

static bool train(struct network *net, const struct crops *c, int epochs, struct err *e)
{
    struct session *s = session_create(net, BATCH, true, 2, e);
    struct parameter_list list = network_parameter_list(net);
    struct sgd sgd;
    if (s == NULL || !sgd_init(&sgd, list, momentum, decay, e))
        return false;
    uint32_t *order = malloc(c->count * sizeof *order);
    float *x = malloc((size_t)BATCH * AREA * sizeof *x), targets[BATCH * OFFSET_CLASSES];
    for (uint32_t i = 0; i < c->count; i++)
        order[i] = i;
    struct rng r;
    rng_seed(&r, 1, 1);
    size_t steps = c->count / BATCH, step = 0;
    for (int epoch = 0; epoch < epochs; epoch++) {
        double loss = 0;
        rng_shuffle(&r, order, c->count);
        for (size_t i = 0; i < steps; i++, step++) {
            fill(c, order + i * BATCH, BATCH, &r, x, targets);
            loss += session_train(s, x, targets, BATCH, LOSS_CROSS_ENTROPY, 1, step, NULL);
            double done = (double)step / (double)(steps * (size_t)epochs);
            sgd_step(&sgd, list, rate * (float)(fmin(1, done * 20) * 0.5 * (1 + cos(M_PI * done))));
        }
        printf("epoch %d: loss %.4f\n", epoch + 1, loss / (double)steps);
        fflush(stdout);
    }
    sgd_free(&sgd);
    session_free(s);
    free(order);
    free(x);
    return true;
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (argc < 5)
        return fputs("usage: train_verifier OUT.onnx CASCADE.xml EPOCHS SCENES...\n", stderr), 2;
    struct cascade *c = cascade_load(argv[2], &e);
    struct network *net = network_create(arch, SIDE, OFFSET_CLASSES, 1, &e);
    if (c == NULL || net == NULL)
        return fprintf(stderr, "%s\n", e.text), 1;
    struct crops learnt = {0};
    struct rng r;
    rng_seed(&r, 1, 0);
    for (int folder = 4; folder < argc; folder++) {
        size_t count;
        struct scene *scenes = scenes_load(argv[folder], &count);
        for (size_t i = 0; i < count; i++) {
            collect(&learnt, c, &scenes[i], &r);
            image_free(&scenes[i].image);
        }
        free(scenes);
    }
    size_t faces = 0;
    for (size_t i = 0; i < learnt.count; i++)
        faces += learnt.items[i].face;
    printf("%zu crops to learn, %zu of them faces\n", learnt.count, faces);
    fflush(stdout);
    struct onnx_note notes[] = {{"threshold", "0.9"}};
    void *bytes;
    size_t size;
    if (!train(net, &learnt, atoi(argv[3]), &e) || !onnx_write(net, NULL, notes, 1, &bytes, &size, &e) ||
        !file_write(argv[1], bytes, size, &e))
        return fprintf(stderr, "%s\n", e.text), 1;
    return 0;
}
