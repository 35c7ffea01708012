/* Text set to the right or the middle of a field, over draw_text. */
#ifndef FERLAB_TUI_ALIGN_H
#define FERLAB_TUI_ALIGN_H

#include "app.h"

void align_right(int row, int column, int width, enum style style, const char *text);
void align_centre(int row, int column, int width, enum style style, const char *text);

#endif
