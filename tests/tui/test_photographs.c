/* From photographs to a model in the workbench: faces imported by their detection are shown without votes,
 * labelled with a key, trained on, and exported. */
#include "workbench_fixture.h"

#include "scenes.h"

enum { PHOTOGRAPHS = 3 };

static int found; /* faces in them */

static void run_fine(const struct fixture *f, const char *a, const char *b, const char *c, const char *d)
{
    struct output o;
    run_ferlab(&o, "-w", f->workspace, a, b, c, d, "--quiet", NULL);
    if (o.status != 0)
        fail_msg("%s: %s", a, o.err);
    output_free(&o);
}

static int listed(const struct fixture *f, const char *filter)
{
    json_t *all = run_ferlab_json("-w", f->workspace, "list", filter, "--json", NULL);
    int count = (int)json_array_size(all);
    json_decref(all);
    return count;
}

static void import_photographs(struct fixture *f)
{
    static struct scene scene;
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/photos", f->dir);
    for (int i = 0; i < PHOTOGRAPHS; i++) {
        uint8_t *png;
        size_t size;
        char name[32];
        scene_draw(i, &scene);
        assert_true(image_png_bytes(scene.pixels, SCENE_WIDTH, SCENE_HEIGHT, &png, &size, NULL));
        snprintf(name, sizeof name, "photos/party%d.png", i);
        write_file(f->dir, name, png, size);
        free(png);
    }
    run_fine(f, "import", "--detect", path, NULL);
    found = listed(f, "source:*");
    assert_true(found >= PHOTOGRAPHS);
}

static void start_found(struct fixture *f)
{
    fixture_make(f, false);
    import_photographs(f);
    fixture_add_model(f->workspace);
    fixture_start(f, &full_screen, "source:* sort:id");
}

static void expect_count(struct screen *s, const char *then)
{
    char text[64];
    snprintf(text, sizeof text, "%d%s", found, then);
    expect_text(s, text);
}

static void test_found_faces_are_looked_at_labelled_trained_on_and_exported(void **state)
{
    (void)state;
    struct fixture f;
    struct output o;
    char out[PATH_MAX + 16];
    start_found(&f);
    struct screen *s = f.screen;
    expect_count(s, " of 3");
    expect_text(s, "party0.png#1");
    expect_text(s, "no votes");
    type_keys(s, " ");
    expect_text(s, "no label to accept here; 1-8, 9 or 0 gives one");
    type_keys(s, "3");
    expect_events(&f, 1, "relabel", "surprise");
    type_keys(s, "\r");
    expect_text(s, "in party1.png");
    expect_text(s, "no votes");
    expect_text(s, "no crowd has seen this face");
    type_keys(s, "5q");
    expect_events(&f, 2, "relabel", "anger");
    type_keys(s, "t");
    expect_text(s, "reviewed (0 changed, 2 new)");
    type_keys(s, "qq");

    run_fine(&f, "train", "--arch=4,P,8", "--epochs=1", "--name=little");
    assert_int_equal(listed(&f, "source:* in:train"), 2);
    assert_int_equal(listed(&f, "source:* pred:none"), 0);
    snprintf(out, sizeof out, "%s/out.csv", f.dir);
    run_fine(&f, "export", "--where=source:* reviewed:yes", out, NULL);
    run_ferlab(&o, "-w", f.workspace, "export", "--where=source:*", "--format=csv", "-", NULL);
    assert_non_null(strstr(o.out, "party0.png#1,none,0,0,0,0,0,0,0,0,0,0,none,surprise,yes,no,"));
    output_free(&o);
    fixture_remove(&f);
}

static void test_the_queue_accepts_the_prediction_where_there_is_no_label(void **state)
{
    (void)state;
    struct fixture f;
    start_found(&f);
    struct screen *s = f.screen;
    type_keys(s, "r");
    expect_text(s, "space accept the prediction");
    json_t *shown = run_ferlab_json("-w", f.workspace, "list", "source:* sort:-suspect", "--json", NULL);
    type_keys(s, " ");
    expect_text(s, "decided 1");
    expect_events(&f, 1, "relabel",
                  json_string_value(json_object_get(json_array_get(shown, 0), "prediction")));
    json_decref(shown);
    type_keys(s, "h");
    expect_no_text(s, "space accept the prediction"); /* but its label */
    expect_text(s, "space accept");
    fixture_remove(&f);
}

