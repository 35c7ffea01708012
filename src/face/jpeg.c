/* JPEG by libjpeg (libjpeg-turbo on Debian), which reports errors by a jump. */
#include "decoders.h"
#include "exif.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

/* A progressive file may repeat scans without end, each costing a pass over all pixels. */
enum { MOST_SCANS = 200 };

enum { EXIF_MARKER = JPEG_APP0 + 1, EXIF_MOST = 0xffff };

struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf out;
    uint8_t *pixels;
    char *reason; /* DECODER_REASON characters */
};

_Noreturn static void fail(j_common_ptr jpeg)
{
    struct reader *r = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    snprintf(r->reason, DECODER_REASON, "%s", text);
    longjmp(r->out, 1);
}

/* Warnings after which libjpeg would make pixels up; the others concern only tables and markers nobody needs.
 */
static void warn(j_common_ptr jpeg, int level)
{
    (void)level;
    switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
        fail(jpeg);
    }
}

static void watch_scans(j_common_ptr jpeg)
{
    struct reader *r = jpeg->client_data;
    if (r->jpeg.input_scan_number > MOST_SCANS) {
        snprintf(r->reason, DECODER_REASON, "more than %d scans", MOST_SCANS);
        longjmp(r->out, 1);
    }
}

static void begin(struct reader *r, const uint8_t *bytes, size_t count)
{
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->errors.error_exit = fail;
    r->errors.emit_message = warn;
    r->jpeg.client_data = r;
    jpeg_create_decompress(&r->jpeg);
    r->progress.progress_monitor = watch_scans;
    r->jpeg.progress = &r->progress;
    jpeg_mem_src(&r->jpeg, bytes, count);
    jpeg_save_markers(&r->jpeg, EXIF_MARKER, EXIF_MOST);
    jpeg_read_header(&r->jpeg, TRUE);
}

/* As the first segment with Exif in it says. */
static int orientation_of(const struct reader *r)
{
    int orientation = 1;
    for (jpeg_saved_marker_ptr m = r->jpeg.marker_list; m != NULL && orientation == 1; m = m->next)
        orientation = exif_orientation(m->data, m->data_length);
    return orientation;
}

static bool jpeg_header(const uint8_t *bytes, size_t count, int *width, int *height)
{
    if (count < 3 || bytes[0] != 0xff || bytes[1] != 0xd8 || bytes[2] != 0xff)
        return false;
    char reason[DECODER_REASON];
    struct reader r = {.reason = reason};
    if (setjmp(r.out)) {
        jpeg_destroy_decompress(&r.jpeg);
        return false;
    }
    begin(&r, bytes, count);
    bool turns = exif_turns(orientation_of(&r));
    *width = (int)(turns ? r.jpeg.image_height : r.jpeg.image_width);
    *height = (int)(turns ? r.jpeg.image_width : r.jpeg.image_height);
    jpeg_destroy_decompress(&r.jpeg);
    return true;
}

static uint8_t *jpeg_pixels(const uint8_t *bytes, size_t count, int width, int height,
                            char reason[DECODER_REASON])
{
    struct reader r = {.reason = reason};
    r.pixels = malloc((size_t)width * (size_t)height);
    if (!r.pixels || setjmp(r.out)) {
        jpeg_destroy_decompress(&r.jpeg);
        free(r.pixels);
        return NULL;
    }
    begin(&r, bytes, count);
    r.jpeg.out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(&r.jpeg);
    while (r.jpeg.output_scanline < r.jpeg.output_height) {
        JSAMPROW row = r.pixels + (size_t)r.jpeg.output_scanline * (size_t)r.jpeg.output_width;
        jpeg_read_scanlines(&r.jpeg, &row, 1);
    }
    int orientation = orientation_of(&r), stored_width = (int)r.jpeg.output_width,
        stored_height = (int)r.jpeg.output_height;
    jpeg_finish_decompress(&r.jpeg);
    jpeg_destroy_decompress(&r.jpeg);
    if (orientation == 1)
        return r.pixels;
    uint8_t *upright = exif_upright(r.pixels, stored_width, stored_height, orientation);
    free(r.pixels);
    return upright;
}

const struct decoder decoder_jpeg = {.header = jpeg_header, .pixels = jpeg_pixels};
