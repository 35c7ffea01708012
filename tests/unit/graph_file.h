/* ONNX graphs written field by field, hostile ones too. */
#ifndef FERLAB_TESTS_GRAPH_FILE_H
#define FERLAB_TESTS_GRAPH_FILE_H

#include "ferlab/base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline void add_varint(struct str *s, uint64_t number)
{
    do {
        unsigned char byte = (unsigned char)((number & 127) | (number > 127 ? 128 : 0));
        str_append_bytes(s, &byte, 1);
        number >>= 7;
    } while (number);
}

static inline void add_number(struct str *s, int field, int64_t number)
{
    add_varint(s, (uint64_t)field << 3);
    add_varint(s, (uint64_t)number);
}

static inline void add_bytes(struct str *s, int field, const void *bytes, size_t count)
{
    add_varint(s, (uint64_t)(field << 3 | 2));
    add_varint(s, count);
    str_append_bytes(s, bytes, count);
}

static inline void add_text(struct str *s, int field, const char *text)
{
    add_bytes(s, field, text, strlen(text));
}

/* Adds a message and frees it. */
static inline void add_message(struct str *s, int field, struct str *message)
{
    add_bytes(s, field, message->data ? message->data : "", message->length);
    str_free(message);
}

/* Names with spaces between them. */
static inline void add_names(struct str *s, int field, const char *names)
{
    char *copy = strdup(names), *rest = copy;
    for (char *name; (name = strsep(&rest, " "));)
        add_text(s, field, name);
    free(copy);
}

/* Attribute of integers; NULL: none. */
static inline void add_node(struct str *graph, const char *type, const char *inputs, const char *output,
                            const char *attribute, int count, const int64_t *ints)
{
    struct str node = {0}, a = {0};
    if (*inputs)
        add_names(&node, 1, inputs);
    add_names(&node, 2, output);
    add_text(&node, 3, type);
    add_text(&node, 4, type);
    if (attribute) {
        add_text(&a, 1, attribute);
        for (int i = 0; i < count; i++)
            add_number(&a, count == 1 ? 3 : 8, ints[i]);
        add_number(&a, 20, count == 1 ? 2 : 7);
        add_message(&node, 5, &a);
    }
    add_message(graph, 1, &node);
}

static inline void add_tensor(struct str *graph, const char *name, int type, int rank, const int64_t *dims,
                              const void *raw, size_t size)
{
    struct str t = {0};
    for (int i = 0; i < rank; i++)
        add_number(&t, 1, dims[i]);
    add_number(&t, 2, type);
    add_text(&t, 8, name);
    add_bytes(&t, 9, raw, size);
    add_message(graph, 5, &t);
}

static inline void add_value(struct str *graph, int field, const char *name, int rank, const int64_t *dims)
{
    struct str shape = {0}, tensor = {0}, type = {0}, value = {0};
    for (int i = 0; i < rank; i++) {
        struct str d = {0};
        add_number(&d, 1, dims[i]);
        add_message(&shape, 1, &d);
    }
    add_number(&tensor, 1, 1);
    add_message(&tensor, 2, &shape);
    add_message(&type, 1, &tensor);
    add_text(&value, 1, name);
    add_message(&value, 2, &type);
    add_message(graph, field, &value);
}

/* The model of a graph from x [batch, 1, 8, 8] to y [batch, 8]; empties *graph. */
static inline void close_model(struct str *graph, int batch, struct str *model)
{
    struct str opset = {0};
    add_value(graph, 11, "x", 4, (int64_t[]){batch, 1, 8, 8});
    add_value(graph, 12, "y", 2, (int64_t[]){batch, 8});
    add_number(model, 1, 7);
    add_number(&opset, 2, 13);
    add_message(model, 8, &opset);
    add_message(model, 7, graph);
    *graph = (struct str){0};
}

#endif
