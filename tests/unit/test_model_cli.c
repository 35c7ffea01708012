/* train, runs, eval, predict, models and model as a person or a script meets them. */
#include "support.h"

#include "ferlab/base/path.h"
#include "ferlab/nn/onnx.h"
#include "ferlab/train/recipe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FACES = 200 };

static char dir[PATH_MAX], ws[PATH_MAX];

/* One workspace with a trained model, "small", for all tests. */
static int set_up(void **state)
{
    (void)state;
    temp_dir_make(dir);
    make_workspace(dir, FACES, ws);
    json_decref(run_ferlab_json("-w", ws, "train", "--arch", "8,P,8,P,16", "--epochs", "2", "--batch", "32",
                                "--seed", "7", "--name", "small", "--json", NULL));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static const char *in_dir(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/%s", dir, name);
    return path;
}

static double number(json_t *j, const char *key)
{
    json_t *value = json_object_get(j, key);
    if (!json_is_number(value))
        fail_msg("no number '%s'", key);
    return json_number_value(value);
}

static const char *text(json_t *j, const char *key)
{
    const char *value = json_string_value(json_object_get(j, key));
    return value != NULL ? value : "";
}

#define EXPECT(want, word, ...)                                                                              \
    do {                                                                                                     \
        struct output said;                                                                                  \
        run_ferlab(&said, __VA_ARGS__, NULL);                                                                \
        if (said.status != (want) || strstr(said.err, word) == NULL ||                                       \
            strncmp(said.err, "ferlab: ", 8) != 0)                                                           \
            fail_msg("status %d, said: %s", said.status, said.err);                                          \
        output_free(&said);                                                                                  \
    } while (0)

static void test_train_tells_its_epochs(void **state)
{
    (void)state;
    json_t *j =
        run_ferlab_json("-w", ws, "train", "--arch", "4", "--epochs", "2", "--batch", "64", "--limit", "64",
                        "--seed", "3", "--threads", "1", "--name", "tiny", "--no-use", "--json", NULL);
    assert_string_equal(text(j, "name"), "tiny");
    assert_string_equal(text(j, "model"), "tiny");
    assert_string_equal(text(j, "state"), "done");
    assert_int_equal(number(j, "seed"), 3);
    assert_int_equal(number(j, "threads"), 1);
    assert_int_equal(strlen(text(j, "label_revision")), 12);
    json_t *epochs = json_object_get(j, "epochs");
    assert_int_equal(json_array_size(epochs), 2);
    double best = 0;
    for (size_t i = 0; i < 2; i++) {
        json_t *row = json_array_get(epochs, i);
        assert_int_equal(number(row, "epoch"), i + 1);
        assert_true(number(row, "loss") > 0 && number(row, "seconds") > 0 &&
                    number(row, "train_accuracy") >= 0);
        best = fmax(best, number(row, "valid_accuracy"));
    }
    assert_float_equal(number(j, "best_valid_accuracy"), best, 1e-12);
    assert_in_range((uintmax_t)number(j, "best_epoch"), 1, 2);
    json_decref(j);
}

static void test_train_logs_what_it_says(void **state)
{
    (void)state;
    struct output o;
    run_ferlab(&o, "-w", ws, "train", "--arch", "4", "--epochs", "1", "--limit", "32", "--name", "said",
               "--no-use", NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.err, "epoch 1/1  loss "));
    assert_string_equal(o.out, "");
    output_free(&o);
    run_ferlab(&o, "-w", ws, "train", "--arch", "4", "--epochs", "1", "--limit", "32", "--name", "unsaid",
               "--no-use", "--quiet", NULL);
    assert_int_equal(o.status, 0);
    assert_string_equal(o.err, "");
    output_free(&o);
}

