/* The documents: every command, option word and key of the program is in the man page and the README. */
#include "support.h"

#include "../../src/cli/command.h"
#include "../../src/tui/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t capacity = 1 << 20;
    char *text = malloc(capacity);
    assert_non_null(text);
    text[fread(text, 1, capacity - 1, f)] = '\0';
    fclose(f);
    return text;
}

/* troff writes a hyphen that is typed as \-. */
static void drop_backslashes(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++)
        if (*from != '\\')
            *to++ = *from;
    *to = '\0';
}

static void test_man_page_and_readme_name_every_command(void **state)
{
    (void)state;
#define X(name, arguments, summary) #name,
    static const char *const names[] = {COMMANDS(X)};
#undef X
    char *man = read_text(FERLAB_ROOT "/man/ferlab.1"), *readme = read_text(FERLAB_ROOT "/README.md");
    drop_backslashes(man);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strstr(man, names[i]) == NULL)
            fail_msg("man/ferlab.1 does not name the command %s", names[i]);
        if (strstr(readme, names[i]) == NULL)
            fail_msg("README.md does not name the command %s", names[i]);
    }
    free(man);
    free(readme);
}

static void test_man_page_names_every_option(void **state)
{
    (void)state;
#define X(name, arguments, summary) #name,
    static const char *const names[] = {COMMANDS(X)};
#undef X
    char *man = read_text(FERLAB_ROOT "/man/ferlab.1");
    drop_backslashes(man);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct output o;
        run_ferlab(&o, names[i], "--help", NULL);
        assert_int_equal(o.status, 0);
        int options = 0;
        for (const char *at = o.out; (at = strstr(at, "--")) != NULL; options++) {
            char word[64];
            int length = 2 + (int)strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-");
            snprintf(word, sizeof word, "%.*s", length, at);
            if (length > 2 && strstr(man, word) == NULL)
                fail_msg("man/ferlab.1 does not name %s of %s", word, names[i]);
            at += length;
        }
        assert_true(options > 0);
        output_free(&o);
    }
    free(man);
}

static void test_every_key_of_the_table_is_in_the_man_page(void **state)
{
    (void)state;
#define X(id, name, keys, group, help) keys,
    static const char *const keys[] = {ACTIONS(X)};
#undef X
    char *man = read_text(FERLAB_ROOT "/man/ferlab.1");
    drop_backslashes(man);
    char *section = strstr(man, ".SH KEYS");
    assert_non_null(section);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char first[32];
        if (sscanf(keys[i], "%31s", first) != 1 || (first[0] >= '1' && first[0] <= '8'))
            continue; /* the digits stand there as a range */
        if (strstr(section, first) == NULL)
            fail_msg("man/ferlab.1 does not name the key %s", first);
    }
    free(man);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_man_page_and_readme_name_every_command),
        cmocka_unit_test(test_man_page_names_every_option),
        cmocka_unit_test(test_every_key_of_the_table_is_in_the_man_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
