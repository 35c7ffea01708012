/* ferlab predict: the emotion in image files and folders of them, with the shipped model no workspace is
 * needed. */
#include "command.h"

#include "ferlab/base/json.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/train/inference.h"
#include "ferlab/train/shipped.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t onnx_max_bytes = (size_t)1 << 30;

static struct predictor *from_file(const char *path, struct err *e)
{
    size_t size;
    char *bytes = file_read(path, onnx_max_bytes, &size, e);
    struct predictor *p = bytes == NULL ? NULL : predictor_from_onnx(bytes, size, path, 0, e);
    free(bytes);
    return p;
}

/* The model called `name`, or the current one. */
static struct predictor *from_workspace(const struct cli *cli, const char *name, struct err *e)
{
    struct workspace *ws;
    if (!workspace_open(&ws, cli->workspace, WORKSPACE_READ, e))
        return NULL;
    int64_t id;
    void *bytes;
    size_t size;
    struct predictor *p = NULL;
    if (model_resolve(ws, name, &id, e) && model_onnx(ws, id, &bytes, &size, e)) {
        p = predictor_from_onnx(bytes, size, name != NULL ? name : "the current model", 0, e);
        free(bytes);
    }
    workspace_close(ws);
    return p;
}

static struct predictor *open_predictor(const struct cli *cli, const char *model, struct err *e)
{
    char path[PATH_MAX];
    if (model != NULL && model_is_path(model))
        return from_file(model, e);
    if (model != NULL)
        return from_workspace(cli, model, e);
    if (shipped_find(path))
        return from_file(path, e);
    return from_workspace(cli, NULL, e);
}

static json_t *file_json(const char *path, const struct gray *image, const float probabilities[EMOTION_COUNT])
{
    int side = image->width < image->height ? image->width : image->height,
        best = emotion_most_probable(probabilities);
    json_t *all = json_array();
    for (int k = 0; k < EMOTION_COUNT; k++)
        json_array_append_new(all, json_number((double)probabilities[k]));
    json_t *face = json_pack("{s:[i, i, i, i], s:s, s:o, s:o}", "box", (image->width - side) / 2,
                             (image->height - side) / 2, side, side, "emotion", class_name(best),
                             "confidence", json_number((double)probabilities[best]), "probabilities", all);
    return json_pack("{s:o, s:[o]}", "file", json_text(path), "faces", face);
}

/* The emotion, then what else comes to more than a twentieth. */
static void print_text(const char *path, const float probabilities[EMOTION_COUNT])
{
    char shown[PATH_MAX];
    int best = emotion_most_probable(probabilities);
    printf("%s  %s %.1f %%", str_escape(shown, sizeof shown, path), class_name(best),
           100 * (double)probabilities[best]);
    for (int k = 0; k < EMOTION_COUNT; k++)
        if (k != best && probabilities[k] >= 0.05f)
            printf("  %s %.1f %%", class_name(k), 100 * (double)probabilities[k]);
    putchar('\n');
}

static bool predict_file(const struct cli *cli, struct predictor *p, const char *path,
                         struct json_stream *stream, struct err *e)
{
    struct gray image;
    float probabilities[EMOTION_COUNT];
    if (!image_load(path, &image, e))
        return false;
    bool fine = predictor_image(p, &image, probabilities, e);
    if (fine && cli->json)
        json_stream_add(stream, file_json(path, &image, probabilities));
    else if (fine)
        print_text(path, probabilities);
    image_free(&image);
    return fine;
}

static int is_image(const struct dirent *entry)
{
    return image_is_named(entry->d_name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* What does not go is said, and the others are predicted all the same. */
static int predict_file_or_say(const struct cli *cli, struct predictor *p, const char *path,
                               struct json_stream *stream)
{
    struct err e = {0};
    return predict_file(cli, p, path, stream, &e) ? EXIT_FINE : cli_fail(&e);
}

/* The pictures in a folder, by name; not those of folders in it. */
static int predict_folder(const struct cli *cli, struct predictor *p, const char *folder,
                          struct json_stream *stream)
{
    struct err e = {0};
    struct dirent **entries;
    int status = EXIT_FINE, count = scandir(folder, &entries, is_image, by_name);
    if (count < 0) {
        err_errno(&e, folder, "be read", "see that it may be");
        return cli_fail(&e);
    }
    if (count == 0) {
        err_set(&e, ERR_INPUT, "%s: there is no picture in this folder (.png, .jpg, .jpeg, .bmp or .pgm)",
                folder);
        status = cli_fail(&e);
    }
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        bool fits = path_join(path, folder, entries[i]->d_name, &e);
        if ((fits ? predict_file_or_say(cli, p, path, stream) : cli_fail(&e)) != EXIT_FINE)
            status = EXIT_FAILED;
        free(entries[i]);
    }
    free(entries);
    return status;
}

int cmd_predict(struct cli *cli, int argc, char **argv)
{
    const char *model = NULL;
    const struct option_row options[] = {
        {"model", OPTION_TEXT, &model, "M", "a model's name or an ONNX file; else the one that ships", 0, 0},
        {"", OPTION_NOTE, NULL, NULL,
         "Of each image the largest centred square is taken for the face; of a folder every image in it.", 0,
         0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc < 2)
        return cli_usage(cli, "name at least one image");
    struct err e = {0};
    struct predictor *p = open_predictor(cli, model, &e);
    if (p == NULL)
        return cli_fail(&e);
    struct json_stream stream = {0};
    if (cli->json)
        json_stream_begin(&stream, stdout);
    int status = EXIT_FINE;
    for (int i = 1; i < argc; i++) {
        bool folder = path_is_dir(argv[i]);
        if ((folder ? predict_folder : predict_file_or_say)(cli, p, argv[i], &stream) != EXIT_FINE)
            status = EXIT_FAILED;
    }
    if (cli->json)
        json_stream_end(&stream);
    predictor_free(p);
    return status;
}