static void test_train_help_tells_every_default(void **state)
{
    (void)state;
    const struct recipe *d = &recipe_default, *f = &recipe_fine_tune, *k = &recipe_folds;
    const struct {
        const char *option;
        double usual, tuned, folds;
    } numbers[] = {
        {"epochs", d->epochs, f->epochs, k->epochs},
        {"batch", d->batch, f->batch, k->batch},
        {"lr", d->learning_rate, f->learning_rate, k->learning_rate},
        {"warmup", d->warmup, f->warmup, k->warmup},
        {"momentum", d->momentum, f->momentum, k->momentum},
        {"weight-decay", d->weight_decay, f->weight_decay, k->weight_decay},
        {"seed", (double)d->seed, (double)f->seed, (double)k->seed},
        {"threads", d->threads, f->threads, k->threads},
        {"rotation", (double)d->augmentation.rotation_deg, (double)f->augmentation.rotation_deg,
         (double)k->augmentation.rotation_deg},
        {"zoom", (double)d->augmentation.zoom, (double)f->augmentation.zoom, (double)k->augmentation.zoom},
        {"aspect", (double)d->augmentation.aspect, (double)f->augmentation.aspect,
         (double)k->augmentation.aspect},
        {"shift", (double)d->augmentation.shift, (double)f->augmentation.shift,
         (double)k->augmentation.shift},
    };
    struct output o;
    run_ferlab(&o, "train", "--help", NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char option[32], shown[64];
        snprintf(option, sizeof option, "\n  --%s ", numbers[i].option);
        int at_end = snprintf(shown, sizeof shown, "(%g", numbers[i].usual);
        if (numbers[i].tuned != numbers[i].usual)
            at_end +=
                snprintf(shown + at_end, sizeof shown - (size_t)at_end, "; with --from %g", numbers[i].tuned);
        if (numbers[i].folds != numbers[i].usual)
            at_end += snprintf(shown + at_end, sizeof shown - (size_t)at_end, "; with --folds %g",
                               numbers[i].folds);
        snprintf(shown + at_end, sizeof shown - (size_t)at_end, ")\n");
        const char *line = strstr(o.out, option), *at = line != NULL ? strstr(line, shown) : NULL;
        if (at == NULL || memchr(line + 1, '\n', (size_t)(at - line - 1)) != NULL)
            fail_msg("--%s does not say %s", numbers[i].option, shown);
    }
    assert_non_null(strstr(o.out, "multi-target (distribution)"));
    assert_non_null(strstr(o.out, "or crowd (reviewed)"));
    output_free(&o);
}

static void test_train_refuses_senseless_words(void **state)
{
    (void)state;
    EXPECT(2, "--epochs", "-w", ws, "train", "--epochs", "-3");
    EXPECT(2, "rule", "-w", ws, "train", "--rule", "guess");
    EXPECT(2, "--labels", "-w", ws, "train", "--labels", "mine");
    EXPECT(2, "name", "-w", ws, "train", "--name", "a/b");
    EXPECT(2, "--from", "-w", ws, "train", "--from", "small", "--arch", "vgg13");
    EXPECT(2, "fresh weights have none", "-w", ws, "train", "--keep", "0.5");
    EXPECT(1, "nobody", "-w", ws, "train", "--from", "nobody");
    EXPECT(1, "nowhere", "-w", in_dir("nowhere.ferlab"), "train");
}

static void test_runs_list_show_and_refuse_to_stop_what_ended(void **state)
{
    (void)state;
    json_t *j = run_ferlab_json("-w", ws, "runs", "--json", NULL);
    json_t *first = json_array_get(j, 0);
    assert_string_equal(text(first, "name"), "small");
    assert_string_equal(text(first, "state"), "done");
    assert_int_equal(number(first, "epochs"), 2);
    char id[16];
    snprintf(id, sizeof id, "%d", (int)number(first, "id"));
    json_decref(j);
    j = run_ferlab_json("-w", ws, "runs", "show", id, "--json", NULL);
    assert_int_equal(json_array_size(json_object_get(j, "epochs")), 2);
    assert_string_equal(text(json_object_get(j, "recipe"), "arch"), "8,P,8,P,16");
    json_decref(j);
    struct output o;
    run_ferlab(&o, "-w", ws, "runs", "show", id, NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, " train --"));
    assert_non_null(strstr(o.out, "--arch 8,P,8,P,16"));
    output_free(&o);
    EXPECT(1, "not running", "-w", ws, "runs", "stop", id);
    EXPECT(1, "no run 999", "-w", ws, "runs", "stop", "999");
    EXPECT(1, "no run x", "-w", ws, "runs", "stop", "x");
    EXPECT(2, "the id is missing: type 'ferlab runs stop ID'", "-w", ws, "runs", "stop");
}

