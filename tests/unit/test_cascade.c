/* Cascades: OpenCV's boxes found again in scenes of synthetic faces, neighbours made one, files that lie. */
#include "scenes.h"
#include "support.h"

#include "ferlab/base/path.h"
#include "ferlab/detect/cascade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPENCV_DATA "/usr/share/opencv4/"

static struct scene scenes[SCENE_COUNT];

static int draw_scenes(void **state)
{
    (void)state;
    for (int i = 0; i < SCENE_COUNT; i++)
        scene_draw(i, &scenes[i]);
    return 0;
}

static struct boxes find(const struct cascade *c, int index, int threads)
{
    struct err e = {0};
    struct boxes found = {0};
    struct gray image = {.width = SCENE_WIDTH, .height = SCENE_HEIGHT, .pixels = scenes[index].pixels};
    assert_true(
        cascade_scan(c, &image, &(struct cascade_search){.step = 1.1, .threads = threads}, &found, &e));
    assert_true(boxes_group(&found, 3));
    return found;
}

struct golden {
    char cascade[64];
    struct boxes scenes[SCENE_COUNT];
};

/* The next block of detections.txt; false at its end. */
static bool read_golden(FILE *f, struct golden *g)
{
    char line[128];
    int scene_index;
    struct box b = {0};
    memset(g, 0, sizeof *g);
    if (fgets(line, sizeof line, f) == NULL || sscanf(line, "cascade %63s", g->cascade) != 1)
        return false;
    for (long at = ftell(f); fgets(line, sizeof line, f) != NULL; at = ftell(f)) {
        if (sscanf(line, "%d %d %d %d %d", &scene_index, &b.x, &b.y, &b.width, &b.height) != 5) {
            fseek(f, at, SEEK_SET);
            break;
        }
        assert_in_range(scene_index, 0, SCENE_COUNT - 1);
        assert_true(boxes_append(&g->scenes[scene_index], b));
    }
    return true;
}

static size_t without_match(const struct boxes *a, const struct boxes *b)
{
    size_t lacking = 0;
    for (size_t i = 0; i < a->count; i++) {
        bool matched = false;
        for (size_t j = 0; j < b->count && !matched; j++)
            matched = box_overlap(&a->items[i], &b->items[j]) >= 0.7;
        lacking += !matched;
    }
    return lacking;
}

/* Under the sanitizers a third of the scenes, which take a third of a minute there. */
#ifdef __SANITIZE_ADDRESS__
enum { SCENE_STEP = 3 };
#else
enum { SCENE_STEP = 1 };
#endif

static void compare(struct golden *g)
{
    char path[PATH_MAX];
    struct err e = {0};
    snprintf(path, sizeof path, OPENCV_DATA "%s", g->cascade);
    struct cascade *c = cascade_load(path, &e);
    if (c == NULL)
        fail_msg("%s", e.text);
    size_t theirs = 0, missed = 0, more = 0;
    for (int i = 0; i < SCENE_COUNT; i += SCENE_STEP) {
        struct boxes found = find(c, i, 1);
        theirs += g->scenes[i].count;
        missed += without_match(&g->scenes[i], &found);
        more += without_match(&found, &g->scenes[i]);
        boxes_free(&found);
    }
    for (int i = 0; i < SCENE_COUNT; i++)
        boxes_free(&g->scenes[i]);
    print_message("%s: OpenCV %zu boxes, %zu missed, %zu more\n", g->cascade, theirs, missed, more);
    assert_true(theirs * SCENE_STEP > 10);
    assert_true(20 * missed <= theirs);
    assert_true(50 * more <= theirs);
    cascade_free(c);
}

static void test_opencvs_boxes_are_found(void **state)
{
    (void)state;
    if (!path_is_dir(OPENCV_DATA)) {
        print_message("skipped: no " OPENCV_DATA " (Debian: opencv-data)\n");
        skip();
    }
    FILE *f = fopen(FERLAB_GOLDEN "/detections.txt", "r");
    assert_non_null(f);
    int cascades = 0;
    for (struct golden g; read_golden(f, &g); cascades++)
        compare(&g);
    fclose(f);
    assert_int_equal(cascades, 5);
}

