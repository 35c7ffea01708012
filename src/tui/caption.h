/* Captions: one sample in a few columns of text ("neu→sad ✗.87⚑✎"), and its votes and probabilities in one
 * line. */
#ifndef FERLAB_TUI_CAPTION_H
#define FERLAB_TUI_CAPTION_H

#include "app.h"

/* Label, prediction, right or wrong, confidence, flag and review mark, as many of them as `width` columns
 * hold, centred. With `style` other than STYLE_NORMAL all of it in that style. */
void caption_draw(const struct app *app, size_t row, int line, int column, int width, enum style style);

/* "neutral 4 sadness 5", brief "neu 4 sad 5": what got votes, most first. Returns out. */
char *caption_votes(char *out, size_t size, const struct votes *votes, bool brief);
/* "sadness .79 neutral .14", brief "sad .79 neu .14": the largest probabilities, at most `most` of them; ""
 * where there is no prediction. */
char *caption_model(char *out, size_t size, const float *probabilities, int most, bool brief);
/* ".87", "1.0" from 0.995 on */
char *caption_share(char out[8], double p);

#endif
