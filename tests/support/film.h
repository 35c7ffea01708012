/* A film of one scene (scenes.h) for tests of what watches cameras. */
#ifndef FERLAB_TESTS_FILM_H
#define FERLAB_TESTS_FILM_H

#include "scenes.h"
#include "support.h"

#include <stdio.h>

/* DIR/film.y4m: so many times the scene, five a second. */
static inline void write_film(const char *dir, int scene_index, int frames, char path[PATH_MAX])
{
    static struct scene scene;
    scene_draw(scene_index, &scene);
    snprintf(path, PATH_MAX, "%.4000s/film.y4m", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "YUV4MPEG2 W%d H%d F5:1 Cmono XCOLORRANGE=FULL\n", SCENE_WIDTH, SCENE_HEIGHT);
    for (int i = 0; i < frames; i++) {
        fputs("FRAME\n", f);
        fwrite(scene.pixels, 1, sizeof scene.pixels, f);
    }
    assert_int_equal(fclose(f), 0);
}

#endif
