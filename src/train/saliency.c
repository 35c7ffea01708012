/* Faces to maps of what speaks for an emotion. */
#include "ferlab/train/saliency.h"

#include "classifier.h"

#include "ferlab/nn/graph_cam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct saliency {
    struct classifier *c;
    struct graph *own; /* of a network of our own: as a graph, which stands for it */
    struct graph_cam *cam;
    float *plane, *image;
    uint8_t *resized; /* the face in the model's size */
    int output;
    bool mirrored; /* the mirror image is under way */
    float face[FACE_PIXELS];
};

static bool make_buffers(struct saliency *s, const void *bytes, size_t size, const char *name, struct err *e)
{
    size_t side = (size_t)s->c->facts.size;
    if (s->c->net != NULL) {
        network_free(s->c->net);
        s->c->net = NULL;
        s->own = graph_load(bytes, size, name, e);
        if (s->own == NULL)
            return false;
    }
    s->plane = malloc(side * side * sizeof *s->plane);
    s->image = malloc(classifier_image_values(s->c) * sizeof *s->image);
    s->resized = malloc(side * side);
    if (s->plane == NULL || s->image == NULL || s->resized == NULL)
        return err_memory(e, "explaining a model");
    s->cam = graph_cam_create(s->own != NULL ? s->own : s->c->graph, e);
    return s->cam != NULL;
}

struct saliency *saliency_from_onnx(const void *bytes, size_t size, const char *name, struct err *e)
{
    struct saliency *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_fill_memory(e, "explaining a model");
        return NULL;
    }
    s->c = classifier_read(bytes, size, name, NULL, e);
    if (s->c != NULL && make_buffers(s, bytes, size, name, e))
        return s;
    saliency_free(s);
    return NULL;
}

void saliency_free(struct saliency *s)
{
    if (s == NULL)
        return;
    graph_cam_free(s->cam);
    graph_free(s->own);
    classifier_free(s->c);
    free(s->plane);
    free(s->image);
    free(s->resized);
    free(s);
}

static void begin_image(struct saliency *s, bool mirrored)
{
    s->mirrored = mirrored;
    classifier_image(s->c, s->plane, mirrored, s->image);
    graph_cam_begin(s->cam, s->image, s->output);
}

void saliency_begin(struct saliency *s, const uint8_t pixels[FACE_PIXELS], int emotion)
{
    int side = s->c->facts.size;
    const uint8_t *face = pixels;
    if (side != FACE_SIZE) {
        image_resize(pixels, FACE_SIZE, FACE_SIZE, s->resized, side, side);
        face = s->resized;
    }
    model_input_plane(&s->c->input, face, (size_t)side * (size_t)side, s->plane);
    s->output = s->c->input.output[emotion];
    begin_image(s, false);
}

/* Where pixel `at` of the face's side falls in `count` places of a map: centres on centres, the outermost
 * repeated beyond. */
static int tap(int at, int count, float *share)
{
    float place = ((float)at + 0.5f) * (float)count / FACE_SIZE - 0.5f;
    place = fminf(fmaxf(place, 0.0f), (float)(count - 1));
    int left = (int)place < count - 1 ? (int)place : count > 1 ? count - 2 : 0;
    *share = place - (float)left;
    return left;
}

/* Adds the map, enlarged bilinearly to the face. */
static void add_map(const struct graph_map *map, bool mirrored, float heat[FACE_PIXELS])
{
    for (int y = 0; y < FACE_SIZE; y++) {
        float below;
        int top = tap(y, map->height, &below);
        const float *upper = map->values + (size_t)top * (size_t)map->width,
                    *lower = upper + (map->height > 1 ? map->width : 0);
        for (int x = 0; x < FACE_SIZE; x++) {
            float right;
            int left = tap(x, map->width, &right), next = map->width > 1 ? left + 1 : left;
            float over = upper[left] + right * (upper[next] - upper[left]),
                  under = lower[left] + right * (lower[next] - lower[left]);
            heat[y * FACE_SIZE + (mirrored ? FACE_SIZE - 1 - x : x)] += over + below * (under - over);
        }
    }
}

static bool set_largest_to_one(const struct saliency *s, float heat[FACE_PIXELS], struct err *e)
{
    float most = 0.0f;
    for (int i = 0; i < FACE_PIXELS; i++)
        most = fmaxf(most, heat[i]);
    if (!isfinite(most))
        return err_set(e, ERR_INPUT, "%s: the model does not give finite numbers for a face", s->c->name);
    for (int i = 0; i < FACE_PIXELS && most > 0.0f; i++)
        heat[i] /= most;
    return true;
}

bool saliency_work(struct saliency *s, bool *done, float heat[FACE_PIXELS], struct err *e)
{
    bool whole;
    *done = false;
    if (!graph_cam_work(s->cam, &whole, e))
        return false;
    if (!whole)
        return true;
    struct graph_map map = graph_cam_map(s->cam);
    if (!s->mirrored) {
        memset(s->face, 0, sizeof s->face);
        add_map(&map, false, s->face);
        begin_image(s, true);
        return true;
    }
    memcpy(heat, s->face, sizeof s->face);
    add_map(&map, true, heat);
    *done = true;
    return set_largest_to_one(s, heat, e);
}

bool saliency_face(struct saliency *s, const uint8_t pixels[FACE_PIXELS], int emotion,
                   float heat[FACE_PIXELS], struct err *e)
{
    bool done = false, fine = true;
    saliency_begin(s, pixels, emotion);
    while (fine && !done)
        fine = saliency_work(s, &done, heat, e);
    return fine;
}
