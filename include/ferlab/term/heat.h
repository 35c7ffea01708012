/* Heat over a gray image, in cividis: the more heat, the more of its colour and the less of the image shows;
 * what is cold stays gray. */
#ifndef FERLAB_TERM_HEAT_H
#define FERLAB_TERM_HEAT_H

#include "ferlab/term/canvas.h"

enum { CIVIDIS_STEPS = 16 };
extern const uint8_t cividis[CIVIDIS_STEPS][3]; /* dark to light; Nunez, Anderton & Renslow 2018 */

enum { HEAT_STRENGTHS = 3 };
extern const float heat_strengths[HEAT_STRENGTHS]; /* the share of colour where it is hottest */

/* A pixel: gray 0 to 255, heat 0 to 1. */
void heat_blend(uint8_t gray, float heat, float strength, uint8_t rgb[3]);

/* Draws a square image with its heat, both [side][side], as canvas_gray draws it alone; sets the canvas's
 * palette to that of heat_strengths[strength]. Clips. */
void canvas_heat(struct canvas *c, int x, int y, int width, int height, const uint8_t *gray,
                 const float *heat, int side, int strength, bool smooth);

#endif
