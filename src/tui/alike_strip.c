/* Finding the faces of the strip and drawing it under its heading. */
#include "alike_strip.h"

#include "ferlab/eval/neighbours.h"

void alike_strip_start(struct alike_strip *a)
{
    *a = (struct alike_strip){.strip.shown_count = -1};
}

void alike_strip_free(struct alike_strip *a)
{
    canvas_free(&a->strip.canvas);
}

void alike_strip_lay_out(struct app *app, struct alike_strip *a, struct strip_layout *others)
{
    a->strip.layout = *others;
    a->strip.layout.down = others->down >= 2 && app_embeddings(app) != NULL;
    if (a->strip.layout.down == 0)
        return;
    others->down--;
    a->strip.layout.top += others->down * (others->rows + 1);
    others->top--;
}

/* The nearest but the face itself, once a face. */
static void find(struct app *app, struct alike_strip *a, size_t row)
{
    struct neighbour near[STRIP_MOST + 1];
    const struct columns *c = app->columns;
    const struct embeddings *m = app_embeddings(app);
    size_t wanted = (size_t)a->strip.layout.across + 1;
    if (a->model == c->model && a->sample == c->id[row] && a->count + 1 >= (int)wanted)
        return;
    a->model = c->model;
    a->sample = c->id[row];
    a->count = 0;
    size_t found = m != NULL ? neighbours_of(m->vectors, m->count, m->width, row, wanted, near) : 0;
    for (size_t i = 1; i < found; i++)
        a->rows[a->count++] = near[i].row;
}

void alike_strip_draw(struct app *app, struct alike_strip *a, int slot, size_t row)
{
    const struct strip_layout *l = &a->strip.layout;
    if (l->down == 0)
        return;
    find(app, a, row);
    int used = draw_text(l->top - 1, 1, 0, STYLE_BOLD, "alike");
    draw_text(l->top - 1, 1 + used, 0, STYLE_DIM, "  the nearest by %s; S opens more",
              app->columns->model_name);
    const struct strip_faces faces = {.rows = a->rows, .count = (size_t)a->count, .at = SIZE_MAX};
    strip_draw(app, &a->strip, slot, &faces);
}
