/* Grad-CAM of one sample. */
#include "show_cam.h"

#include "ferlab/store/models.h"
#include "ferlab/train/saliency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool choose_emotion(const struct columns *c, size_t row, const char *word, int *emotion, struct err *e)
{
    if (strcmp(word, "predicted") == 0)
        *emotion = c->prediction[row];
    else if (strcmp(word, "label") == 0)
        *emotion = c->label[row];
    else if (!class_parse(word, emotion))
        return err_set(e, ERR_USAGE, "show: --cam takes predicted, label or an emotion, not '%s'", word);
    if (*emotion >= 0 && *emotion < EMOTION_COUNT)
        return true;
    if (strcmp(word, "predicted") == 0)
        return err_set(e, ERR_INPUT, "%s: model %s has no prediction of sample %lld; name an emotion",
                       c->name[row], c->model_name, (long long)c->id[row]);
    return err_set(e, ERR_INPUT, "%s: models tell emotions apart, and %s is none; name an emotion",
                   c->name[row], *emotion < 0 ? "this sample's label" : class_title(*emotion));
}

bool show_cam(const struct cli_data *d, size_t row, const char *class, const uint8_t pixels[FACE_PIXELS],
              struct cam *out, struct err *e)
{
    void *bytes;
    size_t size;
    if (!choose_emotion(d->columns, row, class, &out->emotion, e) ||
        !model_onnx(d->workspace, d->columns->model, &bytes, &size, e))
        return false;
    struct saliency *s = saliency_from_onnx(bytes, size, d->columns->model_name, e);
    free(bytes);
    bool fine = s != NULL && saliency_face(s, pixels, out->emotion, out->heat, e);
    saliency_free(s);
    return fine;
}

json_t *show_cam_document(const struct cam *cam)
{
    json_t *map = json_array();
    for (int y = 0; y < FACE_SIZE; y++) {
        json_t *line = json_array();
        for (int x = 0; x < FACE_SIZE; x++)
            json_array_append_new(line, json_real(round(1e4 * (double)cam->heat[y * FACE_SIZE + x]) / 1e4));
        json_array_append_new(map, line);
    }
    return json_pack("{s:s, s:o}", "emotion", class_name(cam->emotion), "map", map);
}
