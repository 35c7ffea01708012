/* Export as a dataset of FiftyOne: data/SPLIT with PNGs, metadata.json and samples.json.
 *
 * FiftyOne reads two layouts of these files as fo.types.FiftyOneDataset. Where metadata.json names a version,
 * the files are copies of its database's documents, private fields and all, as that version keeps them.
 * Without one (fo.types.LegacyFiftyOneDataset) each sample is what Sample.from_dict takes: its public fields,
 * whose types follow from the values. The second is written here: it carries as much, and no change of the
 * database touches it. FiftyOneImageClassificationDataset would carry one label a face and nothing of the
 * sample. */
#include "ferlab/exchange/documents.h"

#include "folder.h"
#include "formats.h"
#include "history.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const split_folders[SPLIT_COUNT] = {
    [SPLIT_TRAIN] = "data/train",
    [SPLIT_VALID] = "data/validation",
    [SPLIT_TEST] = "data/test",
    [SPLIT_NONE] = "data/none",
};

struct dataset {
    const struct columns *columns;
    struct history history;
    struct folder folder;
    struct output samples;
    bool any;
};

/* Confidence NaN: none. Null where there is no label. */
static json_t *classification(int class, double confidence)
{
    if (class == CLASS_NONE)
        return json_null();
    json_t *d = json_object();
    json_object_set_new(d, "_cls", json_string("Classification"));
    json_object_set_new(d, "label", json_text(class_name(class)));
    if (isfinite(confidence))
        json_object_set_new(d, "confidence", json_real(confidence));
    return d;
}

/* The split is a tag, as in FiftyOne's own datasets. */
static json_t *tags_of(const struct columns *c, size_t row)
{
    json_t *tags = json_array(), *own = tags_document(c->tags[row]);
    json_array_append_new(tags, json_string(folder_split_names[c->split[row]]));
    json_array_extend(tags, own);
    json_decref(own);
    return tags;
}

/* "id" is FiftyOne's own. */
static json_t *sample_dict(const struct dataset *set, size_t row, const char *file)
{
    const struct columns *c = set->columns;
    json_t *d = json_object();
    char path[SAMPLE_FILE + 32];
    bool predicted = c->prediction[row] != CLASS_NONE;
    snprintf(path, sizeof path, "%s/%s", split_folders[c->split[row]], file);
    json_object_set_new(d, "filepath", json_text(path));
    json_object_set_new(d, "tags", tags_of(c, row));
    json_object_set_new(d, "ferlab_id", json_integer(c->id[row]));
    json_object_set_new(d, "name", json_text(c->name[row]));
    json_object_set_new(d, "split", json_text(split_name((enum split)c->split[row])));
    json_object_set_new(d, "source", c->source[row] ? json_text(c->source[row]) : json_null());
    json_object_set_new(d, "box", box_document(c, row));
    json_object_set_new(d, "votes", votes_document(&c->votes[row]));
    json_object_set_new(d, "edited_votes", c->edited[row] ? votes_document(c->edited[row]) : json_null());
    json_object_set_new(d, "crowd", classification(c->crowd[row], NAN));
    json_object_set_new(d, "ground_truth", classification(c->label[row], NAN));
    json_object_set_new(d, "predictions", classification(c->prediction[row], (double)c->confidence[row]));
    json_object_set_new(d, "probabilities", probabilities_document(c, row));
    json_object_set_new(d, "in_sample", predicted ? json_boolean(c->in_sample[row]) : json_null());
    for (int s = 0; s < SAMPLE_SCORES; s++)
        json_object_set_new(d, sample_score_name(s), json_number((double)sample_score(c, row, s)));
    json_object_set_new(d, "issue", classification(c->issue[row], NAN));
    json_object_set_new(d, "reviewed", json_boolean(c->reviewed[row]));
    json_object_set_new(d, "flagged", json_boolean(c->flagged[row]));
    json_object_set_new(d, "note", c->note[row] ? json_text(c->note[row]) : json_null());
    json_object_set_new(d, "reviews", history_document(&set->history, c->id[row]));
    return d;
}

static bool put_sample(void *context, size_t row, struct err *e)
{
    struct dataset *s = context;
    char file[SAMPLE_FILE];
    if (!sample_png_name(s->columns->name[row], file, e))
        return false;
    output_write(&s->samples, ",\n", s->any ? 2 : 0);
    s->any = true;
    return output_json(&s->samples, sample_dict(s, row, file), e);
}

static bool write_samples(struct dataset *s, struct err *e)
{
    static const char before[] = "{\"samples\": [\n", after[] = "\n]}\n";
    if (!output_entry(&s->samples, s->folder.root, "samples.json", e))
        return false;
    output_write(&s->samples, before, strlen(before));
    bool fine = folder_rows(&s->folder, put_sample, s, e);
    output_write(&s->samples, after, strlen(after));
    return output_close(&s->samples, fine ? e : NULL) && fine;
}

static bool write_metadata(const struct dataset *s, struct err *e)
{
    json_t *classes = json_array(), *info = json_object(), *d = json_object();
    for (int k = 0; k < CLASS_COUNT; k++)
        json_array_append_new(classes, json_text(class_name(k)));
    json_object_set_new(info, "classes", classes); /* also the meaning of votes and probabilities */
    json_object_set_new(info, "model", json_text(s->columns->model_name));
    json_object_set_new(info, "rule", json_text(rule_name(s->columns->rule)));
    json_object_set_new(d, "media_type", json_string("image"));
    json_object_set_new(d, "info", info);
    struct output o;
    if (!output_entry(&o, s->folder.root, "metadata.json", e)) {
        json_decref(d);
        return false;
    }
    bool fine = output_json(&o, d, e);
    return output_close(&o, fine ? e : NULL) && fine;
}

bool export_fiftyone(const struct export_request *request, int64_t *written, struct err *e)
{
    struct dataset s = {.columns = request->columns};
    *written = 0;
    if (!history_load(&s.history, request->workspace, e))
        return false;
    bool fine = folder_begin(&s.folder, request, split_folders, e);
    if (fine) {
        fine = write_metadata(&s, e) && write_samples(&s, e) && folder_faces(&s.folder, e);
        fine = folder_end(&s.folder, fine, e);
    }
    history_free(&s.history);
    *written = fine ? (int64_t)request->row_count : 0;
    return fine;
}
