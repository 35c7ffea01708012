/* The tables of a workspace. A version is one text; a published text never changes, the next version appends
 * one.
 *
 * Pixels stand apart from samples so that loading all metadata reads few pages. Faces of 2304 bytes fill
 * pages of 16384 bytes to 99 % (seven a page; 85 % of 8192, 57 % of 4096).
 *
 * What the crowd and the reviewers said is guarded by triggers. SQLite deletes a row that INSERT OR REPLACE
 * displaces without asking delete triggers, hence the guards on insert. */
#include "schema.h"

#include <stdio.h>

static const char tables_1[] =
    /* Faces as they were imported. x0..y1: the face's box in the source. The ten counts are the crowd's
       votes. */
    "CREATE TABLE sample (\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  split TEXT NOT NULL CHECK (split IN ('train', 'valid', 'test', 'none')),\n"
    "  name TEXT NOT NULL CHECK (length(name) > 0),\n"
    "  x0 INTEGER NOT NULL, y0 INTEGER NOT NULL, x1 INTEGER NOT NULL, y1 INTEGER NOT NULL,\n"
    "  neutral INTEGER NOT NULL CHECK (neutral BETWEEN 0 AND 255),\n"
    "  happiness INTEGER NOT NULL CHECK (happiness BETWEEN 0 AND 255),\n"
    "  surprise INTEGER NOT NULL CHECK (surprise BETWEEN 0 AND 255),\n"
    "  sadness INTEGER NOT NULL CHECK (sadness BETWEEN 0 AND 255),\n"
    "  anger INTEGER NOT NULL CHECK (anger BETWEEN 0 AND 255),\n"
    "  disgust INTEGER NOT NULL CHECK (disgust BETWEEN 0 AND 255),\n"
    "  fear INTEGER NOT NULL CHECK (fear BETWEEN 0 AND 255),\n"
    "  contempt INTEGER NOT NULL CHECK (contempt BETWEEN 0 AND 255),\n"
    "  unknown INTEGER NOT NULL CHECK (unknown BETWEEN 0 AND 255),\n"
    "  nf INTEGER NOT NULL CHECK (nf BETWEEN 0 AND 255),\n"
    "  UNIQUE (split, name)\n"
    ");\n"
    /* 48 x 48 gray bytes, row by row from the top left. */
    "CREATE TABLE pixels (\n"
    "  sample INTEGER PRIMARY KEY REFERENCES sample (id),\n"
    "  gray BLOB NOT NULL CHECK (length(gray) = 2304)\n"
    ");\n"
    /* Reviews: the append-only log. batch: the first event of the action; undoes: what an undo or redo takes
       back. */
    "CREATE TABLE event (\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  batch INTEGER NOT NULL REFERENCES event (id),\n"
    "  time TEXT NOT NULL,\n"
    "  reviewer TEXT NOT NULL,\n"
    "  sample INTEGER REFERENCES sample (id),\n"
    "  kind TEXT NOT NULL CHECK (kind IN ('relabel', 'accept', 'votes', 'flag', 'unflag', 'note', 'tag',\n"
    "    'untag', 'unlock', 'undo', 'redo')),\n"
    "  value TEXT NOT NULL DEFAULT '',\n"
    "  undoes INTEGER REFERENCES event (id),\n"
    "  CHECK ((kind IN ('undo', 'redo')) = (undoes IS NOT NULL)),\n"
    "  CHECK (sample IS NOT NULL OR kind IN ('unlock', 'undo', 'redo'))\n"
    ");\n"
    "CREATE INDEX event_of_sample ON event (sample);\n"
    "CREATE INDEX event_undoes ON event (undoes) WHERE undoes IS NOT NULL;\n"
    /* What counts: decisions that are not undone, or whose undoing was taken back. */
    "CREATE VIEW standing AS SELECT * FROM event WHERE undoes IS NULL AND NOT EXISTS (\n"
    "  SELECT 1 FROM event AS undo WHERE undo.undoes = event.id\n"
    "    AND NOT EXISTS (SELECT 1 FROM event AS redo WHERE redo.undoes = undo.id));\n"
    /* Trainings. process_start: the kernel's start time of process pid on that host. */
    "CREATE TABLE run (\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  name TEXT NOT NULL UNIQUE,\n"
    "  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped', 'failed')),\n"
    "  recipe TEXT NOT NULL,\n"
    "  label_revision TEXT NOT NULL,\n"
    "  parent TEXT NOT NULL,\n"
    "  seed INTEGER NOT NULL,\n"
    "  threads INTEGER NOT NULL,\n"
    "  epochs_planned INTEGER NOT NULL,\n"
    "  started TEXT NOT NULL,\n"
    "  finished TEXT NOT NULL DEFAULT '',\n"
    "  failure TEXT NOT NULL DEFAULT '',\n"
    "  pid INTEGER NOT NULL,\n"
    "  host TEXT NOT NULL,\n"
    "  process_start INTEGER NOT NULL,\n"
    "  epoch INTEGER NOT NULL DEFAULT 0,\n"
    "  step INTEGER NOT NULL DEFAULT 0,\n"
    "  steps INTEGER NOT NULL DEFAULT 0,\n"
    "  images_per_second DOUBLE PRECISION,\n"
    "  seconds_left DOUBLE PRECISION,\n"
    "  loss DOUBLE PRECISION\n"
    ");\n"
    "CREATE TABLE run_epoch (\n"
    "  run INTEGER NOT NULL REFERENCES run (id),\n"
    "  epoch INTEGER NOT NULL,\n"
    "  loss DOUBLE PRECISION,\n"
    "  train_accuracy DOUBLE PRECISION,\n"
    "  valid_accuracy DOUBLE PRECISION,\n"
    "  seconds DOUBLE PRECISION,\n"
    "  PRIMARY KEY (run, epoch)\n"
    ") WITHOUT ROWID;\n"
    /* digest: SHA-256 of onnx. external: computed on demand from a file that stays where it is. */
    "CREATE TABLE model (\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  name TEXT NOT NULL UNIQUE,\n"
    "  digest TEXT NOT NULL,\n"
    "  arch TEXT NOT NULL,\n"
    "  created TEXT NOT NULL,\n"
    "  run INTEGER REFERENCES run (id),\n"
    "  parameters INTEGER NOT NULL,\n"
    "  input_size INTEGER NOT NULL,\n"
    "  valid_accuracy DOUBLE PRECISION,\n"
    "  external INTEGER NOT NULL CHECK (external IN (0, 1)),\n"
    "  size INTEGER NOT NULL,\n"
    "  onnx BLOB NOT NULL\n"
    ");\n"
    "CREATE INDEX model_digest ON model (digest);\n"
    /* probabilities: eight little-endian float32, neutral to contempt. */
    "CREATE TABLE prediction (\n"
    "  model INTEGER NOT NULL REFERENCES model (id),\n"
    "  sample INTEGER NOT NULL REFERENCES sample (id),\n"
    "  probabilities BLOB NOT NULL CHECK (length(probabilities) = 32),\n"
    "  in_sample INTEGER NOT NULL CHECK (in_sample IN (0, 1)),\n"
    "  PRIMARY KEY (model, sample)\n"
    ") WITHOUT ROWID;\n"
    "CREATE TABLE setting (\n"
    "  key TEXT PRIMARY KEY,\n"
    "  value TEXT NOT NULL\n"
    ") WITHOUT ROWID;\n";

