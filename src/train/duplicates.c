/* Near-duplicates: from the pixels of all samples to the stored groups. */
#include "ferlab/train/duplicates.h"

#include "ferlab/face/duplicates.h"
#include "ferlab/store/columns.h"
#include "ferlab/store/duplicates.h"
#include "ferlab/store/samples.h"

#include <stdlib.h>

static bool find(struct workspace *ws, const struct columns *c, int threads, struct err *e)
{
    uint8_t *pixels = malloc((c->count + 1) * FACE_PIXELS);
    uint32_t *group = malloc((c->count + 1) * sizeof *group);
    bool fine = ((pixels != NULL && group != NULL) || err_memory(e, "looking for near-duplicates")) &&
                sample_pixels_many(ws, c->id, c->count, pixels, e) &&
                duplicates_group(pixels, c->count, threads, group, e);
    free(pixels);
    fine = fine && duplicates_write(ws, c->id, group, c->count, e);
    free(group);
    return fine;
}

bool duplicates_complete(struct workspace *ws, int threads, struct err *e)
{
    bool complete;
    struct columns *c;
    if (!duplicates_are_complete(ws, &complete, e))
        return false;
    if (complete)
        return true;
    if (!columns_load(&c, ws, RULE_MAJORITY, -1, e))
        return false;
    bool fine = find(ws, c, threads, e);
    columns_free(c);
    return fine;
}
