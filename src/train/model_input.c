/* How a model is read: options, notes and guesses to pixels and classes. */
#include "model_input.h"

#include "ferlab/nn/onnx.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const scales[SCALE_COUNT] = {
    [SCALE_STANDARD] = "standard", [SCALE_RAW] = "raw", [SCALE_UNIT] = "unit"};
static const char *const scale_titles[SCALE_COUNT] = {[SCALE_STANDARD] =
                                                          "pixels of zero mean and unit deviation",
                                                      [SCALE_RAW] = "pixels of 0 to 255",
                                                      [SCALE_UNIT] = "pixels of 0 to 1"};

/* Other words for the emotions that public models use. */
static const struct {
    const char *word;
    int emotion;
} other_words[] = {
    {"happy", CLASS_HAPPINESS}, {"surprised", CLASS_SURPRISE}, {"sad", CLASS_SADNESS},
    {"angry", CLASS_ANGER},     {"disgusted", CLASS_DISGUST},  {"fearful", CLASS_FEAR},
    {"afraid", CLASS_FEAR},     {"scared", CLASS_FEAR},        {"contemptuous", CLASS_CONTEMPT},
};

struct decision {
    const char *name; /* of the model, for messages */
    const void *bytes;
    size_t size;
    const struct model_facts *facts;
    struct model_input *in;
    struct err *err;
};

__attribute__((format(printf, 2, 3))) static void tell(struct decision *d, const char *format, ...)
{
    char sentence[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    str_appendf(&d->in->told, "%s%s", d->in->told.length ? "; " : "", sentence);
}

/* What an option says, else the file's note of that key: malloc'ed, NULL where neither does. */
static char *said(const struct decision *d, const char *asked, const char *key)
{
    return asked ? strdup(asked) : onnx_note_read(d->bytes, d->size, key);
}

/* ---- pixels ---- */

static bool parse_scale(struct decision *d, const char *word)
{
    for (int i = 0; i < SCALE_COUNT; i++)
        if (strcmp(word, scales[i]) == 0) {
            d->in->scale = (enum pixel_scale)i;
            return true;
        }
    return err_set(d->err, ERR_USAGE, "%s: a scale of '%.80s' is not known; raw, unit and standard are",
                   d->name, word);
}

static void guess_scale(struct decision *d)
{
    const struct model_facts *f = d->facts;
    if (f->scales_pixels) {
        d->in->scale = SCALE_RAW;
        tell(d, "pixels of 0 to 255, because its first node makes them smaller");
    } else if (!f->engine && f->size == 64 && f->channels == 1 && f->classes == EMOTION_COUNT &&
               f->ending == GRAPH_ENDS_OPEN) {
        d->in->scale = SCALE_RAW;
        tell(d, "pixels of 0 to 255, because one of 64x64 to 8 numbers without Softmax is like the public "
                "emotion-ferplus");
    } else {
        d->in->scale = SCALE_STANDARD;
        tell(d, "%s, as ferlab's own models, because nothing tells otherwise", scale_titles[SCALE_STANDARD]);
    }
}

bool model_input_notes_own(const void *bytes, size_t size)
{
    static const char own[] = "standardised per image"; /* as onnx_write notes it */
    char *input = onnx_note_read(bytes, size, "input");
    bool is = input != NULL && strncmp(input, own, strlen(own)) == 0;
    free(input);
    return is;
}

static bool decide_scale(struct decision *d, const char *asked)
{
    char *word = said(d, asked, "ferlab.scale");
    if (word) {
        bool fine = parse_scale(d, word);
        free(word);
        return fine;
    }
    if (model_input_notes_own(d->bytes, d->size))
        d->in->scale = SCALE_STANDARD;
    else
        guess_scale(d);
    return true;
}

/* One number, or one for each channel. */
static bool decide_numbers(struct decision *d, const char *asked, const char *key, double least,
                           float otherwise, float *out)
{
    char *text = said(d, asked, key), *rest = text;
    int count = 0;
    double number = 0;
    bool fine = true;
    for (char *word; fine && (word = strsep(&rest, ",")) != NULL; count++) {
        fine = count < CHANNELS_AT_MOST && str_to_double(word, least, 1e6, &number);
        if (fine)
            out[count] = (float)number;
    }
    free(text);
    if (!fine || count == 2)
        return err_set(d->err, ERR_USAGE, "%s: %s takes one number, or three with commas between them%s",
                       d->name, strchr(key, '.') + 1, least > 0 ? ", above 0" : "");
    if (asked && count > d->facts->channels)
        return err_set(d->err, ERR_USAGE, "%s: %s takes one number; the model reads gray faces", d->name,
                       strchr(key, '.') + 1);
    for (int i = count; i < CHANNELS_AT_MOST; i++)
        out[i] = count ? out[0] : otherwise;
    return true;
}

/* ---- outputs ---- */

static bool decide_output(struct decision *d, const char *asked)
{
    const struct model_facts *f = d->facts;
    if (f->engine)
        return true;
    char *word = said(d, asked, "ferlab.output");
    bool logits = word && strcmp(word, "logits") == 0,
         known = word == NULL || logits || strcmp(word, "probabilities") == 0;
    if (!known)
        err_fill(d->err, ERR_USAGE, "%s: an output of '%.80s' is not known; logits and probabilities are",
                 d->name, word);
    d->in->logits = word ? logits : f->ending == GRAPH_ENDS_OPEN;
    if (!word)
        tell(d,
             f->ending == GRAPH_ENDS_OPEN ? "logits, because it ends without Softmax"
                                          : "probabilities, because it ends in %s",
             f->ending == GRAPH_ENDS_IN_SOFTMAX ? "Softmax" : "Sigmoid");
    free(word);
    return known;
}

static int emotion_of(const char *word)
{
    int c;
    if (class_parse(word, &c))
        return c < EMOTION_COUNT ? c : CLASS_NONE;
    for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++)
        if (strcasecmp(word, other_words[i].word) == 0)
            return other_words[i].emotion;
    return CLASS_NONE;
}

