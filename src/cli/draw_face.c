/* A face on a plain terminal, or as a file. */
#include "draw_face.h"

#include "ferlab/term/heat.h"
#include "ferlab/term/images.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCALE = 5, PNG_SIDE = 8 * FACE_SIZE, STRENGTH = 1 };

/* Half blocks show a pixel a column, and two a row. */
static void draw(const struct caps *caps, const uint8_t *pixels, const float *heat)
{
    bool sixel = caps->graphics == GRAPHICS_SIXEL;
    int width = sixel ? SCALE * FACE_SIZE : FACE_SIZE * caps->cell_width,
        height = sixel ? SCALE * FACE_SIZE : FACE_SIZE / 2 * caps->cell_height;
    struct canvas canvas = {0};
    fflush(stdout);
    if (canvas_resize(&canvas, width, height)) {
        if (heat != NULL)
            canvas_heat(&canvas, 0, 0, width, height, pixels, heat, FACE_SIZE, STRENGTH, false);
        else
            canvas_gray(&canvas, 0, 0, width, height, pixels, FACE_SIZE, FACE_SIZE, false);
        images_print(STDOUT_FILENO, caps, &canvas);
    }
    canvas_free(&canvas);
}

bool draw_caps(struct caps *caps)
{
    const char *term = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0)
        return false;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    caps_query(fd, caps);
    close(fd);
    return caps->graphics != GRAPHICS_NONE;
}

void draw_face(const uint8_t pixels[FACE_PIXELS], const float *heat)
{
    struct caps caps;
    if (draw_caps(&caps))
        draw(&caps, pixels, heat);
}

bool draw_face_png(const char *path, const uint8_t pixels[FACE_PIXELS], const float *heat, struct err *e)
{
    enum { COUNT = PNG_SIDE * PNG_SIDE };
    uint8_t hot[FACE_PIXELS] = {0}, *gray = malloc(COUNT), *large = malloc(COUNT), *rgb = malloc(3 * COUNT);
    bool fine = (gray != NULL && large != NULL && rgb != NULL) || err_memory(e, "writing a PNG");
    if (fine) {
        for (int i = 0; i < FACE_PIXELS && heat != NULL; i++)
            hot[i] = (uint8_t)lrintf(255.0F * heat[i]);
        image_resize(pixels, FACE_SIZE, FACE_SIZE, gray, PNG_SIDE, PNG_SIDE);
        image_resize(hot, FACE_SIZE, FACE_SIZE, large, PNG_SIDE, PNG_SIDE);
        for (int i = 0; i < COUNT; i++)
            heat_blend(gray[i], (float)large[i] / 255.0F, heat_strengths[STRENGTH], rgb + (size_t)3 * i);
        fine = image_png_write_rgb(path, rgb, PNG_SIDE, PNG_SIDE, e);
    }
    free(gray);
    free(large);
    free(rgb);
    return fine;
}
