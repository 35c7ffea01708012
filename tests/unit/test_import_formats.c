/* Import of fer2013.csv with its label file, and of folders named by class. */
#include "import_case.h"

/* fer2013.csv */

#define LABEL_HEADER                                                                                         \
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"

/* Appends a row whose pixels are those of make_pixels, but for `count` of them; `last` replaces the last one.
 */
static char *put_pixel_row(char *to, const char *usage, int seed, int count, const char *last)
{
    uint8_t pixels[FACE_PIXELS];
    make_pixels(seed, pixels);
    to += sprintf(to, "0,");
    for (int i = 0; i < count - 1; i++)
        to += sprintf(to, "%d ", pixels[i % FACE_PIXELS]);
    to += last ? sprintf(to, "%s", last) : sprintf(to, "%d", pixels[count - 1]);
    return to + sprintf(to, ",%s\r\n", usage);
}

struct csv_case {
    const char *usage;
    int count;
    const char *last;
};

static void write_pixels(const struct csv_case *rows, size_t count)
{
    char *csv = malloc(count * 16384 + 100), *to = csv;
    assert_non_null(csv);
    to += sprintf(to, "\xef\xbb\xbf"
                      "emotion,pixels,Usage\r\n");
    for (size_t i = 0; i < count; i++)
        to = put_pixel_row(to, rows[i].usage, (int)i, rows[i].count, rows[i].last);
    write_file(dir, "fer2013.csv", csv, (size_t)(to - csv));
    free(csv);
}

static struct outcome import_csv(const char *labels_text)
{
    char path[PATH_MAX + 32], labels[PATH_MAX + 32];
    write_text("new.csv", labels_text);
    snprintf(path, sizeof path, "%s/fer2013.csv", dir);
    snprintf(labels, sizeof labels, "%s/new.csv", dir);
    return import_as(path, labels, false);
}

static void test_csv_pair_gives_samples(void **state)
{
    (void)state;
    write_pixels((struct csv_case[]){{"Training", FACE_PIXELS, NULL},
                                     {"PublicTest", FACE_PIXELS, NULL},
                                     {"PublicTest", FACE_PIXELS, NULL},
                                     {"PrivateTest", FACE_PIXELS, NULL}},
                 4);
    struct outcome o = import_csv(LABEL_HEADER "Training,fer0.png,4,0,0,1,3,2,0,0,0,0\r\n"
                                               "PublicTest,,0,0,0,0,0,0,0,0,0,10\r\n"
                                               "PublicTest,fer2.png,0,0,10,0,0,0,0,0,0,0\r\n"
                                               "PrivateTest,fer3.png,10,0,0,0,0,0,0,0,0,0\r\n");
    expect_counts(&o, 3, 1, 0);
    struct workspace *ws;
    struct columns *c = load_columns(&ws);
    uint8_t pixels[FACE_PIXELS], expected[FACE_PIXELS];
    assert_int_equal(c->split[1], SPLIT_VALID);
    assert_string_equal(c->name[1], "fer2.png");
    assert_int_equal(c->label[1], CLASS_SURPRISE);
    assert_int_equal(c->split[2], SPLIT_TEST);
    make_pixels(2, expected);
    assert_true(sample_pixels(ws, c->id[1], pixels, NULL));
    assert_memory_equal(pixels, expected, FACE_PIXELS);
    close_columns(c, ws);
}

static void test_csv_bad_rows_are_rejected(void **state)
{
    (void)state;
    write_pixels((struct csv_case[]){{"Training", FACE_PIXELS, NULL},
                                     {"Training", 3, NULL},
                                     {"Training", FACE_PIXELS + 1, "7"},
                                     {"Training", FACE_PIXELS, "256"},
                                     {"Training", FACE_PIXELS, "x"},
                                     {"PublicTest", FACE_PIXELS, NULL}},
                 6);
    struct outcome o = import_csv(LABEL_HEADER "Training,0.png,4,0,0,1,3,2,0,0,0,0\n"
                                               "Training,1.png,4,0,0,1,3,2,0,0,0,0\n"
                                               "Training,2.png,4,0,0,1,3,2,0,0,0,0\n"
                                               "Training,3.png,4,0,0,1,3,2,0,0,0,0\n"
                                               "Training,4.png,4,0,0,1,3,2,0,0,0,0\n"
                                               "Training,5.png,4,0,0,1,3,2,0,0,0,0\n");
    static const char *const reasons[] = {"3 pixels", "2305 pixels", "'256'", "'x'", "does not agree"};
    assert_true(o.fine);
    assert_int_equal(o.result.imported, 1);
    assert_int_equal(o.result.rejection_count, 5);
    for (int i = 0; i < 5; i++) {
        assert_non_null(strstr(o.result.rejections[i].reason, reasons[i]));
        assert_int_equal(o.result.rejections[i].line, i + 3);
        assert_int_equal(access(o.result.rejections[i].file, R_OK), 0);
        assert_string_equal(strrchr(o.result.rejections[i].file, '/'), "/fer2013.csv");
    }
    import_result_free(&o.result);
}

static void test_csv_files_of_different_length_are_refused(void **state)
{
    (void)state;
    write_pixels((struct csv_case[]){{"Training", FACE_PIXELS, NULL}}, 1);
    struct outcome o = import_csv(LABEL_HEADER "Training,0.png,4,0,0,1,3,2,0,0,0,0\n"
                                               "Training,1.png,4,0,0,1,3,2,0,0,0,0\n");
    expect_failure(&o, "row for row");
}

