/* From embeddings to a map: principal components, the nearest of each face, and rounds over them. */
#include "ferlab/train/mapping.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/progress.h"
#include "ferlab/eval/layout.h"
#include "ferlab/eval/pca.h"
#include "ferlab/store/places.h"
#include "ferlab/train/embedding.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_ROWS = 512, JUDGED_FACES = 2000 };

struct mapping {
    const struct embeddings *m;
    struct neighbour *near; /* [count][MAP_NEIGHBOURS] */
    float (*places)[2], (*components)[2];
    struct progress bar; /* half of it the neighbours, half the rounds */
};

static bool stopped(struct err *e)
{
    return err_set(e, ERR_INTERRUPTED, "the map was stopped before it was done; nothing of it is kept");
}

static bool find_components(struct mapping *g, struct err *e)
{
    struct pca p;
    if (!pca_start(&p, g->m->width))
        return err_memory(e, "drawing the map");
    pca_add(&p, g->m->vectors, g->m->count);
    pca_find_axes(&p);
    pca_project(&p, g->m->vectors, g->m->count, g->components);
    pca_free(&p);
    memcpy(g->places, g->components, g->m->count * sizeof *g->places);
    return true;
}

static bool find_neighbours(struct mapping *g, struct err *e)
{
    const struct embeddings *m = g->m;
    for (size_t first = 0; first < m->count; first += BLOCK_ROWS) {
        size_t n = m->count - first < BLOCK_ROWS ? m->count - first : BLOCK_ROWS;
        if (!neighbours_of_block(m->vectors, m->count, m->width, first, n, MAP_NEIGHBOURS,
                                 g->near + first * MAP_NEIGHBOURS))
            return err_memory(e, "drawing the map");
        if (interrupt_requested())
            return stopped(e);
        progress_update(&g->bar, first + n);
    }
    return true;
}

static bool run_rounds(struct mapping *g, struct err *e)
{
    struct layout *l = layout_new(g->near, g->m->count, MAP_NEIGHBOURS, g->places);
    if (l == NULL)
        return err_memory(e, "drawing the map");
    size_t rounds = 0;
    while (layout_round(l) && !interrupt_requested())
        progress_update(&g->bar, g->m->count + ++rounds * g->m->count / LAYOUT_ROUNDS);
    layout_free(l);
    return !interrupt_requested() || stopped(e);
}

static bool work_out(struct mapping *g, bool quiet, struct err *e)
{
    size_t count = g->m->count;
    g->near = malloc((count * MAP_NEIGHBOURS + 1) * sizeof *g->near);
    g->places = malloc((count + 1) * sizeof *g->places);
    g->components = malloc((count + 1) * sizeof *g->components);
    if (g->near == NULL || g->places == NULL || g->components == NULL)
        return err_memory(e, "drawing the map");
    progress_start(&g->bar, "map", "steps", 2 * count, quiet);
    bool fine = find_components(g, e) && find_neighbours(g, e) && run_rounds(g, e);
    progress_end(&g->bar);
    return fine;
}

static void judge(const struct mapping *g, struct map_report *report)
{
    const struct embeddings *m = g->m;
    report->faces = m->known;
    report->kept_before = layout_kept(g->near, m->count, MAP_NEIGHBOURS, (const float(*)[2])g->components,
                                      MAP_JUDGED, JUDGED_FACES);
    report->kept = layout_kept(g->near, m->count, MAP_NEIGHBOURS, (const float(*)[2])g->places, MAP_JUDGED,
                               JUDGED_FACES);
}

bool map_refine(struct workspace *ws, int64_t model, bool quiet, struct map_report *report, struct err *e)
{
    struct columns *c = NULL;
    struct embeddings *m = NULL;
    struct mapping g = {0};
    bool fine = embeddings_complete(ws, model, quiet, e) && columns_load(&c, ws, RULE_MAJORITY, model, e) &&
                embeddings_load(&m, ws, c, e);
    g.m = m;
    if (fine && m->width == 0)
        fine = err_set(e, ERR_INPUT,
                       "there is no sample yet, so there is no map; 'ferlab import PATH' brings "
                       "some in");
    fine = fine && work_out(&g, quiet, e) &&
           places_write(ws, model, c->id, (const float(*)[2])g.places, c->count, e);
    if (fine)
        judge(&g, report);
    free(g.near);
    free(g.places);
    free(g.components);
    embeddings_free(m);
    if (c != NULL)
        columns_free(c);
    return fine;
}
