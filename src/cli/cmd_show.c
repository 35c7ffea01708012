/* ferlab show: one sample in full. */
#include "command.h"
#include "draw_face.h"
#include "show_cam.h"

#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/exchange/documents.h"
#include "ferlab/face/flaws.h"
#include "ferlab/store/reasons.h"
#include "ferlab/store/samples.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BAR = 24, TEXT = 4200, WHERE = 1024 };

struct sample_view {
    const struct columns *columns;
    size_t row;
    const struct event *events;
    const bool *standing;
    size_t event_count;
    const struct cam *cam; /* NULL: not asked for */
};

struct wish {
    const char *cam, *png; /* NULL: not asked for */
    bool force;            /* png may take the place of a file */
};

static json_t *document(const struct sample_view *v)
{
    json_t *d = sample_document(v->columns, v->row), *history = json_array();
    char reasons[REASONS_SIZE];
    for (size_t i = 0; i < v->event_count; i++) {
        json_t *event = event_document(&v->events[i]);
        json_object_set_new(event, "standing", json_boolean(v->standing[i]));
        json_array_append_new(history, event);
    }
    json_object_set_new(d, "model",
                        *v->columns->model_name ? json_text(v->columns->model_name) : json_null());
    json_object_set_new(d, "probabilities", probabilities_document(v->columns, v->row));
    json_object_set_new(d, "scores", scores_document(v->columns, v->row));
    json_object_set_new(d, "reasons", json_text(sample_reasons(v->columns, v->row, reasons)));
    json_object_set_new(d, "contest", json_text(sample_contest(v->columns, v->row, reasons)));
    json_object_set_new(d, "history", history);
    if (v->cam)
        json_object_set_new(d, "cam", show_cam_document(v->cam));
    return d;
}

static void print_bar(double share)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    int units = (int)lround(share * BAR * 8), full = units / 8, rest = units % 8, used = full;
    for (int i = 0; i < full; i++)
        fputs(utf8 ? "█" : "#", stdout);
    if (utf8 && rest) {
        fputs(eighths[rest], stdout);
        used++;
    }
    printf("%*s", BAR - used, "");
}

static void print_class(const struct sample_view *v, int class)
{
    const struct columns *c = v->columns;
    int count = c->votes[v->row].count[class], total = votes_total(&c->votes[v->row]);
    printf("  %-10s ", class_title(class));
    print_bar(total ? (double)count / total : 0);
    if (total > 0)
        printf(" %3d", count);
    else
        printf("%4s", "");
    if (class < EMOTION_COUNT && c->prediction[v->row] != CLASS_NONE) {
        double p = (double)c->probabilities[v->row][class];
        printf("   ");
        print_bar(p);
        printf(" %5.1f %%", 100 * p);
    }
    putchar('\n');
}

static void print_measure(const char *name, double x)
{
    if (isfinite(x))
        printf("   %s %.2f", name, x);
}

static void print_labels(const struct sample_view *v)
{
    char reasons[REASONS_SIZE], escaped[4 * REASONS_SIZE];
    const struct columns *c = v->columns;
    size_t row = v->row;
    printf("label  %s%s, crowd %s (%s)", class_title(c->label[row]), c->reviewed[row] ? " by review" : "",
           class_title(c->crowd[row]), rule_name(c->rule));
    if (c->prediction[row] != CLASS_NONE)
        printf("   prediction  %s %.1f %% (%s sample)", class_title(c->prediction[row]),
               100 * (double)c->confidence[row], c->in_sample[row] ? "in" : "out of");
    if (c->flagged[row])
        printf("   flagged");
    putchar('\n');
    print_measure("entropy of the votes", (double)c->entropy[row]);
    print_measure("divergence", (double)c->divergence[row]);
    print_measure("suspect", (double)c->suspect[row]);
    printf("\nwhy    %s\n", sample_reasons(c, row, reasons));
    if (c->contested[row])
        printf("reviewers disagree: %s\n",
               str_escape(escaped, sizeof escaped, sample_contest(c, row, reasons)));
}

static void print_history(const struct sample_view *v)
{
    char reviewer[TEXT], value[TEXT];
    if (v->event_count)
        puts("history");
    for (size_t i = 0; i < v->event_count; i++) {
        const struct event *x = &v->events[i];
        bool undone = !v->standing[i] && x->kind != EVENT_UNDO && x->kind != EVENT_REDO;
        printf("  %s  %s  %s%s%s%s\n", x->time, str_escape(reviewer, sizeof reviewer, x->reviewer),
               event_kind_name(x->kind), *x->value ? " " : "", str_escape(value, sizeof value, x->value),
               undone ? "  (undone)" : "");
    }
}

static void print_cam(const struct sample_view *v)
{
    char model[TEXT];
    str_escape(model, sizeof model, v->columns->model_name);
    for (int i = 0; i < FACE_PIXELS; i++)
        if (v->cam->heat[i] > 0) {
            printf("heat: what speaks for %s (Grad-CAM of %s)\n", class_title(v->cam->emotion), model);
            return;
        }
    printf("heat: to %s nothing in this face speaks for %s (Grad-CAM)\n", model,
           class_title(v->cam->emotion));
}

