/* From a photograph to its faces and their emotions. */
#include "photo_faces.h"

#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/exchange/documents.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static struct photo_face *add(struct photo_faces *f, struct err *e)
{
    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? 2 * f->capacity : 8;
        struct photo_face *items = realloc(f->items, capacity * sizeof *items);
        if (items == NULL) {
            err_memory(e, "predicting");
            return NULL;
        }
        f->items = items;
        f->capacity = capacity;
    }
    return &f->items[f->count++];
}

void photo_faces_free(struct photo_faces *f)
{
    free(f->items);
    *f = (struct photo_faces){0};
}

static bool predict_box(struct predictor *predictor, const struct gray *image, const struct box *box,
                        double margin, bool found, struct photo_faces *out, struct err *e)
{
    uint8_t crop[FACE_PIXELS];
    struct gray square;
    struct photo_face *face = add(out, e);
    if (face == NULL)
        return false;
    if (!face_square(image, box, margin, &square))
        return err_memory(e, "predicting");
    image_square(&square, FACE_SIZE, crop);
    face->box = *box;
    face->found = found;
    face->flaws = face_flaws(crop, square.width);
    bool fine = predictor_image(predictor, &square, face->probabilities, e);
    image_free(&square);
    return fine;
}

bool photo_predict(struct detector *detector, struct predictor *predictor, const struct gray *image,
                   int longest, struct photo_faces *out, struct err *e)
{
    struct picture_faces faces = {0};
    out->count = 0;
    bool fine = picture_find_faces(detector, image, longest, &faces, e);
    for (size_t i = 0; i < faces.boxes.count && fine; i++)
        fine = predict_box(predictor, image, &faces.boxes.items[i], faces.margin, !faces.whole, out, e);
    boxes_free(&faces.boxes);
    return fine;
}

static json_t *face_json(const struct photo_face *f)
{
    int best = emotion_most_probable(f->probabilities);
    json_t *all = json_array();
    for (int k = 0; k < EMOTION_COUNT; k++)
        json_array_append_new(all, json_number((double)f->probabilities[k]));
    return json_pack("{s:[i, i, i, i], s:o, s:o, s:s, s:o, s:o}", "box", f->box.x, f->box.y, f->box.width,
                     f->box.height, "score", f->found ? json_number((double)f->box.score) : json_null(),
                     "flaws", flaws_document(f->flaws), "emotion", class_name(best), "confidence",
                     json_number((double)f->probabilities[best]), "probabilities", all);
}

json_t *photo_faces_json(const struct photo_faces *faces)
{
    json_t *all = json_array();
    for (size_t i = 0; i < faces->count; i++)
        json_array_append_new(all, face_json(&faces->items[i]));
    return all;
}

json_t *photo_json(const char *path, const struct photo_faces *faces)
{
    return json_pack("{s:o, s:o}", "file", json_text(path), "faces", photo_faces_json(faces));
}

/* The emotion, then what else comes to more than a twentieth, the most probable first; where it was found,
 * and what is wrong with it. */
static void print_face(const struct photo_face *f)
{
    const float *p = f->probabilities;
    int order[EMOTION_COUNT];
    emotion_rank(p, order);
    for (int i = 0; i < EMOTION_COUNT && (i == 0 || p[order[i]] >= 0.05F); i++)
        printf("%s%s %.1f %%", i > 0 ? "  " : "", class_name(order[i]), 100 * (double)p[order[i]]);
    if (f->found)
        printf("  at %d,%d %dx%d", f->box.x, f->box.y, f->box.width, f->box.height);
    for (int i = 0; face_flaw_name(i) != NULL; i++)
        if (f->flaws & 1U << i)
            printf("  (%s)", face_flaw_name(i));
    putchar('\n');
}

void photo_print(const char *path, const struct photo_faces *faces)
{
    char shown[PATH_MAX];
    str_escape(shown, sizeof shown, path);
    if (faces->count == 0)
        printf("%s  no face found\n", shown);
    for (size_t i = 0; i < faces->count; i++) {
        printf("%s  ", shown);
        print_face(&faces->items[i]);
    }
}
