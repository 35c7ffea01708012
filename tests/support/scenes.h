/* Scenes of synthetic faces for tests of the detector: drawn the same everywhere, in whole numbers, so that
 * boxes found in them by others can be stored. */
#ifndef FERLAB_TESTS_SCENES_H
#define FERLAB_TESTS_SCENES_H

#include "ferlab/face/image.h"

enum { SCENE_COUNT = 60, SCENE_WIDTH = 320, SCENE_HEIGHT = 240, SCENE_MOST_FACES = 3 };

struct scene {
    uint8_t pixels[SCENE_WIDTH * SCENE_HEIGHT];
    struct {
        int x, y, side, degrees; /* upright square of the face's size around its middle; -15 to 15 */
    } faces[SCENE_MOST_FACES];
    int face_count;
};

/* Number `index` below SCENE_COUNT: a gradient with noise and blocks, on which one to three synthetic faces
 * of 48 to 110 pixels lie, turned, brighter or darker, with more or less contrast. */
void scene_draw(int index, struct scene *out);

#endif
