/* The model that ships: found in the data places, brought in once. */
#include "ferlab/train/shipped.h"

#include "ferlab/base/arena.h"
#include "ferlab/base/digest.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/nn/onnx.h"
#include "ferlab/train/inference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t shipped_max_bytes = 64 << 20;

bool shipped_find(char path[PATH_MAX], struct err *e)
{
    return path_of_data(path, "models/" SHIPPED_NAME ".onnx") ||
           err_set(e, ERR_INPUT,
                   "models/" SHIPPED_NAME ".onnx: the model that ships is not there; install it beside "
                   "the program, or name its folder in $FERLAB_DATA");
}

static void *read_shipped(char path[PATH_MAX], size_t *size, struct err *e)
{
    return shipped_find(path, e) ? file_read(path, shipped_max_bytes, size, e) : NULL;
}

double shipped_accuracy(void)
{
    char path[PATH_MAX];
    size_t size;
    double accuracy = NAN;
    void *bytes = read_shipped(path, &size, NULL);
    char *note = bytes != NULL ? onnx_note_read(bytes, size, "valid_accuracy") : NULL;
    if (note != NULL)
        str_to_double(note, 0, 1, &accuracy);
    free(note);
    free(bytes);
    return accuracy;
}

bool shipped_is_other(const char *digest)
{
    char path[PATH_MAX], own[DIGEST_HEX];
    size_t size;
    void *bytes = read_shipped(path, &size, NULL);
    if (bytes == NULL)
        return false;
    digest_of(bytes, size, own);
    free(bytes);
    return strcmp(own, digest) != 0;
}

const char *shipped_command(void)
{
    char path[PATH_MAX];
    return shipped_find(path, NULL) ? "model use " SHIPPED_NAME : "model import FILE";
}

bool shipped_import(struct workspace *ws, int64_t *id, struct err *e)
{
    char path[PATH_MAX], digest[DIGEST_HEX];
    size_t size;
    void *bytes = read_shipped(path, &size, e);
    if (bytes == NULL)
        return false;
    digest_of(bytes, size, digest);
    free(bytes);
    struct arena arena = {0};
    struct model known;
    bool found = false, fine = model_by_digest(ws, digest, &arena, &known, &found, e);
    if (found)
        *id = known.id;
    arena_free(&arena);
    return fine && (found || model_import(ws, path, SHIPPED_NAME, false, NULL, id, NULL, e));
}
