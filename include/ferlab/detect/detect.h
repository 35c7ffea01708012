/* Faces in photographs: where they are, and the square that a model wants of each. */
#ifndef FERLAB_DETECT_DETECT_H
#define FERLAB_DETECT_DETECT_H

#include "ferlab/detect/box.h"

#include "ferlab/base/err.h"
#include "ferlab/face/image.h"

struct detector;

/* The detector called `name`: NULL the default; else one of OpenCV's cascades by its file's name
 * ("haarcascade_frontalface_alt2", with or without .xml; Debian's opencv-data has them), or the path of a
 * cascade. threads 0: all the machine has. Fails with a sentence where it is not there. */
struct detector *detector_open(const char *name, int threads, struct err *e);
void detector_close(struct detector *d);

/* The faces of a picture, the surest first: boxes within it as far as it goes, with what the detector makes
 * of each as score. *found is emptied first; the caller frees it. One call at a time for each detector. */
bool detector_find(struct detector *d, const struct gray *image, struct boxes *found, struct err *e);

/* The same for films: in the picture made smaller until its longer side has at most `longest` pixels, which
 * is as much faster as it has fewer pixels, and finds no face that is then too small. FILM_LONGEST is what a
 * camera's frames are looked at with. */
enum { FILM_LONGEST = 320 };
bool detector_find_quick(struct detector *d, const struct gray *image, int longest, struct boxes *found,
                         struct err *e);

/* The boxes of a picture's faces and the margin that their squares take: what the detector finds, the picture
 * made smaller first where `longest` is not 0; or, where d is NULL or the picture no larger than a face
 * crop (64 pixels or less on its shorter side), its largest centred square, with margin 1. */
struct picture_faces { /* start from {0} */
    struct boxes boxes;
    double margin;
    bool whole; /* nobody looked for it: the one box is the square */
};
bool picture_find_faces(struct detector *d, const struct gray *image, int longest, struct picture_faces *out,
                        struct err *e);

/* Whether a picture has the 8 pixels a side at least that a face takes; else a sentence about `name`. */
bool picture_is_large_enough(const struct gray *image, const char *name, struct err *e);

/* How large a square a model trained on FER+ wants of a face, in sides of this detector's boxes: what
 * face_crop takes. */
double detector_margin(const struct detector *d);

/* The side of the square that a box's face takes of its picture: what face_square cuts out. */
int face_side(const struct box *box, double margin);

/* The square around the middle of a box, `margin` times as large as its longer side, pixel for pixel: beyond
 * the picture its nearest pixel is repeated. mallocs out->pixels. False: out of memory. */
bool face_square(const struct gray *image, const struct box *box, double margin, struct gray *out);
/* The same, filtered to size x size. */
bool face_crop(const struct gray *image, const struct box *box, double margin, int size, uint8_t *out);

#endif