static void test_eval_is_consistent_with_itself_and_with_list(void **state)
{
    (void)state;
    json_t *j = run_ferlab_json("-w", ws, "eval", "--json", NULL);
    assert_string_equal(text(j, "model"), "small");
    assert_string_equal(text(j, "split"), "valid");
    assert_string_equal(text(j, "rule"), "majority");
    assert_string_equal(text(j, "labels"), "reviewed");
    assert_int_equal(number(j, "in_sample"), 0);
    json_t *rows = json_object_get(j, "confusion"), *classes = json_object_get(j, "per_class");
    assert_int_equal(json_array_size(rows), 8);
    double sum = 0, right = 0;
    for (size_t i = 0; i < 8; i++) {
        double total = 0;
        for (size_t k = 0; k < 8; k++)
            total += json_number_value(json_array_get(json_array_get(rows, i), k));
        assert_int_equal(number(json_array_get(classes, i), "support"), total);
        right += json_number_value(json_array_get(json_array_get(rows, i), i));
        sum += total;
    }
    assert_int_equal(number(j, "count"), sum);
    assert_float_equal(number(j, "accuracy"), right / sum, 1e-12);
    json_t *samples = run_ferlab_json("-w", ws, "list", "split:valid", "--json", NULL);
    size_t agree = 0;
    for (size_t i = 0; i < json_array_size(samples); i++)
        agree += strcmp(text(json_array_get(samples, i), "label"),
                        text(json_array_get(samples, i), "prediction")) == 0;
    assert_int_equal(agree, right);
    json_decref(samples);
    json_decref(j);
}

static double sum_of(json_t *rows, const char *key)
{
    double sum = 0;
    for (size_t i = 0; i < json_array_size(rows); i++)
        sum += number(json_array_get(rows, i), key);
    return sum;
}

static void test_eval_tells_scores_intervals_and_the_crowd(void **state)
{
    (void)state;
    static const char *const scores[] = {"accuracy", "macro_f1", "weighted_f1", "top2",    "cross_entropy",
                                         "brier",    "ece",      "kl_votes",    "js_votes"};
    static const char *const crowd[] = {"human_ceiling",
                                        "crowd_share",
                                        "krippendorff_alpha",
                                        "fleiss_kappa",
                                        "krippendorff_alpha_emotions",
                                        "fleiss_kappa_emotions"};
    json_t *j = run_ferlab_json("-w", ws, "eval", "--json", NULL), *intervals = json_object_get(j, "ci95");
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        json_t *interval = json_object_get(intervals, scores[i]);
        double low = json_number_value(json_array_get(interval, 0)),
               high = json_number_value(json_array_get(interval, 1));
        assert_true(json_is_number(json_object_get(j, scores[i])));
        assert_true(low < high);
    }
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++)
        assert_true(number(j, crowd[i]) > 0 && number(j, crowd[i]) <= 1);
    double count = number(j, "count");
    json_t *histogram = json_object_get(j, "confidence_histogram"),
           *bands = json_object_get(j, "agreement_bands");
    assert_float_equal(sum_of(json_object_get(j, "reliability"), "count"), count, 0);
    assert_float_equal(sum_of(histogram, "right") + sum_of(histogram, "wrong"), count, 0);
    assert_float_equal(sum_of(histogram, "right"), number(j, "accuracy") * count, 1e-6);
    assert_float_equal(sum_of(bands, "count"), count, 0);
    assert_float_equal(sum_of(bands, "right"), sum_of(histogram, "right"), 0);
    assert_true(number(j, "agreement_count") >= count && number(j, "votes_count") <= count);
    json_t *again = run_ferlab_json("-w", ws, "eval", "--json", NULL);
    assert_true(json_equal(j, again));
    json_decref(again);
    json_decref(j);
}

static void test_eval_warns_of_training_faces(void **state)
{
    (void)state;
    struct output o;
    run_ferlab(&o, "-w", ws, "eval", "--split", "train", NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.err, "was, or may have been, trained on"));
    assert_non_null(strstr(o.out, "accuracy"));
    assert_non_null(strstr(o.out, "macro F1"));
    output_free(&o);
    json_t *j = run_ferlab_json("-w", ws, "eval", "--where", "label:happiness", "--json", NULL);
    assert_true(number(j, "in_sample") > 0);
    assert_true(json_is_null(json_object_get(j, "split")));
    json_decref(j);
}

