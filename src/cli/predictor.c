/* The model that pictures are predicted with. */
#include "command.h"
#include "photo_faces.h"

#include "ferlab/base/path.h"
#include "ferlab/train/shipped.h"

#include <stdlib.h>

static const size_t onnx_max_bytes = (size_t)1 << 30;

static struct predictor *from_file(const char *path, struct err *e)
{
    size_t size;
    char *bytes = file_read(path, onnx_max_bytes, &size, e);
    struct predictor *p = bytes == NULL ? NULL : predictor_from_onnx(bytes, size, path, 0, e);
    free(bytes);
    return p;
}

/* The model called `name`, or the current one. */
static struct predictor *from_workspace(const struct cli *cli, const char *name, struct err *e)
{
    struct workspace *ws;
    if (!workspace_open(&ws, cli->workspace, WORKSPACE_READ, e))
        return NULL;
    int64_t id;
    void *bytes;
    size_t size;
    struct predictor *p = NULL;
    if (model_resolve(ws, name, &id, e) && model_onnx(ws, id, &bytes, &size, e)) {
        p = predictor_from_onnx(bytes, size, name != NULL ? name : "the current model", 0, e);
        free(bytes);
    }
    workspace_close(ws);
    return p;
}

struct predictor *cli_predictor(const struct cli *cli, const char *model, struct err *e)
{
    char path[PATH_MAX];
    if (model != NULL && model_is_path(model))
        return from_file(model, e);
    if (model != NULL)
        return from_workspace(cli, model, e);
    if (shipped_find(path, e))
        return from_file(path, e);
    return path_is_file(cli->workspace) ? from_workspace(cli, NULL, e) : NULL;
}
