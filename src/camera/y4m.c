/* YUV4MPEG2: a line of parameters, then frames of a line and planes of bytes, of which the first is the
 * brightness (mjpegtools, yuv4mpeg(5)). */
#include "source.h"

#include "ferlab/base/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

struct y4m {
    struct source source;
    FILE *file;
    char *path;
    int width, height;
    size_t luma, chroma; /* bytes of a frame */
    bool full;           /* black is 0 and white 255, else 16 and 235 */
    int64_t number;      /* of the latest frame */
    uint8_t *gray;
    uint8_t brightness[256]; /* of the file's values */
};

static void close_file(struct source *s)
{
    struct y4m *y = (struct y4m *)s;
    if (y->file != NULL)
        fclose(y->file);
    free(y->gray);
    free(y->path);
    free(y);
}

/* A line without its end; false: the file ends, or the line is too long. */
static bool read_line(struct y4m *y, char line[LINE_MAX_BYTES])
{
    if (fgets(line, LINE_MAX_BYTES, y->file) == NULL)
        return false;
    size_t length = strcspn(line, "\n");
    bool whole = line[length] == '\n';
    line[length] = '\0';
    return whole;
}

/* Bytes of the planes behind the first; false for what is not of 8 bits. */
static bool chroma_bytes(const char *colours, size_t w, size_t h, size_t *bytes)
{
    static const struct {
        const char *name;
        size_t across, down; /* pixels of the first plane for one of each of two more; 0: there are none */
    } kinds[] = {{"mono", 0, 0}, {"420", 2, 2}, {"420jpeg", 2, 2}, {"420mpeg2", 2, 2}, {"420paldv", 2, 2},
                 {"411", 4, 1},  {"422", 2, 1}, {"440", 1, 2},     {"444", 1, 1}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(colours, kinds[i].name) == 0) {
            size_t across = kinds[i].across, down = kinds[i].down;
            *bytes = across == 0 ? 0 : 2 * ((w + across - 1) / across) * ((h + down - 1) / down);
            return true;
        }
    return false;
}

/* A side of a frame; what is no number, or none of a side, is out of range. */
static int side_of(const char *digits)
{
    long side = strtol(digits, NULL, 10);
    return side < 0 ? 0 : side > CAMERA_SIDE_MAX ? CAMERA_SIDE_MAX + 1 : (int)side;
}

static bool parse_header(struct y4m *y, char *line, struct err *e)
{
    const char *colours = "420";
    int over = 0, under = 0;
    char *rest = line, *word = strsep(&rest, " ");
    if (strcmp(word, "YUV4MPEG2") != 0)
        return err_set(e, ERR_INPUT,
                       "%s: is no YUV4MPEG2 file; 'ffmpeg -i FILE -pix_fmt yuv420p OUT.y4m' makes one",
                       y->path);
    while ((word = strsep(&rest, " ")) != NULL) {
        if (word[0] == 'W')
            y->width = side_of(word + 1);
        else if (word[0] == 'H')
            y->height = side_of(word + 1);
        else if (word[0] == 'C')
            colours = word + 1;
        else if (strcmp(word, "XCOLORRANGE=FULL") == 0)
            y->full = true;
        else if (word[0] == 'F' && sscanf(word, "F%d:%d", &over, &under) != 2)
            over = under = 0;
    }
    if (y->width < 1 || y->height < 1 || y->width > CAMERA_SIDE_MAX || y->height > CAMERA_SIDE_MAX)
        return err_set(e, ERR_INPUT, "%s: the width or height of its frames is not from 1 to %d", y->path,
                       CAMERA_SIDE_MAX);
    y->luma = (size_t)y->width * (size_t)y->height;
    if (!chroma_bytes(colours, (size_t)y->width, (size_t)y->height, &y->chroma))
        return err_set(
            e, ERR_INPUT,
            "%s: pixels are of kind C%s; of 8 bits a value are read: 'ffmpeg -i FILE -pix_fmt yuv420p "
            "OUT.y4m'",
            y->path, colours);
    double rate = over > 0 && under > 0 ? (double)over / under : 25;
    y->source.rate = rate < 1 ? 1 : rate > 1000 ? 1000 : rate;
    return true;
}

static enum camera_step damaged(const struct y4m *y, struct err *e)
{
    err_set(e, ERR_INPUT, "%s: frame %lld is cut short or damaged; the frames before it were shown", y->path,
            (long long)y->number + 1);
    return CAMERA_FAILED;
}

static bool begin_frame(struct y4m *y, bool *ended)
{
    char line[LINE_MAX_BYTES];
    int c = getc(y->file);
    *ended = c == EOF && !ferror(y->file);
    if (c == EOF)
        return false;
    ungetc(c, y->file);
    return read_line(y, line) && (strcmp(line, "FRAME") == 0 || strncmp(line, "FRAME ", 6) == 0);
}

/* Reads what need not be kept: a file may be a pipe. */
static bool pass_over(struct y4m *y, size_t bytes)
{
    char buffer[1 << 16];
    while (bytes > 0) {
        size_t part = bytes < sizeof buffer ? bytes : sizeof buffer;
        if (fread(buffer, 1, part, y->file) != part)
            return false;
        bytes -= part;
    }
    return true;
}

static enum camera_step next_frame(struct source *s, int wait_ms, struct frame *out, struct err *e)
{
    struct y4m *y = (struct y4m *)s;
    bool ended;
    (void)wait_ms;
    if (!begin_frame(y, &ended))
        return ended ? CAMERA_END : damaged(y, e);
    if (fread(y->gray, 1, y->luma, y->file) != y->luma || !pass_over(y, y->chroma))
        return damaged(y, e);
    if (!y->full)
        for (size_t i = 0; i < y->luma; i++)
            y->gray[i] = y->brightness[y->gray[i]];
    y->number++;
    out->width = y->width;
    out->height = y->height;
    out->gray = y->gray;
    return CAMERA_FRAME;
}

/* What is damaged is left for next_frame to say. */
static bool skip_frame(struct source *s)
{
    struct y4m *y = (struct y4m *)s;
    bool ended;
    if (!begin_frame(y, &ended) || !pass_over(y, y->luma + y->chroma))
        return false;
    y->number++;
    return true;
}

static void fill_brightness(struct y4m *y)
{
    for (int v = 0; v < 256; v++) {
        int wide = ((v - 16) * 255 + 109) / 219;
        y->brightness[v] = (uint8_t)(v < 16 ? 0 : wide > 255 ? 255 : wide);
    }
}

struct source *y4m_open(const char *path, struct err *e)
{
    static const struct source_ops ops = {next_frame, skip_frame, close_file};
    char line[LINE_MAX_BYTES];
    struct y4m *y = calloc(1, sizeof *y);
    if (y == NULL || (y->path = strdup(path)) == NULL) {
        err_memory(e, "opening a film");
        free(y);
        return NULL;
    }
    y->source.ops = &ops;
    snprintf(y->source.name, sizeof y->source.name, "%s", path_base(path));
    fill_brightness(y);
    y->file = fopen(path, "re");
    if (y->file == NULL) {
        err_errno(e, path, "open", "see that the path is right");
    } else if (!read_line(y, line)) {
        err_set(e, ERR_INPUT, "%s: is no YUV4MPEG2 file; 'ffmpeg -i FILE -pix_fmt yuv420p OUT.y4m' makes one",
                path);
    } else if (parse_header(y, line, e)) {
        y->gray = malloc(y->luma);
        if (y->gray != NULL)
            return &y->source;
        err_memory(e, "opening a film");
    }
    close_file(&y->source);
    return NULL;
}
