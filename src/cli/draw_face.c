/* A face on a plain terminal. */
#include "draw_face.h"

#include "ferlab/term/images.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCALE = 5, GRAY_FIRST = 232, GRAY_STEPS = 24 };

static void draw_sixel(const struct caps *caps, const uint8_t *pixels)
{
    struct canvas canvas = {0};
    fflush(stdout);
    if (canvas_resize(&canvas, SCALE * FACE_SIZE, SCALE * FACE_SIZE)) {
        canvas_gray(&canvas, 0, 0, canvas.width, canvas.height, pixels, FACE_SIZE, FACE_SIZE, false);
        images_print(STDOUT_FILENO, caps, &canvas);
    }
    canvas_free(&canvas);
}

static void print_color(enum graphics graphics, const char *layer, int gray)
{
    if (graphics == GRAPHICS_BLOCKS_TRUE)
        printf("\033[%s8;2;%d;%d;%dm", layer, gray, gray, gray);
    else
        printf("\033[%s8;5;%dm", layer, GRAY_FIRST + gray * GRAY_STEPS / 256);
}

/* Two rows of pixels a line: the upper half block in the upper pixel's gray on the lower one's. */
static void draw_blocks(enum graphics graphics, const uint8_t *pixels)
{
    for (int y = 0; y < FACE_SIZE; y += 2) {
        for (int x = 0; x < FACE_SIZE; x++) {
            print_color(graphics, "3", pixels[y * FACE_SIZE + x]);
            print_color(graphics, "4", pixels[(y + 1) * FACE_SIZE + x]);
            fputs("▀", stdout);
        }
        puts("\033[m");
    }
}

void draw_face(const uint8_t pixels[FACE_PIXELS])
{
    const char *term = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0)
        return;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return;
    struct caps caps;
    caps_query(fd, &caps);
    close(fd);
    if (caps.graphics == GRAPHICS_SIXEL)
        draw_sixel(&caps, pixels);
    else if (caps.graphics != GRAPHICS_NONE)
        draw_blocks(caps.graphics, pixels);
}