static const char guards_1[] =
    "CREATE TRIGGER sample_is_immutable BEFORE UPDATE ON sample\n"
    "  BEGIN SELECT RAISE(ABORT, 'samples and their votes are never changed'); END;\n"
    "CREATE TRIGGER sample_is_kept BEFORE DELETE ON sample\n"
    "  BEGIN SELECT RAISE(ABORT, 'samples and their votes are never deleted'); END;\n"
    "CREATE TRIGGER sample_is_not_replaced BEFORE INSERT ON sample\n"
    "  WHEN EXISTS (SELECT 1 FROM sample WHERE id = NEW.id OR (split = NEW.split AND name = NEW.name))\n"
    "  BEGIN SELECT RAISE(ABORT, 'samples and their votes are never replaced'); END;\n"
    "CREATE TRIGGER pixels_are_immutable BEFORE UPDATE ON pixels\n"
    "  BEGIN SELECT RAISE(ABORT, 'pixels are never changed'); END;\n"
    "CREATE TRIGGER pixels_are_kept BEFORE DELETE ON pixels\n"
    "  BEGIN SELECT RAISE(ABORT, 'pixels are never deleted'); END;\n"
    "CREATE TRIGGER pixels_are_not_replaced BEFORE INSERT ON pixels\n"
    "  WHEN EXISTS (SELECT 1 FROM pixels WHERE sample = NEW.sample)\n"
    "  BEGIN SELECT RAISE(ABORT, 'pixels are never replaced'); END;\n"
    "CREATE TRIGGER event_is_immutable BEFORE UPDATE ON event\n"
    "  BEGIN SELECT RAISE(ABORT, 'reviews are append-only'); END;\n"
    "CREATE TRIGGER event_is_kept BEFORE DELETE ON event\n"
    "  BEGIN SELECT RAISE(ABORT, 'reviews are append-only'); END;\n"
    "CREATE TRIGGER event_is_not_replaced BEFORE INSERT ON event\n"
    "  WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id)\n"
    "  BEGIN SELECT RAISE(ABORT, 'reviews are append-only'); END;\n";

