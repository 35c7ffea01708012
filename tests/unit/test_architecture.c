/* The house: no #include goes where CONTRIBUTING.md's table has no arrow. */
#include "support.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDERS_MAX = 32, NAME = 32 };

struct folder {
    char name[NAME], may_include[256];
};

static struct folder folders[FOLDERS_MAX];
static size_t folder_count;

static const struct folder *folder_find(const char *name)
{
    for (size_t i = 0; i < folder_count; i++)
        if (strcmp(folders[i].name, name) == 0)
            return &folders[i];
    return NULL;
}

/* Rows of the table read "| 2 | `nn` | what it knows | base |". */
static int read_table(void **state)
{
    (void)state;
    FILE *f = fopen(FERLAB_ROOT "/CONTRIBUTING.md", "r");
    if (f == NULL)
        return -1;
    char line[1024];
    while (fgets(line, sizeof line, f) != NULL && folder_count < FOLDERS_MAX) {
        struct folder *folder = &folders[folder_count];
        if (sscanf(line, "| %*d | `%31[a-z]` | %*[^|] | %255[^|]", folder->name, folder->may_include) == 2)
            folder_count++;
    }
    fclose(f);
    return 0;
}

static bool lists(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; (at = strstr(at, name)) != NULL; at += length)
        if ((at == names || strchr(" ,", at[-1])) && strchr(" ,\n", at[length]))
            return true;
    return false;
}

/* Counts the includes of one file that its folder may not have, naming each. */
static int check_file(const char *path, const struct folder *folder, int *seen)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char line[1024], target[256];
    int wrong = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, " # include \"%255[^\"]", target) != 1 &&
            sscanf(line, "#include \"%255[^\"]", target) != 1)
            continue;
        ++*seen;
        char above[NAME];
        bool fine = true;
        if (sscanf(target, "ferlab/%31[a-z]/", above) == 1)
            fine = strcmp(above, folder->name) == 0 || lists(folder->may_include, above);
        else
            fine = strstr(target, "..") == NULL && strchr(target, '/') == NULL;
        if (!fine) {
            print_error("%s includes %s; %s may include: %s\n", path, target, folder->name,
                        folder->may_include);
            wrong++;
        }
    }
    fclose(f);
    return wrong;
}

static int check_glob(const char *pattern, const struct folder *folder, int *seen)
{
    glob_t found = {0};
    int wrong = 0;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            wrong += check_file(found.gl_pathv[i], folder, seen);
    globfree(&found);
    return wrong;
}

static void test_includes_follow_the_table(void **state)
{
    (void)state;
    assert_true(folder_count >= 10);
    int wrong = 0, seen = 0;
    for (size_t i = 0; i < folder_count; i++) {
        static const char *const places[] = {"src/", "include/ferlab/"};
        for (size_t p = 0; p < 2; p++) {
            char pattern[PATH_MAX];
            snprintf(pattern, sizeof pattern, FERLAB_ROOT "/%s%.64s/*.[ch]", places[p], folders[i].name);
            wrong += check_glob(pattern, &folders[i], &seen);
        }
    }
    assert_true(seen > 100);
    assert_int_equal(wrong, 0);
}

static void test_every_folder_has_a_row(void **state)
{
    (void)state;
    glob_t found = {0};
    assert_int_equal(glob(FERLAB_ROOT "/src/*", GLOB_ONLYDIR, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (folder_find(strrchr(found.gl_pathv[i], '/') + 1) == NULL)
            fail_msg("%s has no row in CONTRIBUTING.md", found.gl_pathv[i]);
    globfree(&found);
}

static void test_only_lower_floors_are_included(void **state)
{
    (void)state;
    for (size_t i = 0; i < folder_count; i++)
        for (size_t j = i; j < folder_count; j++)
            if (lists(folders[i].may_include, folders[j].name))
                fail_msg("%s may include %s, which does not stand below it", folders[i].name,
                         folders[j].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_includes_follow_the_table),
        cmocka_unit_test(test_every_folder_has_a_row),
        cmocka_unit_test(test_only_lower_floors_are_included),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
