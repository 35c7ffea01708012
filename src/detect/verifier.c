/* The verifying network: windows cut out, standardised, judged in batches, and moved to where it sees the
 * face. What many windows say of one face is made one, and looked at again. */
#include "verifier.h"

#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/detect/detect.h"
#include "ferlab/detect/offset.h"
#include "ferlab/nn/network.h"
#include "ferlab/nn/onnx.h"

#include <math.h>
#include <stdlib.h>

enum { BATCH = 16, MOST_SIDE = 64, MOST_BYTES = 16 << 20, LOOKS = 2 };

/* What share of the threshold makes a window worth another look. */
static const double worth_another_look = 1.0 / 3;
static const double same_face = 0.4;       /* the overlap of windows that speak of one */
static const double most_common = 1.0 / 3; /* of the smaller of two boxes, in the other */

struct verifier {
    struct network *network;
    struct session *session;
    int side; /* of its input */
    double threshold;
    uint8_t *crop;
    float *input; /* [BATCH][side][side] */
};

void verifier_free(struct verifier *v)
{
    if (v == NULL)
        return;
    session_free(v->session);
    network_free(v->network);
    free(v->crop);
    free(v->input);
    free(v);
}

static bool read_threshold(struct verifier *v, const void *bytes, size_t size, const char *path,
                           struct err *e)
{
    char *note = onnx_note_read(bytes, size, "threshold");
    bool fine = note != NULL && str_to_double(note, 0, 1, &v->threshold);
    free(note);
    return fine ||
           err_set(e, ERR_INPUT,
                   "%s: its note 'threshold' is no probability; take the file that ships with ferlab", path);
}

static bool prepare(struct verifier *v, const char *path, int threads, struct err *e)
{
    v->side = network_input_size(v->network);
    if (network_classes(v->network) != OFFSET_CLASSES || v->side > MOST_SIDE)
        return err_set(e, ERR_INPUT,
                       "%s: this network does not tell faces; take the file that ships with ferlab", path);
    size_t pixels = (size_t)v->side * (size_t)v->side;
    v->session = session_create(v->network, BATCH, false, threads, e);
    v->crop = malloc(pixels);
    v->input = malloc(BATCH * pixels * sizeof *v->input);
    return v->session != NULL &&
           ((v->crop != NULL && v->input != NULL) || err_memory(e, "opening the detector"));
}

struct verifier *verifier_load(const char *path, int threads, struct err *e)
{
    size_t size;
    char *bytes = file_read(path, MOST_BYTES, &size, e);
    struct verifier *v = bytes == NULL ? NULL : calloc(1, sizeof *v);
    bool fine = v != NULL || (bytes != NULL && err_memory(e, "opening the detector"));
    if (fine)
        v->network = onnx_read(bytes, size, path, e);
    fine =
        fine && v->network != NULL && read_threshold(v, bytes, size, path, e) && prepare(v, path, threads, e);
    free(bytes);
    if (fine)
        return v;
    verifier_free(v);
    return NULL;
}

/* Scores the boxes, and moves them to the faces in them. */
static bool judge_batch(struct verifier *v, const struct gray *image, struct box *boxes, int count,
                        struct err *e)
{
    size_t pixels = (size_t)v->side * (size_t)v->side;
    float classes[BATCH][OFFSET_CLASSES];
    for (int i = 0; i < count; i++) {
        if (!face_crop(image, &boxes[i], 1, v->side, v->crop))
            return err_memory(e, "looking for faces");
        image_standardise(v->crop, v->input + (size_t)i * pixels, pixels);
    }
    session_predict(v->session, v->input, count, classes[0]);
    for (int i = 0; i < count; i++) {
        struct offset o;
        double face = offset_read(classes[i], &o);
        boxes[i] = offset_apply(&boxes[i], &o);
        boxes[i].score = (float)face;
    }
    return true;
}

/* The same of a whole list, of which the likely ones are left, the surest first. */
static bool judge(struct verifier *v, const struct gray *image, struct boxes *boxes, struct err *e)
{
    for (size_t i = 0; i < boxes->count; i += BATCH) {
        size_t left = boxes->count - i;
        if (!judge_batch(v, image, boxes->items + i, (int)(left < BATCH ? left : BATCH), e))
            return false;
    }
    boxes_sort(boxes);
    while (boxes->count > 0 &&
           (double)boxes->items[boxes->count - 1].score < v->threshold * worth_another_look)
        boxes->count--;
    return true;
}

/* Puts the mean of a box and those behind it that overlap it, weighed by the squares of their scores, in its
 * place; they leave the list. */
static void gather(struct boxes *boxes, size_t first)
{
    struct box surest = boxes->items[first];
    double across = 0, down = 0, side = 0, weights = 0;
    size_t kept = first + 1;
    for (size_t i = first; i < boxes->count; i++) {
        struct box b = boxes->items[i];
        if (i > first && box_overlap(&surest, &b) <= same_face) {
            boxes->items[kept++] = b;
            continue;
        }
        double weight = (double)b.score * (double)b.score;
        across += weight * (b.x + b.width / 2.0);
        down += weight * (b.y + b.width / 2.0);
        side += weight * b.width;
        weights += weight;
    }
    boxes->count = kept;
    surest.width = surest.height = (int)lrint(side / weights);
    surest.x = (int)lrint(across / weights - surest.width / 2.0);
    surest.y = (int)lrint(down / weights - surest.width / 2.0);
    boxes->items[first] = surest;
}

static bool is_face_of(const struct box *a, const struct box *b)
{
    double overlap = box_overlap(a, b), areas = (double)a->width * a->height + (double)b->width * b->height,
           common = overlap * areas / (1 + overlap);
    double smaller = (double)a->width * a->height < (double)b->width * b->height
                         ? (double)a->width * a->height
                         : (double)b->width * b->height;
    return common > most_common * smaller;
}

static void keep_surest(struct boxes *boxes, double threshold)
{
    size_t kept = 0;
    boxes_sort(boxes);
    for (size_t i = 0; i < boxes->count && (double)boxes->items[i].score >= threshold; i++) {
        bool taken = false;
        for (size_t j = 0; j < kept && !taken; j++)
            taken = is_face_of(&boxes->items[i], &boxes->items[j]);
        if (!taken)
            boxes->items[kept++] = boxes->items[i];
    }
    boxes->count = kept;
}

bool verifier_find(struct verifier *v, const struct gray *image, struct boxes *boxes, struct err *e)
{
    if (!judge(v, image, boxes, e))
        return false;
    for (size_t i = 0; i < boxes->count; i++)
        gather(boxes, i);
    for (int i = 0; i < LOOKS; i++)
        if (!judge(v, image, boxes, e))
            return false;
    keep_surest(boxes, v->threshold);
    return true;
}
