/* safetensors files, written and read. */
#include "ferlab/nn/safetensors.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are stored as they lie in memory");

enum { LENGTH_BYTES = 8, DATA_ALIGN = 8 };
static const size_t header_max = 100000000; /* as the format's own reader has it */
static const char notes_key[] = "__metadata__";

static const struct {
    const char *name;
    size_t bytes;
} types[] = {
    [SAFETENSOR_U8] = {"U8", 1},
    [SAFETENSOR_F32] = {"F32", 4},
    [SAFETENSOR_I64] = {"I64", 8},
    [SAFETENSOR_F64] = {"F64", 8},
};
enum { TYPES = sizeof types / sizeof *types };

size_t safetensor_count(const struct safetensor *t)
{
    size_t count = 1;
    for (int i = 0; i < t->rank; i++)
        count *= t->dims[i];
    return count;
}

size_t safetensor_bytes(const struct safetensor *t)
{
    return safetensor_count(t) * types[t->type].bytes;
}

const struct safetensor *safetensors_find(const struct safetensors *s, const char *name)
{
    for (size_t i = 0; i < s->tensor_count; i++)
        if (strcmp(s->tensors[i].name, name) == 0)
            return &s->tensors[i];
    return NULL;
}

const char *safetensors_note(const struct safetensors *s, const char *key)
{
    for (size_t i = 0; i < s->note_count; i++)
        if (strcmp(s->notes[i].key, key) == 0)
            return s->notes[i].value;
    return NULL;
}

/* --- writing --- */

static json_t *entry_of(const struct safetensor *t, size_t begin)
{
    json_t *shape = json_array();
    for (int i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)t->dims[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", types[t->type].name, "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)(begin + safetensor_bytes(t)));
}

/* The header's text; *data: how many bytes follow it. NULL when memory runs out or a word is not UTF-8. */
static char *header_of(const struct safetensors *s, size_t *data)
{
    json_t *header = json_object(), *notes = json_object();
    bool fine = true;
    for (size_t i = 0; i < s->note_count; i++)
        fine &= json_object_set_new(notes, s->notes[i].key, json_string(s->notes[i].value)) == 0;
    fine &= json_object_set_new(header, notes_key, notes) == 0;
    *data = 0;
    for (size_t i = 0; i < s->tensor_count; i++) {
        fine &= json_object_set_new(header, s->tensors[i].name, entry_of(&s->tensors[i], *data)) == 0;
        *data += safetensor_bytes(&s->tensors[i]);
    }
    char *text = fine ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    return text;
}

static void put(unsigned char **at, const void *bytes, size_t count)
{
    if (count > 0)
        memcpy(*at, bytes, count);
    *at += count;
}

bool safetensors_write(const struct safetensors *s, void **bytes, size_t *size, struct err *e)
{
    size_t data;
    char *header = header_of(s, &data);
    if (header == NULL)
        return err_memory(e, "writing tensors");
    size_t length = strlen(header);
    uint64_t padded = (length + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
    *size = LENGTH_BYTES + padded + data;
    unsigned char *at = *bytes = malloc(*size);
    if (at != NULL) {
        put(&at, &padded, LENGTH_BYTES);
        put(&at, header, length);
        memset(at, ' ', padded - length);
        at += padded - length;
        for (size_t i = 0; i < s->tensor_count; i++)
            put(&at, s->tensors[i].data, safetensor_bytes(&s->tensors[i]));
    }
    free(header);
    return at != NULL || err_memory(e, "writing tensors");
}

/* --- reading --- */

struct reader {
    const char *file; /* for messages */
    const unsigned char *data;
    size_t data_bytes;
    struct arena *arena;
    struct err *e;
};

static bool wrong(const struct reader *r, const char *tensor, const char *what)
{
    return err_set(r->e, ERR_INPUT, "%s: tensor '%.80s': %s; the file is damaged, or no safetensors file",
                   r->file, tensor, what);
}

/* An integer that is a size. */
static bool read_size(const json_t *j, size_t *out)
{
    if (!json_is_integer(j) || json_integer_value(j) < 0)
        return false;
    *out = (size_t)json_integer_value(j);
    return true;
}

static bool read_type(const struct reader *r, const json_t *entry, struct safetensor *t)
{
    const char *word = json_string_value(json_object_get(entry, "dtype"));
    for (int type = 0; word != NULL && type < TYPES; type++) {
        if (strcmp(types[type].name, word) == 0) {
            t->type = (enum safetensor_type)type;
            return true;
        }
    }
    return err_set(r->e, ERR_INPUT, "%s: tensor '%.80s': its type %.20s is none of U8, F32, I64 and F64",
                   r->file, t->name, word != NULL ? word : "(missing)");
}

/* The shape, and the bytes it takes: whatever the offsets say later, the product never wrapped around. */
static bool read_shape(const struct reader *r, const json_t *entry, struct safetensor *t, size_t *bytes)
{
    const json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape) || json_array_size(shape) > SAFETENSOR_RANK_MAX)
        return wrong(r, t->name, "its shape is no list of at most eight sizes");
    *bytes = types[t->type].bytes;
    t->rank = (int)json_array_size(shape);
    for (int i = 0; i < t->rank; i++)
        if (!read_size(json_array_get(shape, (size_t)i), &t->dims[i]) ||
            __builtin_mul_overflow(*bytes, t->dims[i], bytes))
            return wrong(r, t->name, "its shape is no list of sizes");
    return true;
}

