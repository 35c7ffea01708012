/* Photographs: finding them in folders, and their names. */
#include "photographs.h"

#include "ferlab/base/path.h"

#include "sample_name.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 224 }; /* bytes; room for "~12#345.png" within a file's name */

/* One import's way through folders. */
struct walk {
    struct photographs *list;
    struct import_plan *plan;
    struct err *e;
    size_t given; /* characters of a place before what lies below the path given */
};

static bool ends_in_slash(const char *path)
{
    size_t length = strlen(path);
    return length > 0 && path[length - 1] == '/';
}

/* The first bytes that make whole characters. */
static void cut_name(char *name)
{
    size_t end = NAME_MOST;
    if (strlen(name) <= end)
        return;
    while (end > 0 && ((unsigned char)name[end] & 0xc0) == 0x80)
        end--;
    name[end] = '\0';
}

/* "2024/summer/IMG_1.jpg" below the path given becomes "2024_summer_IMG_1.jpg"; what is too long for a name,
 * the file's alone. */
static char *name_of(struct walk *w, const char *place)
{
    const char *below = place + w->given;
    char *name = arena_strdup(&w->plan->result->arena, strlen(below) > NAME_MOST ? path_base(below) : below);
    if (name == NULL) {
        err_memory(w->e, "listing photographs");
        return NULL;
    }
    for (char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash, '/'))
        *slash = '_';
    return name;
}

static bool append(struct walk *w, struct photograph photo)
{
    struct photographs *l = w->list;
    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 64;
        struct photograph *items = reallocarray(l->items, capacity, sizeof *items);
        if (items == NULL)
            return err_memory(w->e, "listing photographs");
        l->items = items;
        l->capacity = capacity;
    }
    photo.order = l->count;
    l->items[l->count++] = photo;
    return true;
}

static bool take_picture(struct walk *w, const char *source, const char *place)
{
    struct err why;
    char *name = name_of(w, place);
    if (name == NULL)
        return false;
    if (!sample_name_check(name, &why))
        return import_plan_reject(w->plan, place, 0, w->e, "%s", why.text);
    cut_name(name);
    return append(w, (struct photograph){.source = source, .place = place, .name = name});
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool walk_folder(struct walk *w, const char *folder, const char *place);

static bool walk_entry(struct walk *w, const char *folder, const char *place, const char *name)
{
    struct arena *arena = &w->plan->result->arena;
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    const char *entry = arena_printf(arena, "%s%s%s", place, ends_in_slash(place) ? "" : "/", name);
    if (path == NULL || entry == NULL)
        return err_memory(w->e, "listing photographs");
    if (path_is_own_dir(path))
        return walk_folder(w, path, entry);
    if (image_is_foreign(name))
        return import_plan_reject(w->plan, entry, 0, w->e,
                                  "pictures of this kind are not read; convert it to JPEG or PNG");
    return !image_is_named(name) || take_picture(w, path, entry);
}

static bool walk_folder(struct walk *w, const char *folder, const char *place)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);
    if (count < 0)
        return import_plan_reject(w->plan, place, 0, w->e,
                                  "the folder cannot be read: %s; see that it may be", strerror(errno));
    bool fine = true;
    for (int i = 0; i < count; i++) {
        fine = fine && walk_entry(w, folder, place, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return fine;
}

bool photographs_add(struct photographs *list, struct import_plan *p, const char *path, struct err *e)
{
    struct walk w = {.list = list, .plan = p, .e = e};
    char real[PATH_MAX];
    if (realpath(path, real) == NULL)
        return err_errno(e, path, "open", "see that the path is right");
    const char *source = import_plan_text(p, real, e), *place = import_plan_text(p, path, e);
    if (source == NULL || place == NULL)
        return false;
    bool folder = path_is_dir(real);
    w.given = folder ? strlen(path) + !ends_in_slash(path) : (size_t)(path_base(path) - path);
    return folder ? walk_folder(&w, strcmp(source, "/") == 0 ? "" : source, place)
                  : take_picture(&w, source, place);
}

static int by_source(const void *a, const void *b)
{
    const struct photograph *left = a, *right = b;
    int order = strcmp(left->source, right->source);
    return order != 0 ? order : (left->order > right->order) - (left->order < right->order);
}

void photographs_sort(struct photographs *list)
{
    size_t kept = 0;
    if (list->count == 0)
        return;
    qsort(list->items, list->count, sizeof *list->items, by_source);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(list->items[kept].source, list->items[i].source) != 0)
            list->items[++kept] = list->items[i];
    list->count = kept + 1;
}

void photographs_free(struct photographs *list)
{
    free(list->items);
    *list = (struct photographs){0};
}
