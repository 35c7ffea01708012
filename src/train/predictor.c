/* Predictors: faces in, probabilities out, each averaged over the face and its mirror image. */
#include "predictor.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/store/embeddings.h"
#include "ferlab/store/samples.h"

#include <omp.h>
#include <stdlib.h>

enum {
    BATCH_FACES = 64, /* of 48x48; fewer of larger ones, so that memory stays the same */
};

struct predictor {
    struct classifier *c;
    bool owned;
    struct session *session;  /* of a network */
    int size, faces, threads; /* faces: per batch; each takes two images */
    float *images, *outputs;  /* [2 faces] of input values, [2 faces][classes] */
    float *embeddings;        /* [2 faces][embedding values] */
    float *planes;            /* [faces][size][size] */
    uint8_t *resized;         /* [faces][size][size] */
};

static size_t image_pixels(const struct predictor *p)
{
    return (size_t)p->size * (size_t)p->size;
}

static bool make_buffers(struct predictor *p, struct err *e)
{
    p->size = p->c->facts.size;
    size_t faces = (size_t)BATCH_FACES * FACE_PIXELS / image_pixels(p);
    p->faces = faces < 1 ? 1 : faces > BATCH_FACES ? BATCH_FACES : (int)faces;
    size_t images = 2 * (size_t)p->faces;
    p->images = malloc(images * classifier_image_values(p->c) * sizeof *p->images);
    p->outputs = malloc(images * (size_t)p->c->facts.classes * sizeof *p->outputs);
    p->embeddings = malloc((images * classifier_embedding_values(p->c) + 1) * sizeof *p->embeddings);
    p->planes = malloc((size_t)p->faces * image_pixels(p) * sizeof *p->planes);
    p->resized = malloc((size_t)p->faces * image_pixels(p));
    if (p->images == NULL || p->outputs == NULL || p->embeddings == NULL || p->planes == NULL ||
        p->resized == NULL)
        return err_memory(e, "preparing predictions");
    if (p->c->net != NULL)
        p->session = session_create(p->c->net, (int)images, false, p->threads, e);
    return p->c->net == NULL || p->session != NULL;
}

struct predictor *predictor_over(struct classifier *c, int threads, struct err *e)
{
    struct predictor *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_memory(e, "preparing predictions");
        return NULL;
    }
    p->c = c;
    p->threads = threads > 0 ? threads : omp_get_max_threads();
    if (make_buffers(p, e))
        return p;
    predictor_free(p);
    return NULL;
}

struct predictor *predictor_reading(const void *bytes, size_t size, const char *name,
                                    const struct model_reading *asked, int threads, struct err *e)
{
    struct classifier *c = classifier_read(bytes, size, name, asked, e);
    struct predictor *p = c != NULL ? predictor_over(c, threads, e) : NULL;
    if (p != NULL)
        p->owned = true;
    else
        classifier_free(c);
    return p;
}

struct predictor *predictor_from_onnx(const void *bytes, size_t size, const char *name, int threads,
                                      struct err *e)
{
    return predictor_reading(bytes, size, name, NULL, threads, e);
}

void predictor_free(struct predictor *p)
{
    if (p == NULL)
        return;
    session_free(p->session);
    if (p->owned)
        classifier_free(p->c);
    free(p->images);
    free(p->outputs);
    free(p->embeddings);
    free(p->planes);
    free(p->resized);
    free(p);
}

size_t predictor_embedding_values(const struct predictor *p)
{
    return classifier_embedding_values(p->c);
}

bool predictor_embeds(const struct predictor *p)
{
    size_t width = predictor_embedding_values(p);
    return width > 0 && width <= EMBEDDING_VALUES_MAX;
}

void predictor_refresh(struct predictor *p)
{
    if (p->session != NULL)
        session_refresh(p->session);
}

void predictor_describe(const struct predictor *p, struct model_new *m)
{
    m->arch = classifier_arch(p->c);
    m->parameters = (int64_t)classifier_parameters(p->c);
    m->input_size = p->size;
}

const char *predictor_told(const struct predictor *p)
{
    return p->c->input.told.length > 0 ? p->c->input.told.data : NULL;
}

bool predictor_note(const struct predictor *p, const void *bytes, size_t size, void **out, size_t *out_size,
                    struct err *e)
{
    return model_input_note(&p->c->input, &p->c->facts, bytes, size, out, out_size, e);
}

