/* Export as an image folder of Hugging Face's datasets: SPLIT/metadata.jsonl beside the faces of the split.
 * Splits have the names that library gives them, README.md tells it where they lie, so that samples without a
 * split come along too.
 *
 * The library reads the types of the columns from the first rows of each split and refuses splits that
 * differ. So every column has one type in every row: nothing is null, no list may be empty, and reviews are
 * JSON in a string. */
#include "ferlab/exchange/documents.h"

#include "folder.h"
#include "formats.h"
#include "history.h"

#include <stdlib.h>

struct imagefolder {
    const struct columns *columns;
    struct history history;
    struct folder folder;
    struct output metadata[SPLIT_COUNT];
};

/* metadata.jsonl */

static json_t *text_or_empty(const char *s)
{
    return json_text(s ? s : "");
}

static json_t *tags_text(const char *tags)
{
    json_t *list = tags_document(tags);
    struct str words = {0};
    for (size_t i = 0; i < json_array_size(list); i++)
        str_appendf(&words, "%s%s", i ? " " : "", json_string_value(json_array_get(list, i)));
    json_t *text = words.failed ? NULL : text_or_empty(words.data);
    str_free(&words);
    json_decref(list);
    return text;
}

static json_t *reviews_text(const struct history *h, int64_t sample)
{
    json_t *reviews = history_document(h, sample);
    char *dumped = json_dumps(reviews, JSON_COMPACT);
    json_t *text = dumped ? json_text(dumped) : NULL;
    free(dumped);
    json_decref(reviews);
    return text;
}

/* Empty and zeros where the face was not found in a picture. */
static void set_source(json_t *d, const struct columns *c, size_t row)
{
    json_object_set_new(d, "source", text_or_empty(c->source[row]));
    json_object_set_new(d, "box",
                        c->source[row] ? box_document(c, row) : json_pack("[i, i, i, i]", 0, 0, 0, 0));
}

/* Zeros where the model has not predicted. */
static void set_prediction(json_t *d, const struct columns *c, size_t row)
{
    bool predicted = c->prediction[row] != CLASS_NONE;
    json_t *probabilities = json_array();
    for (int k = 0; k < EMOTION_COUNT; k++)
        json_array_append_new(probabilities, json_real(predicted ? (double)c->probabilities[row][k] : 0));
    json_object_set_new(d, "prediction", json_text(predicted ? class_name(c->prediction[row]) : ""));
    json_object_set_new(d, "confidence", json_real(predicted ? (double)c->confidence[row] : 0));
    json_object_set_new(d, "probabilities", probabilities);
    json_object_set_new(d, "in_sample", json_boolean(predicted && c->in_sample[row]));
}

static json_t *row_document(const struct imagefolder *m, size_t row, const char *file)
{
    const struct columns *c = m->columns;
    json_t *d = json_object();
    json_object_set_new(d, "file_name", json_text(file));
    json_object_set_new(d, "id", json_integer(c->id[row]));
    json_object_set_new(d, "name", json_text(c->name[row]));
    set_source(d, c, row);
    json_object_set_new(d, "votes", votes_document(&c->votes[row]));
    json_object_set_new(d, "crowd", json_text(class_name(c->crowd[row])));
    json_object_set_new(d, "label", json_text(class_name(c->label[row])));
    json_object_set_new(d, "reviewed", json_boolean(c->reviewed[row]));
    json_object_set_new(d, "flagged", json_boolean(c->flagged[row]));
    set_prediction(d, c, row);
    json_object_set_new(d, "entropy", json_real(columns_voted(c, row) ? (double)c->entropy[row] : 0));
    json_object_set_new(d, "note", text_or_empty(c->note[row]));
    json_object_set_new(d, "tags", tags_text(c->tags[row]));
    json_object_set_new(d, "reviews", reviews_text(&m->history, c->id[row]));
    return d;
}

static bool put_row(void *context, size_t row, struct err *e)
{
    struct imagefolder *m = context;
    struct output *o = &m->metadata[m->columns->split[row]];
    char file[SAMPLE_FILE];
    if (!sample_png_name(m->columns->name[row], file, e) || !output_json(o, row_document(m, row, file), e))
        return false;
    output_write(o, "\n", 1);
    return true;
}

static bool write_metadata(struct imagefolder *m, struct err *e)
{
    bool fine = true;
    for (int split = 0; fine && split < SPLIT_COUNT; split++)
        if (m->folder.split[split] >= 0)
            fine = output_entry(&m->metadata[split], m->folder.split[split], "metadata.jsonl", e);
    fine = fine && folder_rows(&m->folder, put_row, m, e);
    for (int split = 0; split < SPLIT_COUNT; split++)
        fine = output_close(&m->metadata[split], fine ? e : NULL) && fine;
    return fine;
}

/* README.md */

static const char description[] =
    "\n# Faces exported by ferlab\n\n"
    "48x48 gray faces with the votes of a crowd, and what reviewers and a model say of them.\n\n"
    "| column | |\n|---|---|\n"
    "| `source`, `box` | the picture the face was found in, and its x, y, width, height there; empty and "
    "zeros for others |\n"
    "| `votes` | the crowd's ten counts: neutral happiness surprise sadness anger disgust fear contempt "
    "unknown nf; all zero where nobody has voted |\n"
    "| `crowd` | the crowd's label under the rule; `none` where it gives none |\n"
    "| `label` | the label in force: the latest standing review, else the crowd's |\n"
    "| `reviewed`, `flagged`, `note`, `tags` | what reviewers say now; tags with spaces between |\n"
    "| `reviews` | every review, undone ones and undos too, as JSON |\n"
    "| `prediction`, `confidence`, `probabilities` | the model's; empty and zeros where it has not predicted "
    "|\n"
    "| `in_sample` | the model was trained on this face |\n"
    "| `entropy` | of the ten vote shares, in nats; 0 where nobody has voted |\n";

static bool write_readme(const struct imagefolder *m, struct err *e)
{
    struct str text = {0};
    bool any = false;
    for (int split = 0; split < SPLIT_COUNT; split++)
        any |= m->folder.split[split] >= 0;
    if (any)
        str_append(&text, "---\nconfigs:\n- config_name: default\n  data_files:\n");
    for (int split = 0; split < SPLIT_COUNT; split++)
        if (m->folder.split[split] >= 0)
            str_appendf(&text, "  - split: %s\n    path: %s/**\n", folder_split_names[split],
                        folder_split_names[split]);
    str_appendf(&text, "%s%s", any ? "---\n" : "", description);
    bool fine = text.failed ? err_memory(e, "exporting")
                            : output_entry_bytes(m->folder.root, "README.md", text.data, text.length, e);
    str_free(&text);
    return fine;
}

/* The whole */

bool export_imagefolder(const struct export_request *request, int64_t *written, struct err *e)
{
    struct imagefolder m = {.columns = request->columns};
    *written = 0;
    if (!history_load(&m.history, request->workspace, e))
        return false;
    bool fine = folder_begin(&m.folder, request, folder_split_names, e);
    if (fine) {
        fine = write_metadata(&m, e) && write_readme(&m, e) && folder_faces(&m.folder, e);
        fine = folder_end(&m.folder, fine, e);
    }
    history_free(&m.history);
    *written = fine ? (int64_t)request->row_count : 0;
    return fine;
}