static void test_csv_headers_are_checked(void **state)
{
    (void)state;
    write_pixels((struct csv_case[]){{"Training", FACE_PIXELS, NULL}}, 1);
    struct outcome o = import_csv("Training,0.png,4,0,0,1,3,2,0,0,0,0\n");
    expect_failure(&o, "not the header of fer2013new.csv");
    write_text("fer2013.csv", "a,b,c\n1,2,3\n");
    o = import_csv(LABEL_HEADER "Training,0.png,4,0,0,1,3,2,0,0,0,0\n");
    expect_failure(&o, "not the header of fer2013.csv");
    write_text("fer2013.csv", "");
    o = import_csv(LABEL_HEADER "Training,0.png,4,0,0,1,3,2,0,0,0,0\n");
    expect_failure(&o, "empty");
}

static void test_csv_without_labels_says_what_is_missing(void **state)
{
    (void)state;
    char path[PATH_MAX + 32];
    write_pixels((struct csv_case[]){{"Training", FACE_PIXELS, NULL}}, 1);
    snprintf(path, sizeof path, "%s/fer2013.csv", dir);
    struct outcome o = import_as(path, NULL, false);
    assert_int_equal(o.e.code, ERR_USAGE);
    expect_failure(&o, "--labels");
}

/* FER+ gives some names twice, to different rows. */
static void test_csv_rows_of_one_name_are_two_samples(void **state)
{
    (void)state;
    write_pixels((struct csv_case[]){{"Training", FACE_PIXELS, NULL}, {"Training", FACE_PIXELS, NULL}}, 2);
    static const char labels[] = LABEL_HEADER "Training,0.png,4,0,0,1,3,2,0,0,0,0\n"
                                              "Training,0.png,4,0,0,1,3,2,0,0,0,0\n";
    struct outcome o = import_csv(labels);
    expect_counts(&o, 2, 0, 0);
    o = import_csv(labels);
    expect_counts(&o, 0, 2, 0);
    struct workspace *ws;
    struct columns *c = load_columns(&ws);
    assert_string_equal(c->name[0], "0.png");
    assert_string_equal(c->name[1], "0-2.png");
    close_columns(c, ws);
}

/* Class folders */

static void test_class_folders_give_ten_votes(void **state)
{
    (void)state;
    write_face("train/happiness/h.png", 1);
    write_face("train/sad/s.png", 2);
    write_face("test/nf/n.png", 3);
    write_text("train/happiness/readme.txt", "not an image");
    struct outcome o = import_dir();
    expect_counts(&o, 3, 0, 0);
    struct workspace *ws;
    struct columns *c = load_columns(&ws);
    for (size_t i = 0; i < c->count; i++) {
        bool happy = strcmp(c->name[i], "h.png") == 0, sad = strcmp(c->name[i], "s.png") == 0;
        int class = happy ? CLASS_HAPPINESS : sad ? CLASS_SADNESS : CLASS_NF;
        assert_int_equal(c->votes[i].count[class], 10);
        assert_int_equal(votes_total(&c->votes[i]), 10);
        assert_int_equal(c->split[i], class == CLASS_NF ? SPLIT_TEST : SPLIT_TRAIN);
    }
    close_columns(c, ws);
}

static void test_class_folders_without_split_are_none(void **state)
{
    (void)state;
    write_face("fear/f.png", 1);
    struct outcome o = import_dir();
    expect_counts(&o, 1, 0, 0);
    struct workspace *ws;
    struct columns *c = load_columns(&ws);
    assert_int_equal(c->split[0], SPLIT_NONE);
    close_columns(c, ws);
}

static void test_class_folders_may_share_file_names(void **state)
{
    (void)state;
    write_face("train/fear/im0.png", 1);
    write_face("train/anger/im0.png", 2);
    write_face("train/anger/im1.png", 3);
    struct outcome o = import_dir();
    expect_counts(&o, 3, 0, 0);
    o = import_dir();
    expect_counts(&o, 0, 3, 0);
    struct workspace *ws;
    struct columns *c = load_columns(&ws);
    assert_string_equal(c->name[0], "anger_im0.png");
    assert_string_equal(c->name[1], "im1.png");
    assert_string_equal(c->name[2], "fear_im0.png");
    close_columns(c, ws);
}

static void test_folder_of_no_class_is_told(void **state)
{
    (void)state;
    write_face("train/fear/a.png", 1);
    write_face("train/feer/b.png", 2);
    struct outcome o = import_dir();
    assert_int_equal(o.result.imported, 1);
    expect_rejection(&o, "train/feer", 0, "no class is called 'feer'");
}

static void test_bad_image_in_class_folder_is_told_by_its_path(void **state)
{
    (void)state;
    write_face("train/fear/a.png", 1);
    write_text("train/fear/b.png", "nothing");
    struct outcome o = import_dir();
    assert_int_equal(o.result.imported, 1);
    expect_rejection(&o, "train/fear/b.png", 0, "not a readable PNG");
}

static void test_empty_folder_and_missing_path_are_refused(void **state)
{
    (void)state;
    struct outcome o = import_dir();
    expect_failure(&o, "holds no FER2013Train");
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/nowhere", dir);
    o = import_as(path, NULL, false);
    expect_failure(&o, "cannot open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_csv_pair_gives_samples),
        TEST(test_csv_bad_rows_are_rejected),
        TEST(test_csv_files_of_different_length_are_refused),
        TEST(test_csv_headers_are_checked),
        TEST(test_csv_without_labels_says_what_is_missing),
        TEST(test_csv_rows_of_one_name_are_two_samples),
        TEST(test_class_folders_give_ten_votes),
        TEST(test_class_folders_without_split_are_none),
        TEST(test_class_folders_may_share_file_names),
        TEST(test_folder_of_no_class_is_told),
        TEST(test_bad_image_in_class_folder_is_told_by_its_path),
        TEST(test_empty_folder_and_missing_path_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
