/* Checkpoints, written and read. One list of slots says what a checkpoint holds, in both directions. */
#include "checkpoint.h"

#include "ferlab/base/digest.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"

#include <assert.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char file_name[] = "checkpoint.safetensors", format[] = "ferlab checkpoint", version[] = "2";
static const size_t bytes_max = (size_t)1 << 33;

enum {
    HISTORY = 4,
    POSITION = 5,
    TALLY = 2,
    PARAMETER_SLOTS = 5, /* at most, of each */
    OTHER_SLOTS = 10,
};

bool checkpoint_path(struct workspace *ws, int64_t run, char out[PATH_MAX], struct err *e)
{
    int length = snprintf(out, PATH_MAX, "%s.runs/%lld/%s", workspace_path(ws), (long long)run, file_name);
    return length < PATH_MAX || err_set(e, ERR_INPUT, "%s: the path is too long", workspace_path(ws));
}

static bool has_file(struct workspace *ws, const struct run *run)
{
    char path[PATH_MAX];
    return (run->folds > 0 ? fold_faces_path(ws, run->id, path, NULL)
                           : checkpoint_path(ws, run->id, path, NULL)) &&
           path_is_file(path);
}

bool train_can_resume(struct workspace *ws, const struct run *run)
{
    return (run->state == RUN_STOPPED || run->state == RUN_FAILED) &&
           (run->epochs_done == 0 || has_file(ws, run));
}

void checkpoint_remove(const struct training *t)
{
    char path[PATH_MAX];
    if (checkpoint_path(t->ws, t->run, path, NULL))
        unlink(path);
}

void checkpoint_sweep(const char *dir)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        if (strstr(entry->d_name, ".safetensors.") != NULL)
            unlinkat(dirfd(d), entry->d_name, 0);
    closedir(d);
}

/* --- what it holds --- */

/* Where a training keeps a tensor of its checkpoint. */
struct slots {
    struct arena arena;
    struct safetensor *slot; /* data: the training's own memory */
    size_t count, room;
    bool failed;

    /* what the training keeps in another form */
    double (*history)[HISTORY], tally[TALLY];
    int64_t position[POSITION];
};

static void add_slot(struct slots *s, const char *name, enum safetensor_type type, const void *data, int rank,
                     const size_t *dims)
{
    assert(s->count < s->room);
    struct safetensor *slot = &s->slot[s->count++];
    *slot = (struct safetensor){.name = name, .type = type, .rank = rank, .data = data};
    memcpy(slot->dims, dims, (size_t)rank * sizeof *dims);
    s->failed |= name == NULL;
}

/* Rows of `width` values; width 0: a list. */
static void add_rows(struct slots *s, const char *name, enum safetensor_type type, const void *data,
                     size_t rows, size_t width)
{
    add_slot(s, name, type, data, width > 0 ? 2 : 1, (const size_t[]){rows, width});
}

static void add_parameter(struct slots *s, const char *prefix, const struct parameter *p, const float *data)
{
    size_t dims[SAFETENSOR_RANK_MAX];
    for (int i = 0; i < p->rank; i++)
        dims[i] = (size_t)p->dims[i];
    add_slot(s, arena_printf(&s->arena, "%s.%s", prefix, p->name), SAFETENSOR_F32, data, p->rank, dims);
}

static void add_learner(struct slots *s, struct training *t)
{
    struct parameter_list now = classifier_parameter_list(t->learner),
                          best = classifier_parameter_list(t->best);
    const float *velocity = t->sgd.velocity;
    for (size_t i = 0; i < now.count; i++) {
        const struct parameter *p = &now.items[i];
        add_parameter(s, "weights", p, p->value);
        add_parameter(s, "best", p, best.items[i].value);
        if (t->average != NULL)
            add_parameter(s, "average", p, classifier_parameter_list(t->average).items[i].value);
        if (t->origin != NULL)
            add_parameter(s, "origin", p, classifier_parameter_list(t->origin).items[i].value);
        if (p->gradient == NULL)
            continue;
        add_parameter(s, "momentum", p, velocity);
        velocity += p->count;
    }
    if (t->learner->onnx != NULL)
        add_rows(s, "model", SAFETENSOR_U8, t->learner->onnx, t->learner->onnx_size, 0);
}

