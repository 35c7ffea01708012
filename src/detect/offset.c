/* Classes of places and sizes, and what lies between them. */
#include "ferlab/detect/offset.h"

#include <math.h>
#include <string.h>

enum { MIDDLE_SIZE = OFFSET_SIZES / 2, MIDDLE_PLACE = OFFSET_PLACES / 2 };

static const double place_step = 0.25, size_step = 0.2, reach = 0.3;

struct offset offset_between(const struct box *window, const struct box *face)
{
    double side = window->width;
    return (struct offset){
        .right = (face->x + face->width / 2.0 - window->x - window->width / 2.0) / side,
        .down = (face->y + face->height / 2.0 - window->y - window->height / 2.0) / side,
        .growth = log(face->width / side),
    };
}

bool offset_in_reach(const struct offset *o)
{
    return fabs(o->right) <= reach && fabs(o->down) <= reach && fabs(o->growth) <= size_step * MIDDLE_SIZE;
}

/* Shares of `steps`, which are counted from the middle one, among `count` classes. */
static void share_out(double steps, int count, double *shares)
{
    int middle = count / 2;
    double at = fmin(fmax(steps + middle, 0), count - 1);
    int first = (int)at;
    memset(shares, 0, (size_t)count * sizeof *shares);
    shares[first] = 1 - (at - first);
    if (first + 1 < count)
        shares[first + 1] = at - first;
}

void offset_classes(const struct offset *o, float classes[OFFSET_CLASSES])
{
    double size[OFFSET_SIZES], right[OFFSET_PLACES], down[OFFSET_PLACES];
    share_out(o->growth / size_step, OFFSET_SIZES, size);
    share_out(o->right / place_step, OFFSET_PLACES, right);
    share_out(o->down / place_step, OFFSET_PLACES, down);
    classes[OFFSET_OTHER] = 0;
    float *class = classes + 1;
    for (int s = 0; s < OFFSET_SIZES; s++)
        for (int y = 0; y < OFFSET_PLACES; y++)
            for (int x = 0; x < OFFSET_PLACES; x++)
                *class ++ = (float)(size[s] * down[y] * right[x]);
}

double offset_read(const float classes[OFFSET_CLASSES], struct offset *o)
{
    double face = 0, size = 0, right = 0, down = 0;
    const float *class = classes + 1;
    for (int s = 0; s < OFFSET_SIZES; s++)
        for (int y = 0; y < OFFSET_PLACES; y++)
            for (int x = 0; x < OFFSET_PLACES; x++, class ++) {
                face += (double)*class;
                size += (double)*class * (s - MIDDLE_SIZE);
                down += (double)*class * (y - MIDDLE_PLACE);
                right += (double)*class * (x - MIDDLE_PLACE);
            }
    double whole = fmax(face, 1e-9);
    *o = (struct offset){.right = right * place_step / whole,
                         .down = down * place_step / whole,
                         .growth = size * size_step / whole};
    return face;
}

struct box offset_apply(const struct box *window, const struct offset *o)
{
    struct box face = *window;
    face.width = face.height = (int)lrint(fmax(window->width * exp(o->growth), 1));
    face.x = (int)lrint(window->x + window->width / 2.0 + o->right * window->width - face.width / 2.0);
    face.y = (int)lrint(window->y + window->height / 2.0 + o->down * window->width - face.height / 2.0);
    return face;
}