/* unseen: the model, made elsewhere, is known not to have been trained on any of these samples. Of others
 * from elsewhere the train split counts as seen; predictions written before are marked so. */
static const char tables_2[] =
    "ALTER TABLE model ADD COLUMN unseen INTEGER NOT NULL DEFAULT 0 CHECK (unseen IN (0, 1));\n"
    "UPDATE prediction SET in_sample = 1 WHERE model IN (SELECT id FROM model WHERE run IS NULL)\n"
    "  AND sample IN (SELECT id FROM sample WHERE split = 'train');\n";

/* folds: how many models a training makes, each of the faces that the others keep out; of a model: that so
 * many made its predictions, each of the faces it did not see, and that there is no file. 0: one model of
 * all. */
static const char tables_3[] =
    "ALTER TABLE run ADD COLUMN folds INTEGER NOT NULL DEFAULT 0 CHECK (folds >= 0);\n"
    "ALTER TABLE model ADD COLUMN folds INTEGER NOT NULL DEFAULT 0 CHECK (folds >= 0);\n";

/* Review queues: what each reviewer did with the faces that a filter picked, one turn a face. What is left of
 * a queue is what its filter picks and no turn has; so one is as long as what was done. event: the decision,
 * which may be undone; again: the face was put back after an earlier turn; blind: label, votes and prediction
 * were hidden until the decision. */
static const char tables_4[] = "CREATE TABLE queue (\n"
                               "  id INTEGER PRIMARY KEY,\n"
                               "  reviewer TEXT NOT NULL,\n"
                               "  filter TEXT NOT NULL,\n"
                               "  started TEXT NOT NULL,\n"
                               "  blind INTEGER NOT NULL CHECK (blind IN (0, 1))\n"
                               ");\n"
                               "CREATE INDEX queue_of_reviewer ON queue (reviewer, filter);\n"
                               "CREATE TABLE turn (\n"
                               "  id INTEGER PRIMARY KEY,\n"
                               "  queue INTEGER NOT NULL REFERENCES queue (id),\n"
                               "  sample INTEGER NOT NULL REFERENCES sample (id),\n"
                               "  state TEXT NOT NULL CHECK (state IN ('waiting', 'skipped', 'decided')),\n"
                               "  event INTEGER REFERENCES event (id),\n"
                               "  again INTEGER NOT NULL CHECK (again IN (0, 1)),\n"
                               "  blind INTEGER NOT NULL CHECK (blind IN (0, 1)),\n"
                               "  CHECK (state != 'decided' OR event IS NOT NULL)\n"
                               ");\n"
                               "CREATE INDEX turn_of_queue ON turn (queue);\n"
                               "CREATE INDEX turn_of_event ON turn (event) WHERE event IS NOT NULL;\n"
                               "CREATE INDEX event_unlocks ON event (id) WHERE kind = 'unlock';\n";

/* vector: what goes into the model's last layer, scaled to length 1, as little-endian binary16. */
static const char tables_5[] = "CREATE TABLE embedding (\n"
                               "  model INTEGER NOT NULL REFERENCES model (id),\n"
                               "  sample INTEGER NOT NULL REFERENCES sample (id),\n"
                               "  vector BLOB NOT NULL,\n"
                               "  PRIMARY KEY (model, sample)\n"
                               ") WITHOUT ROWID;\n";