/* Where it was found, and what is wrong with it. */
static void print_source(const struct columns *c, size_t row)
{
    char text[TEXT];
    const int32_t *box = c->box[row];
    if (c->source[row] == NULL)
        return;
    printf("found in %s at %d,%d %lldx%lld", str_escape(text, sizeof text, c->source[row]), box[0], box[1],
           (long long)box[2] - box[0], (long long)box[3] - box[1]);
    for (int i = 0; face_flaw_name(i) != NULL; i++)
        if (c->flaws[row] & 1U << i)
            printf("  (%s)", face_flaw_name(i));
    putchar('\n');
}

static void print_sample(const struct sample_view *v)
{
    const struct columns *c = v->columns;
    char text[TEXT];
    printf("sample %lld   %s   %s\n", (long long)c->id[v->row],
           str_escape(text, sizeof text, c->name[v->row]), split_name((enum split)c->split[v->row]));
    print_source(c, v->row);
    if (v->cam)
        print_cam(v);
    print_labels(v);
    printf("\n  %-10s %-*s", "", BAR + 7, columns_voted(c, v->row) ? "votes" : "no votes");
    if (c->prediction[v->row] != CLASS_NONE)
        printf("model %s", str_escape(text, sizeof text, c->model_name));
    putchar('\n');
    for (int class = 0; class < CLASS_COUNT; class ++)
        print_class(v, class);
    putchar('\n');
    if (c->note[v->row])
        printf("note   %s\n", str_escape(text, sizeof text, c->note[v->row]));
    if (c->tags[v->row]) {
        str_escape(text, sizeof text, c->tags[v->row] + 1);
        size_t length = strlen(text);
        printf("tags   %.*s\n", length ? (int)length - 1 : 0, text);
    }
    print_history(v);
}

static bool show_row(struct cli *cli, const struct cli_data *d, size_t row, const struct wish *wish,
                     struct err *e)
{
    struct arena arena = {0};
    struct event *events;
    struct cam cam = {.emotion = CLASS_NONE};
    struct sample_view v = {.columns = d->columns, .row = row, .cam = wish->cam ? &cam : NULL};
    uint8_t pixels[FACE_PIXELS];
    bool fine = sample_pixels(d->workspace, d->columns->id[row], pixels, e) &&
                (!wish->cam || show_cam(d, row, wish->cam, pixels, &cam, e)) &&
                (!wish->png || draw_face_png(wish->png, pixels, wish->cam ? cam.heat : NULL, e)) &&
                reviews_log(d->workspace, 0, d->columns->id[row], 0, &arena, &events, &v.event_count, e);
    bool *standing = fine ? arena_alloc(&arena, v.event_count + 1) : NULL;
    if (fine && !standing)
        err_memory(e, "reading reviews");
    fine = standing && reviews_standing(events, v.event_count, standing, e);
    v.events = fine ? events : NULL;
    v.standing = standing;
    if (fine && cli->json) {
        json_print(stdout, document(&v));
    } else if (fine) {
        draw_face(pixels, wish->cam ? cam.heat : NULL);
        print_sample(&v);
    }
    arena_free(&arena);
    return fine;
}

/* A filter that picks the sample that the word means, and few others; NULL: all. */
static const char *only_it(const char *word, char where[WHERE])
{
    int64_t id;
    if (str_to_int(word, 1, INT64_MAX, &id))
        snprintf(where, WHERE, "id:%s or name:%s", word, word);
    else if (strpbrk(word, "\"*?[\\") || strlen(word) > WHERE / 2)
        return NULL;
    else
        snprintf(where, WHERE, "name:\"%s\"", word);
    return where;
}

int cmd_show(struct cli *cli, int argc, char **argv)
{
    const char *model = NULL, *rule = NULL;
    struct wish wish = {0};
    const struct option_row options[] = {
        {"model", OPTION_TEXT, &model, "M", "whose predictions, instead of the current model's", 0, 0},
        {"rule", OPTION_TEXT, &rule, "R", "majority (default), distribution, probability, multi-target", 0,
         0},
        {"cam", OPTION_TEXT, &wish.cam, "CLASS",
         "lay over the face what speaks for a class to the model: predicted, label or an emotion", 0, 0},
        {"png", OPTION_TEXT, &wish.png, "FILE", "write the face, with what lies over it, as a picture", 0, 0},
        {"force", OPTION_FLAG, &wish.force, NULL, "let --png replace FILE where it is there", 0, 0},
        {"", OPTION_NOTE, NULL, NULL, "An ID is a sample's number, or its name where only one split has it.",
         0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc != 2)
        return cli_usage(cli, argc < 2 ? "which sample: give its id" : "one sample at a time");
    struct cli_data data;
    char where[WHERE];
    int status;
    size_t row;
    struct err e = {0};
    if (wish.png != NULL && !cli_may_write(wish.png, wish.force, &e))
        return cli_fail(&e);
    struct cli_asked asked = {
        .rule = rule, .model = model, .where = only_it(argv[1], where), .predicted = wish.cam != NULL};
    if (!cli_open(cli, &asked, &data, &status))
        return status;
    if (!cli_find_sample(&data, argv[1], &row, &e) || !show_row(cli, &data, row, &wish, &e))
        status = cli_fail(&e);
    cli_close(&data);
    return status;
}