static void test_eval_refuses_what_it_cannot_mean(void **state)
{
    (void)state;
    char noise[3000];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * 2654435761u >> 13);
    write_file(dir, "noise.onnx", noise, sizeof noise);
    EXPECT(1, "noise.onnx", "-w", ws, "eval", "--model", in_dir("noise.onnx"));
    EXPECT(1, "nobody", "-w", ws, "eval", "--model", "nobody");
    EXPECT(2, "split", "-w", ws, "eval", "--split", "holdout");
    EXPECT(2, "not both", "-w", ws, "eval", "--split", "valid", "--where", "id:1");
    EXPECT(2, "filter:", "-w", ws, "eval", "--where", "pred!!label (");
    EXPECT(1, "no sample of split 'none' has an emotion for a label under rule 'majority'; import that split",
           "-w", ws, "eval", "--split", "none", "--json");
    EXPECT(1, "choose another --where", "-w", ws, "eval", "--where", "label:nf");
}

static void test_models_are_told(void **state)
{
    (void)state;
    json_t *j = run_ferlab_json("-w", ws, "models", "--json", NULL), *m = json_array_get(j, 0);
    assert_string_equal(text(m, "name"), "small");
    assert_string_equal(text(m, "arch"), "8,P,8,P,16");
    assert_true(json_is_true(json_object_get(m, "current")));
    assert_int_equal(number(m, "predictions"), FACES);
    assert_true(number(m, "parameters") > 0 && number(m, "valid_accuracy") >= 0 && number(m, "id") > 0);
    assert_int_equal(strlen(text(m, "created")), 20);
    json_t *read = json_object_get(m, "reading"), *classes = json_object_get(read, "classes");
    assert_int_equal(number(read, "size"), 48);
    assert_int_equal(number(read, "channels"), 1);
    assert_string_equal(text(read, "scale"), "standard");
    assert_float_equal(json_number_value(json_array_get(json_object_get(read, "mean"), 0)), 0, 0);
    assert_float_equal(json_number_value(json_array_get(json_object_get(read, "std"), 0)), 1, 0);
    assert_string_equal(text(read, "output"), "probabilities");
    assert_int_equal(json_array_size(classes), 8);
    assert_string_equal(json_string_value(json_array_get(classes, 6)), "fear");
    json_decref(j);
    struct output o;
    run_ferlab(&o, "-w", ws, "models", NULL);
    assert_non_null(
        strstr(o.out, "\n        read as 48x48 gray, standard; probabilities of the eight emotions\n"));
    output_free(&o);
    EXPECT(2, "type 'ferlab model use small'", "-w", ws, "models", "use", "small");
    EXPECT(2, "type 'ferlab model export NAME FILE'", "-w", ws, "models", "export");
}

/* Out and in again, the model predicts what it predicted. */
static void test_exported_model_comes_back_the_same(void **state)
{
    (void)state;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", in_dir("out.onnx"));
    json_decref(run_ferlab_json("-w", ws, "model", "export", "small", file, "--json", NULL));
    EXPECT(1, "--force", "-w", ws, "model", "export", "small", file);
    json_decref(run_ferlab_json("-w", ws, "model", "export", "small", file, "--force", "--json", NULL));
    struct output o;
    char said[PATH_MAX + 32];
    run_ferlab(&o, "-w", ws, "model", "export", "small", file, "--force", NULL);
    snprintf(said, sizeof said, "exported small to %s\n", file);
    assert_string_equal(o.out, said);
    output_free(&o);
    json_t *before = run_ferlab_json("-w", ws, "eval", "--json", NULL);
    json_t *by_path = run_ferlab_json("-w", ws, "eval", "--model", file, "--json", NULL);
    assert_true(json_equal(json_object_get(before, "confusion"), json_object_get(by_path, "confusion")));
    json_decref(by_path);
    json_decref(before);
}

