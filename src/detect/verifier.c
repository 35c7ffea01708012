/* The verifying network: windows cut out, standardised, and judged in batches. */
#include "verifier.h"

#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/detect/detect.h"
#include "ferlab/nn/network.h"
#include "ferlab/nn/onnx.h"

#include <math.h>
#include <stdlib.h>

enum { BATCH = 16, CLASSES = 2, FACE = 1, MOST_SIDE = 64, MOST_BYTES = 16 << 20, SHARPNESS = 2 };

/* What share of the threshold makes other sizes worth a look. */
static const double worth_refining = 1.0 / 3;
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
    if (network_classes(v->network) != CLASSES || v->side > MOST_SIDE)
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

static bool judge(struct verifier *v, const struct gray *image, struct box *boxes, int count, struct err *e)
{
    size_t pixels = (size_t)v->side * (size_t)v->side;
    float probabilities[BATCH][CLASSES];
    for (int i = 0; i < count; i++) {
        if (!face_crop(image, &boxes[i], 1, v->side, v->crop))
            return err_memory(e, "looking for faces");
        image_standardise(v->crop, v->input + (size_t)i * pixels, pixels);
    }
    session_predict(v->session, v->input, count, probabilities[0]);
    for (int i = 0; i < count; i++)
        boxes[i].score = probabilities[i][FACE];
    return true;
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

static bool judge_all(struct verifier *v, const struct gray *image, struct box *boxes, size_t count,
                      struct err *e)
{
    for (size_t i = 0; i < count; i += BATCH)
        if (!judge(v, image, boxes + i, (int)(count - i < BATCH ? count - i : BATCH), e))
            return false;
    return true;
}

static struct box scaled(const struct box *b, double scale)
{
    int side = (int)lrint(b->width * scale);
    struct box out = *b;
    out.x += (b->width - side) / 2;
    out.y += (b->height - side) / 2;
    out.width = out.height = side;
    return out;
}

/* The cascade is unsure of sizes: the box becomes the mean of larger and smaller ones, weighed by what the
 * network says of each. */
static bool refine(struct verifier *v, const struct gray *image, struct box *box, struct err *e)
{
    static const double scales[] = {0.72, 0.8, 0.9, 1, 1.12, 1.25, 1.4};
    enum { SCALES = sizeof scales / sizeof *scales };
    struct box tried[SCALES];
    double side = 0, weight = 0, best = 0;
    for (int i = 0; i < SCALES; i++)
        tried[i] = scaled(box, scales[i]);
    if (!judge_all(v, image, tried, SCALES, e))
        return false;
    for (int i = 0; i < SCALES; i++) {
        double says = pow((double)tried[i].score, SHARPNESS);
        side += says * tried[i].width;
        weight += says;
        best = fmax(best, (double)tried[i].score);
    }
    if (weight > 0)
        *box = scaled(box, side / weight / box->width);
    box->score = (float)best;
    return true;
}

bool verifier_keep(struct verifier *v, const struct gray *image, struct boxes *boxes, struct err *e)
{
    if (!judge_all(v, image, boxes->items, boxes->count, e))
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < boxes->count; i++)
        if ((double)boxes->items[i].score >= v->threshold * worth_refining)
            boxes->items[kept++] = boxes->items[i];
    boxes->count = kept;
    for (size_t i = 0; i < kept; i++)
        if (!refine(v, image, &boxes->items[i], e))
            return false;
    keep_surest(boxes, v->threshold);
    return true;
}