/* A window of 8 x 8 whose right half must be brighter than its left. */
#define HEAD "<opencv_storage><cascade><featureType>"
#define WINDOW "</featureType><height>8</height><width>8</width>"
#define STAGE(nodes, leaves)                                                                                 \
    "<stages><_><stageThreshold>0.5</stageThreshold><weakClassifiers><_><internalNodes>" nodes               \
    "</internalNodes><leafValues>" leaves "</leafValues></_></weakClassifiers></_></stages>"
#define FEATURES "<features><_><rects><_>0 0 8 8 -1.</_><_>4 0 4 8 2.</_></rects></_></features>"
#define TAIL "</cascade></opencv_storage>"
#define EDGE HEAD "HAAR" WINDOW STAGE("0 -1 0 0.5", "0 1") FEATURES TAIL

static void test_a_window_is_found_where_its_feature_is(void **state)
{
    (void)state;
    struct err e = {0};
    struct cascade *c = cascade_read(EDGE, strlen(EDGE), "edge.xml", &e);
    assert_non_null(c);
    enum { WIDTH = 64, HEIGHT = 8 };
    uint8_t pixels[WIDTH * HEIGHT];
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = i % WIDTH < 30 ? 40 : 200;
    struct gray image = {.width = WIDTH, .height = HEIGHT, .pixels = pixels};
    struct boxes found = {0};
    assert_true(cascade_scan(c, &image, &(struct cascade_search){.step = 1.1, .threads = 1}, &found, &e));
    assert_true(found.count > 0);
    for (size_t i = 0; i < found.count; i++) {
        assert_in_range(found.items[i].x, 23, 29);
        assert_int_equal(found.items[i].width, 8);
        assert_float_equal(found.items[i].score, 1, 1e-6);
    }
    boxes_free(&found);
    cascade_free(c);
}

static void test_pictures_smaller_than_the_window_have_nothing(void **state)
{
    (void)state;
    struct err e = {0};
    struct cascade *c = cascade_read(EDGE, strlen(EDGE), "edge.xml", &e);
    uint8_t pixels[7 * 40] = {0};
    struct gray image = {.width = 40, .height = 7, .pixels = pixels};
    struct boxes found = {0};
    assert_true(cascade_scan(c, &image, &(struct cascade_search){.step = 1.1}, &found, &e));
    assert_int_equal(found.count, 0);
    cascade_free(c);
}

static void test_threads_find_the_same(void **state)
{
    (void)state;
    struct err e = {0};
    struct cascade *c = cascade_read(EDGE, strlen(EDGE), "edge.xml", &e);
    struct boxes one = find(c, 3, 1), four = find(c, 3, 4);
    assert_true(one.count > 0);
    assert_int_equal(one.count, four.count);
    for (size_t i = 0; i < one.count; i++)
        assert_memory_equal(&one.items[i], &four.items[i], sizeof one.items[i]);
    boxes_free(&one);
    boxes_free(&four);
    cascade_free(c);
}

