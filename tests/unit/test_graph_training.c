/* Training on from models of other makers: from import to a better model in a file of the same kind; the same
 * bits after a kill. */
#include "trainer_process.h"

#include "graph_case.h"

#include "ferlab/nn/graph_learn.h"
#include "ferlab/nn/onnx.h"
#include "ferlab/store/models.h"
#include "ferlab/train/inference.h"

#include <sys/stat.h>

/* The golden's network as a model of the workspace. */
static void import_golden(struct place *p, const char *name, const char *classes)
{
    json_t *golden = json_load_file(FERLAB_GOLDEN "/graph_learn.json", 0, NULL), *c;
    size_t i, size;
    char path[PATH_MAX];
    struct err e = {0};
    int64_t id;
    json_array_foreach(golden, i, c)
    {
        if (strcmp(json_string_value(json_object_get(c, "name")), name) != 0)
            continue;
        void *bytes = case_bytes(json_object_get(c, "model"), &size);
        write_file(p->dir, "golden.onnx", bytes, size);
        free(bytes);
    }
    json_decref(golden);
    snprintf(path, sizeof path, "%.4000s/golden.onnx", p->dir);
    const struct model_reading reading = {.classes = classes};
    if (!model_import(p->ws, path, name, true, &reading, &id, NULL, &e) ||
        !predictions_complete(p->ws, id, NULL, true, &e))
        fail_msg("%s", e.text);
}

static struct recipe recipe_from(const char *from, const char *name)
{
    struct recipe r = small_recipe(name);
    strcpy(r.from, from);
    r.augmentation = augmentation_none;
    r.batch = 16;
    r.threads = 2;
    return r;
}

static void *onnx_of(struct place *p, const char *name, size_t *size)
{
    struct arena arena = {0};
    struct model m;
    struct err e = {0};
    void *bytes = NULL;
    if (!model_by_name(p->ws, name, &arena, &m, &e) || !model_onnx(p->ws, m.id, &bytes, size, &e))
        fail_msg("%s", e.text);
    arena_free(&arena);
    return bytes;
}

static double accuracy_of(struct place *p, const char *name)
{
    struct arena arena = {0};
    struct model m;
    assert_true(model_by_name(p->ws, name, &arena, &m, NULL));
    double accuracy = m.valid_accuracy;
    arena_free(&arena);
    return accuracy;
}

static void test_training_betters_a_model_of_raw_pixels(void **state)
{
    struct place *p = *state, larger = {0};
    snprintf(larger.dir, sizeof larger.dir, "%.4000s/larger", p->dir);
    mkdir(larger.dir, 0700);
    make_workspace(larger.dir, 800, larger.path);
    larger.ws = open_workspace(larger.path);
    import_golden(&larger, "cntk", NULL);
    struct recipe r = recipe_from("cntk", "");
    r.epochs = 30;
    r.learning_rate = 0.05;
    train(&larger, &r);
    double before = accuracy_of(&larger, "cntk"), after = accuracy_of(&larger, "cntk-1");
    workspace_close(larger.ws);
    if (!(after > before + 0.15))
        fail_msg("accuracy of %g after %g", after, before);
}

static void test_the_model_says_how_it_is_read_and_where_it_comes_from(void **state)
{
    struct place *p = *state;
    import_golden(p, "cntk", NULL);
    struct recipe r = recipe_from("cntk", "better");
    train(p, &r);
    static const struct {
        const char *key, *value;
    } notes[] = {
        {"ferlab.scale", "raw"}, {"ferlab.output", "logits"}, {"run", "better"}, {"note", "kept as it is"}};
    size_t size;
    void *bytes = onnx_of(p, "better", &size);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        char *value = onnx_note_read(bytes, size, notes[i].key);
        assert_non_null(value);
        assert_string_equal(value, notes[i].value);
        free(value);
    }
    free(bytes);
}

/* Ten outputs, the emotions among them in an order of their own, of three channels; and predictions that say
 * which faces it was trained on. */
static void test_classes_in_another_order_and_colour_learn(void **state)
{
    struct place *p = *state;
    struct arena arena = {0};
    struct model m;
    import_golden(p, "colour", "x,happiness,neutral,surprise,anger,sadness,disgust,fear,contempt,y");
    struct recipe r = recipe_from("colour", "better");
    r.epochs = 8;
    int64_t id = train(p, &r);
    struct run run = find_run(p->ws, id, &arena);
    assert_string_equal(run.parent, "colour");
    struct err e = {0};
    struct run_epoch *epochs;
    size_t count;
    if (!run_epochs(p->ws, id, &arena, &epochs, &count, &e))
        fail_msg("%s", e.text);
    assert_true(epochs[count - 1].loss < 0.95 * epochs[0].loss);
    assert_true(model_by_name(p->ws, "better", &arena, &m, &e));
    struct columns *c = load(p, m.id);
    for (size_t i = 0; i < c->count; i++) {
        assert_true(c->prediction[i] != CLASS_NONE);
        if (c->in_sample[i])
            assert_int_equal(c->split[i], SPLIT_TRAIN);
    }
    columns_free(c);
    arena_free(&arena);
}