static char *trimmed(char *word)
{
    while (isspace((unsigned char)*word))
        word++;
    size_t length = strlen(word);
    while (length > 0 && isspace((unsigned char)word[length - 1]))
        word[--length] = '\0';
    return word;
}

/* The names of the outputs, in order, to the output of each emotion. */
static bool parse_classes(struct decision *d, char *names)
{
    struct model_input *in = d->in;
    int count = 0;
    for (int k = 0; k < EMOTION_COUNT; k++)
        in->output[k] = -1;
    snprintf(in->class_names, sizeof in->class_names, "%s", names);
    for (char *rest = names, *word; (word = strsep(&rest, ",")) != NULL; count++) {
        int emotion = emotion_of(trimmed(word));
        if (emotion == CLASS_NONE)
            continue;
        if (in->output[emotion] >= 0)
            return err_set(d->err, ERR_INPUT, "%s: two of its classes are %s", d->name, class_name(emotion));
        in->output[emotion] = count;
    }
    if (count != d->facts->classes)
        return err_set(d->err, ERR_INPUT,
                       "%s: the model tells %d classes apart, but %d are named; name each, in order", d->name,
                       d->facts->classes, count);
    for (int k = 0; k < EMOTION_COUNT; k++)
        if (in->output[k] < 0)
            return err_set(
                d->err, ERR_INPUT,
                "%s: the model tells %d classes apart, but %s is none of them; it must know the %d emotions",
                d->name, d->facts->classes, class_name(k), EMOTION_COUNT);
    return true;
}

