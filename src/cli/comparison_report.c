/* A comparison as text and as JSON. */
#include "comparison_report.h"
#include "confusion_report.h"
#include "evaluation_report.h"

#include <math.h>
#include <stdio.h>

static double difference(const struct comparison *c, enum score s)
{
    return c->after.score[s] - c->before.score[s];
}

/* Of one class: whether its faces that flipped did so to one side more than chance would have it. */
static struct mcnemar class_mcnemar(const struct comparison *c, int k)
{
    return mcnemar_of(c->flips[k][FLIP_FIXED], c->flips[k][FLIP_BROKEN]);
}

static struct confusion difference_matrix(const struct comparison *c)
{
    struct confusion d;
    for (int label = 0; label < EMOTION_COUNT; label++) {
        for (int k = 0; k < EMOTION_COUNT; k++)
            d.cell[label][k] = c->after.confusion.cell[label][k] - c->before.confusion.cell[label][k];
    }
    return d;
}

/* --- JSON --- */

static json_t *mcnemar_json(struct mcnemar m)
{
    return json_pack("{s:o, s:o, s:b}", "p", json_number(m.p), "statistic", json_number(m.statistic), "exact",
                     m.exact);
}

static json_t *flips_json(const int64_t flips[FLIP_COUNT])
{
    json_t *d = json_object();
    for (int f = 0; f < FLIP_COUNT; f++)
        json_object_set_new(d, flip_name((enum flip)f), json_integer(flips[f]));
    return d;
}

static json_t *classes_json(const struct comparison *c)
{
    json_t *classes = json_array();
    for (int k = 0; k < EMOTION_COUNT; k++) {
        const struct class_score *was = &c->before.metrics.per_class[k], *is = &c->after.metrics.per_class[k];
        json_array_append_new(classes,
                              json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "class", class_name(k), "precision",
                                        json_number(is->precision - was->precision), "recall",
                                        json_number(is->recall - was->recall), "f1",
                                        json_number(is->f1 - was->f1), "flips", flips_json(c->flips[k]),
                                        "mcnemar", mcnemar_json(class_mcnemar(c, k))));
    }
    return classes;
}

void comparison_json(json_t *into, const struct comparison *c, const struct bootstrap *b)
{
    int64_t flips[FLIP_COUNT];
    json_t *differences = json_object();
    for (int f = 0; f < FLIP_COUNT; f++)
        flips[f] = comparison_flips(c, (enum flip)f);
    for (int s = 0; s < SCORE_COUNT; s++)
        json_object_set_new(differences, score_name((enum score)s),
                            json_number(difference(c, (enum score)s)));
    struct confusion matrix = difference_matrix(c);
    json_object_set_new(into, "count", json_integer(c->count));
    json_object_set_new(into, "difference", differences);
    json_object_set_new(into, "ci95", evaluation_intervals_json(b));
    json_object_set_new(into, "mcnemar", mcnemar_json(comparison_mcnemar(c)));
    json_object_set_new(into, "flips", flips_json(flips));
    json_object_set_new(into, "per_class", classes_json(c));
    json_object_set_new(into, "difference_matrix", confusion_json(&matrix));
}

void comparison_side_json(json_t *into, const struct comparison_side *side)
{
    json_object_set_new(into, "in_sample", json_integer(side->in_sample));
    for (int s = 0; s < SCORE_COUNT; s++)
        json_object_set_new(into, score_name((enum score)s), json_number(side->score[s]));
    json_object_set_new(into, "per_class", evaluation_classes_json(&side->metrics));
    json_object_set_new(into, "confusion", confusion_json(&side->confusion));
}

/* --- text --- */

enum { TITLE_WIDTH = 20, NUMBER_WIDTH = 10 };

static void print_number(double x, bool percentage, const char *sign)
{
    char text[32];
    if (isnan(x))
        snprintf(text, sizeof text, "-");
    else
        snprintf(text, sizeof text, sign[0] != '\0' ? "%+.*f" : "%.*f", percentage ? 2 : 4,
                 percentage ? 100 * x : x);
    printf("%*s", NUMBER_WIDTH, text);
}