/* A file of ferlab's own says how it is read. */
static void test_import_options_may_not_contradict_our_own_file(void **state)
{
    (void)state;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", in_dir("own.onnx"));
    json_decref(run_ferlab_json("-w", ws, "model", "export", "small", file, "--json", NULL));
    EXPECT(2, "it says scale standard, but --scale says raw; leave the option out", "-w", ws, "model",
           "import", file, "--scale", "raw");
    EXPECT(2, "it says mean 0, but --mean says 0.5", "-w", ws, "model", "import", file, "--mean", "0.5");
    EXPECT(2, "it says std 1, but --std says 2", "-w", ws, "model", "import", file, "--std", "2");
    EXPECT(2, "but --output says logits", "-w", ws, "model", "import", file, "--output", "logits");
    EXPECT(2, "it says classes neutral,happiness,surprise,", "-w", ws, "model", "import", file, "--classes",
           "happy,neutral,surprise,sadness,anger,disgust,fear,contempt");
    json_t *j = run_ferlab_json("-w", ws, "model", "import", file, "--name", "agreed", "--scale", "standard",
                                "--mean", "0", "--std", "1", "--output", "probabilities", "--classes",
                                "neutral,happy,surprise,sad,angry,disgust,fear,contempt", "--json", NULL);
    assert_string_equal(text(json_array_get(j, 0), "name"), "agreed");
    json_decref(j);
    json_decref(run_ferlab_json("-w", ws, "model", "remove", "agreed", "--yes", "--json", NULL));
}

/* A gray square with a bright half, as PGM. */
static void write_image(const char *name, int width, int height)
{
    char *bytes = malloc(64 + (size_t)width * (size_t)height);
    int head = sprintf(bytes, "P5\n%d %d\n255\n", width, height);
    for (int i = 0; i < width * height; i++)
        bytes[head + i] = (char)(i % width < width / 2 ? 40 : 200);
    write_file(dir, name, bytes, (size_t)(head + width * height));
    free(bytes);
}

/* The probabilities of an image by the model in a file, or by one of the workspace. */
static void predicted(const char *image, const char *model, double out[8])
{
    json_t *j = run_ferlab_json("-w", ws, "predict", image, "--model", model, "--json", NULL);
    json_t *face = json_array_get(json_object_get(json_array_get(j, 0), "faces"), 0);
    for (size_t k = 0; k < 8; k++)
        out[k] = json_number_value(json_array_get(json_object_get(face, "probabilities"), k));
    json_decref(j);
}

static void test_folded_export_predicts_the_same_and_keeps_its_notes(void **state)
{
    (void)state;
    char file[PATH_MAX], image[PATH_MAX];
    double want[8], got[8];
    size_t size;
    write_image("fold.pgm", 48, 48);
    snprintf(file, sizeof file, "%s", in_dir("folded.onnx"));
    snprintf(image, sizeof image, "%s", in_dir("fold.pgm"));
    json_decref(run_ferlab_json("-w", ws, "model", "export", "small", file, "--fold-bn", "--json", NULL));
    char *bytes = file_read(file, 1 << 20, &size, NULL), *run = onnx_note_read(bytes, size, "run"),
         *arch = onnx_note_read(bytes, size, "arch"), *classes = onnx_note_read(bytes, size, "classes");
    assert_null(memmem(bytes, size, "BatchNormalization", strlen("BatchNormalization")));
    assert_string_equal(run, "small");
    assert_string_equal(arch, "8b,P,8b,P,16b");
    assert_string_equal(classes, "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt");
    free(bytes), free(run), free(arch), free(classes);
    predicted(image, "small", want);
    predicted(image, file, got);
    for (size_t k = 0; k < 8; k++)
        assert_float_equal(got[k], want[k], 1e-5);
}

static void test_use_and_remove_change_the_current_model(void **state)
{
    (void)state;
    char file[PATH_MAX];
    json_decref(run_ferlab_json("-w", ws, "train", "--arch", "4", "--epochs", "1", "--limit", "32", "--name",
                                "second", "--no-use", "--json", NULL));
    snprintf(file, sizeof file, "%s", in_dir("second.onnx"));
    json_decref(run_ferlab_json("-w", ws, "model", "export", "second", file, "--json", NULL));
    json_t *j = run_ferlab_json("-w", ws, "model", "use", "second", "--json", NULL);
    assert_string_equal(text(json_array_get(j, 0), "name"), "second");
    assert_true(json_is_true(json_object_get(json_array_get(j, 0), "current")));
    json_decref(j);
    EXPECT(2, "--yes", "-w", ws, "model", "remove", "second");
    struct output o;
    run_ferlab(&o, "-w", ws, "model", "remove", "second", "--yes", NULL);
    assert_int_equal(o.status, 0);
    char want[256];
    size_t i;
    json_t *m, *models = run_ferlab_json("-w", ws, "models", "--json", NULL);
    json_array_foreach(models, i, m)
    {
        if (json_is_true(json_object_get(m, "current")))
            snprintf(want, sizeof want, "removed second\nthe current model is now %s\n", text(m, "name"));
    }
    assert_string_equal(o.out, want);
    json_decref(models);
    output_free(&o);
    EXPECT(1, "second", "-w", ws, "model", "use", "second");
    j = run_ferlab_json("-w", ws, "model", "import", file, "--name", "third", "--json", NULL);
    assert_string_equal(text(json_array_get(j, 0), "name"), "third");
    json_decref(j);
    json_decref(run_ferlab_json("-w", ws, "model", "use", "small", "--json", NULL));
    EXPECT(2, "import", "-w", ws, "model", "polish", "third");
    EXPECT(2, "model export: say the file too, as in 'ferlab model export third third.onnx'", "-w", ws,
           "model", "export", "third");
}

