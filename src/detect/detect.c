/* The detectors: a cascade's search, neighbours made one, and what a verifying network says of each. */
#include "ferlab/detect/detect.h"

#include "ferlab/base/path.h"
#include "ferlab/detect/cascade.h"

#include "verifier.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CASCADE "models/faces.xml"
#define DEFAULT_VERIFIER "models/faces.onnx"
#define OPENCV_DATA "/usr/share/opencv4/"

/* How a cascade is searched, and how its windows lie to the squares of FER+. */
struct manner {
    const char *cascade; /* file's name, without .xml; NULL ends the table and stands for others */
    double step;
    bool coarse;
    int least_side, least_neighbours;
    double margin; /* of FER+'s square, in sides of a box; measured, see models/README.md */
};

static const struct manner opencv_manner[] = {
    {.cascade = "lbpcascade_frontalface_improved", .step = 1.1, .least_neighbours = 3, .margin = 1.4},
    {.cascade = NULL, .step = 1.1, .least_neighbours = 3, .margin = 1},
};

/* The network moves windows to their faces, so that few will do. They are the middle five sixths of FER+'s
 * squares, to which boxes are enlarged; faces from 36 pixels on. */
static const struct manner default_manner = {
    .cascade = "faces", .step = 1.2, .coarse = true, .least_side = 30, .margin = 1};
static const double default_share = 5.0 / 6;

struct detector {
    struct cascade *cascade;
    struct verifier *verifier; /* NULL: the cascade alone decides */
    struct manner manner;
    int threads;
};

static const struct manner *manner_of(const char *name)
{
    const struct manner *m = opencv_manner;
    while (m->cascade != NULL && strcmp(m->cascade, name) != 0)
        m++;
    return m;
}

/* The file of one of OpenCV's cascades; false where it is in neither folder. */
static bool find_opencv(const char *name, char path[PATH_MAX])
{
    static const char *const folders[] = {OPENCV_DATA "haarcascades", OPENCV_DATA "lbpcascades"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if ((size_t)snprintf(path, PATH_MAX, "%s/%s.xml", folders[i], name) < PATH_MAX && path_is_file(path))
            return true;
    return false;
}

/* The name alone of "folder/name.xml". */
static void bare_name(const char *name, char out[NAME_MAX + 1])
{
    snprintf(out, NAME_MAX + 1, "%s", path_base(name));
    size_t length = strlen(out);
    if (length > 4 && strcmp(out + length - 4, ".xml") == 0)
        out[length - 4] = '\0';
}

static bool open_named(struct detector *d, const char *name, struct err *e)
{
    char path[PATH_MAX], bare[NAME_MAX + 1];
    bare_name(name, bare);
    d->manner = *manner_of(bare);
    if (path_is_file(name)) {
        d->cascade = cascade_load(name, e);
        return d->cascade != NULL;
    }
    if (strchr(name, '/') != NULL || !find_opencv(bare, path))
        return err_set(
            e, ERR_INPUT,
            "%s: there is no such cascade; name an XML file, or install opencv-data and name one of its, "
            "or take whole pictures for faces (--no-detect)",
            name);
    d->cascade = cascade_load(path, e);
    return d->cascade != NULL;
}

static bool open_default(struct detector *d, struct err *e)
{
    char cascade[PATH_MAX], verifier[PATH_MAX];
    d->manner = default_manner;
    if (!path_of_data(cascade, DEFAULT_CASCADE) || !path_of_data(verifier, DEFAULT_VERIFIER))
        return err_set(e, ERR_INPUT,
                       DEFAULT_CASCADE
                       ", " DEFAULT_VERIFIER
                       ": the detector that ships is not there; install it beside the program, name its "
                       "folder in $FERLAB_DATA, or take whole pictures for faces (--no-detect)");
    d->cascade = cascade_load(cascade, e);
    d->verifier = d->cascade == NULL ? NULL : verifier_load(verifier, d->threads, e);
    return d->verifier != NULL;
}

struct detector *detector_open(const char *name, int threads, struct err *e)
{
    struct detector *d = calloc(1, sizeof *d);
    if (d == NULL) {
        err_memory(e, "opening the detector");
        return NULL;
    }
    d->threads = threads;
    if (name != NULL ? open_named(d, name, e) : open_default(d, e))
        return d;
    detector_close(d);
    return NULL;
}

void detector_close(struct detector *d)
{
    if (d == NULL)
        return;
    cascade_free(d->cascade);
    verifier_free(d->verifier);
    free(d);
}

double detector_margin(const struct detector *d)
{
    return d->manner.margin;
}

static void clip(struct box *b, const struct gray *image)
{
    int right = b->x + b->width, bottom = b->y + b->height;
    b->x = b->x < 0 ? 0 : b->x;
    b->y = b->y < 0 ? 0 : b->y;
    b->width = (right > image->width ? image->width : right) - b->x;
    b->height = (bottom > image->height ? image->height : bottom) - b->y;
}

/* From a window of the default cascade to the square of FER+ around it. */
static void enlarge(struct box *b)
{
    int side = (int)lrint(b->width / default_share);
    b->x -= (side - b->width) / 2;
    b->y -= (side - b->height) / 2;
    b->width = b->height = side;
}

bool detector_find(struct detector *d, const struct gray *image, struct boxes *found, struct err *e)
{
    struct cascade_search how = {.step = d->manner.step,
                                 .coarse = d->manner.coarse,
                                 .least_side = d->manner.least_side,
                                 .threads = d->threads};
    found->count = 0;
    if (!cascade_scan(d->cascade, image, &how, found, e))
        return false;
    if (d->verifier == NULL && !boxes_group(found, d->manner.least_neighbours))
        return err_memory(e, "looking for faces");
    if (d->verifier != NULL && !verifier_find(d->verifier, image, found, e))
        return false;
    boxes_sort(found);
    for (size_t i = 0; i < found->count; i++) {
        if (d->verifier != NULL)
            enlarge(&found->items[i]);
        clip(&found->items[i], image);
    }
    return true;
}

bool detector_find_quick(struct detector *d, const struct gray *image, int longest, struct boxes *found,
                         struct err *e)
{
    int longer = image->width > image->height ? image->width : image->height;
    if (longer <= longest)
        return detector_find(d, image, found, e);
    double scale = (double)longer / longest;
    struct gray small = {.width = (int)(image->width / scale), .height = (int)(image->height / scale)};
    small.width = small.width > 0 ? small.width : 1;
    small.height = small.height > 0 ? small.height : 1;
    small.pixels = malloc((size_t)small.width * (size_t)small.height);
    if (small.pixels == NULL)
        return err_memory(e, "looking for faces");
    image_resize(image->pixels, image->width, image->height, small.pixels, small.width, small.height);
    bool fine = detector_find(d, &small, found, e);
    image_free(&small);
    for (size_t i = 0; fine && i < found->count; i++) {
        struct box *b = &found->items[i];
        b->x = (int)(b->x * scale);
        b->y = (int)(b->y * scale);
        b->width = (int)(b->width * scale);
        b->height = (int)(b->height * scale);
    }
    return fine;
}