static void print_scores(const struct comparison *c, const struct bootstrap *b)
{
    printf("%-*s%*s%*s%*s   95 %% interval\n", TITLE_WIDTH, "", NUMBER_WIDTH, "before", NUMBER_WIDTH, "after",
           NUMBER_WIDTH, "change");
    for (int i = 0; i < SCORE_COUNT; i++) {
        enum score s = (enum score)i;
        bool percentage = score_is_percentage(s);
        char title[32];
        double low, high;
        snprintf(title, sizeof title, "%s%s", score_title(s), percentage ? ", %" : "");
        bootstrap_interval(b, s, &low, &high);
        printf("%-*s", TITLE_WIDTH, title);
        print_number(c->before.score[s], percentage, "");
        print_number(c->after.score[s], percentage, "");
        print_number(difference(c, s), percentage, "+");
        if (!isnan(low))
            printf(percentage ? "   %+.2f to %+.2f" : "   %+.4f to %+.4f", percentage ? 100 * low : low,
                   percentage ? 100 * high : high);
        putchar('\n');
    }
}

static void print_p(struct mcnemar m)
{
    if (m.p < 0.001)
        printf("p < .001");
    else if (m.p >= 0.9995)
        printf("p = 1");
    else
        printf("p = .%03.0f", 1000 * m.p);
}

static void print_flips(const struct comparison *c)
{
    struct mcnemar m = comparison_mcnemar(c);
    printf(
        "%lld fixed, %lld broken, %lld still wrong otherwise; %lld wrong and %lld right as before; McNemar ",
        (long long)comparison_flips(c, FLIP_FIXED), (long long)comparison_flips(c, FLIP_BROKEN),
        (long long)comparison_flips(c, FLIP_CHANGED), (long long)comparison_flips(c, FLIP_WRONG),
        (long long)comparison_flips(c, FLIP_RIGHT));
    print_p(m);
    if (m.exact)
        puts(" (exact)");
    else
        printf(" (chi-square %.2f)\n", m.statistic);
}

static void print_classes(const struct comparison *c)
{
    printf("%-12s%7s%9s%9s%9s%8s%8s%9s   McNemar\n", "label", "faces", "recall", "prec.", "F1", "fixed",
           "broken", "changed");
    for (int k = 0; k < EMOTION_COUNT; k++) {
        const struct class_score *was = &c->before.metrics.per_class[k], *is = &c->after.metrics.per_class[k];
        const double moves[] = {is->recall - was->recall, is->precision - was->precision, is->f1 - was->f1};
        printf("%-12s%7lld", class_title(k), (long long)is->support);
        for (int i = 0; i < 3; i++) {
            if (isnan(moves[i]))
                printf("%9s", "-");
            else
                printf(i < 2 ? "%+9.2f" : "%+9.4f", i < 2 ? 100 * moves[i] : moves[i]);
        }
        printf("%8lld%8lld%9lld   ", (long long)c->flips[k][FLIP_FIXED], (long long)c->flips[k][FLIP_BROKEN],
               (long long)c->flips[k][FLIP_CHANGED]);
        print_p(class_mcnemar(c, k));
        putchar('\n');
    }
}

static void print_matrix(const struct comparison *c)
{
    struct confusion d = difference_matrix(c);
    printf("%-12s", "after-before");
    for (int k = 0; k < EMOTION_COUNT; k++)
        printf("%6s", class_short(k));
    puts("   predicted");
    for (int label = 0; label < EMOTION_COUNT; label++) {
        printf("%-12s", class_title(label));
        for (int k = 0; k < EMOTION_COUNT; k++) {
            if (d.cell[label][k] == 0)
                printf("%6s", ".");
            else
                printf("%+6lld", (long long)d.cell[label][k]);
        }
        putchar('\n');
    }
}

void comparison_print(const struct comparison *c, const struct bootstrap *b)
{
    print_flips(c);
    putchar('\n');
    print_scores(c, b);
    putchar('\n');
    print_classes(c);
    putchar('\n');
    print_matrix(c);
}
