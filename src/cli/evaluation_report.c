/* An evaluation as text and as JSON. */
#include "evaluation_report.h"
#include "confusion_report.h"

#include "ferlab/base/str.h"

#include <math.h>
#include <stdio.h>

/* --- JSON --- */

static json_t *class_json(int k, const struct class_score *s)
{
    return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "class", class_name(k), "support",
                     (json_int_t)s->support, "predicted", (json_int_t)s->predicted, "precision",
                     json_number(s->precision), "recall", json_number(s->recall), "f1", json_number(s->f1));
}

json_t *evaluation_classes_json(const struct metrics *m)
{
    json_t *classes = json_array();
    for (int k = 0; k < EMOTION_COUNT; k++)
        json_array_append_new(classes, class_json(k, &m->per_class[k]));
    return classes;
}

static json_t *interval_json(double low, double high)
{
    return json_pack("[o, o]", json_number(low), json_number(high));
}

json_t *evaluation_intervals_json(const struct bootstrap *b)
{
    json_t *intervals = json_object();
    for (int s = 0; s < SCORE_COUNT; s++) {
        double low, high;
        bootstrap_interval(b, (enum score)s, &low, &high);
        json_object_set_new(intervals, score_name((enum score)s), interval_json(low, high));
    }
    return intervals;
}

static double ratio(double part, int64_t whole)
{
    return whole > 0 ? part / (double)whole : NAN;
}

/* Mean confidence and accuracy of the faces in each bin of confidence, (low, high]. */
static json_t *reliability_json(const struct calibration *c)
{
    json_t *bins = json_array();
    for (int b = 0; b < CALIBRATION_BINS; b++)
        json_array_append_new(
            bins, json_pack("{s:f, s:f, s:I, s:o, s:o}", "low", (double)b / CALIBRATION_BINS, "high",
                            (b + 1.0) / CALIBRATION_BINS, "count", (json_int_t)c->count[b], "confidence",
                            json_number(ratio(c->confidence[b], c->count[b])), "accuracy",
                            json_number(ratio((double)c->right[b], c->count[b]))));
    return bins;
}

static json_t *histogram_json(const struct calibration *c)
{
    json_t *bins = json_array();
    for (int b = 0; b < CALIBRATION_BINS; b++)
        json_array_append_new(bins,
                              json_pack("{s:f, s:f, s:I, s:I}", "low", (double)b / CALIBRATION_BINS, "high",
                                        (b + 1.0) / CALIBRATION_BINS, "right", (json_int_t)c->right[b],
                                        "wrong", (json_int_t)(c->count[b] - c->right[b])));
    return bins;
}

/* By the share of the votes that is for the crowd's label, [low, high). */
static json_t *bands_json(const struct evaluation *v)
{
    json_t *bands = json_array();
    for (int b = 0; b < AGREEMENT_BANDS; b++) {
        double high = b + 1 < AGREEMENT_BANDS ? agreement_band_low(b + 1) : 1;
        json_array_append_new(
            bands, json_pack("{s:f, s:f, s:I, s:I, s:o}", "low", agreement_band_low(b), "high", high, "count",
                             (json_int_t)v->band[b].count, "right", (json_int_t)v->band[b].right, "accuracy",
                             json_number(ratio((double)v->band[b].right, v->band[b].count))));
    }
    return bands;
}

static void crowd_json(json_t *into, const struct evaluation *v)
{
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"human_ceiling", ceiling_accuracy(&v->ceiling)},
        {"crowd_share", evaluation_crowd_share(v)},
        {"krippendorff_alpha", agreement_alpha(&v->crowd)},
        {"fleiss_kappa", agreement_kappa(&v->crowd)},
        {"krippendorff_alpha_emotions", agreement_alpha(&v->crowd_emotions)},
        {"fleiss_kappa_emotions", agreement_kappa(&v->crowd_emotions)},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(into, numbers[i].name, json_number(numbers[i].value));
    const struct {
        const char *name;
        int64_t faces;
    } counts[] = {
        {"votes_count", v->voted},
        {"human_ceiling_count", v->ceiling.faces},
        {"crowd_share_count", v->shares},
        {"agreement_count", v->crowd.faces},
        {"agreement_emotions_count", v->crowd_emotions.faces},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_object_set_new(into, counts[i].name, json_integer(counts[i].faces));
}

