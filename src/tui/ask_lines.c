/* The two prompts that speak a language: the filter line, which says at every key what it would pick or where
 * it is wrong, and the command line. */
#include "ask.h"
#include "parts.h"

#include "ferlab/base/str.h"
#include "ferlab/face/flip.h"
#include "ferlab/store/decisions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beyond this, counting at every key would be felt. */
enum { LIVE_COUNT_ROWS = 200000 };

static void look_filter(struct app *app, struct ask *ask)
{
    struct filter *filter = NULL;
    struct err e;
    if (!filter_parse(ask->text, &filter, &e) || !filter_check(filter, app->columns, &e)) {
        filter_free(filter);
        int column = 1;
        char *rest = e.text;
        if (strncmp(e.text, "filter:", 7) == 0) {
            column = (int)strtol(e.text + 7, &rest, 10);
            rest += strspn(rest, ": ");
        }
        size_t length = strlen(ask->text);
        ask->place = column < 1 ? 0 : (size_t)column > length + 1 ? (int)length : column - 1;
        snprintf(ask->hint, sizeof ask->hint, "%.*s", (int)sizeof ask->hint - 1, rest);
        return;
    }
    const struct columns *c = app->columns;
    if (c->count <= LIVE_COUNT_ROWS) {
        size_t count = 0;
        for (size_t row = 0; row < c->count; row++)
            count += filter_matches(filter, c, row);
        char number[32];
        snprintf(ask->hint, sizeof ask->hint,
                 "%s sample%s      Enter apply   Tab complete   Up earlier filters   Esc leave",
                 draw_count(number, (int64_t)count), str_plural((int64_t)count));
    }
    filter_free(filter);
}

/* Words the grammar knows, in the order Tab offers them. A word ending in ':' or an operator wants a value.
 */
static const char *const filter_words[] = {
    "split:",   "label:",   "crowd:",        "pred:",       "conf>",        "conf<",        "div>",
    "ent>",     "suspect>", "votes.",        "flag:yes",    "reviewed:yes", "reviewed:no",  "contested:yes",
    "note:yes", "tag:",     "name:*",        "reviewer:",   "source:*",     "flaw:",        "voted:no",
    "in:train", "in:map",   "similar:",      "pred!=label", "pred=label",   "crowd!=label", "flip:",
    "beside:",  "former:",  "former!=label", "sort:",       "not ",         "and ",         "or ",
};
static const char *const sort_words[] = {"-suspect", "-div",  "-ent", "conf",  "-conf", "id",
                                         "name",     "label", "pred", "crowd", "split"};

static size_t offer_filter(char (*out)[ASK_BYTES], size_t count, size_t max, const struct ask *ask,
                           size_t start, const char *prefix, const char *word)
{
    const char *typed = ask->text + start;
    char whole[ASK_BYTES / 2];
    snprintf(whole, sizeof whole, "%s%s", prefix, word);
    if (count >= max || strncmp(whole, typed, strlen(typed)) != 0 || strcmp(whole, typed) == 0)
        return count;
    snprintf(out[count], ASK_BYTES, "%.*s%s", (int)start, ask->text, whole);
    return count + 1;
}

/* Those who have decided anything; in quotes where a value would end within the name. */
static size_t offer_reviewers(struct app *app, const struct ask *ask, char (*out)[ASK_BYTES], size_t max,
                              size_t start)
{
    struct arena arena = {0};
    const char **names;
    size_t all = 0, count = 0;
    struct err e;
    if (!decisions_reviewers(app->workspace, &arena, &names, &all, &e))
        all = 0;
    for (size_t i = 0; i < all; i++) {
        bool plain = strpbrk(names[i], " ()\"") == NULL;
        const char *word = plain ? names[i] : arena_printf(&arena, "\"%s\"", names[i]);
        if (word != NULL && (plain || strchr(names[i], '"') == NULL))
            count = offer_filter(out, count, max, ask, start, "reviewer:", word);
    }
    arena_free(&arena);
    return count;
}

static size_t complete_filter(struct app *app, const struct ask *ask, char (*out)[ASK_BYTES], size_t max)
{
    size_t start = strlen(ask->text), count = 0;
    while (start > 0 && ask->text[start - 1] != ' ' && ask->text[start - 1] != '(')
        start--;
    const char *word = ask->text + start;
    static const char *const class_keys[] = {"label:", "crowd:", "pred:", "votes.", "beside:", "former:"};
    for (size_t i = 0; i < sizeof class_keys / sizeof *class_keys; i++)
        if (strncmp(word, class_keys[i], strlen(class_keys[i])) == 0)
            for (int c = 0; c < CLASS_COUNT; c++)
                count = offer_filter(out, count, max, ask, start, class_keys[i], class_name(c));
    if (strncmp(word, "reviewer:", 9) == 0)
        count = offer_reviewers(app, ask, out, max, start);
    if (strncmp(word, "split:", 6) == 0)
        for (int s = 0; s < SPLIT_COUNT; s++)
            count = offer_filter(out, count, max, ask, start, "split:", split_name((enum split)s));
    if (strncmp(word, "flip:", 5) == 0)
        for (int f = 0; f < FLIP_COUNT; f++)
            count = offer_filter(out, count, max, ask, start, "flip:", flip_name((enum flip)f));
    if (strncmp(word, "sort:", 5) == 0)
        for (size_t i = 0; i < sizeof sort_words / sizeof *sort_words; i++)
            count = offer_filter(out, count, max, ask, start, "sort:", sort_words[i]);
    for (size_t i = 0; i < sizeof filter_words / sizeof *filter_words; i++)
        count = offer_filter(out, count, max, ask, start, "", filter_words[i]);
    return count;
}

bool ask_filter(struct app *app)
{
    struct ask ask = {.prompt = "filter ", .look = look_filter, .complete = complete_filter};
    snprintf(ask.text, sizeof ask.text, "%s", app->filter_text);
    return ask_run(app, &ask) && app_set_filter(app, ask.text);
}

static void look_command(struct app *app, struct ask *ask)
{
    (void)app;
    const char *names[12], *help = command_help(ask->text);
    size_t count = command_candidates(ask->text, names, sizeof names / sizeof *names), used = 0;
    if (help[0] != '\0')
        snprintf(ask->hint, sizeof ask->hint, "%s", help);
    else if (count == 1)
        snprintf(ask->hint, sizeof ask->hint, "%s: %s", names[0], command_help(names[0]));
    else
        for (size_t i = 0; i < count && used < sizeof ask->hint; i++)
            used += (size_t)snprintf(ask->hint + used, sizeof ask->hint - used, "%s%s", i > 0 ? "   " : "",
                                     names[i]);
}

static size_t complete_command(struct app *app, const struct ask *ask, char (*out)[ASK_BYTES], size_t max)
{
    (void)app;
    const char *names[64];
    size_t count = command_candidates(ask->text, names, max < 64 ? max : 64);
    for (size_t i = 0; i < count; i++)
        snprintf(out[i], ASK_BYTES, "%s", names[i]);
    return count;
}

void ask_command(struct app *app)
{
    struct ask ask = {.prompt = ":", .look = look_command, .complete = complete_command};
    if (ask_run(app, &ask))
        command_run(app, ask.text);
}
