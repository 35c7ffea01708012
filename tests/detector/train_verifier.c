/* train_verifier OUT.onnx CASCADE.xml FACES.bin SCENES [EPOCHS]: the network that says which of the cascade's
 * windows hold a face. Faces are those of samples.py and what the cascade finds on the faces of the scenes
 * (of tests/bench/scenes.py), the others what it finds elsewhere. Every fifth scene is kept out, and at the
 * end a table says what each threshold makes of what was found there. */
#include "scene_files.h"

#include "ferlab/base/path.h"
#include "ferlab/base/rng.h"
#include "ferlab/detect/cascade.h"
#include "ferlab/detect/detect.h"
#include "ferlab/nn/network.h"
#include "ferlab/nn/onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 24, AREA = SIDE * SIDE, CLASSES = 2, BATCH = 64, HELD_OUT = 5 };

static const char arch[] = "16,P,32,P,64,V,D30";
static const float rate = 0.05F, momentum = 0.9F, decay = 5e-4F;
static const char *const classes[CLASSES] = {"other", "face"};

struct crops {
    uint8_t (*pixels)[AREA];
    uint8_t *face; /* whether */
    size_t count, capacity;
};

static uint8_t *crops_add(struct crops *c, bool face)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 1024;
        c->pixels = realloc(c->pixels, c->capacity * AREA);
        c->face = realloc(c->face, c->capacity);
    }
    c->face[c->count] = face;
    return c->pixels[c->count++];
}

static double best_overlap(const struct scene *s, const struct box *b)
{
    double most = 0;
    for (int i = 0; i < s->face_count; i++)
        most = fmax(most, box_overlap(&s->faces[i], b));
    return most;
}

static void take_boxes(struct crops *out, const struct scene *s, const struct boxes *found, double share,
                       struct rng *r)
{
    for (size_t i = 0; i < found->count; i++) {
        double overlap = best_overlap(s, &found->items[i]);
        if ((overlap < 0.3 || overlap > 0.5) && (double)rng_uniform(r) < share)
            face_crop(&s->image, &found->items[i], 1, SIDE, crops_add(out, overlap > 0.5));
    }
}

/* The groups that the detector shows the network, and a share of single windows. Those that are half on a
 * face are left out. */
static void collect(struct crops *out, const struct cascade *c, const struct scene *s, double share,
                    struct rng *r)
{
    struct err e = {0};
    struct boxes found = {0};
    cascade_scan(c, &s->image, &(struct cascade_search){.step = 1.1, .least_side = 30}, &found, &e);
    take_boxes(out, s, &found, share, r);
    boxes_group(&found, 1);
    take_boxes(out, s, &found, 1, r);
    boxes_free(&found);
}

static void take_faces(struct crops *out, const char *path)
{
    struct err e = {0};
    size_t size;
    char *bytes = file_read(path, (size_t)1 << 30, &size, &e);
    for (size_t i = 0; bytes != NULL && i < size / AREA; i++)
        memcpy(crops_add(out, true), bytes + i * AREA, AREA);
    free(bytes);
}

static void fill(const struct crops *c, const uint32_t *order, int count, struct rng *r, float *x,
                 float *targets)
{
    for (int i = 0; i < count; i++) {
        uint8_t turned[AREA];
        const uint8_t *pixels = c->pixels[order[i]];
        bool mirrored = r != NULL && rng_below(r, 2);
        for (int p = 0; p < AREA; p++)
            turned[p] = pixels[mirrored ? p / SIDE * SIDE + SIDE - 1 - p % SIDE : p];
        image_standardise(turned, x + (size_t)i * AREA, AREA);
        targets[i * CLASSES] = c->face[order[i]] ? 0 : 1;
        targets[i * CLASSES + 1] = c->face[order[i]] ? 1 : 0;
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
    float *x = malloc((size_t)BATCH * AREA * sizeof *x), targets[BATCH * CLASSES];
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

static void tell(struct network *net, const struct crops *c, size_t scenes)
{
    struct err e = {0};
    struct session *s = session_create(net, 1, false, 2, &e);
    size_t faces = 0;
    enum { STEPS = 20 };
    size_t kept[STEPS] = {0}, wrong[STEPS] = {0};
    for (uint32_t i = 0; i < c->count && s != NULL; i++) {
        float x[AREA], target[CLASSES], p[CLASSES];
        fill(c, &i, 1, NULL, x, target);
        session_predict(s, x, 1, p);
        faces += c->face[i];
        for (int t = 0; t < STEPS; t++)
            if (p[1] >= (float)t / STEPS)
                (c->face[i] ? kept : wrong)[t]++;
    }
    for (int t = 0; t < STEPS; t++)
        printf("threshold %.2f: %.1f %% of %zu faces that were found, %.2f others a scene\n",
               (double)t / STEPS, 100.0 * (double)kept[t] / (double)faces, faces,
               (double)wrong[t] / (double)scenes);
    session_free(s);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (argc < 5)
        return fputs("usage: train_verifier OUT.onnx CASCADE.xml FACES.bin SCENES [EPOCHS]\n", stderr), 2;
    struct cascade *c = cascade_load(argv[2], &e);
    struct network *net = network_create(arch, SIDE, CLASSES, 1, &e);
    if (c == NULL || net == NULL)
        return fprintf(stderr, "%s\n", e.text), 1;
    size_t count, held_out = 0;
    struct scene *scenes = scenes_load(argv[4], &count);
    struct crops learnt = {0}, asked = {0};
    struct rng r;
    rng_seed(&r, 1, 0);
    take_faces(&learnt, argv[3]);
    for (size_t i = 0; i < count; i++) {
        bool held = i % HELD_OUT == 0;
        held_out += held;
        collect(held ? &asked : &learnt, c, &scenes[i], held ? 0 : 0.3, &r);
    }
    printf("%zu crops to learn, %zu to ask about\n", learnt.count, asked.count);
    fflush(stdout);
    struct onnx_note notes[] = {{"threshold", "0.9"}};
    void *bytes;
    size_t size;
    if (!train(net, &learnt, argc > 5 ? atoi(argv[5]) : 8, &e) ||
        !onnx_write(net, classes, notes, 1, &bytes, &size, &e) || !file_write(argv[1], bytes, size, &e))
        return fprintf(stderr, "%s\n", e.text), 1;
    tell(net, &asked, held_out);
    return 0;
}