/* The slots of a training that has its learner, optimiser and rooms for its faces. */
static bool slots_of(struct slots *s, struct training *t, struct err *e)
{
    *s = (struct slots){.room = PARAMETER_SLOTS * classifier_parameter_list(t->learner).count + OTHER_SLOTS};
    s->slot = arena_alloc(&s->arena, s->room * sizeof *s->slot);
    s->history = arena_alloc(&s->arena, (t->epochs_done + 1) * sizeof *s->history);
    if (s->slot == NULL || s->history == NULL)
        return err_memory(e, "preparing a checkpoint");
    add_rows(s, "position", SAFETENSOR_I64, s->position, POSITION, 0);
    add_rows(s, "tally", SAFETENSOR_F64, s->tally, TALLY, 0);
    add_rows(s, "epochs", SAFETENSOR_F64, s->history, t->epochs_done, HISTORY);
    add_rows(s, "train.ids", SAFETENSOR_I64, t->train.ids, t->train.count, 0);
    add_rows(s, "valid.ids", SAFETENSOR_I64, t->valid.ids, t->valid.count, 0);
    add_rows(s, "train.targets", SAFETENSOR_F32, t->train.targets, t->train.count, EMOTION_COUNT);
    add_rows(s, "valid.probabilities", SAFETENSOR_F32, t->best_probabilities, t->valid.count, EMOTION_COUNT);
    add_learner(s, t);
    add_rows(s, "train.reviewed", SAFETENSOR_U8, t->train.reviewed, t->train.count, 0);
    add_rows(s, "valid.labels", SAFETENSOR_U8, t->valid.labels, t->valid.count, 0);
    return !s->failed || err_memory(e, "preparing a checkpoint");
}

/* --- writing --- */

static void note_position(struct slots *s, const struct training *t)
{
    const int64_t position[POSITION] = {(int64_t)t->epochs_done, t->step, t->best_epoch,
                                        (int64_t)t->tally.right, (int64_t)t->tally.seen};
    memcpy(s->position, position, sizeof position);
    s->tally[0] = t->tally.loss;
    s->tally[1] = t->tally.seconds;
    for (size_t i = 0; i < t->epochs_done; i++) {
        const struct run_epoch *row = &t->epochs[i];
        const double history[HISTORY] = {row->loss, row->train_accuracy, row->valid_accuracy, row->seconds};
        memcpy(s->history[i], history, sizeof history);
    }
}

bool checkpoint_digest(const struct safetensors *f, char hex[DIGEST_HEX])
{
    struct digest *d = digest_new();
    if (d == NULL)
        return false;
    for (size_t i = 0; i < f->note_count && strcmp(f->notes[i].key, "digest") != 0; i++) {
        digest_add(d, f->notes[i].key, strlen(f->notes[i].key) + 1);
        digest_add(d, f->notes[i].value, strlen(f->notes[i].value) + 1);
    }
    for (size_t i = 0; i < f->tensor_count; i++) {
        digest_add(d, f->tensors[i].name, strlen(f->tensors[i].name) + 1);
        if (safetensor_bytes(&f->tensors[i]) > 0)
            digest_add(d, f->tensors[i].data, safetensor_bytes(&f->tensors[i]));
    }
    digest_end(d, hex);
    return true;
}

static bool digest_faces(const struct training *t, char hex[DIGEST_HEX])
{
    struct digest *d = digest_new();
    if (d == NULL)
        return false;
    digest_add(d, t->train.ids, t->train.count * sizeof *t->train.ids);
    digest_add(d, t->train.targets, t->train.count * EMOTION_COUNT * sizeof *t->train.targets);
    digest_add(d, t->valid.ids, t->valid.count * sizeof *t->valid.ids);
    digest_add(d, t->valid.labels, t->valid.count * sizeof *t->valid.labels);
    digest_end(d, hex);
    return true;
}

static bool write_slots(const struct slots *s, const struct training *t, const char *path, struct err *e)
{
    char seed[24], size[24], fold[24], faces[DIGEST_HEX], digest[DIGEST_HEX] = "";
    char *recipe = recipe_json(&t->recipe);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)t->recipe.seed);
    snprintf(size, sizeof size, "%d", t->learner->facts.size);
    snprintf(fold, sizeof fold, "%d", t->fold);
    const struct safetensor_note notes[] = {
        {"format", format},
        {"version", version},
        {"arch", classifier_arch(t->learner)},
        {"input_size", size},
        {"recipe", recipe},
        {"seed", seed},
        {"label_revision", t->label_revision},
        {"training_set", faces},
        {"fold", fold},
        {"digest", digest},
    };
    const struct safetensors file = {.tensors = s->slot,
                                     .tensor_count = s->count,
                                     .notes = notes,
                                     .note_count = sizeof notes / sizeof *notes};
    void *bytes = NULL;
    size_t count;
    bool fine = ((recipe != NULL && digest_faces(t, faces) && checkpoint_digest(&file, digest)) ||
                 err_memory(e, "writing a checkpoint")) &&
                safetensors_write(&file, &bytes, &count, e) && file_write(path, bytes, count, e);
    free(bytes);
    free(recipe);
    return fine;
}