static bool decide_classes(struct decision *d, const char *asked)
{
    char *names = said(d, asked, "classes");
    if (names && strlen(names) < CLASS_NAMES_MAX) {
        bool fine = parse_classes(d, names);
        free(names);
        return fine;
    }
    free(names);
    if (d->facts->classes < EMOTION_COUNT)
        return err_set(d->err, ERR_INPUT,
                       "%s: the model tells %d classes apart; take one that knows the %d emotions", d->name,
                       d->facts->classes, EMOTION_COUNT);
    if (d->facts->classes != EMOTION_COUNT)
        return err_set(
            d->err, ERR_INPUT,
            "%s: the model tells %d classes apart and does not name them; name them, in order, with "
            "'model import --classes'",
            d->name, d->facts->classes);
    d->in->class_names[0] = '\0';
    for (int k = 0; k < EMOTION_COUNT; k++) {
        d->in->output[k] = k;
        strcat(d->in->class_names, k ? "," : "");
        strcat(d->in->class_names, class_name(k));
    }
    tell(d, "classes in the order of FER+, because it names none and they are eight");
    return true;
}

const char *model_input_scale(const struct model_input *in)
{
    return scales[in->scale];
}

/* ---- files of our own ---- */

static bool contradicts(struct decision *d, const char *what, const char *noted, const char *asked)
{
    if (asked == NULL)
        return false;
    err_fill(d->err, ERR_USAGE,
             "%s: ferlab wrote this file, and it says %s %.200s, but --%s says %.200s; leave the option out",
             d->name, what, noted, what, asked);
    return true;
}

static bool all_are(const float *numbers, float value)
{
    bool are = true;
    for (int i = 0; i < CHANNELS_AT_MOST; i++)
        are &= numbers[i] == value;
    return are;
}

/* Whether what was asked would give the same outputs to other emotions than the file does. */
static bool classes_differ(struct decision *d, const char *noted)
{
    struct model_input by_file = *d->in;
    struct decision other = *d;
    char names[CLASS_NAMES_MAX];
    snprintf(names, sizeof names, "%s", noted);
    other.in = &by_file;
    return !parse_classes(&other, names) || memcmp(by_file.output, d->in->output, sizeof by_file.output) != 0;
}

/* The file of a network of our own knows how it was trained: read otherwise it would only be wrong. */
static bool check_own(struct decision *d, const struct model_reading *asked)
{
    char *classes = onnx_note_read(d->bytes, d->size, "classes");
    bool wrong = model_input_notes_own(d->bytes, d->size) &&
                 ((d->in->scale != SCALE_STANDARD && contradicts(d, "scale", "standard", asked->scale)) ||
                  (!all_are(d->in->mean, 0) && contradicts(d, "mean", "0", asked->mean)) ||
                  (!all_are(d->in->deviation, 1) && contradicts(d, "std", "1", asked->deviation)) ||
                  (asked->output != NULL && strcmp(asked->output, "probabilities") != 0 &&
                   contradicts(d, "output", "probabilities", asked->output)) ||
                  (asked->classes != NULL && classes != NULL && classes_differ(d, classes) &&
                   contradicts(d, "classes", classes, asked->classes)));
    free(classes);
    return !wrong;
}

struct model_input model_input_own(void)
{
    struct model_input in = {.scale = SCALE_STANDARD, .classes = EMOTION_COUNT, .own = true};
    for (int i = 0; i < CHANNELS_AT_MOST; i++)
        in.deviation[i] = 1.0f;
    for (int k = 0; k < EMOTION_COUNT; k++)
        in.output[k] = k;
    return in;
}

bool model_input_says_output(const void *bytes, size_t size)
{
    char *word = onnx_note_read(bytes, size, "ferlab.output");
    free(word);
    return word != NULL;
}