/* samples: little-endian int64, places: as many pairs of little-endian float32, NaN where a face has none. */
static const char tables_6[] = "CREATE TABLE map (\n"
                               "  model INTEGER PRIMARY KEY REFERENCES model (id),\n"
                               "  samples BLOB NOT NULL,\n"
                               "  places BLOB NOT NULL\n"
                               ");\n";

/* Near-duplicates: samples that are not alone, by the first of their group. What is found anew from the
 * pixels at any time needs no guard. */
static const char tables_7[] = "CREATE TABLE duplicate (\n"
                               "  sample INTEGER PRIMARY KEY REFERENCES sample (id),\n"
                               "  first INTEGER NOT NULL REFERENCES sample (id)\n"
                               ");\n";

/* source: the file that the face was found in, as an absolute path, or "live"; empty: an import of faces. */
static const char tables_8[] = "ALTER TABLE sample ADD COLUMN source TEXT NOT NULL DEFAULT '';\n"
                               "CREATE INDEX sample_of_source ON sample (source) WHERE source != '';\n";

/* flaws: what makes a face that was found doubtful, as face/flaws.h has it. */
static const char tables_9[] =
    "ALTER TABLE sample ADD COLUMN flaws INTEGER NOT NULL DEFAULT 0 CHECK (flaws >= 0);\n";

/* migrations[v] leads from version v to v + 1. */
static const struct {
    const char *tables, *guards;
} migrations[] = {{tables_1, guards_1}, {tables_2, ""}, {tables_3, ""}, {tables_4, ""}, {tables_5, ""},
                  {tables_6, ""},       {tables_7, ""}, {tables_8, ""}, {tables_9, ""}};

int64_t schema_version(void)
{
    return sizeof migrations / sizeof *migrations;
}

static bool set_pragma(struct sql *db, const char *name, int64_t value, struct err *e)
{
    char text[64];

    snprintf(text, sizeof text, "PRAGMA %s=%lld", name, (long long)value);
    return sql_exec(db, text, e);
}

/* Another process may have migrated while this one waited for the lock, so the version is read again inside.
 */
static bool migrate(struct sql *db, struct err *e)
{
    struct sql_scope scope;
    int64_t application = 0, version = 0;

    if (!sql_enter(&scope, db, e))
        return false;
    bool good = sql_format(db, &application, &version, e);

    for (; good && version < schema_version(); version++)
        good = sql_exec(db, migrations[version].tables, e) && sql_exec(db, migrations[version].guards, e);
    good = good && set_pragma(db, "user_version", version, e);
    return sql_leave(&scope, good, e);
}

bool schema_ready(struct sql *db, struct err *e)
{
    int64_t application = 0, version = 0;

    if (!sql_format(db, &application, &version, e))
        return false;
    if (application != SCHEMA_APPLICATION || version < 0)
        return err_set(e, ERR_INPUT, "%s: is an SQLite database, but not a ferlab workspace", sql_path(db));
    if (version > schema_version())
        return err_set(e, ERR_INPUT,
                       "%s: was made by a newer ferlab (schema %lld; this one knows %lld); update ferlab",
                       sql_path(db), (long long)version, (long long)schema_version());
    if (version == schema_version())
        return true;
    if (!sql_is_writable(db))
        return err_set(
            e, ERR_INPUT,
            "%s: was made by an older ferlab (schema %lld) and may not be written; open it once where it may",
            sql_path(db), (long long)version);
    return migrate(db, e);
}

bool schema_create(struct sql *db, struct err *e)
{
    bool good = set_pragma(db, "application_id", SCHEMA_APPLICATION, e);

    for (int64_t version = 0; good && version < schema_version(); version++)
        good = sql_exec(db, migrations[version].tables, e);
    return good;
}

bool schema_guard(struct sql *db, struct err *e)
{
    bool good = true;

    for (int64_t version = 0; good && version < schema_version(); version++)
        good = sql_exec(db, migrations[version].guards, e);
    return good && set_pragma(db, "user_version", schema_version(), e);
}
