/* metadata_props of an ONNX file, read and replaced without unpacking the rest: they are field 14 of the
 * model, each a message of key (1) and value (2). */
#include "ferlab/nn/onnx.h"

#include "ferlab/base/str.h"

#include <stdlib.h>
#include <string.h>

enum {
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_LENGTH = 2,
    WIRE_32 = 5,
    FIELD_NOTE = 14,
    FIELD_KEY = 1,
    FIELD_VALUE = 2
};

struct bytes {
    const unsigned char *at, *end;
};

static bool read_varint(struct bytes *b, uint64_t *out)
{
    *out = 0;
    for (int shift = 0; shift < 64 && b->at < b->end; shift += 7) {
        unsigned char byte = *b->at++;
        *out |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

/* Steps over one field: its number and, of text and messages, what is inside. */
static bool next_field(struct bytes *b, uint64_t *number, struct bytes *inside)
{
    uint64_t key, length = 0;
    if (!read_varint(b, &key))
        return false;
    *number = key >> 3;
    int wire = key & 7;
    if (wire == WIRE_VARINT)
        return read_varint(b, &length);
    if (wire == WIRE_LENGTH) {
        if (!read_varint(b, &length))
            return false;
    } else if (wire == WIRE_64 || wire == WIRE_32) {
        length = wire == WIRE_64 ? 8 : 4;
    } else {
        return false;
    }
    if (length > (uint64_t)(b->end - b->at))
        return false;
    *inside = (struct bytes){b->at, b->at + length};
    b->at += length;
    return true;
}

static void read_note(struct bytes note, struct bytes *key, struct bytes *value)
{
    uint64_t number;
    struct bytes inside = {0};
    *key = *value = (struct bytes){0};
    while (note.at < note.end && next_field(&note, &number, &inside)) {
        if (number == FIELD_KEY)
            *key = inside;
        else if (number == FIELD_VALUE)
            *value = inside;
    }
}

static bool is_text(struct bytes b, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(b.end - b.at) == length && memcmp(b.at ? b.at : (const void *)"", text, length) == 0;
}

char *onnx_note_read(const void *bytes, size_t size, const char *key)
{
    struct bytes all = {bytes, (const unsigned char *)bytes + size}, inside = {0}, name, value;
    uint64_t number;
    while (all.at < all.end && next_field(&all, &number, &inside)) {
        if (number != FIELD_NOTE)
            continue;
        read_note(inside, &name, &value);
        if (is_text(name, key))
            return strndup(value.at ? (const char *)value.at : "", (size_t)(value.end - value.at));
    }
    return NULL;
}

static bool is_replaced(struct bytes note, const struct onnx_note *notes, size_t count)
{
    struct bytes key, value;
    read_note(note, &key, &value);
    for (size_t i = 0; i < count; i++)
        if (is_text(key, notes[i].key))
            return true;
    return false;
}

static void append_varint(struct str *s, size_t number)
{
    do {
        unsigned char byte = (unsigned char)((number & 127) | (number > 127 ? 128 : 0));
        str_append_bytes(s, &byte, 1);
        number >>= 7;
    } while (number);
}

static void append_field(struct str *s, int number, const void *bytes, size_t count)
{
    append_varint(s, (size_t)(number << 3 | WIRE_LENGTH));
    append_varint(s, count);
    str_append_bytes(s, bytes, count);
}

/* One whole field and what is inside; the rest of the bytes where they hold no field. */
static struct bytes take_field(struct bytes *b, uint64_t *number, struct bytes *inside)
{
    struct bytes field = *b;
    *number = 0;
    if (!next_field(b, number, inside))
        b->at = b->end; /* not for this file to judge */
    field.end = b->at;
    return field;
}

static void append_bytes(struct str *s, struct bytes b)
{
    str_append_bytes(s, b.at, (size_t)(b.end - b.at));
}

bool onnx_notes_set(const void *bytes, size_t size, const struct onnx_note *notes, size_t count, void **out,
                    size_t *out_size, struct err *e)
{
    struct bytes all = {bytes, (const unsigned char *)bytes + size}, inside = {0};
    struct str whole = {0}, note = {0};
    uint64_t number;
    while (all.at < all.end) {
        struct bytes field = take_field(&all, &number, &inside);
        if (number != FIELD_NOTE || !is_replaced(inside, notes, count))
            append_bytes(&whole, field);
    }
    for (size_t i = 0; i < count; i++) {
        str_clear(&note);
        append_field(&note, FIELD_KEY, notes[i].key, strlen(notes[i].key));
        append_field(&note, FIELD_VALUE, notes[i].value, strlen(notes[i].value));
        append_field(&whole, FIELD_NOTE, note.data, note.length);
    }
    bool fine = !whole.failed && !note.failed;
    str_free(&note);
    *out = whole.data;
    *out_size = whole.length;
    if (!fine)
        str_free(&whole);
    return fine || err_memory(e, "noting how a model is read");
}

static void append_fields(struct str *s, const void *bytes, size_t size, bool notes)
{
    struct bytes all = {bytes, (const unsigned char *)bytes + size}, inside = {0};
    uint64_t number;
    while (all.at < all.end) {
        struct bytes field = take_field(&all, &number, &inside);
        if ((number == FIELD_NOTE) == notes)
            append_bytes(s, field);
    }
}

bool onnx_notes_copy(const void *bytes, size_t size, const void *other, size_t other_size, void **out,
                     size_t *out_size, struct err *e)
{
    struct str whole = {0};
    append_fields(&whole, bytes, size, false);
    append_fields(&whole, other, other_size, true);
    bool fine = !whole.failed;
    *out = whole.data;
    *out_size = whole.length;
    if (!fine)
        str_free(&whole);
    return fine || err_memory(e, "noting how a model is read");
}