static void test_predict_tells_one_face_an_image(void **state)
{
    (void)state;
    char file[PATH_MAX];
    write_image("wide.pgm", 100, 60);
    snprintf(file, sizeof file, "%s", in_dir("wide.pgm"));
    json_t *j = run_ferlab_json("-w", ws, "predict", file, "--model", "small", "--json", NULL);
    assert_int_equal(json_array_size(j), 1);
    assert_string_equal(text(json_array_get(j, 0), "file"), file);
    json_t *face = json_array_get(json_object_get(json_array_get(j, 0), "faces"), 0);
    const int box[] = {20, 0, 60, 60};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(json_integer_value(json_array_get(json_object_get(face, "box"), i)), box[i]);
    double sum = 0, most = 0;
    for (size_t k = 0; k < 8; k++) {
        double p = json_number_value(json_array_get(json_object_get(face, "probabilities"), k));
        sum += p;
        most = fmax(most, p);
    }
    assert_float_equal(sum, 1, 1e-5);
    assert_float_equal(number(face, "confidence"), most, 1e-9);
    assert_true(strlen(text(face, "emotion")) > 0);
    json_decref(j);
}

static void test_predict_takes_the_pictures_of_a_folder_by_name(void **state)
{
    (void)state;
    write_image("faces/b.pgm", 48, 48);
    write_image("faces/A.PGM", 60, 48);
    write_file(dir, "faces/notes.txt", "no picture", 10);
    write_file(dir, "nothing/notes.txt", "no picture", 10);
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", in_dir("faces"));
    json_t *j = run_ferlab_json("-w", ws, "predict", folder, "--model", "small", "--json", NULL);
    assert_int_equal(json_array_size(j), 2);
    assert_string_equal(text(json_array_get(j, 0), "file"), in_dir("faces/A.PGM"));
    assert_string_equal(text(json_array_get(j, 1), "file"), in_dir("faces/b.pgm"));
    json_decref(j);
    EXPECT(1, "there is no picture in this folder", "-w", ws, "predict", in_dir("nothing"), "--model",
           "small");
}

static void test_one_bad_image_does_not_hide_the_others(void **state)
{
    (void)state;
    char good[PATH_MAX], bad[PATH_MAX], vast[PATH_MAX];
    write_image("good.pgm", 48, 48);
    write_file(dir, "bad.png", "\x89PNG but not really", 19);
    write_file(dir, "vast.pgm", "P5\n2000000000 2000000000\n255\n", 29);
    snprintf(good, sizeof good, "%s", in_dir("good.pgm"));
    snprintf(bad, sizeof bad, "%s", in_dir("bad.png"));
    snprintf(vast, sizeof vast, "%s", in_dir("vast.pgm"));
    struct output o;
    run_ferlab(&o, "-w", ws, "predict", bad, vast, good, "--model", "small", "--json", NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "bad.png"));
    assert_non_null(strstr(o.err, "vast.pgm"));
    json_t *j = json_loads(o.out, 0, NULL);
    assert_int_equal(json_array_size(j), 1);
    assert_string_equal(text(json_array_get(j, 0), "file"), good);
    json_decref(j);
    output_free(&o);
    EXPECT(2, "image", "-w", ws, "predict");
}

