/* The scores of the model with their intervals, and what the crowd's own agreement allows. */
#include "parts.h"

#include <stdio.h>

static const char *const meanings[SCORE_COUNT] = {
    [SCORE_ACCURACY] = "share of faces whose most probable emotion is the label",
    [SCORE_MACRO_F1] = "mean over emotions of the harmonic mean of precision and recall",
    [SCORE_WEIGHTED_F1] = "the same, each emotion weighted by its faces",
    [SCORE_TOP2] = "label among the two most probable emotions",
    [SCORE_CROSS_ENTROPY] = "mean of \u2212ln p of the label, in nats",
    [SCORE_BRIER] = "squared distance from the label, summed over emotions",
    [SCORE_ECE] = "distance of confidence from accuracy, 15 equal bins",
    [SCORE_KL_VOTES] = "divergence of the prediction from the votes, in nats",
    [SCORE_JS_VOTES] = "Jensen\u2013Shannon, 0 to 1",
};

static void put_card(struct report *r, const char *title, double x, bool percentage, const char *below)
{
    struct html *h = &r->html;
    html_open(h, "div");
    html_put(h, "dt", "", "%s", title);
    html_open(h, "dd");
    html_open(h, "b");
    put_score(h, x, percentage);
    html_close(h);
    html_put(h, "span", "", "%s", below);
    html_close(h);
    html_close(h);
}

static void put_score_card(struct report *r, enum score s)
{
    char below[64];
    double low, high, scale = score_is_percentage(s) ? 100 : 1;
    bootstrap_interval(r->request->bootstrap, s, &low, &high);
    snprintf(below, sizeof below, scale > 1 ? "%.1f to %.1f" : "%.3f to %.3f", scale * low, scale * high);
    put_card(r, score_title(s), r->evaluation->score[s], score_is_percentage(s), below);
}

static void put_cards(struct report *r)
{
    html_begin(&r->html, "dl", "class='cards'");
    put_score_card(r, SCORE_ACCURACY);
    put_score_card(r, SCORE_MACRO_F1);
    put_score_card(r, SCORE_ECE);
    put_card(r, "human ceiling", ceiling_accuracy(&r->evaluation->ceiling), true, "one tagger, the others");
    html_close(&r->html);
}

static void put_scores(struct report *r)
{
    struct html *h = &r->html;
    open_table(r, "scores", "Scores of the model.");
    put_head(h, "score|value|95 % interval|meaning");
    html_open(h, "tbody");
    for (int i = 0; i < SCORE_COUNT; i++) {
        enum score s = (enum score)i;
        double low, high;
        bootstrap_interval(r->request->bootstrap, s, &low, &high);
        html_begin(h, "tr", "id='%s'", score_name(s));
        html_put(h, "th", "scope='row'", "%s", score_title(s));
        html_begin(h, "td", "class='n'");
        put_score(h, r->evaluation->score[s], score_is_percentage(s));
        html_close(h);
        html_begin(h, "td", "class='n'");
        put_interval(h, low, high, score_is_percentage(s));
        html_close(h);
        html_begin(h, "td", "class='about'");
        html_text(h, "%s", meanings[s]);
        if ((s == SCORE_KL_VOTES || s == SCORE_JS_VOTES) &&
            r->evaluation->voted < r->evaluation->metrics.count) {
            html_text(h, "; of the ");
            put_count(h, r->evaluation->voted);
            html_text(h, " faces with votes");
        }
        html_close(h);
        html_close(h);
    }
    html_close(h);
    close_table(r);
}

static void put_crowd_row(struct report *r, const char *id, const char *name, double x, bool percentage,
                          int64_t faces, const char *meaning)
{
    struct html *h = &r->html;
    html_begin(h, "tr", "id='%s'", id);
    html_put(h, "th", "scope='row'", "%s", name);
    html_begin(h, "td", "class='n'");
    put_score(h, x, percentage);
    html_close(h);
    cell_count(h, faces);
    html_put(h, "td", "class='about'", "%s", meaning);
    html_close(h);
}

static void put_crowd(struct report *r)
{
    const struct evaluation *v = r->evaluation;
    open_table(r, "scores", "The crowd, of all faces picked, with a label or without.");
    put_head(&r->html, "agreement|value|faces|meaning");
    html_open(&r->html, "tbody");
    put_crowd_row(r, "human_ceiling", "human ceiling", ceiling_accuracy(&v->ceiling), true, v->ceiling.faces,
                  "one random tagger against the majority of the others");
    put_crowd_row(r, "crowd_share", "share of the label", evaluation_crowd_share(v), true, v->shares,
                  "of the votes, where the crowd gives an emotion");
    put_crowd_row(r, "krippendorff_alpha", "Krippendorff\u2019s alpha", agreement_alpha(&v->crowd), false,
                  v->crowd.faces, "over all ten columns of votes");
    put_crowd_row(r, "fleiss_kappa", "Fleiss\u2019 kappa", agreement_kappa(&v->crowd), false, v->crowd.faces,
                  "likewise");
    put_crowd_row(r, "krippendorff_alpha_emotions", "alpha of emotions", agreement_alpha(&v->crowd_emotions),
                  false, v->crowd_emotions.faces, "of the votes for one of the eight emotions");
    put_crowd_row(r, "fleiss_kappa_emotions", "kappa of emotions", agreement_kappa(&v->crowd_emotions), false,
                  v->crowd_emotions.faces, "likewise");
    html_close(&r->html);
    close_table(r);
}

void section_scores(struct report *r)
{
    put_cards(r);
    put_scores(r);
    put_crowd(r);
}
