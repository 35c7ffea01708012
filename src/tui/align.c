/* Text set to the right or the middle of a field. */
#include "align.h"

#include "ferlab/base/str.h"

static void align_at(int row, int column, int width, int space, enum style style, const char *text)
{
    if (space < 0)
        space = 0;
    if (width > space)
        draw_text(row, column + space, width - space, style, "%s", text);
}

void align_right(int row, int column, int width, enum style style, const char *text)
{
    align_at(row, column, width, width - str_columns(text), style, text);
}

void align_centre(int row, int column, int width, enum style style, const char *text)
{
    align_at(row, column, width, (width - str_columns(text)) / 2, style, text);
}
