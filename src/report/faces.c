/* Faces with their votes and predictions. */
#include "faces.h"

#include "ferlab/face/image.h"
#include "ferlab/store/samples.h"

#include <stdio.h>
#include <stdlib.h>

enum { FACE_SIDE = 96, BAR_WIDTH = 100, BAR_HEIGHT = 5, NAMED = 3 };

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank > y->rank ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

void faces_sort(struct ranked *faces, size_t count)
{
    if (count > 1)
        qsort(faces, count, sizeof *faces, by_rank);
}

void faces_put_image(struct report *r, size_t row, int side)
{
    const struct columns *c = r->columns;
    uint8_t pixels[FACE_PIXELS], *png = NULL;
    size_t size = 0;
    char alternative[512];
    snprintf(alternative, sizeof alternative, "face %.400s", c->name[row]);
    r->failed |= !sample_pixels(r->request->workspace, c->id[row], pixels, &r->error) ||
                 !image_png_bytes(pixels, FACE_SIZE, FACE_SIZE, &png, &size, &r->error);
    if (!r->failed)
        html_png(&r->html, png, size, side, alternative);
    free(png);
}

/* A stacked bar of shares, in the order of the classes; thin lines of the page's colour between the parts. */
static void put_bar(struct html *h, const double *share, int count)
{
    double left = 0;
    html_begin(h, "svg", "class='shares' viewBox='0 0 %d %d' preserveAspectRatio='none' aria-hidden='true'",
               BAR_WIDTH, BAR_HEIGHT);
    for (int k = 0; k < count; k++) {
        if (share[k] >= 0.005)
            html_void(h, "rect", "x='%.1f' width='%.1f' height='%d' class='e%d'", BAR_WIDTH * left,
                      BAR_WIDTH * share[k], BAR_HEIGHT, k);
        left += share[k];
    }
    html_close(h);
}

/* The class with the largest share that is below the one named before; equals in their order. */
static int next_largest(const double *share, int count, int before)
{
    int best = -1;
    for (int k = 0; k < count; k++) {
        bool below = before < 0 || share[k] < share[before] || (k > before && share[k] == share[before]);
        if (share[k] > 0 && below && (best < 0 || share[k] > share[best]))
            best = k;
    }
    return best;
}

static void put_votes(struct html *h, const struct votes *v)
{
    double share[CLASS_COUNT];
    int total = votes_total(v);
    for (int k = 0; k < CLASS_COUNT; k++)
        share[k] = ratio(v->count[k], total);
    html_open(h, "span");
    if (total == 0) {
        html_text(h, "no votes");
        html_close(h);
        return;
    }
    html_text(h, "votes");
    for (int k = next_largest(share, CLASS_COUNT, -1); k >= 0; k = next_largest(share, CLASS_COUNT, k))
        html_text(h, " %d\u00a0%s", v->count[k], class_short(k));
    html_close(h);
    put_bar(h, share, CLASS_COUNT);
}

static void put_probabilities(struct html *h, const float p[EMOTION_COUNT])
{
    double share[EMOTION_COUNT];
    for (int k = 0; k < EMOTION_COUNT; k++)
        share[k] = (double)p[k];
    html_open(h, "span");
    html_text(h, "model");
    int k = next_largest(share, EMOTION_COUNT, -1);
    for (int named = 0; named < NAMED && k >= 0 && share[k] >= 0.005; named++) {
        html_text(h, " %.2f\u00a0%s", share[k], class_short(k));
        k = next_largest(share, EMOTION_COUNT, k);
    }
    html_close(h);
    put_bar(h, share, EMOTION_COUNT);
}

static void put_class(struct html *h, int class_index)
{
    html_open(h, "span");
    put_swatch(h, class_index);
    html_text(h, "%s", class_title(class_index));
    html_close(h);
}

void faces_put(struct report *r, size_t row, int label, const char *remark)
{
    const struct columns *c = r->columns;
    struct html *h = &r->html;
    html_begin(h, "figure", "class='face'");
    faces_put_image(r, row, FACE_SIDE);
    html_open(h, "figcaption");
    html_open(h, "b");
    put_class(h, label);
    if (c->prediction[row] != label) {
        html_text(h, " \u2192 ");
        put_class(h, c->prediction[row]);
    }
    html_close(h);
    put_votes(h, &c->votes[row]);
    put_probabilities(h, c->probabilities[row]);
    if (remark[0] != '\0')
        html_put(h, "span", "", "%s", remark);
    html_put(h, "span", "class='name'", "%lld %s%s", (long long)c->id[row], c->name[row],
             c->reviewed[row] ? " \u270e" : "");
    html_close(h);
    html_close(h);
}
