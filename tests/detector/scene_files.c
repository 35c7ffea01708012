/* Reading truth.json and the pictures it names. */
#include "scene_files.h"

#include "ferlab/base/path.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const double face_share = 5.0 / 6;

static void read_faces(const json_t *faces, struct scene *scene)
{
    for (size_t i = 0; i < json_array_size(faces) && i < SCENE_FACES; i++) {
        const json_t *box = json_object_get(json_array_get(faces, i), "box");
        int side = (int)json_integer_value(json_array_get(box, 2)), inner = (int)(side * face_share);
        scene->faces[scene->face_count++] =
            (struct box){.x = (int)json_integer_value(json_array_get(box, 0)) + (side - inner) / 2,
                         .y = (int)json_integer_value(json_array_get(box, 1)) + (side - inner) / 2,
                         .width = inner,
                         .height = inner};
    }
}

struct scene *scenes_load(const char *folder, size_t *count)
{
    char path[PATH_MAX];
    struct err e = {0};
    json_t *truth = path_join(path, folder, "truth.json", &e) ? json_load_file(path, 0, NULL) : NULL;
    *count = json_array_size(truth);
    struct scene *scenes = calloc(*count + 1, sizeof *scenes);
    for (size_t i = 0; i < *count && scenes != NULL; i++) {
        const json_t *scene = json_array_get(truth, i);
        if (!path_join(path, folder, json_string_value(json_object_get(scene, "file")), &e) ||
            !image_load(path, &scenes[i].image, &e)) {
            fprintf(stderr, "%s\n", e.text);
            exit(1);
        }
        read_faces(json_object_get(scene, "faces"), &scenes[i]);
    }
    json_decref(truth);
    return scenes;
}
