/* The model that ships with the program, which a workspace without a model is offered as its first: from
 * imported faces to predictions without a training. */
#ifndef FERLAB_TRAIN_SHIPPED_H
#define FERLAB_TRAIN_SHIPPED_H

#include "ferlab/base/err.h"
#include "ferlab/store/workspace.h"

#include <limits.h>

#define SHIPPED_NAME "ferplus"

/* Its ONNX file. */
bool shipped_find(char path[PATH_MAX], struct err *e);

/* Its accuracy on FER+'s valid split, as its file notes it; NaN where it does not. */
double shipped_accuracy(void);

/* Whether one ships that is another than the model of this digest: an older release's stays in a workspace.
 */
bool shipped_is_other(const char *digest);

/* What brings a first model in, after the program's name: "model use ferplus", or "model import FILE" where
 * none ships. */
const char *shipped_command(void);

/* Makes it a model of the workspace, named SHIPPED_NAME, unless its bytes are one already, under whatever
 * name. *id is its row. */
bool shipped_import(struct workspace *ws, int64_t *id, struct err *e);

#endif
