/* ferlab predict: the emotion in image files and folders of them, with the shipped model no workspace is
 * needed. */
#include "command.h"

#include "ferlab/base/json.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/detect/cascade.h"
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

/* What there is to predict with. */
struct seer {
    struct predictor *predictor;
    struct cascade *cascade; /* NULL: the largest centred square is the face */
};

/* A face as a picture of its own, malloc'ed; the part of the box that is in the image. */
static bool cut_out(const struct gray *image, const struct box *box, struct gray *out, struct err *e)
{
    int left = box->x > 0 ? box->x : 0, top = box->y > 0 ? box->y : 0,
        right = box->x + box->width < image->width ? box->x + box->width : image->width,
        bottom = box->y + box->height < image->height ? box->y + box->height : image->height;
    if (left >= right || top >= bottom)
        return err_set(e, ERR_INPUT, "a face that was found does not lie in the picture");
    *out = (struct gray){.width = right - left, .height = bottom - top};
    out->pixels = malloc((size_t)out->width * (size_t)out->height);
    if (out->pixels == NULL)
        return err_memory(e, "cutting out a face");
    for (int y = 0; y < out->height; y++)
        memcpy(out->pixels + (size_t)y * (size_t)out->width,
               image->pixels + (size_t)(top + y) * (size_t)image->width + left, (size_t)out->width);
    return true;
}

/* The boxes of its faces: those that the cascade accepts three times over, or the centred square. */
static bool find_faces(const struct seer *s, const struct gray *image, struct boxes *out, struct err *e)
{
    enum { LEAST_NEIGHBOURS = 3 };
    const struct cascade_search how = {.step = 1.1};
    int side = image->width < image->height ? image->width : image->height;
    const struct box middle = {
        .x = (image->width - side) / 2, .y = (image->height - side) / 2, .width = side, .height = side};
    if (s->cascade == NULL)
        return boxes_append(out, middle) || err_memory(e, "predicting");
    return cascade_scan(s->cascade, image, &how, out, e) &&
           (boxes_group(out, LEAST_NEIGHBOURS) || err_memory(e, "finding faces"));
}

static json_t *face_json(const struct box *b, const float probabilities[EMOTION_COUNT])
{
    int best = emotion_most_probable(probabilities);
    json_t *all = json_array();
    for (int k = 0; k < EMOTION_COUNT; k++)
        json_array_append_new(all, json_number((double)probabilities[k]));
    return json_pack("{s:[i, i, i, i], s:s, s:o, s:o}", "box", b->x, b->y, b->width, b->height, "emotion",
                     class_name(best), "confidence", json_number((double)probabilities[best]),
                     "probabilities", all);
}

/* The emotion, then what else comes to more than a twentieth. */
static void print_face(const struct seer *s, const char *path, const struct box *b,
                       const float probabilities[EMOTION_COUNT])
{
    char shown[PATH_MAX];
    int best = emotion_most_probable(probabilities);
    printf("%s  ", str_escape(shown, sizeof shown, path));
    if (s->cascade != NULL)
        printf("%dx%d at %d,%d  ", b->width, b->height, b->x, b->y);
    printf("%s %.1f %%", class_name(best), 100 * (double)probabilities[best]);
    for (int k = 0; k < EMOTION_COUNT; k++)
        if (k != best && probabilities[k] >= 0.05f)
            printf("  %s %.1f %%", class_name(k), 100 * (double)probabilities[k]);
    putchar('\n');
}

static bool predict_face(const struct seer *s, const struct gray *image, const struct box *box,
                         float probabilities[EMOTION_COUNT], struct err *e)
{
    struct gray face;
    if (!cut_out(image, box, &face, e))
        return false;
    bool fine = predictor_image(s->predictor, &face, probabilities, e);
    image_free(&face);
    return fine;
}

