/* The compare view on a terminal: what changed between two models, as `runs diff` says it too, with the faces
 * a key away; and the filter terms that speak of the model beside. */
#include "workbench_fixture.h"

/* Says what "fixture" does, but is right of every tenth face, wrong of the others that it got wrong in
 * another way, and wrong of some that it got right. */
static void add_second(const char *path)
{
    struct workspace *ws;
    struct columns *c = NULL;
    struct err e;
    int64_t model = 0;
    const struct model_new m = {.name = "second", .onnx = "none", .size = 4, .arch = "8", .input_size = 48};
    if (!workspace_open(&ws, path, WORKSPACE_WRITE, &e) || !columns_load(&c, ws, RULE_MAJORITY, 0, &e) ||
        !model_add(ws, &m, &model, &e))
        fail_msg("%s", e.text);
    float(*p)[EMOTION_COUNT] = calloc(c->count, sizeof *p);
    bool *in_sample = calloc(c->count, sizeof *in_sample);
    assert_non_null(p);
    assert_non_null(in_sample);
    for (size_t i = 0; i < c->count; i++) {
        int label = c->crowd[i] >= 0 && c->crowd[i] < EMOTION_COUNT ? c->crowd[i] : 0;
        int off = c->id[i] % 10 == 5 ? 2 : c->id[i] % 7 == 1 ? 3 : 0;
        for (int k = 0; k < EMOTION_COUNT; k++)
            p[i][k] = 0.02f;
        p[i][(label + off) % EMOTION_COUNT] = 0.86f;
    }
    if (!predictions_write(ws, model, c->id, &p[0][0], in_sample, c->count, &e) || !model_use(ws, model, &e))
        fail_msg("%s", e.text);
    free(p);
    free(in_sample);
    columns_free(c);
    workspace_close(ws);
}

static void start_with_two(struct fixture *f, const struct screen_options *o)
{
    fixture_make(f, true);
    add_second(f->workspace);
    fixture_start(f, o, "split:valid");
}

/* How many of the validation split, as the shell says it. */
static int flips(const struct fixture *f, const char *kind)
{
    json_t *j = run_ferlab_json("runs", "diff", "fixture", "second", "-w", f->workspace, "--json", NULL);
    int count = (int)json_integer_value(json_object_get(json_object_get(j, "flips"), kind));
    json_decref(j);
    return count;
}

static void expect_sentence(struct fixture *f)
{
    char text[128];
    int fixed = flips(f, "fixed"), broken = flips(f, "broken"), changed = flips(f, "changed");
    assert_true(fixed > 0 && broken > 0 && changed > 0);
    snprintf(text, sizeof text, "✓ %d fixed, ✗ %d broken, %d still wrong otherwise", fixed, broken, changed);
    expect_text(f->screen, text);
}

static void test_the_view_says_what_runs_diff_says(void **state)
{
    (void)state;
    struct fixture f;
    start_with_two(&f, &full_screen);
    type_keys(f.screen, "b");
    expect_text(f.screen, "second beside fixture");
    expect_sentence(&f);
    expect_text(f.screen, "0 reviewed labels →");
    expect_text(f.screen, " to "); /* intervals, once they are drawn */
    expect_text(f.screen, "cross-entropy");
    expect_text(f.screen, "McNemar");
    fixture_remove(&f);
}

static void test_it_fits_a_small_terminal(void **state)
{
    (void)state;
    struct fixture f;
    const struct screen_options small = {
        .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};
    start_with_two(&f, &small);
    type_keys(f.screen, "b");
    expect_text(f.screen, "con recall fixed broken changed labels");
    expect_text(f.screen, " second beside fixture · validation split · ");
    expect_text(f.screen, " faces · labels reviewed");
    type_keys(f.screen, "\t"); /* faces by a filter that has the top line */
    expect_text(f.screen, " second beside fixture · filter ");
    expect_text(f.screen, " · labels reviewed");
    type_keys(f.screen, "\t");
    expect_text(f.screen, "calibration error");
    expect_text(f.screen, "wrong before, right now");
    fixture_remove(&f);
}

static void test_flips_open_their_faces(void **state)
{
    (void)state;
    struct fixture f;
    char text[64];
    start_with_two(&f, &full_screen);
    type_keys(f.screen, "b");
    expect_text(f.screen, "wrong before, right now");
    type_keys(f.screen, "\r");
    expect_text(f.screen, "split:valid flip:fixed");
    snprintf(text, sizeof text, " %d of %d", flips(&f, "fixed"), FIXTURE_FACES);
    expect_text(f.screen, text);
    type_keys(f.screen, "\r"); /* a face, with what both models say */
    expect_text(f.screen, "model second");
    expect_text(f.screen, "beside fixture");
    type_keys(f.screen, "qq");
    expect_sentence(&f);
    type_keys(f.screen, "l"); /* to those that broke */
    expect_text(f.screen, "right before, wrong now");
    type_keys(f.screen, "\r");
    expect_text(f.screen, "split:valid flip:broken");
    snprintf(text, sizeof text, " %d of %d", flips(&f, "broken"), FIXTURE_FACES);
    expect_text(f.screen, text);
    fixture_remove(&f);
}

