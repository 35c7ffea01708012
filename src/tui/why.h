/* Why: where in a face the model sees what speaks for a class, laid over the face as heat. There is one in
 * the workbench, for every view that shows a large face: it paints the face with why_paint, says why_legend,
 * and hands on the actions and its idle moments. */
#ifndef FERLAB_TUI_WHY_H
#define FERLAB_TUI_WHY_H

#include "app.h"

struct why; /* app->why */
void why_free(struct why *w);

/* What lies over a row's face now. Pictures of the same serial and strength are the same. */
struct overlay {
    const float *heat; /* [FACE_PIXELS], 0 to 1; NULL: nothing, or nothing yet */
    int strength;
    uint64_t serial; /* 0 where there is nothing */
};
struct overlay why_overlay(struct app *app, size_t row);

/* Paints a face of the canvas's upper left side x side pixels, with what lies over it. */
void why_paint(const struct app *app, struct canvas *c, int side, const uint8_t *pixels,
               const struct overlay *over);

/* What it is that lies there, or why nothing does; "" when it is not asked for. */
void why_legend(struct app *app, size_t row, char *out, size_t size);

/* A slice of the work for this row; whether there is more. Asks for a frame when a map is done. */
bool why_work(struct app *app, size_t row);

/* Its three actions; false: another one. */
bool why_act(struct app *app, enum action action);

#endif