static bool predict_file(const struct cli *cli, const struct seer *s, const char *path,
                         struct json_stream *stream, struct err *e)
{
    struct gray image;
    struct boxes boxes = {0};
    char shown[PATH_MAX];
    if (!image_load(path, &image, e))
        return false;
    json_t *faces = json_array();
    bool fine = find_faces(s, &image, &boxes, e);
    for (size_t i = 0; fine && i < boxes.count; i++) {
        float probabilities[EMOTION_COUNT];
        fine = predict_face(s, &image, &boxes.items[i], probabilities, e);
        if (fine && cli->json)
            json_array_append_new(faces, face_json(&boxes.items[i], probabilities));
        else if (fine)
            print_face(s, path, &boxes.items[i], probabilities);
    }
    if (fine && cli->json)
        json_stream_add(stream, json_pack("{s:o, s:O}", "file", json_text(path), "faces", faces));
    else if (fine && boxes.count == 0)
        printf("%s  no face\n", str_escape(shown, sizeof shown, path));
    json_decref(faces);
    boxes_free(&boxes);
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
static int predict_file_or_say(const struct cli *cli, const struct seer *s, const char *path,
                               struct json_stream *stream)
{
    struct err e = {0};
    return predict_file(cli, s, path, stream, &e) ? EXIT_FINE : cli_fail(&e);
}

/* The pictures in a folder, by name; not those of folders in it. */
static int predict_folder(const struct cli *cli, const struct seer *s, const char *folder,
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
        if ((fits ? predict_file_or_say(cli, s, path, stream) : cli_fail(&e)) != EXIT_FINE)
            status = EXIT_FAILED;
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* A file, or the name of one of those that Debian's opencv-data brings. */
static struct cascade *open_cascade(const char *word, struct err *e)
{
    static const char *const folders[] = {"/usr/share/opencv4/haarcascades",
                                          "/usr/share/opencv4/lbpcascades"};
    char path[PATH_MAX];
    if (strchr(word, '/') != NULL || path_is_file(word))
        return cascade_load(word, e);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        for (int bare = 0; bare < 2; bare++) {
            int length = snprintf(path, sizeof path, "%s/%s%s", folders[i], word, bare ? ".xml" : "");
            if (length < PATH_MAX && path_is_file(path))
                return cascade_load(path, e);
        }
    err_set(
        e, ERR_INPUT,
        "%s: there is no such cascade; name an XML file, or install opencv-data and name one of its, such as "
        "lbpcascade_frontalface_improved",
        word);
    return NULL;
}

int cmd_predict(struct cli *cli, int argc, char **argv)
{
    const char *model = NULL, *cascade = NULL;
    const struct option_row options[] = {
        {"cascade", OPTION_TEXT, &cascade, "NAME",
         "find the faces with a cascade of OpenCV's: an XML file, or one of opencv-data's", 0, 0},
        {"model", OPTION_TEXT, &model, "M", "a model's name or an ONNX file; else the one that ships", 0, 0},
        {"", OPTION_NOTE, NULL, NULL,
         "Without --cascade the largest centred square of an image is taken for the face. Of a folder every "
         "image in it "
         "is\npredicted.",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc < 2)
        return cli_usage(cli, "name at least one image");
    struct err e = {0};
    struct seer seer = {.cascade = cascade != NULL ? open_cascade(cascade, &e) : NULL};
    if (cascade != NULL && seer.cascade == NULL)
        return cli_fail(&e);
    seer.predictor = open_predictor(cli, model, &e);
    if (seer.predictor == NULL) {
        cascade_free(seer.cascade);
        return cli_fail(&e);
    }
    struct json_stream stream = {0};
    if (cli->json)
        json_stream_begin(&stream, stdout);
    int status = EXIT_FINE;
    for (int i = 1; i < argc; i++) {
        bool folder = path_is_dir(argv[i]);
        if ((folder ? predict_folder : predict_file_or_say)(cli, &seer, argv[i], &stream) != EXIT_FINE)
            status = EXIT_FAILED;
    }
    if (cli->json)
        json_stream_end(&stream);
    predictor_free(seer.predictor);
    cascade_free(seer.cascade);
    return status;
}