/* A review since the model beside learnt: its label is not the one of then. */
static void test_labels_reviewed_since_open_their_faces(void **state)
{
    (void)state;
    struct fixture f;
    start_with_two(&f, &full_screen);
    type_keys(f.screen, "0");   /* the first face is none */
    type_keys(f.screen, "bGl"); /* the last column of the last row */
    expect_text(f.screen, "label not the one fixture learnt from; of all splits");
    type_keys(f.screen, "\r");
    expect_text(f.screen, "former!=label");
    expect_text(f.screen, " 1 of 300");
    fixture_remove(&f);
}

/* One model against two label sets. */
static void test_label_sets_are_compared(void **state)
{
    (void)state;
    struct fixture f;
    start_with_two(&f, &full_screen);
    type_keys(f.screen, ":compare crowd\r");
    expect_text(f.screen, "reviewed beside crowd's labels");
    expect_text(f.screen, "0 reviewed labels → ✓ 0 fixed, ✗ 0 broken");
    type_keys(f.screen, "q:filter split:valid pred=label\r");
    expect_text(f.screen, "split:valid pred=label");
    int class = 0;
    json_t *list = run_ferlab_json("list", "-w", f.workspace, "split:valid pred=label", "--json", NULL);
    assert_true(class_parse(json_string_value(json_object_get(json_array_get(list, 0), "label")), &class));
    json_decref(list);
    type_keys(f.screen,
              class == CLASS_FEAR ? "1" : "7"); /* what was right by the crowd's label is wrong now */
    type_keys(f.screen, "b");
    expect_text(f.screen, "1 reviewed label → ✓ 0 fixed, ✗ 1 broken");
    type_keys(f.screen, "l\r");
    expect_text(f.screen, "split:valid pred=crowd pred!=label");
    expect_text(f.screen, " 1 of 300");
    fixture_remove(&f);
}

static void test_a_model_is_chosen_by_name_or_in_the_list(void **state)
{
    (void)state;
    struct fixture f;
    start_with_two(&f, &full_screen);
    type_keys(f.screen, ":compare nobody\r");
    expect_text(f.screen, "no model is called \"nobody\"");
    type_keys(f.screen, ":compare second\r");
    expect_text(f.screen, "second is the model in use");
    type_keys(f.screen, ":compare fixture\r");
    expect_text(f.screen, "second beside fixture");
    type_keys(f.screen, "m");
    expect_text(f.screen, "architecture");
    type_keys(f.screen, "j\r"); /* fixture in use: they change places */
    expect_text(f.screen, "model fixture");
    type_keys(f.screen, "kb");
    expect_text(f.screen, "fixture beside second");
    fixture_remove(&f);
}

static void test_filters_need_a_model_beside(void **state)
{
    (void)state;
    struct fixture f;
    start_with_two(&f, &full_screen);
    type_keys(f.screen, ":filter flip:fixed\r");
    expect_text(f.screen, "this compares with a second model, and none stands beside second");
    type_keys(f.screen, "/\x15"
                        "flip:ch\t");
    expect_text(f.screen, "flip:changed");
    type_keys(f.screen, "\x1b");
    type_keys(f.screen, "bq:filter flip:changed split:valid\r");
    expect_text(f.screen, "flip:changed split:valid");
    expect_text(f.screen, "row 1 of");
    fixture_remove(&f);
}

static void test_without_a_model_before_it_says_so(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f, true);
    fixture_start(&f, &full_screen, "split:valid");
    type_keys(f.screen, "b");
    expect_text(f.screen, "there is no model before fixture to compare with");
    fixture_remove(&f);
}

static void test_a_removed_model_stands_beside_no_more(void **state)
{
    (void)state;
    struct fixture f;
    struct output o;
    start_with_two(&f, &full_screen);
    type_keys(f.screen, "b");
    expect_text(f.screen, "second beside fixture");
    run_ferlab(&o, "-w", f.workspace, "model", "remove", "fixture", "--yes", NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
    expect_text(f.screen, "the model that stood beside second is gone");
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_view_says_what_runs_diff_says),
        cmocka_unit_test(test_it_fits_a_small_terminal),
        cmocka_unit_test(test_flips_open_their_faces),
        cmocka_unit_test(test_labels_reviewed_since_open_their_faces),
        cmocka_unit_test(test_label_sets_are_compared),
        cmocka_unit_test(test_a_model_is_chosen_by_name_or_in_the_list),
        cmocka_unit_test(test_filters_need_a_model_beside),
        cmocka_unit_test(test_without_a_model_before_it_says_so),
        cmocka_unit_test(test_a_removed_model_stands_beside_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
