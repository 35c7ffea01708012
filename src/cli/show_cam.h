/* What `ferlab show --cam` adds: where in the face the model sees what speaks for an emotion. */
#ifndef FERLAB_CLI_SHOW_CAM_H
#define FERLAB_CLI_SHOW_CAM_H

#include "command.h"

#include "ferlab/face/image.h"

#include <jansson.h>

struct cam {
    int emotion;
    float heat[FACE_PIXELS];
};

/* class: predicted, label, or an emotion. Fails with a sentence where that is no emotion here. */
bool show_cam(const struct cli_data *d, size_t row, const char *class, const uint8_t pixels[FACE_PIXELS],
              struct cam *out, struct err *e);

/* {emotion, map[48][48]} */
json_t *show_cam_document(const struct cam *cam);

#endif
