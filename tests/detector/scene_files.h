/* Scenes of tests/bench/scenes.py for the trainings of the detector. */
#ifndef FERLAB_TESTS_SCENE_FILES_H
#define FERLAB_TESTS_SCENE_FILES_H

#include "ferlab/detect/box.h"
#include "ferlab/face/image.h"

enum { SCENE_FACES = 16 };

struct scene {
    struct gray image;
    struct box faces[SCENE_FACES]; /* the middle five sixths of their squares, as samples.py has them */
    int face_count;
};

/* All scenes of a folder, malloc'ed; says what is wrong and ends the program where one cannot be read. */
struct scene *scenes_load(const char *folder, size_t *count);

#endif
