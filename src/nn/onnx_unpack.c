/* From bytes to protocol-buffer messages, within limits of depth and memory that protobuf-c itself does not
 * set. */
#include "onnx_file.h"

#include <stdlib.h>
#include <string.h>

/* A type's shape's dimension lies seven messages deep; subgraphs, which would nest further, are not
 * supported. */
enum { DEPTH_MAX = 12 };

struct cursor {
    const unsigned char *at, *end;
};

static bool read_varint(struct cursor *c, uint64_t *out)
{
    *out = 0;
    for (int shift = 0; shift < 64 && c->at < c->end; shift += 7) {
        unsigned char byte = *c->at++;
        *out |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

/* Steps over one field; where it is a message, *inside is set to its bytes and type. */
static bool next_field(struct cursor *c, const ProtobufCMessageDescriptor *type, struct cursor *inside,
                       const ProtobufCMessageDescriptor **inside_type)
{
    uint64_t key, length = 0;
    *inside_type = NULL;
    if (!read_varint(c, &key))
        return false;
    switch (key & 7) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return read_varint(c, &length);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        length = 8;
        break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        length = 4;
        break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED: {
        if (!read_varint(c, &length))
            return false;
        const ProtobufCFieldDescriptor *field =
            key >> 3 <= UINT32_MAX ? protobuf_c_message_descriptor_get_field(type, (unsigned)(key >> 3))
                                   : NULL;
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE)
            *inside_type = field->descriptor;
        break;
    }
    default:
        return false;
    }
    if (length > (uint64_t)(c->end - c->at))
        return false;
    *inside = (struct cursor){c->at, c->at + length};
    c->at += length;
    return true;
}

/* protobuf-c recurses without a limit, so a small hostile file could exhaust its stack. */
static bool is_shallow(struct cursor c, const ProtobufCMessageDescriptor *type, int depth)
{
    if (depth > DEPTH_MAX)
        return false;
    while (c.at < c.end) {
        struct cursor inside;
        const ProtobufCMessageDescriptor *inside_type;
        if (!next_field(&c, type, &inside, &inside_type))
            return false;
        if (inside_type && !is_shallow(inside, inside_type, depth + 1))
            return false;
    }
    return true;
}

/* Every allocation carries its size in front, so that freeing gives it back to the budget. */
enum { HEADER = 16 };

static void *budget_alloc(void *data, size_t size)
{
    struct onnx_file *f = data;
    if (size > f->budget || f->budget - size < HEADER) {
        f->exhausted = true;
        return NULL;
    }
    unsigned char *memory = malloc(size + HEADER);
    if (!memory) {
        f->exhausted = true;
        return NULL;
    }
    f->budget -= size + HEADER;
    memcpy(memory, &size, sizeof size);
    return memory + HEADER;
}

static void budget_free(void *data, void *pointer)
{
    struct onnx_file *f = data;
    if (!pointer)
        return;
    unsigned char *memory = (unsigned char *)pointer - HEADER;
    size_t size;
    memcpy(&size, memory, sizeof size);
    f->budget += size + HEADER;
    free(memory);
}

bool onnx_file_open(struct onnx_file *f, const void *bytes, size_t size, struct err *e)
{
    if (size > ONNX_BYTES_MAX)
        return err_set(e, ERR_INPUT, "%s: larger than 512 MB; such models are not supported", f->name);
    struct cursor all = {bytes, (const unsigned char *)bytes + size};
    if (size == 0 || !is_shallow(all, &onnx__model_proto__descriptor, 0))
        return err_set(e, ERR_INPUT, "%s: not a whole ONNX file; fetch or export it again", f->name);
    /* An empty message of two bytes becomes a struct of some 150; honest files are nearly all weights. */
    f->budget = 4 * size + (16u << 20);
    f->allocator = (ProtobufCAllocator){budget_alloc, budget_free, f};
    f->model = onnx__model_proto__unpack(&f->allocator, size, bytes);
    if (!f->model && f->exhausted)
        return err_set(e, ERR_INPUT, "%s: unpacking takes too much memory; the file is damaged or too large",
                       f->name);
    if (!f->model)
        return err_set(e, ERR_INPUT, "%s: not an ONNX file, or damaged; fetch or export it again", f->name);
    return true;
}

void onnx_file_close(struct onnx_file *f)
{
    if (f->model)
        onnx__model_proto__free_unpacked(f->model, &f->allocator);
    f->model = NULL;
}

const char *onnx_file_note(const struct onnx_file *f, const char *key)
{
    for (size_t i = 0; i < f->model->n_metadata_props; i++) {
        const Onnx__StringStringEntryProto *entry = f->model->metadata_props[i];
        if (entry->key && entry->value && strcmp(entry->key, key) == 0)
            return entry->value;
    }
    return NULL;
}
