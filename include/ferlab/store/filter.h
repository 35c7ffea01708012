/* Filters: expressions that pick and order samples, such as
 *     split:valid pred!=label conf>0.8 sort:-suspect
 * Terms are joined by `and`, `or`, `not`, ( ); a space is `and`. Then `sort:[-]KEY`.
 *     split:S label:C crowd:C pred:C      names of emotion.h; label:none, crowd:none and pred:none too
 *     conf div ent suspect self margin kl mistaken hardness     scores (scores.h), with < <= > >= = !=
 *     votes.CLASS id               numbers, likewise; id:N too
 *     issue:yes issue:no issue:C   whether confident learning takes the label for wrong, or for a wrong C
 *     dup:yes dup:no dup:disagree dup:leak   near-duplicates: any, with another label, in several splits
 *     dup:ID                       the group of near-duplicates that this sample is of
 *     flag: reviewed: contested: note:  yes or no;  tag:NAME  name:GLOB  in:train
 *     reviewer:NAME                a decision of that reviewer stands
 *     in:map                       selected by hand, on the map (selection.h)
 *     similar:ID                                  the faces nearest to that one, nearest first unless sorted
 *     pred=label pred!=label crowd!=label ...     pred!=label only where the label is an emotion
 *     flip:fixed beside:C former:C        against a second model (beside.h): what became of its prediction
 *                                         (flip.h), that prediction, and the label it learnt from
 *     label!=fear split!=train tag!=dark          != may stand for : anywhere; name:"a b*" holds a space
 * A term over a prediction is false where there is none. Sort keys: id name split label crowd pred similar
 * votes.CLASS beside former and scores; rows without the value come last either way, by id; without a suspect
 * score those with the least confident prediction first. */
#ifndef FERLAB_STORE_FILTER_H
#define FERLAB_STORE_FILTER_H

#include "ferlab/store/columns.h"

struct filter;

/* Parses; "" picks everything in id order. On a mistake *e says what is wrong with "filter:COLUMN: …" (from
 * 1). */
bool filter_parse(const char *text, struct filter **out, struct err *e);
void filter_free(struct filter *f);

/* Whether the columns have what the filter asks about: terms of a second model need one. Where this fails and
 * is not heeded, those terms are false. */
bool filter_check(const struct filter *f, const struct columns *c, struct err *e);

/* The sample that `similar:` names, 0 where the filter has no such term. It picks nothing unless the columns'
 * similarity is to that sample (ferlab/train/embedding.h sees to it). */
int64_t filter_similar(const struct filter *f);

/* Rows that pass, in order, into rows[columns->count]; returns how many. Where memory for ordering runs out
 * they stay in id order. */
size_t filter_apply(const struct filter *f, const struct columns *c, uint32_t *rows);

/* Whether one row passes. */
bool filter_matches(const struct filter *f, const struct columns *c, size_t row);

/* Whether a term asks for near-duplicates. */
bool filter_asks_copies(const struct filter *f);

/* possible[row], of columns->count: whether the row would pass if it had some prediction or other. Of terms
 * joined in a way that can never hold it may say so too. */
bool filter_possible(const struct filter *f, const struct columns *c, bool *possible, struct err *e);

/* Whether it picks by what a model predicted: scores of such a choice say nothing of the model. */
bool filter_asks_predictions(const struct filter *f);

/* Whether it says which samples rather than what they are like: by the map's selection, likeness, tag, name,
 * source, id or another split than valid; and does not ask what a model predicted of them. */
bool filter_names_samples(const struct filter *f);

/* The grammar above as a few lines for people. */
extern const char filter_help[];

#endif
