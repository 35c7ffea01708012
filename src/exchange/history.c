/* History: events grouped by sample. */
#include "history.h"

#include "ferlab/exchange/documents.h"

#include <stdlib.h>

static int by_sample(const void *a, const void *b)
{
    const struct event *x = *(const struct event *const *)a, *y = *(const struct event *const *)b;
    if (x->sample != y->sample)
        return x->sample < y->sample ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

bool history_load(struct history *h, struct workspace *ws, struct err *e)
{
    *h = (struct history){0};
    if (!reviews_log(ws, 0, 0, 0, &h->arena, &h->events, &h->count, e))
        return false;
    h->standing = arena_alloc(&h->arena, h->count + 1);
    h->grouped = arena_alloc(&h->arena, (h->count + 1) * sizeof *h->grouped);
    if (!h->standing || !h->grouped) {
        history_free(h);
        return err_memory(e, "reading reviews");
    }
    for (size_t i = 0; i < h->count; i++)
        h->grouped[i] = &h->events[i];
    qsort(h->grouped, h->count, sizeof *h->grouped, by_sample);
    if (reviews_standing(h->events, h->count, h->standing, e))
        return true;
    history_free(h);
    return false;
}

void history_free(struct history *h)
{
    arena_free(&h->arena);
    *h = (struct history){0};
}

const struct event **history_of(const struct history *h, int64_t sample, size_t *count)
{
    size_t low = 0, high = h->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (h->grouped[middle]->sample < sample)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < h->count && h->grouped[low + *count]->sample == sample)
        ++*count;
    return h->grouped + low;
}

json_t *history_document(const struct history *h, int64_t sample)
{
    size_t count;
    const struct event **events = history_of(h, sample, &count);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, event_document(events[i]));
    return array;
}

static bool decides(enum event_kind kind)
{
    return kind == EVENT_RELABEL || kind == EVENT_ACCEPT || kind == EVENT_VOTES;
}

const struct event *history_decision(const struct history *h, int64_t sample)
{
    size_t count;
    const struct event **events = history_of(h, sample, &count);
    while (count > 0) {
        const struct event *event = events[--count];
        if (decides(event->kind) && h->standing[event - h->events])
            return event;
    }
    return NULL;
}
