/* Predictors: faces in, probabilities out, each averaged over the face and its mirror image. */
#include "predictor.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/nn/onnx.h"
#include "ferlab/store/samples.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH_FACES = 64,   /* of 48x48; fewer of larger ones, so that memory stays the same */
    SWEEP_FACES = 1024, /* read from the workspace at a time */
};

struct predictor {
    struct network *net;
    bool owns_network;
    struct session *session;
    int size, faces, threads;      /* faces: per batch; each takes two images */
    float *images, *probabilities; /* [2 faces][size][size], [2 faces][EMOTION_COUNT] */
    uint8_t *resized;              /* [faces][size][size] */
};

static size_t image_pixels(const struct predictor *p)
{
    return (size_t)p->size * (size_t)p->size;
}

struct predictor *predictor_over(struct network *net, int threads, struct err *e)
{
    struct predictor *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_memory(e, "preparing predictions");
        return NULL;
    }
    p->net = net;
    p->size = network_input_size(net);
    p->threads = threads > 0 ? threads : omp_get_max_threads();
    size_t faces = (size_t)BATCH_FACES * FACE_PIXELS / image_pixels(p);
    p->faces = faces < 1 ? 1 : faces > BATCH_FACES ? BATCH_FACES : (int)faces;
    size_t images = 2 * (size_t)p->faces;
    p->session = session_create(net, (int)images, false, p->threads, e);
    p->images = malloc(images * image_pixels(p) * sizeof *p->images);
    p->probabilities = malloc(images * EMOTION_COUNT * sizeof *p->probabilities);
    p->resized = malloc((size_t)p->faces * image_pixels(p));
    if (p->session == NULL || p->images == NULL || p->probabilities == NULL || p->resized == NULL) {
        if (p->session != NULL)
            err_memory(e, "preparing predictions");
        predictor_free(p);
        return NULL;
    }
    return p;
}

struct predictor *predictor_from_onnx(const void *bytes, size_t size, const char *name, int threads,
                                      struct err *e)
{
    struct network *net = onnx_read(bytes, size, name, e);
    if (net == NULL)
        return NULL;
    if (network_classes(net) != EMOTION_COUNT) {
        err_set(e, ERR_INPUT, "%s: the model tells %d classes apart; it must be the %d emotions", name,
                network_classes(net), EMOTION_COUNT);
        network_free(net);
        return NULL;
    }
    struct predictor *p = predictor_over(net, threads, e);
    if (p == NULL)
        network_free(net);
    else
        p->owns_network = true;
    return p;
}

void predictor_free(struct predictor *p)
{
    if (p == NULL)
        return;
    session_free(p->session);
    if (p->owns_network)
        network_free(p->net);
    free(p->images);
    free(p->probabilities);
    free(p->resized);
    free(p);
}

void predictor_refresh(struct predictor *p)
{
    session_refresh(p->session);
}

struct network *predictor_network(struct predictor *p)
{
    return p->net;
}

/* Images 2i and 2i + 1: the standardised face and its mirror image. */
static void fill_pair(struct predictor *p, int i, const uint8_t *pixels)
{
    size_t side = (size_t)p->size;
    float *face = p->images + 2 * (size_t)i * image_pixels(p), *mirror = face + image_pixels(p);
    image_standardise(pixels, face, image_pixels(p));
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            mirror[y * side + x] = face[y * side + side - 1 - x];
}

static void predict_pairs(struct predictor *p, int faces, float (*probabilities)[EMOTION_COUNT])
{
    session_predict(p->session, p->images, 2 * faces, p->probabilities);
    for (int i = 0; i < faces; i++) {
        const float *a = p->probabilities + 2 * (size_t)i * EMOTION_COUNT, *b = a + EMOTION_COUNT;
        for (int k = 0; k < EMOTION_COUNT; k++)
            probabilities[i][k] = 0.5f * (a[k] + b[k]);
    }
}

bool predictor_faces(struct predictor *p, const uint8_t *pixels, size_t count,
                     float (*probabilities)[EMOTION_COUNT], struct err *e)
{
    (void)e;
    for (size_t first = 0; first < count; first += (size_t)p->faces) {
        int n = count - first < (size_t)p->faces ? (int)(count - first) : p->faces;
#pragma omp parallel for schedule(static) num_threads(p->threads)
        for (int i = 0; i < n; i++) {
            const uint8_t *face = pixels + (first + (size_t)i) * FACE_PIXELS;
            uint8_t *resized = p->resized + (size_t)i * image_pixels(p);
            if (p->size != FACE_SIZE) {
                image_resize(face, FACE_SIZE, FACE_SIZE, resized, p->size, p->size);
                face = resized;
            }
            fill_pair(p, i, face);
        }
        predict_pairs(p, n, probabilities + first);
    }
    return true;
}

bool predictor_image(struct predictor *p, const struct gray *image, float probabilities[EMOTION_COUNT],
                     struct err *e)
{
    (void)e;
    image_square(image, p->size, p->resized);
    fill_pair(p, 0, p->resized);
    predict_pairs(p, 1, (float(*)[EMOTION_COUNT])probabilities);
    return true;
}

bool predictor_samples(struct predictor *p, struct workspace *ws, const int64_t *ids, size_t count,
                       float (*probabilities)[EMOTION_COUNT], size_t *done, struct progress *bar,
                       struct err *e)
{
    uint8_t *pixels = malloc((size_t)SWEEP_FACES * FACE_PIXELS);
    if (pixels == NULL)
        return err_memory(e, "predicting");
    bool fine = true;
    while (fine && *done < count && !interrupt_requested()) {
        size_t n = count - *done < SWEEP_FACES ? count - *done : SWEEP_FACES;
        fine = sample_pixels_many(ws, ids + *done, n, pixels, e) &&
               predictor_faces(p, pixels, n, probabilities + *done, e);
        *done += fine ? n : 0;
        progress_update(bar, *done);
    }
    free(pixels);
    return fine;
}