bool model_input_decide(const void *bytes, size_t size, const char *name, const struct model_facts *facts,
                        const struct model_reading *asked, struct model_input *out, struct err *e)
{
    static const struct model_reading nothing = {0};
    struct decision d = {name, bytes, size, facts, out, e};
    *out = (struct model_input){.classes = facts->classes};
    asked = asked ? asked : &nothing;
    if (!decide_scale(&d, asked->scale) ||
        !decide_numbers(&d, asked->mean, "ferlab.mean", -1e6, 0.0f, out->mean) ||
        !decide_numbers(&d, asked->deviation, "ferlab.std", 1e-6, 1.0f, out->deviation) ||
        !decide_output(&d, asked->output) || !decide_classes(&d, asked->classes) || !check_own(&d, asked))
        return false;
    out->own = facts->engine && facts->classes == EMOTION_COUNT && out->scale == SCALE_STANDARD;
    for (int i = 0; i < CHANNELS_AT_MOST; i++)
        out->own &= out->mean[i] == 0.0f && out->deviation[i] == 1.0f;
    for (int k = 0; k < EMOTION_COUNT; k++)
        out->own &= out->output[k] == k;
    return !out->told.failed || err_memory(e, "reading a model");
}

bool model_input_note(const struct model_input *in, const struct model_facts *facts, const void *bytes,
                      size_t size, void **out, size_t *out_size, struct err *e)
{
    char mean[96], deviation[96];
    snprintf(mean, sizeof mean, "%.9g,%.9g,%.9g", (double)in->mean[0], (double)in->mean[1],
             (double)in->mean[2]);
    snprintf(deviation, sizeof deviation, "%.9g,%.9g,%.9g", (double)in->deviation[0],
             (double)in->deviation[1], (double)in->deviation[2]);
    const struct onnx_note notes[] = {
        {.key = "ferlab.scale", .value = scales[in->scale]},
        {.key = "ferlab.mean", .value = mean},
        {.key = "ferlab.std", .value = deviation},
        {.key = "classes", .value = in->class_names},
        /* The engine knows what its own networks end in, but notes what goes into them as if all were alike.
         */
        facts->engine ? (struct onnx_note){"input", "as ferlab.scale, ferlab.mean and ferlab.std say"}
                      : (struct onnx_note){"ferlab.output", in->logits ? "logits" : "probabilities"},
    };
    return onnx_notes_set(bytes, size, notes, sizeof notes / sizeof *notes, out, out_size, e);
}

/* ---- faces and probabilities ---- */

void model_input_plane(const struct model_input *in, const uint8_t *face, size_t pixels, float *plane)
{
    if (in->scale == SCALE_STANDARD) {
        image_standardise(face, plane, pixels);
        return;
    }
    float one = in->scale == SCALE_UNIT ? 1.0f / 255.0f : 1.0f;
    for (size_t i = 0; i < pixels; i++)
        plane[i] = (float)face[i] * one;
}

static void softmax(float *values, int count)
{
    float most = values[0];
    double sum = 0;
    for (int i = 1; i < count; i++)
        most = fmaxf(most, values[i]);
    for (int i = 0; i < count; i++)
        sum += (double)(values[i] = expf(values[i] - most));
    for (int i = 0; i < count; i++)
        values[i] = (float)((double)values[i] / sum);
}

bool model_input_emotions(const struct model_input *in, const char *name, float *outputs,
                          float *probabilities, struct err *e)
{
    const float slack = 1e-3f;
    for (int i = 0; i < in->classes; i++) {
        if (!isfinite(outputs[i]))
            return err_set(
                e, ERR_INPUT,
                "%s: the model does not give finite numbers for a face; it is damaged, or another --scale "
                "belongs to it",
                name);
        if (!in->logits && (outputs[i] < -slack || outputs[i] > 1 + slack))
            return err_set(
                e, ERR_INPUT,
                "%s: the model gives %g where a probability belongs; import it with --output logits", name,
                (double)outputs[i]);
    }
    if (in->logits)
        softmax(outputs, in->classes);
    float sum = 0;
    for (int k = 0; k < EMOTION_COUNT; k++)
        sum += probabilities[k] = fmaxf(outputs[in->output[k]], 0.0f);
    if (!(sum > 0))
        return err_set(e, ERR_INPUT, "%s: the model gives no emotion any probability for a face", name);
    for (int k = 0; k < EMOTION_COUNT && fabsf(sum - 1.0f) > 1e-5f; k++)
        probabilities[k] /= sum;
    return true;
}
