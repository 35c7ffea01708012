/* A cache of faces, least recently used goes first: what is on the screen is read once, in one sweep. */
#include "parts.h"

#include "ferlab/store/samples.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2048, NOWHERE = 0xffff };

struct face_cache {
    size_t rows;
    uint16_t *slot_of_row; /* NOWHERE: not here */
    uint32_t row_of_slot[SLOTS];
    uint16_t newer[SLOTS], older[SLOTS]; /* a list by last use */
    uint16_t newest, oldest;
    size_t used;
    uint8_t (*pixels)[FACE_PIXELS];
    uint8_t missing[FACE_PIXELS]; /* gray: what stands for a face that cannot be read */
};

bool face_cache_reset(struct face_cache *cache, size_t rows)
{
    uint16_t *slots = realloc(cache->slot_of_row, (rows ? rows : 1) * sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots, 0xff, rows * sizeof *slots);
    cache->slot_of_row = slots;
    cache->rows = rows;
    cache->used = 0;
    cache->newest = cache->oldest = NOWHERE;
    return true;
}

struct face_cache *face_cache_new(size_t rows, struct err *e)
{
    struct face_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL || (cache->pixels = malloc(SLOTS * sizeof *cache->pixels)) == NULL ||
        !face_cache_reset(cache, rows)) {
        face_cache_free(cache);
        err_memory(e, "making room for faces");
        return NULL;
    }
    memset(cache->missing, 128, sizeof cache->missing);
    return cache;
}

void face_cache_free(struct face_cache *cache)
{
    if (cache == NULL)
        return;
    free(cache->pixels);
    free(cache->slot_of_row);
    free(cache);
}

static void unlink_slot(struct face_cache *cache, uint16_t slot)
{
    uint16_t newer = cache->newer[slot], older = cache->older[slot];
    if (newer != NOWHERE)
        cache->older[newer] = older;
    else
        cache->newest = older;
    if (older != NOWHERE)
        cache->newer[older] = newer;
    else
        cache->oldest = newer;
}

static void link_newest(struct face_cache *cache, uint16_t slot)
{
    cache->newer[slot] = NOWHERE;
    cache->older[slot] = cache->newest;
    if (cache->newest != NOWHERE)
        cache->newer[cache->newest] = slot;
    cache->newest = slot;
    if (cache->oldest == NOWHERE)
        cache->oldest = slot;
}

/* A slot for this row, the newest one; its pixels are not there yet. */
static uint16_t claim(struct face_cache *cache, uint32_t row)
{
    uint16_t slot;
    if (cache->used < SLOTS) {
        slot = (uint16_t)cache->used++;
    } else {
        slot = cache->oldest;
        unlink_slot(cache, slot);
        cache->slot_of_row[cache->row_of_slot[slot]] = NOWHERE;
    }
    link_newest(cache, slot);
    cache->row_of_slot[slot] = row;
    cache->slot_of_row[row] = slot;
    return slot;
}

static void touch(struct face_cache *cache, uint16_t slot)
{
    if (cache->newest == slot)
        return;
    unlink_slot(cache, slot);
    link_newest(cache, slot);
}

const uint8_t *app_pixels(struct app *app, size_t row)
{
    struct face_cache *cache = app->faces;
    if (row >= cache->rows)
        return cache->missing;
    uint16_t slot = cache->slot_of_row[row];
    if (slot != NOWHERE) {
        touch(cache, slot);
        return cache->pixels[slot];
    }
    uint8_t pixels[FACE_PIXELS];
    struct err e;
    if (!sample_pixels(app->workspace, app->columns->id[row], pixels, &e)) {
        app_complain(app, "%s", e.text);
        return cache->missing;
    }
    slot = claim(cache, (uint32_t)row);
    memcpy(cache->pixels[slot], pixels, FACE_PIXELS);
    return cache->pixels[slot];
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void app_pixels_prepare(struct app *app, const uint32_t *rows, size_t count)
{
    struct face_cache *cache = app->faces;
    uint32_t *missing = malloc((count ? count : 1) * sizeof *missing);
    int64_t *ids = malloc((count ? count : 1) * sizeof *ids);
    uint8_t *pixels = NULL;
    size_t wanted = 0;
    if (missing == NULL || ids == NULL)
        goto done; /* app_pixels reads them one by one */
    for (size_t i = 0; i < count && wanted < SLOTS / 2; i++)
        if (rows[i] < cache->rows && cache->slot_of_row[rows[i]] == NOWHERE)
            missing[wanted++] = rows[i];
    if (wanted == 0 || (pixels = malloc(wanted * FACE_PIXELS)) == NULL)
        goto done;
    qsort(missing, wanted, sizeof *missing, by_value); /* rows ascend with ids */
    for (size_t i = 0; i < wanted; i++)
        ids[i] = app->columns->id[missing[i]];
    struct err e;
    if (!sample_pixels_many(app->workspace, ids, wanted, pixels, &e)) {
        app_complain(app, "%s", e.text);
        goto done;
    }
    for (size_t i = 0; i < wanted; i++)
        memcpy(cache->pixels[claim(cache, missing[i])], pixels + i * FACE_PIXELS, FACE_PIXELS);
done:
    free(pixels);
    free(ids);
    free(missing);
}
