/* Boxes and names over a photograph: painted on a canvas, from which a PNG takes what is not background. */
#include "draw_photo.h"

#include "draw_face.h"
#include "letters.h"

#include "ferlab/term/images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MOST_COLUMNS = 100, MOST_ROWS = 30, LINE_SHARE = 300, LETTER_SHARE = 450 };

static void draw_frame(struct canvas *c, int x, int y, int width, int height, int line, uint8_t color)
{
    canvas_fill(c, x, y, width, line, color);
    canvas_fill(c, x, y + height - line, width, line, color);
    canvas_fill(c, x, y, line, height, color);
    canvas_fill(c, x + width - line, y, line, height, color);
}

/* The name stands above the box, or in it at the picture's upper edge. */
static void draw_name(struct canvas *c, int x, int y, int scale, const char *name, uint8_t color)
{
    int width = ((int)strlen(name) * LETTER_WIDTH + 1) * scale, height = (LETTER_HEIGHT + 2) * scale;
    int top = y >= height ? y - height : y;
    if (x + width > c->width)
        x = c->width > width ? c->width - width : 0;
    canvas_fill(c, x, top, width, height, color);
    letters_draw(c, x + scale, top + scale, scale, name, 0);
}

/* Faces of a picture `width` pixels wide on a canvas that shows all of it. */
static void draw_faces(struct canvas *c, int width, const struct photo_face *faces, size_t count)
{
    double scale = (double)c->width / width;
    int longer = c->width > c->height ? c->width : c->height, line = 1 + longer / LINE_SHARE,
        letters = 1 + longer / LETTER_SHARE;
    for (size_t i = 0; i < count; i++) {
        const struct box *b = &faces[i].box;
        int best = emotion_most_probable(faces[i].probabilities), x = (int)(b->x * scale),
            y = (int)(b->y * scale);
        uint8_t color = (uint8_t)(PALETTE_EMOTION + best);
        char name[32];
        snprintf(name, sizeof name, "%s %.0f%%", class_name(best),
                 100 * (double)faces[i].probabilities[best]);
        draw_frame(c, x, y, (int)(b->width * scale), (int)(b->height * scale), line, color);
        draw_name(c, x, y, letters, name, color);
    }
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

void draw_photo(const struct gray *image, const struct photo_face *faces, size_t count)
{
    struct caps caps;
    if (!draw_caps(&caps))
        return;
    struct winsize window = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_row > 1;
    int columns = least(known ? window.ws_col : 80, MOST_COLUMNS),
        rows = least(known ? window.ws_row - 1 : 23, MOST_ROWS);
    int width = columns * caps.cell_width, height = rows * caps.cell_height;
    if (caps.graphics == GRAPHICS_SIXEL) {
        width = least(width, caps.max_width);
        height = least(height, caps.max_height);
    }
    if ((int64_t)height * image->width < (int64_t)width * image->height)
        width = (int)((int64_t)height * image->width / image->height);
    else
        height = (int)((int64_t)width * image->height / image->width);
    struct canvas canvas = {0};
    fflush(stdout);
    if (width > 0 && height > 0 && canvas_resize(&canvas, width, height)) {
        uint8_t *small = malloc((size_t)width * (size_t)height);
        if (small != NULL) {
            image_resize(image->pixels, image->width, image->height, small, width, height);
            canvas_gray(&canvas, 0, 0, width, height, small, width, height, true);
            draw_faces(&canvas, image->width, faces, count);
            images_print(STDOUT_FILENO, &caps, &canvas);
        }
        free(small);
    }
    canvas_free(&canvas);
}

bool draw_photo_png(const char *path, const struct gray *image, const struct photo_face *faces, size_t count,
                    struct err *e)
{
    size_t pixels = (size_t)image->width * (size_t)image->height;
    struct canvas canvas = {0};
    uint8_t *rgb = malloc(3 * pixels);
    bool fine = (rgb != NULL && canvas_resize(&canvas, image->width, image->height)) ||
                err_memory(e, "writing a PNG");
    if (fine) {
        canvas_fill(&canvas, 0, 0, image->width, image->height, PALETTE_BACKGROUND);
        draw_faces(&canvas, image->width, faces, count);
        for (size_t i = 0; i < pixels; i++) {
            bool drawn = canvas.pixels[i] != PALETTE_BACKGROUND;
            for (size_t k = 0; k < 3; k++)
                rgb[3 * i + k] = drawn ? palette_rgb[canvas.pixels[i]][k] : image->pixels[i];
        }
        fine = image_png_write_rgb(path, rgb, image->width, image->height, e);
    }
    canvas_free(&canvas);
    free(rgb);
    return fine;
}
