/* Charts on the screen: over cells, in as many pixels as these have, as half blocks, or as text. */
#ifndef FERLAB_TUI_CHART_SCREEN_H
#define FERLAB_TUI_CHART_SCREEN_H

#include "app.h"
#include "chart.h"

/* chart_begin with the pixels of so many cells. */
bool chart_begin_cells(struct chart *c, const struct app *app, int rows, int columns);

/* Shows it on these cells. `slot` as for images_place. The columns beside it are kept free of text that comes
 * and goes. */
void chart_show(struct app *app, const struct chart *c, int slot, int row, int column, int rows, int columns);

#endif