bool checkpoint_write(struct training *t, struct err *e)
{
    struct slots s;
    char path[PATH_MAX];
    bool fine = slots_of(&s, t, e) && checkpoint_path(t->ws, t->run, path, e);
    if (fine) {
        note_position(&s, t);
        fine = write_slots(&s, t, path, e);
    }
    arena_free(&s.arena);
    return fine;
}

/* --- reading --- */

static bool damaged(const struct checkpoint *c, const char *what, struct err *e)
{
    return err_set(e, ERR_INPUT, "%s: the checkpoint is damaged (%s); start a new training", c->path, what);
}

static bool check_notes(struct checkpoint *c, struct err *e)
{
    const char *kind = safetensors_note(&c->file, "format"), *made = safetensors_note(&c->file, "version"),
               *size = safetensors_note(&c->file, "input_size"), *fold = safetensors_note(&c->file, "fold"),
               *recipe = safetensors_note(&c->file, "recipe"), *digest = safetensors_note(&c->file, "digest");
    char hex[DIGEST_HEX];
    if (kind == NULL || strcmp(kind, format) != 0)
        return err_set(e, ERR_INPUT, "%s: is no checkpoint of ferlab; start a new training", c->path);
    if (made == NULL || strcmp(made, version) != 0)
        return err_set(
            e, ERR_INPUT,
            "%s: the checkpoint has version %.20s, this ferlab reads %s; resume with the ferlab that "
            "wrote it, or start a new training",
            c->path, made != NULL ? made : "unknown", version);
    if (!checkpoint_digest(&c->file, hex))
        return err_memory(e, "reading a checkpoint");
    if (digest == NULL || strcmp(digest, hex) != 0)
        return damaged(c, "its digest does not match", e);
    c->arch = safetensors_note(&c->file, "arch");
    if (c->arch == NULL || size == NULL || !str_to_int(size, 1, 4096, &c->input_size) || recipe == NULL ||
        (fold != NULL && !str_to_int(fold, 0, RECIPE_FOLDS_MAX, &c->fold)))
        return damaged(c, "its notes are incomplete", e);
    return recipe_parse(recipe, &c->recipe, e);
}

bool checkpoint_read(struct checkpoint *c, struct err *e)
{
    size_t size;
    struct err why = {0};
    c->bytes = file_read(c->path, bytes_max, &size, e);
    if (c->bytes == NULL)
        return false;
    if (safetensors_read(&c->file, c->bytes, size, path_base(c->path), &c->arena, &why))
        return check_notes(c, e);
    return why.code == ERR_MEMORY ? err_memory(e, "reading a checkpoint") : damaged(c, why.text, e);
}

void checkpoint_free(struct checkpoint *c)
{
    free(c->bytes);
    arena_free(&c->arena);
}

/* Copies the file's tensor of the slot's name into the slot. */
static bool fill_slot(const struct checkpoint *c, const struct safetensor *slot, struct err *e)
{
    const struct safetensor *found = safetensors_find(&c->file, slot->name);
    if (found == NULL || found->type != slot->type || found->rank != slot->rank ||
        memcmp(found->dims, slot->dims, (size_t)slot->rank * sizeof *slot->dims) != 0)
        return damaged(c, slot->name, e);
    size_t bytes = safetensor_bytes(slot);
    if (bytes > 0)
        memcpy((void *)(uintptr_t)slot->data, found->data, bytes);
    return true;
}

/* The length of a list or of rows, which says how much room they need. */
static bool length_of(const struct checkpoint *c, const char *name, size_t least, size_t *out, struct err *e)
{
    const struct safetensor *found = safetensors_find(&c->file, name);
    if (found == NULL || found->rank < 1 || found->dims[0] < least || found->dims[0] > INT32_MAX)
        return damaged(c, name, e);
    *out = found->dims[0];
    return true;
}

