/* Lists of boxes, and neighbours made one. */
#include "ferlab/detect/box.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static const double likeness = 0.2; /* of the smaller side */

bool boxes_append(struct boxes *list, struct box box)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        struct box *items = realloc(list->items, capacity * sizeof *items);
        if (items == NULL)
            return false;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = box;
    return true;
}

void boxes_free(struct boxes *list)
{
    free(list->items);
    *list = (struct boxes){0};
}

/* Equals from top to bottom, so that the order does not depend on who found them first. */
static int surer(const void *a, const void *b)
{
    const struct box *p = a, *q = b;
    if (p->score != q->score)
        return p->score > q->score ? -1 : 1;
    return p->y != q->y ? (p->y > q->y) - (p->y < q->y) : (p->x > q->x) - (p->x < q->x);
}

void boxes_sort(struct boxes *list)
{
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, surer);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

double box_overlap(const struct box *a, const struct box *b)
{
    int width = least(a->x + a->width, b->x + b->width) - most(a->x, b->x),
        height = least(a->y + a->height, b->y + b->height) - most(a->y, b->y);
    if (width <= 0 || height <= 0)
        return 0;
    double common = (double)width * height;
    return common / ((double)a->width * a->height + (double)b->width * b->height - common);
}

static bool alike(const struct box *a, const struct box *b)
{
    double most_apart = likeness * (least(a->width, b->width) + least(a->height, b->height)) * 0.5;
    return abs(a->x - b->x) <= most_apart && abs(a->y - b->y) <= most_apart &&
           abs(a->x + a->width - b->x - b->width) <= most_apart &&
           abs(a->y + a->height - b->y - b->height) <= most_apart;
}

/* The number of its class that stands for all of them, by union of what is alike: parents point to smaller
 * numbers. */
static size_t root_of(size_t *parent, size_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

static void unite(size_t *parent, size_t i, size_t j)
{
    size_t a = root_of(parent, i), b = root_of(parent, j);
    parent[a > b ? a : b] = a > b ? b : a;
}

struct by_x {
    int x;
    size_t index;
};

static int compare_x(const void *a, const void *b)
{
    const struct by_x *p = a, *q = b;
    return p->x != q->x ? (p->x > q->x) - (p->x < q->x) : (p->index > q->index) - (p->index < q->index);
}

/* Compares each with those whose left side is near enough, found by going along the left sides in order. */
static void unite_alike(const struct boxes *list, struct by_x *order, size_t *parent)
{
    for (size_t i = 0; i < list->count; i++) {
        order[i] = (struct by_x){.x = list->items[i].x, .index = i};
        parent[i] = i;
    }
    qsort(order, list->count, sizeof *order, compare_x);
    for (size_t i = 0; i < list->count; i++) {
        const struct box *a = &list->items[order[i].index];
        double reach = likeness * (a->width + a->height) * 0.5;
        for (size_t j = i + 1; j < list->count && order[j].x - a->x <= reach; j++)
            if (alike(a, &list->items[order[j].index]))
                unite(parent, order[i].index, order[j].index);
    }
}

struct sum {
    int64_t x, y, width, height;
    int members;
    float score;
};

static struct box mean_of(const struct sum *s)
{
    double share = 1.0 / s->members;
    return (struct box){
        .x = (int)lrint((double)s->x * share),
        .y = (int)lrint((double)s->y * share),
        .width = (int)lrint((double)s->width * share),
        .height = (int)lrint((double)s->height * share),
        .score = s->score,
        .members = s->members,
    };
}

/* Whether `inner` lies in `outer`, give or take, and says less than it does. */
static bool is_lost_in(const struct box *inner, const struct box *outer)
{
    int dx = (int)lrint(outer->width * likeness), dy = (int)lrint(outer->height * likeness);
    return inner->x >= outer->x - dx && inner->y >= outer->y - dy &&
           inner->x + inner->width <= outer->x + outer->width + dx &&
           inner->y + inner->height <= outer->y + outer->height + dy &&
           (outer->members > most(3, inner->members) || inner->members < 3);
}

static void add_up(const struct boxes *list, size_t *parent, struct sum *sums)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct box *b = &list->items[i];
        struct sum *s = &sums[root_of(parent, i)];
        s->score = s->members == 0 || b->score > s->score ? b->score : s->score;
        s->x += b->x;
        s->y += b->y;
        s->width += b->width;
        s->height += b->height;
        s->members++;
    }
}

/* The means of classes large enough, in place of the list. */
static void keep_means(struct boxes *list, const struct sum *sums, int least_neighbours)
{
    size_t kept = 0, count = list->count;
    for (size_t i = 0; i < count; i++)
        if (sums[i].members > least_neighbours)
            list->items[kept++] = mean_of(&sums[i]);
    list->count = kept;
}

bool boxes_merge(struct boxes *list, int least_neighbours)
{
    if (list->count == 0)
        return true;
    size_t *parent = malloc(list->count * sizeof *parent);
    struct by_x *order = malloc(list->count * sizeof *order);
    struct sum *sums = calloc(list->count, sizeof *sums);
    bool fine = parent && order && sums;
    if (fine) {
        unite_alike(list, order, parent);
        add_up(list, parent, sums);
        keep_means(list, sums, least_neighbours);
    }
    free(parent);
    free(order);
    free(sums);
    return fine;
}

bool boxes_group(struct boxes *list, int least_neighbours)
{
    if (!boxes_merge(list, least_neighbours))
        return false;
    bool *lost = calloc(list->count + 1, sizeof *lost);
    if (lost == NULL)
        return false;
    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < list->count && !lost[i]; j++)
            lost[i] = i != j && is_lost_in(&list->items[i], &list->items[j]);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!lost[i])
            list->items[kept++] = list->items[i];
    list->count = kept;
    free(lost);
    return true;
}
