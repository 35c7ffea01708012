/* ferlab predict: the faces in pictures and their emotions; with the shipped model no workspace is needed. */
#include "command.h"
#include "draw_photo.h"
#include "photo_faces.h"
#include "photos.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* One run over all pictures. */
struct run {
    const struct cli *cli;
    struct predictor *predictor;
    struct detector *detector; /* NULL: pictures are faces */
    const char *drawing;       /* where the picture with its boxes goes; NULL: nowhere */
    bool shows;                /* on the terminal */
    struct photo_faces faces;
    struct json_stream stream;
};

static bool predict_photo(struct run *r, const char *path, struct err *e)
{
    struct gray image;
    if (!photo_load(path, &image, e))
        return false;
    bool fine = picture_is_large_enough(&image, path, e) &&
                photo_predict(r->detector, r->predictor, &image, 0, &r->faces, e) &&
                (r->drawing == NULL || draw_photo_png(r->drawing, &image, r->faces.items, r->faces.count, e));
    if (fine && r->shows)
        draw_photo(&image, r->faces.items, r->faces.count);
    if (fine && r->cli->json)
        json_stream_add(&r->stream, photo_json(path, &r->faces));
    else if (fine)
        photo_print(path, &r->faces);
    image_free(&image);
    return fine;
}

/* What does not go is said, and the others are predicted all the same. */
static int predict_photos(struct run *r, const struct photos *photos)
{
    struct progress bar;
    int status = EXIT_FINE;
    progress_start(&bar, "predict", "pictures", photos->count, r->cli->quiet || photos->count < 2);
    for (size_t i = 0; i < photos->count && !interrupt_requested(); i++) {
        struct err e = {0};
        if (!predict_photo(r, photos->paths[i], &e)) {
            progress_end(&bar);
            status = cli_fail(&e);
        }
        progress_update(&bar, i + 1);
    }
    progress_end(&bar);
    if (interrupt_requested()) {
        fputs("ferlab: interrupted; what was printed stands\n", stderr);
        status = EXIT_FAILED;
    }
    return status;
}

static int run_all(struct run *r, const struct photos *photos)
{
    interrupt_install();
    if (r->cli->json)
        json_stream_begin(&r->stream, stdout);
    int status = predict_photos(r, photos);
    if (r->cli->json)
        json_stream_end(&r->stream);
    return status;
}

struct wish {
    const char *model, *cascade, *drawing;
    bool whole, force; /* whole: pictures are faces */
};

static int predict(struct cli *cli, const struct wish *w, const struct photos *photos)
{
    struct err e = {0};
    struct run r = {
        .cli = cli, .drawing = w->drawing, .shows = photos->count == 1 && !cli->json && !cli->quiet};
    r.predictor = cli_predictor(cli, w->model, &e);
    if (r.predictor != NULL && !w->whole)
        r.detector = detector_open(w->cascade, 0, &e);
    int status =
        r.predictor == NULL || (r.detector == NULL && !w->whole) ? cli_fail(&e) : run_all(&r, photos);
    photo_faces_free(&r.faces);
    detector_close(r.detector);
    predictor_free(r.predictor);
    return status;
}

static bool same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* A drawing is a PNG of one picture, and takes no other file's place unasked. */
static bool may_draw(const struct wish *w, const struct photos *photos, struct err *e)
{
    const char *ending = w->drawing != NULL ? strrchr(w->drawing, '.') : NULL;
    if (w->drawing == NULL)
        return true;
    if (ending == NULL || strcasecmp(ending, ".png") != 0)
        return err_set(e, ERR_USAGE, "%s: --draw writes a PNG; give a name that ends in .png", w->drawing);
    if (photos->count > 1)
        return err_set(e, ERR_USAGE, "--draw writes one picture, and these are %zu", photos->count);
    if (photos->count == 1 && same_file(photos->paths[0], w->drawing))
        return err_set(e, ERR_USAGE, "%s: --draw would replace the photograph; name another file",
                       w->drawing);
    return cli_may_write(w->drawing, w->force, e);
}

int cmd_predict(struct cli *cli, int argc, char **argv)
{
    struct wish w = {0};
    const struct option_row options[] = {
        {"model", OPTION_TEXT, &w.model, "M", "a model's name or an ONNX file; else the one that ships", 0,
         0},
        {"cascade", OPTION_TEXT, &w.cascade, "NAME", "find faces by one of OpenCV's cascades, or such a file",
         0, 0},
        {"no-detect", OPTION_FLAG, &w.whole, NULL,
         "take the largest centred square of a picture for the face", 0, 0},
        {"draw", OPTION_TEXT, &w.drawing, "OUT.png", "write the picture with boxes and names", 0, 0},
        {"force", OPTION_FLAG, &w.force, NULL, "let --draw replace OUT.png where it is there", 0, 0},
        {"", OPTION_NOTE, NULL, NULL,
         "An IMAGE is a PNG, JPEG, BMP or PGM file, a folder with such files or with folders of them, or - "
         "for "
         "standard\n"
         "input. Pictures of 64 pixels or less on their shorter side are taken for faces, of fewer than 8 "
         "for none.\n"
         "What cannot be read, as pictures of other kinds in a folder, is said, the rest is predicted all "
         "the same,\n"
         "and the exit status is 1.",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc < 2)
        return cli_usage(cli, "name at least one image");
    if (w.whole && w.cascade != NULL)
        return cli_usage(cli, "--cascade finds faces and --no-detect does not: say one of them");
    struct err e = {0};
    struct photos photos;
    bool complete;
    int status;
    if (!photos_list(&photos, argv + 1, (size_t)argc - 1, &complete, &e) || !may_draw(&w, &photos, &e))
        status = cli_fail(&e);
    else
        status = predict(cli, &w, &photos);
    photos_free(&photos);
    return status == EXIT_FINE && !complete ? EXIT_FAILED : status;
}