/* From the file it came from, where that is not of our own kind; its values follow. */
static struct classifier *make_learner(const struct checkpoint *c, struct err *e)
{
    const struct safetensor *model = safetensors_find(&c->file, "model");
    if (model == NULL)
        return classifier_create(c->arch, (int)c->input_size, 0, e);
    return classifier_to_learn(model->data, safetensor_bytes(model), c->recipe.from, e);
}

static bool make_rooms(const struct checkpoint *c, struct training *t, struct err *e)
{
    if (!length_of(c, "train.ids", 1, &t->train.count, e) ||
        !length_of(c, "valid.ids", 0, &t->valid.count, e) || !length_of(c, "epochs", 0, &t->epochs_done, e))
        return false;
    if (t->epochs_done > (size_t)t->recipe.epochs)
        return damaged(c, "epochs", e);
    t->train.ids = malloc(t->train.count * sizeof *t->train.ids);
    t->train.targets = malloc(t->train.count * EMOTION_COUNT * sizeof *t->train.targets);
    t->valid.ids = malloc((t->valid.count + 1) * sizeof *t->valid.ids);
    t->valid.labels = malloc(t->valid.count + 1);
    t->train.reviewed = malloc(t->train.count);
    t->learner = make_learner(c, e);
    if (t->learner == NULL || !training_copy_learner(t, e))
        return false;
    if (t->train.ids == NULL || t->train.reviewed == NULL || t->train.targets == NULL ||
        t->valid.ids == NULL || t->valid.labels == NULL)
        return err_memory(e, "reading a checkpoint");
    return training_make_buffers(t, e);
}

static bool ascends(const int64_t *ids, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (ids[i] <= ids[i - 1])
            return false;
    return true;
}

static bool check_faces(const struct checkpoint *c, const struct training *t, struct err *e)
{
    if (!ascends(t->train.ids, t->train.count) || !ascends(t->valid.ids, t->valid.count))
        return damaged(c, "its faces are in no order", e);
    for (size_t i = 0; i < t->train.count * EMOTION_COUNT; i++)
        if (!(t->train.targets[i] >= 0 && t->train.targets[i] <= 1))
            return damaged(c, "train.targets", e);
    for (size_t i = 0; i < t->train.count; i++)
        if (((const uint8_t *)t->train.reviewed)[i] > 1)
            return damaged(c, "train.reviewed", e);
    for (size_t i = 0; i < t->valid.count; i++)
        if (t->valid.labels[i] < 0 || t->valid.labels[i] >= EMOTION_COUNT)
            return damaged(c, "valid.labels", e);
    return true;
}

static bool take_position(const struct checkpoint *c, const struct slots *s, struct training *t,
                          struct err *e)
{
    const int64_t *p = s->position, done = (int64_t)t->epochs_done;
    bool makes_sense = p[0] == done && p[1] >= 0 && p[1] <= t->steps && p[2] >= (done > 0) && p[2] <= done;
    /* as train_step splits an epoch */
    if (!makes_sense || (uint64_t)p[4] != (uint64_t)p[1] * t->epoch_faces / (uint64_t)t->steps || p[3] < 0 ||
        p[3] > p[4] || !isfinite(s->tally[0]) || !(s->tally[1] >= 0))
        return damaged(c, "position", e);
    t->step = p[1];
    t->best_epoch = p[2];
    t->tally = (struct tally){
        .loss = s->tally[0], .seconds = s->tally[1], .right = (size_t)p[3], .seen = (size_t)p[4]};
    for (size_t i = 0; i < t->epochs_done; i++)
        t->epochs[i] = (struct run_epoch){.epoch = (int64_t)i + 1,
                                          .loss = s->history[i][0],
                                          .train_accuracy = s->history[i][1],
                                          .valid_accuracy = s->history[i][2],
                                          .seconds = s->history[i][3]};
    t->best_accuracy = t->best_epoch > 0 ? t->epochs[t->best_epoch - 1].valid_accuracy : NAN;
    return true;
}

bool checkpoint_restore(const struct checkpoint *c, struct training *t, struct err *e)
{
    struct slots s = {0};
    bool fine = make_rooms(c, t, e) && slots_of(&s, t, e);
    for (size_t i = 0; fine && i < s.count; i++)
        fine = fill_slot(c, &s.slot[i], e);
    fine = fine && check_faces(c, t, e);
    if (fine)
        training_plan(t);
    fine = fine && take_position(c, &s, t, e);
    arena_free(&s.arena);
    return fine;
}