/* A network of our own layers that reads other pixels; its file does not say that ferlab made it otherwise.
 */
static void test_own_layers_of_other_pixels_learn(void **state)
{
    struct place *p = *state;
    struct recipe fresh = small_recipe("own");
    train(p, &fresh);
    size_t size;
    void *bytes = onnx_of(p, "own", &size);
    char *says = memmem(bytes, size, "standardised per image", strlen("standardised per image"));
    assert_non_null(says);
    memcpy(says, "whoever", strlen("whoever"));
    write_file(p->dir, "own.onnx", bytes, size);
    free(bytes);
    char path[PATH_MAX];
    struct err e = {0};
    int64_t id;
    snprintf(path, sizeof path, "%.4000s/own.onnx", p->dir);
    const struct model_reading reading = {.scale = "unit", .mean = "0.5", .deviation = "0.25"};
    assert_true(model_import(p->ws, path, "unit", true, &reading, &id, NULL, &e));
    struct recipe r = recipe_from("unit", "better");
    train(p, &r);
    bytes = onnx_of(p, "better", &size);
    char *scale = onnx_note_read(bytes, size, "ferlab.scale"),
         *mean = onnx_note_read(bytes, size, "ferlab.mean");
    assert_string_equal(scale, "unit");
    assert_string_equal(mean, "0.5,0.5,0.5");
    free(scale);
    free(mean);
    free(bytes);
}

/* ---- interrupted ---- */

static pid_t spawn_training(const struct place *p, const char *name)
{
    return spawn(p, (const char *const[]){"--from", "residual", "--epochs", "40", "--batch", "16",
                                          "--threads", "2", "--name", name, NULL});
}

static void kill_after_epoch(struct place *p, const char *name, pid_t pid, int64_t epochs)
{
    struct run run = {0};
    for (int i = 0; i < 8000 && run.epochs_done < epochs; i++) {
        struct arena arena = {0};
        nap_ms(1);
        run_find(p->ws, name, &arena, &run, NULL);
        arena_free(&arena);
    }
    assert_true(run.epochs_done >= epochs);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static struct graph *learnt(struct place *p, const char *name)
{
    size_t size;
    struct err e = {0};
    void *bytes = onnx_of(p, name, &size);
    struct graph *g = graph_load(bytes, size, name, &e);
    if (g == NULL || !graph_learn(g, &e))
        fail_msg("%s", e.text);
    free(bytes);
    return g;
}

static void remove_model(struct place *p, const char *name)
{
    struct arena arena = {0};
    struct model m;
    struct err e = {0};
    if (!model_by_name(p->ws, name, &arena, &m, &e) || !model_remove(p->ws, m.id, &e))
        fail_msg("%s", e.text);
    arena_free(&arena);
}

static void test_killed_and_resumed_it_ends_with_the_same_bits(void **state)
{
    struct place *p = *state;
    import_golden(p, "residual", NULL);
    assert_int_equal(wait_status(spawn_training(p, "whole")), 0);
    kill_after_epoch(p, "cut", spawn_training(p, "cut"), 3);
    remove_model(p, "residual"); /* the checkpoint has what it needs */
    assert_int_equal(wait_status(spawn(p, (const char *const[]){"--resume", "cut", NULL})), 0);
    struct graph *whole = learnt(p, "whole"), *cut = learnt(p, "cut");
    struct parameter_list a = graph_parameter_list(whole), b = graph_parameter_list(cut);
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++)
        assert_memory_equal(a.items[i].value, b.items[i].value, a.items[i].count * sizeof(float));
    assert_true(accuracy_of(p, "whole") == accuracy_of(p, "cut"));
    graph_free(whole);
    graph_free(cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(test_training_betters_a_model_of_raw_pixels),
        WITH_WORKSPACE(test_the_model_says_how_it_is_read_and_where_it_comes_from),
        WITH_WORKSPACE(test_classes_in_another_order_and_colour_learn),
        WITH_WORKSPACE(test_own_layers_of_other_pixels_learn),
        WITH_WORKSPACE(test_killed_and_resumed_it_ends_with_the_same_bits),
    };
    return cmocka_run_group_tests(tests, make_origin, remove_origin);
}
