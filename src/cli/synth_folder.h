/* A folder of synthetic faces in Microsoft's FER+ layout, with truth.csv beside: what `synth` and `demo`
 * write. */
#ifndef FERLAB_CLI_SYNTH_FOLDER_H
#define FERLAB_CLI_SYNTH_FOLDER_H

#include "ferlab/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { SYNTH_MOST = 10 * 1000 * 1000, SYNTH_NAME = 24 };

struct synth_request {
    const char *out; /* must not exist, or be an empty folder */
    uint32_t count;  /* at most SYNTH_MOST */
    uint64_t seed;
    double planted; /* share of labels planted wrong in every split */
    bool quiet;
};

/* Writes OUT/data/FER2013{Train,Valid,Test}/{label.csv,*.png} and OUT/truth.csv (name, split, truth,
 * planted). Where it fails or is interrupted, everything it wrote is removed again. *planted: the indices of
 * faces with planted labels, ascending, malloc'ed. */
bool synth_folder_write(const struct synth_request *request, uint32_t **planted, uint32_t *planted_count,
                        struct err *e);

/* The file name of face number `index`: syn0000000.png. */
const char *synth_name(uint32_t index, char out[SYNTH_NAME]);

#endif
