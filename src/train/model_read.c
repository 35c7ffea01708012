/* How a model is read, told. */
#include "ferlab/train/model_read.h"

#include "classifier.h"

#include <stdlib.h>
#include <string.h>

static bool take(const struct classifier *c, struct arena *arena, struct model_read *out, struct err *e)
{
    const struct model_input *in = &c->input;
    *out = (struct model_read){.size = c->facts.size,
                               .channels = c->facts.channels,
                               .scale = model_input_scale(in),
                               .classes = arena_strdup(arena, in->class_names),
                               .logits = in->logits,
                               .usual = in->classes == EMOTION_COUNT};
    memcpy(out->mean, in->mean, sizeof out->mean);
    memcpy(out->deviation, in->deviation, sizeof out->deviation);
    for (int k = 0; k < EMOTION_COUNT; k++)
        out->usual &= in->output[k] == k;
    return out->classes != NULL || err_memory(e, "reading a model");
}

bool model_read(struct workspace *ws, const struct model *m, struct arena *arena, struct model_read *out,
                struct err *e)
{
    void *bytes;
    size_t size;
    if (!model_onnx(ws, m->id, &bytes, &size, e))
        return false;
    struct classifier *c = classifier_read(bytes, size, m->name, NULL, e);
    bool fine = c != NULL && take(c, arena, out, e);
    classifier_free(c);
    free(bytes);
    return fine;
}

/* Of each channel, or one number where all are the same. */
static void put_numbers(struct str *text, const char *word, const float *numbers, int channels, float usual)
{
    bool alike = true, changes = false;
    for (int i = 0; i < channels; i++) {
        alike &= numbers[i] == numbers[0];
        changes |= numbers[i] != usual;
    }
    if (!changes)
        return;
    str_appendf(text, ", %s", word);
    for (int i = 0; i < (alike ? 1 : channels); i++)
        str_appendf(text, "%s%.6g", i > 0 ? "," : " ", (double)numbers[i]);
}

const char *model_read_text(const struct model_read *r, struct arena *arena)
{
    struct str text = {0};
    str_appendf(&text, "%dx%d %s, %s", r->size, r->size, r->channels == 1 ? "gray" : "colour", r->scale);
    put_numbers(&text, "mean", r->mean, r->channels, 0);
    put_numbers(&text, "std", r->deviation, r->channels, 1);
    str_appendf(&text, "; %s of %s", r->logits ? "logits" : "probabilities",
                r->usual ? "the eight emotions" : r->classes);
    const char *told = text.failed ? NULL : arena_strdup(arena, text.data);
    str_free(&text);
    return told;
}

static json_t *numbers_json(const float *numbers, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_number((double)numbers[i]));
    return array;
}

static json_t *words_json(const char *words)
{
    json_t *array = json_array();
    for (const char *word = words; *word != '\0';) {
        size_t length = strcspn(word, ",");
        json_array_append_new(array, json_stringn(word, length));
        word += length + (word[length] == ',');
    }
    return array;
}

json_t *model_read_json(const struct model_read *r)
{
    json_t *d = json_object();
    json_object_set_new(d, "size", json_integer(r->size));
    json_object_set_new(d, "channels", json_integer(r->channels));
    json_object_set_new(d, "scale", json_text(r->scale));
    json_object_set_new(d, "mean", numbers_json(r->mean, r->channels));
    json_object_set_new(d, "std", numbers_json(r->deviation, r->channels));
    json_object_set_new(d, "classes", words_json(r->classes));
    json_object_set_new(d, "output", json_text(r->logits ? "logits" : "probabilities"));
    return d;
}
