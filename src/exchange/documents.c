/* Documents: samples and events as JSON objects. */
#include "ferlab/exchange/documents.h"

#include "ferlab/face/flaws.h"
#include "ferlab/face/flip.h"
#include "ferlab/store/beside.h"

#include <string.h>

static json_t *text_or_null(const char *s)
{
    return s ? json_text(s) : json_null();
}

json_t *votes_document(const struct votes *v)
{
    json_t *array = json_array();
    for (int c = 0; c < CLASS_COUNT; c++)
        json_array_append_new(array, json_integer(v->count[c]));
    return array;
}

json_t *tags_document(const char *tags)
{
    json_t *array = json_array();
    for (const char *p = tags ? tags + 1 : ""; *p;) {
        size_t length = strcspn(p, ",");
        json_array_append_new(array, json_stringn(p, length));
        p += length + (p[length] == ',');
    }
    return array;
}

json_t *flaws_document(unsigned flaws)
{
    json_t *array = json_array();
    for (int i = 0; face_flaw_name(i) != NULL; i++)
        if (flaws & 1U << i)
            json_array_append_new(array, json_string(face_flaw_name(i)));
    return array;
}

json_t *box_document(const struct columns *c, size_t row)
{
    const int32_t *box = c->box[row];
    return c->source[row] == NULL ? json_null()
                                  : json_pack("[i, i, I, I]", box[0], box[1], (json_int_t)box[2] - box[0],
                                              (json_int_t)box[3] - box[1]);
}

json_t *probabilities_document(const struct columns *c, size_t row)
{
    if (c->prediction[row] == CLASS_NONE)
        return json_null();
    json_t *array = json_array();
    for (int k = 0; k < EMOTION_COUNT; k++)
        json_array_append_new(array, json_number((double)c->probabilities[row][k]));
    return array;
}

json_t *scores_document(const struct columns *c, size_t row)
{
    json_t *d = json_object();
    for (int s = 0; s < SAMPLE_SCORES; s++)
        json_object_set_new(d, sample_score_name(s), json_number((double)sample_score(c, row, s)));
    return d;
}

/* What the second model says, and what became of it. */
static void add_beside(json_t *d, const struct columns *c, size_t row)
{
    const struct beside *b = c->beside;
    enum flip flip = flip_of(c->label[row], b->prediction[row], c->label[row], c->prediction[row]);
    bool predicted = b->prediction[row] != CLASS_NONE;
    json_object_set_new(d, "beside", predicted ? json_text(class_name(b->prediction[row])) : json_null());
    json_object_set_new(d, "former", json_text(class_name(b->former[row])));
    json_object_set_new(d, "flip", flip != FLIP_NONE ? json_text(flip_name(flip)) : json_null());
}

/* The ids of its near-duplicates. */
static json_t *copies_document(const struct columns *c, size_t row)
{
    json_t *array = json_array();
    for (size_t copy = c->next_copy[row]; copy != row; copy = c->next_copy[copy])
        json_array_append_new(array, json_integer(c->id[copy]));
    return array;
}

int64_t copies_group(const struct columns *c, size_t row)
{
    int64_t least = c->id[row];
    if (c->next_copy[row] == row)
        return 0;
    for (size_t copy = c->next_copy[row]; copy != row; copy = c->next_copy[copy])
        if (c->id[copy] < least)
            least = c->id[copy];
    return least;
}

json_t *sample_document(const struct columns *c, size_t row)
{
    bool predicted = c->prediction[row] != CLASS_NONE;
    int64_t group = copies_group(c, row);
    json_t *d = json_object();
    json_object_set_new(d, "id", json_integer(c->id[row]));
    json_object_set_new(d, "name", json_text(c->name[row]));
    json_object_set_new(d, "split", json_text(split_name((enum split)c->split[row])));
    json_object_set_new(d, "source", text_or_null(c->source[row]));
    json_object_set_new(d, "box", box_document(c, row));
    json_object_set_new(d, "flaws", flaws_document(c->flaws[row]));
    json_object_set_new(d, "votes", votes_document(&c->votes[row]));
    json_object_set_new(d, "crowd", json_text(class_name(c->crowd[row])));
    json_object_set_new(d, "label", json_text(class_name(c->label[row])));
    json_object_set_new(d, "reviewed", json_boolean(c->reviewed[row]));
    json_object_set_new(d, "contested", json_boolean(c->contested[row]));
    json_object_set_new(d, "flagged", json_boolean(c->flagged[row]));
    json_object_set_new(d, "prediction", predicted ? json_text(class_name(c->prediction[row])) : json_null());
    json_object_set_new(d, "confidence", json_number((double)c->confidence[row]));
    json_object_set_new(d, "divergence", json_number((double)c->divergence[row]));
    json_object_set_new(d, "entropy", json_number((double)c->entropy[row]));
    json_object_set_new(d, "suspect", json_number((double)c->suspect[row]));
    json_object_set_new(d, "issue",
                        c->issue[row] == CLASS_NONE ? json_null() : json_text(class_name(c->issue[row])));
    json_object_set_new(d, "near_duplicates", copies_document(c, row));
    json_object_set_new(d, "near_duplicate_group", group != 0 ? json_integer(group) : json_null());
    if (c->similar_to != 0)
        json_object_set_new(d, "similarity", json_number((double)c->similarity[row]));
    json_object_set_new(d, "in_sample", predicted ? json_boolean(c->in_sample[row]) : json_null());
    json_object_set_new(d, "edited_votes", c->edited[row] ? votes_document(c->edited[row]) : json_null());
    json_object_set_new(d, "note", text_or_null(c->note[row]));
    json_object_set_new(d, "tags", tags_document(c->tags[row]));
    if (c->beside)
        add_beside(d, c, row);
    return d;
}

json_t *event_document(const struct event *event)
{
    json_t *d = json_object();
    json_object_set_new(d, "id", json_integer(event->id));
    json_object_set_new(d, "time", json_text(event->time));
    json_object_set_new(d, "reviewer", json_text(event->reviewer));
    json_object_set_new(d, "sample", json_integer(event->sample));
    json_object_set_new(d, "kind", json_text(event_kind_name(event->kind)));
    json_object_set_new(d, "value", json_text(event->value));
    json_object_set_new(d, "undoes", event->undoes ? json_integer(event->undoes) : json_null());
    return d;
}