/* A model by path needs no workspace. */
static void test_predict_needs_no_workspace(void **state)
{
    (void)state;
    char image[PATH_MAX], model[PATH_MAX];
    write_image("alone.pgm", 48, 48);
    snprintf(image, sizeof image, "%s", in_dir("alone.pgm"));
    snprintf(model, sizeof model, "%s", in_dir("alone.onnx"));
    json_decref(run_ferlab_json("-w", ws, "model", "export", "small", model, "--json", NULL));
    json_t *j =
        run_ferlab_json("-w", in_dir("nowhere.ferlab"), "predict", image, "--model", model, "--json", NULL);
    assert_int_equal(json_array_size(j), 1);
    json_decref(j);
    assert_int_not_equal(access(in_dir("nowhere.ferlab"), F_OK), 0);
}

/* In a workspace of its own, since predictions stay. */
static void import_model(char path[PATH_MAX], const char *name, const char *unseen)
{
    char onnx[PATH_MAX], folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", in_dir(name));
    assert_int_equal(mkdir(folder, 0777), 0);
    make_workspace(folder, FACES, path);
    snprintf(onnx, sizeof onnx, "%.4000s/small.onnx", folder);
    json_decref(run_ferlab_json("-w", ws, "model", "export", "small", onnx, "--json", NULL));
    json_decref(run_ferlab_json("-w", path, "model", "import", onnx, "--json", unseen, NULL));
}

static size_t count_samples(const char *path, const char *filter)
{
    json_t *j = run_ferlab_json("-w", path, "list", filter, "--json", NULL);
    size_t count = json_array_size(j);
    json_decref(j);
    return count;
}

static void test_imported_model_predicts_what_is_asked_for(void **state)
{
    (void)state;
    char path[PATH_MAX];
    import_model(path, "asked", NULL);
    struct output o;
    run_ferlab(&o, "-w", path, "list", "pred!=label", NULL);
    assert_non_null(strstr(o.err, "model small has not predicted 200 samples that the filter could pick"));
    assert_non_null(strstr(o.err, "model use small' computes what lacks"));
    output_free(&o);
    json_t *j = run_ferlab_json("-w", path, "eval", "--json", NULL), *models;
    size_t valid = count_samples(path, "split:valid"), train = count_samples(path, "split:train");
    assert_int_equal(count_samples(path, "not pred:none"), valid);
    models = run_ferlab_json("-w", path, "models", "--json", NULL);
    assert_float_equal(number(json_array_get(models, 0), "valid_accuracy"), number(j, "accuracy"), 1e-12);
    json_decref(models);
    json_decref(j);
    json_decref(run_ferlab_json("-w", path, "show", "1", "--model", "small", "--json", NULL));
    assert_int_equal(count_samples(path, "not pred:none"), valid + 1);
    json_decref(run_ferlab_json("-w", path, "model", "use", "small", "--json", NULL));
    assert_int_equal(count_samples(path, "in:train"), train);
    assert_int_equal(count_samples(path, "split:train suspect>=0"), 0);
    import_model(path, "unseen", "--unseen");
    json_decref(run_ferlab_json("-w", path, "model", "use", "small", "--json", NULL));
    assert_int_equal(count_samples(path, "in:train"), 0);
    assert_true(count_samples(path, "split:train suspect>=0") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_train_tells_its_epochs),
        cmocka_unit_test(test_train_logs_what_it_says),
        cmocka_unit_test(test_train_help_tells_every_default),
        cmocka_unit_test(test_train_refuses_senseless_words),
        cmocka_unit_test(test_runs_list_show_and_refuse_to_stop_what_ended),
        cmocka_unit_test(test_eval_is_consistent_with_itself_and_with_list),
        cmocka_unit_test(test_eval_tells_scores_intervals_and_the_crowd),
        cmocka_unit_test(test_eval_warns_of_training_faces),
        cmocka_unit_test(test_eval_refuses_what_it_cannot_mean),
        cmocka_unit_test(test_models_are_told),
        cmocka_unit_test(test_exported_model_comes_back_the_same),
        cmocka_unit_test(test_import_options_may_not_contradict_our_own_file),
        cmocka_unit_test(test_folded_export_predicts_the_same_and_keeps_its_notes),
        cmocka_unit_test(test_use_and_remove_change_the_current_model),
        cmocka_unit_test(test_imported_model_predicts_what_is_asked_for),
        cmocka_unit_test(test_predict_tells_one_face_an_image),
        cmocka_unit_test(test_predict_takes_the_pictures_of_a_folder_by_name),
        cmocka_unit_test(test_one_bad_image_does_not_hide_the_others),
        cmocka_unit_test(test_predict_needs_no_workspace),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