static void test_the_queue_offers_nothing_to_accept_where_nothing_is(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f, false);
    import_photographs(&f);
    struct screen *s = fixture_start(&f, &full_screen, "source:* sort:id");
    type_keys(s, "r");
    expect_text(s, "1-0 decide  s skip");
    type_keys(s, " ");
    expect_text(s, "no label to accept here; 1-8, 9 or 0 gives one");
    expect_events(&f, 0, NULL, NULL);
    fixture_remove(&f);
}

static void test_the_queue_says_that_there_are_no_votes(void **state)
{
    (void)state;
    struct fixture f;
    start_found(&f);
    struct screen *s = f.screen;
    type_keys(s, "r");
    expect_text(s, "faces to decide");
    type_keys(s, "B");
    expect_text(s, "blind: decide first");
    type_keys(s, "2");
    expect_text(s, "you happiness   no votes   model");
    type_keys(s, "e"); /* votes of the next one */
    expect_text(s, "none: there is no vote");
    type_keys(s, "jj9\r");
    expect_text(s, "you surprise   no votes   model");
    type_keys(s, "G");
    expect_text(s, "0 other than the crowd's label, 2 of faces that no crowd has seen");
    assert_int_equal(listed(&f, "source:* reviewed:yes"), 2);
    fixture_remove(&f);
}

static void test_metrics_and_matrix_say_whom_a_crowd_has_seen(void **state)
{
    (void)state;
    struct fixture f;
    start_found(&f);
    struct screen *s = f.screen;
    run_fine(&f, "label", "--where=source:*", "happiness", "--yes");
    type_keys(s, "M");
    expect_text(s, "human ceiling");
    expect_text(s, "filter source:*");
    expect_count(s, " faces");
    expect_text(s, "KL to the votes");
    assert_false(screen_has(s, "nan"));
    type_keys(s, "C");
    expect_text(s, "None of these faces has an emotion as its label.");
    type_keys(s, "q:compare crowd\r");
    expect_text(s, "reviewed beside crowd's labels");
    expect_text(s, "0 reviewed labels →"); /* none of a face that a crowd has seen */
    fixture_remove(&f);
}

static void make_photographs_alone(struct fixture *f)
{
    *f = (struct fixture){0};
    temp_dir_make(f->dir);
    snprintf(f->workspace, sizeof f->workspace, "%.4000s/w.ferlab", f->dir);
    import_photographs(f);
    fixture_add_model(f->workspace);
}

/* Nothing is labelled, so nothing is predicted otherwise: all is shown rather than nothing. */
static void test_photographs_alone_are_shown_at_once(void **state)
{
    (void)state;
    struct fixture f;
    char all[32];
    make_photographs_alone(&f);
    f.screen = screen_start(&full_screen, (const char *[]){"-w", f.workspace, NULL});
    snprintf(all, sizeof all, "%d of %d", found, found);
    expect_text(f.screen, all);
    expect_text(f.screen, "no votes");
    fixture_remove(&f);
}

static void test_a_model_that_nobody_validated_is_said_to_be_so(void **state)
{
    (void)state;
    struct fixture f;
    struct output o;
    make_photographs_alone(&f);
    struct screen *s = fixture_start(&f, &full_screen, "sort:id");
    type_keys(s, "1");
    expect_events(&f, 1, "relabel", "neutral");
    type_keys(s, "t");
    run_ferlab(&o, "-w", f.workspace, "train", "--arch=4,P,8", "--epochs=1", "--name=little", NULL);
    assert_non_null(
        strstr(o.err, "little was not validated: no face of valid has a label; it learnt from 1 face\n"));
    assert_non_null(strstr(o.err, "fixture was in use before: 'ferlab model use fixture' takes it again"));
    output_free(&o);
    expect_text(s, "little is now in use, not validated: no face of valid has a label; m lists the others");
    expect_text(s, "little was not validated: no face of valid has a label; it learnt from 1 face");
    expect_text(s, "m takes another model, such as fixture");
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_faces_are_looked_at_labelled_trained_on_and_exported),
        cmocka_unit_test(test_the_queue_accepts_the_prediction_where_there_is_no_label),
        cmocka_unit_test(test_the_queue_offers_nothing_to_accept_where_nothing_is),
        cmocka_unit_test(test_the_queue_says_that_there_are_no_votes),
        cmocka_unit_test(test_metrics_and_matrix_say_whom_a_crowd_has_seen),
        cmocka_unit_test(test_photographs_alone_are_shown_at_once),
        cmocka_unit_test(test_a_model_that_nobody_validated_is_said_to_be_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
