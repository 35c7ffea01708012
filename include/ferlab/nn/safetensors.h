/* safetensors files: named tensors and notes. Eight bytes of header length (little-endian), a JSON header,
 * then the tensors' bytes one after the other, row-major and little-endian, without holes:
 * https://huggingface.co/docs/safetensors. */
#ifndef FERLAB_NN_SAFETENSORS_H
#define FERLAB_NN_SAFETENSORS_H

#include "ferlab/base/arena.h"
#include "ferlab/base/err.h"

#include <stddef.h>

enum safetensor_type { SAFETENSOR_U8, SAFETENSOR_F32, SAFETENSOR_I64, SAFETENSOR_F64 };
enum { SAFETENSOR_RANK_MAX = 8 };

struct safetensor {
    const char *name;
    enum safetensor_type type;
    size_t dims[SAFETENSOR_RANK_MAX];
    int rank;
    const void *data; /* when read: in the file's bytes, aligned to nothing */
};

struct safetensor_note { /* one entry of __metadata__ */
    const char *key, *value;
};

struct safetensors {
    const struct safetensor *tensors; /* in the order of the data */
    size_t tensor_count;
    const struct safetensor_note *notes;
    size_t note_count;
};

/* The elements of a tensor and their bytes together. */
size_t safetensor_count(const struct safetensor *t);
size_t safetensor_bytes(const struct safetensor *t);

/* The file, malloc'ed. Data begin at a multiple of eight; names and notes are UTF-8. */
bool safetensors_write(const struct safetensors *s, void **bytes, size_t *size, struct err *e);

/* Reads a file whose bytes stay the caller's and must outlive what is read, as must the arena. `name` is for
 * messages. Lengths, types, shapes and offsets are checked before anything is believed; other types than the
 * four above are refused by name. */
bool safetensors_read(struct safetensors *out, const void *bytes, size_t size, const char *name,
                      struct arena *arena, struct err *e);

/* NULL where there is none of that name. */
const struct safetensor *safetensors_find(const struct safetensors *s, const char *name);
const char *safetensors_note(const struct safetensors *s, const char *key);

#endif