/* Images 2i and 2i + 1: the face and its mirror image. */
static void fill_pair(struct predictor *p, int i, const uint8_t *pixels)
{
    float *plane = p->planes + (size_t)i * image_pixels(p),
          *face = p->images + 2 * (size_t)i * classifier_image_values(p->c);
    model_input_plane(&p->c->input, pixels, image_pixels(p), plane);
    classifier_image(p->c, plane, false, face);
    classifier_image(p->c, plane, true, face + classifier_image_values(p->c));
}

/* embeddings [faces][width] of the pairs of the buffer. */
static void average_embeddings(const struct predictor *p, int faces, float *embeddings)
{
    size_t width = predictor_embedding_values(p);
    for (int i = 0; i < faces; i++) {
        const float *face = p->embeddings + 2 * (size_t)i * width, *mirrored = face + width;
        for (size_t k = 0; k < width; k++)
            embeddings[(size_t)i * width + k] = 0.5f * (face[k] + mirrored[k]);
    }
}

static bool predict_pairs(struct predictor *p, int faces, float (*probabilities)[EMOTION_COUNT],
                          float *embeddings, struct err *e)
{
    float pair[2][EMOTION_COUNT], *inner = embeddings != NULL ? p->embeddings : NULL;
    const struct classifier *c = p->c;
    if (p->session != NULL)
        session_embed(p->session, p->images, 2 * faces, p->outputs, inner);
    else if (!graph_embed(c->graph, p->images, 2 * faces, p->threads, p->outputs, inner, e))
        return false;
    if (embeddings != NULL)
        average_embeddings(p, faces, embeddings);
    for (int i = 0; i < faces; i++) {
        float *outputs = p->outputs + 2 * (size_t)i * (size_t)c->facts.classes;
        if (!model_input_emotions(&c->input, c->name, outputs, pair[0], e) ||
            !model_input_emotions(&c->input, c->name, outputs + c->facts.classes, pair[1], e))
            return false;
        for (int k = 0; k < EMOTION_COUNT; k++)
            probabilities[i][k] = 0.5f * (pair[0][k] + pair[1][k]);
    }
    return true;
}

/* embeddings NULL: not wanted. */
static bool predict_faces(struct predictor *p, const uint8_t *pixels, size_t count,
                          float (*probabilities)[EMOTION_COUNT], float *embeddings, struct err *e)
{
    bool fine = true;
    for (size_t first = 0; fine && first < count; first += (size_t)p->faces) {
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
        fine =
            predict_pairs(p, n, probabilities + first,
                          embeddings != NULL ? embeddings + first * predictor_embedding_values(p) : NULL, e);
    }
    return fine;
}

bool predictor_faces(struct predictor *p, const uint8_t *pixels, size_t count,
                     float (*probabilities)[EMOTION_COUNT], struct err *e)
{
    return predict_faces(p, pixels, count, probabilities, NULL, e);
}

bool predictor_image(struct predictor *p, const struct gray *image, float probabilities[EMOTION_COUNT],
                     struct err *e)
{
    image_square(image, p->size, p->resized);
    fill_pair(p, 0, p->resized);
    return predict_pairs(p, 1, (float(*)[EMOTION_COUNT])probabilities, NULL, e);
}

bool predictor_samples(struct predictor *p, struct workspace *ws, const int64_t *ids, size_t count,
                       float (*probabilities)[EMOTION_COUNT], float *embeddings, size_t *done,
                       struct progress *bar, struct err *e)
{
    size_t width = predictor_embedding_values(p);
    uint8_t *pixels = malloc((size_t)PREDICTOR_SWEEP * FACE_PIXELS);
    if (pixels == NULL)
        return err_memory(e, "predicting");
    bool fine = true;
    while (fine && *done < count && !interrupt_requested()) {
        size_t n = count - *done < PREDICTOR_SWEEP ? count - *done : PREDICTOR_SWEEP;
        fine = sample_pixels_many(ws, ids + *done, n, pixels, e) &&
               predict_faces(p, pixels, n, probabilities + *done,
                             embeddings != NULL ? embeddings + *done * width : NULL, e);
        *done += fine ? n : 0;
        if (bar != NULL)
            progress_update(bar, *done);
    }
    free(pixels);
    return fine;
}
