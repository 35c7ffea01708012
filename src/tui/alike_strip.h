/* The strip of the faces most alike to the one shown, nearest first, at the lower edge of the face view. */
#ifndef FERLAB_TUI_ALIKE_STRIP_H
#define FERLAB_TUI_ALIKE_STRIP_H

#include "strip.h"

struct alike_strip {
    struct strip strip;
    int64_t model, sample; /* of which the faces were looked for; 0: of none */
    uint32_t rows[STRIP_MOST];
    int count;
};

void alike_strip_start(struct alike_strip *a);
void alike_strip_free(struct alike_strip *a);

/* Takes the last line of another strip's, where that has two and the model shown has embeddings; the others
 * move up by a row for the heading. */
void alike_strip_lay_out(struct app *app, struct alike_strip *a, struct strip_layout *others);

void alike_strip_draw(struct app *app, struct alike_strip *a, int slot, size_t row);

#endif
