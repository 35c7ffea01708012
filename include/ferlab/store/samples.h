/* Samples: faces with their votes as they came, all zero where no crowd has seen them. Written once by an
 * import, never changed. */
#ifndef FERLAB_STORE_SAMPLES_H
#define FERLAB_STORE_SAMPLES_H

#include "ferlab/face/image.h"
#include "ferlab/face/votes.h"
#include "ferlab/store/workspace.h"

#include <stddef.h>

struct sample {
    enum split split;
    const char *name; /* the identity of a sample is (split, name) */
    int32_t box[4];   /* x0 y0 x1 y1 as the source gave it */
    struct votes votes;
    const uint8_t *pixels; /* FACE_PIXELS */
    const char *source;    /* the file the face was found in; NULL: faces are what was imported */
    unsigned flaws;        /* enum face_flaw, of a face that was found */
};

enum sample_added {
    SAMPLE_NEW,
    SAMPLE_SAME,         /* that identity is there with these votes and pixels */
    SAMPLE_OTHER_VOTES,  /* that identity is there with other votes: not added */
    SAMPLE_OTHER_PIXELS, /* likewise */
    SAMPLE_FAILED,       /* see err */
};

/* Adds samples inside the caller's transaction. Free the writer before the workspace is closed. */
struct sample_writer;
struct sample_writer *sample_writer_new(struct workspace *ws, struct err *e);
enum sample_added sample_add(struct sample_writer *w, const struct sample *s, struct err *e);
int64_t sample_added_id(const struct sample_writer *w); /* of the latest that was new */
void sample_writer_free(struct sample_writer *w);

bool samples_count(struct workspace *ws, int64_t *count, struct err *e);

/* How many samples have that source. */
bool samples_of_source(struct workspace *ws, const char *source, int64_t *count, struct err *e);

/* The sample with the source and pixels of *s; 0 where there is none. */
bool sample_find_same(struct workspace *ws, const struct sample *s, int64_t *id, struct err *e);

/* Pixels of one sample, or of many in one sweep. `ids` ascend; out holds count * FACE_PIXELS, in the order of
 * ids. */
bool sample_pixels(struct workspace *ws, int64_t id, uint8_t out[FACE_PIXELS], struct err *e);
bool sample_pixels_many(struct workspace *ws, const int64_t *ids, size_t count, uint8_t *out, struct err *e);

#endif