static void test_damaged_cascades_are_refused_with_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *says;
    } cases[] = {
        {"", "bad.xml:1: no element found"},
        {"<opencv_storage><cascade>", "bad.xml:1: no element found"},
        {"not xml", "bad.xml:1: "},
        {"<opencv_storage/>", "no cascade of stages"},
        {"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"},
        {"<opencv_storage>\n<x type_id=\"opencv-haar-classifier\"/></opencv_storage>", "bad.xml:2: "},
        {HEAD "HOG" WINDOW TAIL, "features of the kind 'HOG'"},
        {HEAD "HAAR</featureType><height>8</height><width>9000</width>" TAIL, "9000 is no whole number"},
        {HEAD "HAAR" WINDOW "<stages><_></_></stages>" TAIL, "the stage has no trees"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 0 0.5", "0 1") TAIL, "no cascade of features"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 1 0.5", "0 1") FEATURES TAIL, "asks for feature 1, and there are 1"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 -1 0.5", "0 1") FEATURES TAIL, "-1 is no whole number"},
        {HEAD "HAAR" WINDOW STAGE("0 -2 0 0.5", "0 1") FEATURES TAIL, "-2 is no whole number"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 0 0.5 1 -2 0 0.5", "0 1 2") FEATURES TAIL, "back to node 1"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 0", "0 1") FEATURES TAIL, "not 3 numbers"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 0 nan", "0 1") FEATURES TAIL, "'nan' is not a number"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 0 0.5", "0 1 2") FEATURES TAIL, "has 2 leaves, not 3"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 0 0.5", "0 1") "<features><_></_></features>" TAIL, "no rectangle"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 0 0.5",
                                  "0 1") "<features><_><rects><_>4 0 5 8 1</_></rects></_></features>" TAIL,
         "beyond the window"},
        {HEAD "HAAR" WINDOW STAGE("0 -1 0 0.5",
                                  "0 1") "<features><_><tilted>1</tilted><rects><_>1 0 4 2 1</_></rects>"
                                         "</_></features>" TAIL,
         "beyond the window"},
        {HEAD "LBP" WINDOW STAGE("0 -1 0 1 2 3 4 5 6 7 8",
                                 "0 1") "<features><_><rect>0 0 3 2</rect></_></features>" TAIL,
         "beyond the window"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        struct cascade *c = cascade_read(cases[i].xml, strlen(cases[i].xml), "bad.xml", &e);
        assert_null(c);
        assert_int_equal(e.code, ERR_INPUT);
        if (strstr(e.text, cases[i].says) == NULL)
            fail_msg("case %zu: '%s' lacks '%s'", i, e.text, cases[i].says);
    }
}

static void test_deep_elements_are_refused(void **state)
{
    (void)state;
    char deep[4000] = "";
    for (int i = 0; i < 900; i++)
        strcpy(deep + (size_t)i * 3, "<a>");
    struct err e = {0};
    assert_null(cascade_read(deep, strlen(deep), "deep.xml", &e));
    assert_non_null(strstr(e.text, "too deep"));
}

/* Whatever byte of a good file is wrong, reading ends in a cascade or in a sentence. */
static void test_any_damaged_byte_is_survived(void **state)
{
    (void)state;
    char xml[] = EDGE;
    size_t refused = 0;
    for (size_t i = 0; i < strlen(xml); i++) {
        char was = xml[i];
        xml[i] = '9';
        struct err e = {0};
        struct cascade *c = cascade_read(xml, strlen(xml), "x.xml", &e);
        assert_true((c != NULL) != (e.code == ERR_INPUT));
        refused += c == NULL;
        cascade_free(c);
        xml[i] = was;
    }
    assert_true(refused > 100);
}

static void test_neighbours_become_one_box(void **state)
{
    (void)state;
    struct boxes list = {0};
    static const struct box given[] = {
        {100, 100, 50, 50, 1, 1}, {10, 10, 20, 20, 5, 1},   {102, 101, 50, 50, 3, 1}, {99, 98, 52, 52, 2, 1},
        {300, 300, 50, 50, 1, 1}, {105, 103, 50, 50, 1, 1}, {301, 300, 50, 50, 1, 1},
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        assert_true(boxes_append(&list, given[i]));
    assert_true(boxes_group(&list, 3));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].x, 102); /* of 406 / 4 = 101.5, to even */
    assert_int_equal(list.items[0].width, 50);
    assert_int_equal(list.items[0].members, 4);
    assert_float_equal(list.items[0].score, 3, 0);
    boxes_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opencvs_boxes_are_found),
        cmocka_unit_test(test_a_window_is_found_where_its_feature_is),
        cmocka_unit_test(test_pictures_smaller_than_the_window_have_nothing),
        cmocka_unit_test(test_threads_find_the_same),
        cmocka_unit_test(test_damaged_cascades_are_refused_with_a_place),
        cmocka_unit_test(test_deep_elements_are_refused),
        cmocka_unit_test(test_any_damaged_byte_is_survived),
        cmocka_unit_test(test_neighbours_become_one_box),
    };
    return cmocka_run_group_tests(tests, draw_scenes, NULL);
}
