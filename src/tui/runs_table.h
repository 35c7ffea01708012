/* The table of runs, as the training view and the models view show it: newest first. */
#ifndef FERLAB_TUI_RUNS_TABLE_H
#define FERLAB_TUI_RUNS_TABLE_H

#include "app.h"

/* A heading on `row`, then at most `rows` runs below it, scrolled so that `selected` (0: the newest; -1:
 * none) is seen. */
void runs_table_draw(const struct app *app, int row, int rows, int selected);

/* The run at a place of that table, 0: the newest. */
const struct run *runs_table_run(const struct app *app, int index);
/* The index at a row of the screen of a table drawn so; -1: none. */
int runs_table_at(const struct app *app, int table_row, int rows, int selected, int row);

/* Looks whether the processes of running trainings are still there: one that was killed cannot say so itself.
 */
void runs_notice_deaths(struct app *app);

#endif
