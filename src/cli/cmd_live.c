/* ferlab live: a camera, or files played as one, in the workbench; without a terminal, what would have been
 * seen there, frame by frame. */
#include "command.h"
#include "photo_faces.h"

#include "ferlab/base/clock.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/camera/camera.h"
#include "ferlab/tui/workbench.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 200 };

struct watch {
    const struct cli *cli;
    const char *source;
    struct camera *camera;
    struct detector *detector;
    struct predictor *predictor;
    struct photo_faces faces;
    json_t *pictures;
    int64_t frames, limit, with_faces; /* limit 0: none */
    int status;                        /* of pictures that could not be read */
};

static bool watch_frame(struct watch *w, const struct frame *f, struct err *e)
{
    const struct gray image = {.width = f->width, .height = f->height, .pixels = (uint8_t *)f->gray};
    const char *file = f->file != NULL ? path_base(f->file) : NULL;
    char place[NAME_MAX + 32];
    if (!photo_predict(w->detector, w->predictor, &image, FILM_LONGEST, &w->faces, e))
        return false;
    w->frames++;
    w->with_faces += w->faces.count > 0;
    snprintf(place, sizeof place, "frame %lld%s%s", (long long)f->number, file ? " " : "", file ? file : "");
    if (w->cli->json)
        json_array_append_new(w->pictures, json_pack("{s:I, s:o, s:o}", "frame", (json_int_t)f->number,
                                                     "file", file ? json_text(file) : json_null(), "faces",
                                                     photo_faces_json(&w->faces)));
    else if (!w->cli->quiet)
        photo_print(place, &w->faces);
    return true;
}

/* Until the film ends, the limit is reached or somebody interrupts. */
static bool watch_all(struct watch *w, struct err *e)
{
    struct frame frame;
    while (!interrupt_requested() && (w->limit == 0 || w->frames < w->limit)) {
        enum camera_step step = camera_next(w->camera, WAIT_MS, &frame, e);
        if (step == CAMERA_END)
            return true;
        if (step == CAMERA_BAD)
            w->status = cli_fail(e);
        if (step == CAMERA_FAILED || (step == CAMERA_FRAME && !watch_frame(w, &frame, e)))
            return false;
    }
    return true;
}

static void sum_up(struct watch *w, double seconds)
{
    double rate = seconds > 0 ? (double)w->frames / seconds : 0;
    if (w->cli->json)
        json_print(stdout, json_pack("{s:o, s:I, s:f, s:f, s:O}", "source", json_text(w->source), "frames",
                                     (json_int_t)w->frames, "seconds", seconds, "frames_per_second", rate,
                                     "pictures", w->pictures));
    else
        printf("%lld frame%s, %.1f a second, %lld with faces\n", (long long)w->frames, str_plural(w->frames),
               rate, (long long)w->with_faces);
}

static int watch(const struct cli *cli, const char *source, const char *model, int64_t limit)
{
    struct err e = {0};
    struct watch w = {
        .cli = cli, .source = source, .limit = limit, .status = EXIT_FINE, .pictures = json_array()};
    w.camera = camera_open(source, false, &e);
    w.detector = w.camera != NULL ? detector_open(NULL, 0, &e) : NULL;
    w.predictor = w.detector != NULL ? cli_predictor(cli, model, &e) : NULL;
    bool fine = w.predictor != NULL;
    if (fine) {
        interrupt_install();
        double began = clock_seconds();
        fine = watch_all(&w, &e);
        sum_up(&w, clock_seconds() - began);
    }
    photo_faces_free(&w.faces);
    predictor_free(w.predictor);
    detector_close(w.detector);
    camera_close(w.camera);
    json_decref(w.pictures);
    return fine ? w.status : cli_fail(&e);
}

static int open_workbench(const struct cli *cli, const char *source, const char *model)
{
    struct err e = {0};
    struct workbench_options w = {.workspace = cli->workspace, .filter = "", .model = model, .live = source};
    if (access(cli->workspace, F_OK) == 0)
        return workbench_run(&w, &e) ? EXIT_FINE : cli_fail(&e);
    err_set(&e, ERR_INPUT,
            "%s: there is no workspace to keep faces in; make one with 'ferlab import' or 'ferlab demo', or "
            "watch "
            "without: ferlab live | cat",
            cli->workspace);
    return cli_fail(&e);
}

int cmd_live(struct cli *cli, int argc, char **argv)
{
    const char *device = NULL, *frames = NULL, *model = NULL;
    int64_t limit = 0;
    const struct option_row options[] = {
        {"device", OPTION_TEXT, &device, "DEV", "the camera (" CAMERA_FIRST ")", 0, 0},
        {"frames", OPTION_TEXT, &frames, "PATH",
         "a YUV4MPEG2 film or a folder of pictures instead of a camera", 0, 0},
        {"model", OPTION_TEXT, &model, "M",
         "who looks; in the workbench the current model, else the one that ships", 0, 0},
        {"limit", OPTION_INTEGER, &limit, "N", "without a terminal: so many frames; 0: all", 0, 1000000000},
        {"", OPTION_NOTE, NULL, NULL,
         "Opens the workbench on the picture, with a box round each face; Space keeps a face as a sample, a "
         "digit with\n"
         "that label, and nothing else is stored. Without a terminal, or with --json, tells the faces of "
         "each frame.",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "takes no argument such as '%s'; a film goes to --frames", argv[1]);
    if (device != NULL && frames != NULL)
        return cli_usage(cli, "--device is a camera and --frames plays files: say one of them");
    const char *source = frames != NULL ? frames : device != NULL ? device : CAMERA_FIRST;
    bool shown = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !cli->json;
    return shown ? open_workbench(cli, source, model) : watch(cli, source, model, limit);
}
