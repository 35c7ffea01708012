/* write_scenes FOLDER: the detector's test scenes as FOLDER/NUMBER.pgm, for make_detection_goldens.py. */
#include "scenes.h"

#include <limits.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static struct scene scene;
    for (int i = 0; argc == 2 && i < SCENE_COUNT; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%02d.pgm", argv[1], i);
        FILE *f = fopen(path, "wb");
        if (f == NULL)
            return perror(path), 1;
        scene_draw(i, &scene);
        fprintf(f, "P5\n%d %d\n255\n", SCENE_WIDTH, SCENE_HEIGHT);
        fwrite(scene.pixels, 1, sizeof scene.pixels, f);
        if (fclose(f) != 0)
            return perror(path), 1;
    }
    return argc == 2 ? 0 : 2;
}