static bool read_place(const struct reader *r, const json_t *entry, struct safetensor *t, size_t bytes)
{
    const json_t *offsets = json_object_get(entry, "data_offsets");
    size_t begin, end;
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !read_size(json_array_get(offsets, 0), &begin) || !read_size(json_array_get(offsets, 1), &end))
        return wrong(r, t->name, "its data_offsets are no two places");
    if (begin > end || end > r->data_bytes)
        return wrong(r, t->name, "its data lie outside the file");
    if (end - begin != bytes)
        return wrong(r, t->name, "its data are not as long as its shape says");
    t->data = r->data + begin;
    return true;
}

static bool read_tensor(const struct reader *r, const char *name, const json_t *entry, struct safetensor *t)
{
    size_t bytes;
    t->name = arena_strdup(r->arena, name);
    if (t->name == NULL)
        return err_memory(r->e, "reading tensors");
    return (json_is_object(entry) || wrong(r, name, "its entry is no JSON object")) &&
           read_type(r, entry, t) && read_shape(r, entry, t, &bytes) && read_place(r, entry, t, bytes);
}

static bool read_notes(const struct reader *r, json_t *entry, struct safetensors *out)
{
    size_t count = json_object_size(entry);
    struct safetensor_note *note = arena_alloc(r->arena, (count + 1) * sizeof *note);
    const char *key;
    json_t *value;
    if (note == NULL)
        return err_memory(r->e, "reading tensors");
    if (!json_is_object(entry))
        return wrong(r, notes_key, "it is no JSON object");
    out->notes = note;
    json_object_foreach(entry, key, value)
    {
        if (!json_is_string(value))
            return wrong(r, notes_key, "it holds more than strings");
        note->key = arena_strdup(r->arena, key);
        note->value = arena_strdup(r->arena, json_string_value(value));
        if (note->key == NULL || note->value == NULL)
            return err_memory(r->e, "reading tensors");
        note++;
        out->note_count++;
    }
    return true;
}

/* By place; those without data before one that begins where they are. */
static int compare_places(const void *a, const void *b)
{
    const struct safetensor *x = a, *y = b;
    const char *p = x->data, *q = y->data;
    size_t m = safetensor_bytes(x), n = safetensor_bytes(y);
    return p != q ? (p > q) - (p < q) : (m > n) - (m < n);
}

/* Every byte of data belongs to exactly one tensor. */
static bool check_cover(const struct reader *r, struct safetensor *tensors, size_t count)
{
    const unsigned char *at = r->data;
    qsort(tensors, count, sizeof *tensors, compare_places);
    for (size_t i = 0; i < count; i++) {
        if ((const unsigned char *)tensors[i].data != at)
            return wrong(r, tensors[i].name, "its data overlap another's, or leave a hole before them");
        at += safetensor_bytes(&tensors[i]);
    }
    return at == r->data + r->data_bytes ||
           err_set(r->e, ERR_INPUT,
                   "%s: %zu bytes behind the last tensor belong to none; the file is damaged", r->file,
                   (size_t)(r->data + r->data_bytes - at));
}

static bool read_header(const struct reader *r, json_t *header, struct safetensors *out)
{
    struct safetensor *tensors = arena_alloc(r->arena, (json_object_size(header) + 1) * sizeof *tensors);
    const char *key;
    json_t *entry;
    if (tensors == NULL)
        return err_memory(r->e, "reading tensors");
    json_object_foreach(header, key, entry)
    {
        if (strcmp(key, notes_key) == 0 ? !read_notes(r, entry, out)
                                        : !read_tensor(r, key, entry, &tensors[out->tensor_count++]))
            return false;
    }
    out->tensors = tensors;
    return check_cover(r, tensors, out->tensor_count);
}

bool safetensors_read(struct safetensors *out, const void *bytes, size_t size, const char *name,
                      struct arena *arena, struct err *e)
{
    uint64_t length;
    json_error_t why;
    *out = (struct safetensors){0};
    if (size < LENGTH_BYTES)
        return err_set(e, ERR_INPUT, "%s: %zu bytes are no safetensors file", name, size);
    memcpy(&length, bytes, LENGTH_BYTES);
    if (length > header_max || length > size - LENGTH_BYTES)
        return err_set(e, ERR_INPUT,
                       "%s: the header's length, %llu bytes, does not fit the file; it is cut off, or no "
                       "safetensors file",
                       name, (unsigned long long)length);
    const char *text = (const char *)bytes + LENGTH_BYTES;
    json_t *header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(header)) {
        json_decref(header);
        return err_set(e, ERR_INPUT,
                       "%s: the header is no JSON object (%.100s); the file is damaged, or no "
                       "safetensors file",
                       name, header == NULL ? why.text : "another value");
    }
    const struct reader r = {
        .file = name,
        .data = (const unsigned char *)text + length,
        .data_bytes = size - LENGTH_BYTES - length,
        .arena = arena,
        .e = e,
    };
    bool fine = read_header(&r, header, out);
    json_decref(header);
    return fine;
}
