/* The faces of a picture: those that are found in it, or the picture itself. */
#include "ferlab/detect/detect.h"

enum { CROP_SIDE = 64, LEAST_SIDE = 8 };

static int shorter_side(const struct gray *image)
{
    return image->width < image->height ? image->width : image->height;
}

bool picture_is_large_enough(const struct gray *image, const char *name, struct err *e)
{
    return shorter_side(image) >= LEAST_SIDE ||
           err_set(e, ERR_INPUT,
                   "%s: %d x %d pixels are too few for a face; take pictures of %d or more a side", name,
                   image->width, image->height, LEAST_SIDE);
}

static bool take_whole(const struct gray *image, struct picture_faces *out, struct err *e)
{
    int side = shorter_side(image);
    struct box square = {
        .x = (image->width - side) / 2, .y = (image->height - side) / 2, .width = side, .height = side};
    out->boxes.count = 0;
    out->margin = 1;
    return boxes_append(&out->boxes, square) || err_memory(e, "looking for faces");
}

bool picture_find_faces(struct detector *d, const struct gray *image, int longest, struct picture_faces *out,
                        struct err *e)
{
    out->whole = d == NULL || shorter_side(image) <= CROP_SIDE;
    if (out->whole)
        return take_whole(image, out, e);
    out->margin = detector_margin(d);
    return longest > 0 ? detector_find_quick(d, image, longest, &out->boxes, e)
                       : detector_find(d, image, &out->boxes, e);
}