void evaluation_json(json_t *into, const struct evaluation *v, const struct bootstrap *b)
{
    json_object_set_new(into, "count", json_integer(v->metrics.count));
    json_object_set_new(into, "in_sample", json_integer(v->in_sample));
    for (int s = 0; s < SCORE_COUNT; s++)
        json_object_set_new(into, score_name((enum score)s), json_number(v->score[s]));
    json_object_set_new(into, "ci95", evaluation_intervals_json(b));
    crowd_json(into, v);
    json_object_set_new(into, "per_class", evaluation_classes_json(&v->metrics));
    json_object_set_new(into, "confusion", confusion_json(&v->confusion));
    json_object_set_new(into, "reliability", reliability_json(&v->calibration));
    json_object_set_new(into, "confidence_histogram", histogram_json(&v->calibration));
    json_object_set_new(into, "agreement_bands", bands_json(v));
}

/* --- text --- */

enum { NAME_WIDTH = 22, NUMBER_WIDTH = 9, BANDS_NAME_WIDTH = 16, BAND_WIDTH = 8 };

static void print_number(double x, bool percentage)
{
    if (isnan(x))
        printf("%*s  ", NUMBER_WIDTH, "-");
    else if (percentage)
        printf("%*.2f %%", NUMBER_WIDTH, 100 * x);
    else
        printf("%*.3f  ", NUMBER_WIDTH, x);
}

static void print_interval(double low, double high, bool percentage)
{
    if (isnan(low))
        return;
    if (percentage)
        printf("   %.1f to %.1f", 100 * low, 100 * high);
    else
        printf("   %.3f to %.3f", low, high);
}

static void print_scores(const struct evaluation *v, const struct bootstrap *b)
{
    printf("%-*s%11s   95 %% interval\n", NAME_WIDTH, "model", "");
    for (int i = 0; i < SCORE_COUNT; i++) {
        enum score s = (enum score)i;
        double low, high;
        bootstrap_interval(b, s, &low, &high);
        printf("%-*s", NAME_WIDTH, score_title(s));
        print_number(v->score[s], score_is_percentage(s));
        print_interval(low, high, score_is_percentage(s));
        if ((s == SCORE_KL_VOTES || s == SCORE_JS_VOTES) && v->voted < v->metrics.count)
            printf("   of the %lld face%s with votes", (long long)v->voted, str_plural(v->voted));
        putchar('\n');
    }
}

static void print_crowd_number(const char *name, double x, bool percentage, int64_t faces)
{
    printf("%-*s", NAME_WIDTH, name);
    print_number(x, percentage);
    printf("%7lld   ", (long long)faces);
}

/* Of all ten columns, and of the votes for emotions alone. */
static void print_agreement(const struct evaluation *v, const char *name,
                            double (*coefficient)(const struct agreement *))
{
    print_crowd_number(name, coefficient(&v->crowd), false, v->crowd.faces);
    double emotions = coefficient(&v->crowd_emotions);
    if (!isnan(emotions))
        printf("%.3f of the votes for one of the eight emotions", emotions);
    putchar('\n');
}

static void print_crowd(const struct evaluation *v)
{
    printf("%-*s%11s%7s\n", NAME_WIDTH, "crowd", "", "faces");
    print_crowd_number("human ceiling", ceiling_accuracy(&v->ceiling), true, v->ceiling.faces);
    puts("one tagger against the majority of the others");
    print_crowd_number("share of the label", evaluation_crowd_share(v), true, v->shares);
    puts("of the votes, where the crowd gives an emotion");
    print_agreement(v, "Krippendorff's alpha", agreement_alpha);
    print_agreement(v, "Fleiss' kappa", agreement_kappa);
}

static void print_bands(const struct evaluation *v)
{
    printf("%-*s%*s", BANDS_NAME_WIDTH, "votes for label", BAND_WIDTH, "< 50 %");
    for (int b = 1; b < AGREEMENT_BANDS; b++)
        printf("%*.0f %%", BAND_WIDTH - 2, 100 * agreement_band_low(b));
    printf("\n%-*s", BANDS_NAME_WIDTH, "faces");
    for (int b = 0; b < AGREEMENT_BANDS; b++)
        printf("%*lld", BAND_WIDTH, (long long)v->band[b].count);
    printf("\n%-*s", BANDS_NAME_WIDTH, "accuracy, %");
    for (int b = 0; b < AGREEMENT_BANDS; b++) {
        if (v->band[b].count == 0)
            printf("%*s", BAND_WIDTH, "-");
        else
            printf("%*.1f", BAND_WIDTH, 100 * ratio((double)v->band[b].right, v->band[b].count));
    }
    putchar('\n');
}

void evaluation_print(const struct evaluation *v, const struct bootstrap *b)
{
    confusion_print(&v->confusion, &v->metrics);
    putchar('\n');
    print_scores(v, b);
    putchar('\n');
    if (v->voted == 0) {
        puts("no crowd has voted on these faces");
        return;
    }
    print_crowd(v);
    putchar('\n');
    print_bands(v);
}
