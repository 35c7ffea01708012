/* Actions: everything a key, a `:` command or the mouse wheel can make the workbench do. One row each;
 * dispatch, the help view, `:` completion and the man page's key table all come from here. */
#ifndef FERLAB_TUI_ACTION_H
#define FERLAB_TUI_ACTION_H

#include <stddef.h>

/* X(id, name for ':', default keys separated by spaces, group, help) */
#define ACTIONS(X)                                                                                           \
    X(LABEL_NEUTRAL, "label neutral", "1", "review", "label neutral and move on")                            \
    X(LABEL_HAPPINESS, "label happiness", "2", "review", "label happiness and move on")                      \
    X(LABEL_SURPRISE, "label surprise", "3", "review", "label surprise and move on")                         \
    X(LABEL_SADNESS, "label sadness", "4", "review", "label sadness and move on")                            \
    X(LABEL_ANGER, "label anger", "5", "review", "label anger and move on")                                  \
    X(LABEL_DISGUST, "label disgust", "6", "review", "label disgust and move on")                            \
    X(LABEL_FEAR, "label fear", "7", "review", "label fear and move on")                                     \
    X(LABEL_CONTEMPT, "label contempt", "8", "review", "label contempt and move on")                         \
    X(LABEL_UNKNOWN, "label unknown", "9", "review", "label unknown and move on")                            \
    X(LABEL_NF, "label nf", "0", "review", "label not a face and move on")                                   \
    X(ACCEPT, "accept", "Space", "review", "accept the label; in the queue, without one, the prediction")    \
    X(SKIP, "skip", "s", "review", "move on without deciding")                                               \
    X(FLAG, "flag", "f", "review", "flag for another look, or take the flag back")                           \
    X(NOTE, "note", "n", "review", "write a note")                                                           \
    X(TAG, "tag", "T", "review", "tag, or remove the tag")                                                   \
    X(UNDO, "undo", "u", "review", "undo your latest review")                                                \
    X(REDO, "redo", "U", "review", "redo what you undid")                                                    \
    X(RANGE, "range", "v", "review", "select a range; the next label, accept, flag, note or tag is for it")  \
    X(EDIT, "votes", "e", "review", "edit the ten votes of the face that is shown large")                    \
    X(AGAIN, "again", "a", "queue", "show what was decided once more, at the end; at the end: the skipped")  \
    X(BLIND, "blind", "B", "queue", "hide label, votes and prediction until you decide, or show them")       \
    X(LEFT, "left", "h Left", "move", "left")                                                                \
    X(DOWN, "down", "j Down", "move", "down")                                                                \
    X(UP, "up", "k Up", "move", "up")                                                                        \
    X(RIGHT, "right", "l Right", "move", "right")                                                            \
    X(PAGE_DOWN, "page-down", "PgDn Ctrl-F", "move", "one screen down")                                      \
    X(PAGE_UP, "page-up", "PgUp Ctrl-B", "move", "one screen up")                                            \
    X(FIRST, "first", "g Home", "move", "to the first")                                                      \
    X(LAST, "last", "G End", "move", "to the last")                                                          \
    X(SWITCH, "switch", "Tab", "move", "other part of the view: form or runs, validation split or filter")   \
    X(OPEN, "open", "Enter", "view", "open what is selected")                                                \
    X(BACK, "back", "q Esc", "view", "back; q in the first view leaves")                                     \
    X(FILTER, "filter", "/", "view", "filter the samples")                                                   \
    X(COMMAND, "command", ":", "view", "type a command")                                                     \
    X(CONFUSION, "confusion", "c", "view", "confusion matrix")                                               \
    X(METRICS, "metrics", "M", "view", "metrics: scores, calibration, the crowd's agreement")                \
    X(COMPARE, "compare", "b", "view",                                                                       \
      "compare the model in use with the one before it, or with the selected one")                           \
    X(TRAINING, "training", "t", "view", "train, and watch trainings")                                       \
    X(MODELS, "models", "m", "view", "models and runs")                                                      \
    X(MAP, "map", "y", "view", "map: faces as points, near those that the model sees alike")                 \
    X(QUEUE, "queue", "r", "view", "review queue: the present filter face by face, most suspicious first")   \
    X(SIMILAR, "similar", "S", "view", "the faces most alike to this one, nearest first")                    \
    X(COPIES, "copies", "d", "view", "the near-duplicates of this face, and itself")                         \
    X(PREDICT, "predict", "p", "view", "predict what the model lacks; without any, with the one that ships") \
    X(HELP, "help", "?", "view", "help")                                                                     \
    X(LEGEND, "legend", "L", "view", "show or hide the legend line")                                         \
    X(LARGER, "larger", "+ =", "view", "larger faces")                                                       \
    X(SMALLER, "smaller", "-", "view", "smaller faces")                                                      \
    X(SMOOTH, "smooth", "i", "view", "smooth the faces, or show their pixels")                               \
    X(WHY, "why", "w", "face", "lay over the face what speaks for a class to the model (Grad-CAM)")          \
    X(WHY_CLASS, "why-class", "W", "face", "of another class: predicted, label, each emotion in turn")       \
    X(WHY_HEAT, "why-heat", "A", "face", "more or less of the heat: 0.3, 0.5, 0.7")                          \
    X(COUNTS, "counts", "#", "matrix", "counts")                                                             \
    X(PERCENT, "percent", "%", "matrix", "shares of the row; again: of the column, of all")                  \
    X(OFF_DIAGONAL, "off-diagonal", "o", "matrix", "heat of the errors only")                                \
    X(CROWD, "crowd", "C", "matrix", "the crowd's labels, or the reviewed ones")                             \
    X(DIFFERENCE, "difference", "D", "matrix", "difference to the model before")                             \
    X(STOP, "stop", "x", "training", "stop the running training, keeping its best model")                    \
    X(START, "start", "S", "training", "start the training in the form")                                     \
    X(RESUME, "resume", "R", "training", "resume the selected run, stopped or failed")                       \
    X(REMOVE, "remove", "d Del", "models", "remove the selected model")                                      \
    X(REFINE, "refine", "R", "map", "lay the map out by each face's nearest, in a process of its own")       \
    X(COLOUR, "colour", "C", "map", "colour by label, by prediction, by error")                              \
    X(KEEP, "keep", "Space", "live", "keep the selected face as a sample; a digit does, with that label")    \
    X(PAUSE, "pause", "P", "live", "stop the picture, or go on; after the end, from the beginning")          \
    X(STEP, "step", "l Right", "live", "to the next picture, and stop there")                                \
    X(REDRAW, "redraw", "Ctrl-L", "view", "draw everything again")                                           \
    X(QUIT, "quit", "", "view", "leave ferlab")

enum action {
    ACTION_NONE,
#define X(id, name, keys, group, help) ACTION_##id,
    ACTIONS(X)
#undef X
        ACTION_COUNT
};

struct action_row {
    const char *name, *keys, *group, *help;
};
extern const struct action_row action_rows[ACTION_COUNT]; /* [ACTION_NONE] is all "" */

/* Keys as struct view_ops' key gets them. Where actions share one, it means that of the group where the key
 * was pressed (struct view_ops' group), else the first in the table. */
enum action action_of_key(int key, const char *group);

enum { KEY_TITLE = 32 };
void key_title(int key, char out[KEY_TITLE]); /* for messages: 'z', Tab, Ctrl-X, F5, or "that key" */

enum action action_of_name(const char *name); /* ACTION_NONE where there is none */

/* Whether this action labels, and with which class. */
static inline int action_class(enum action a)
{
    return a >= ACTION_LABEL_NEUTRAL && a <= ACTION_LABEL_NF ? (int)a - (int)ACTION_LABEL_NEUTRAL : -1;
}

/* Whether the action is a review, or what belongs to reviewing: for app_review. */
static inline int action_reviews(enum action a)
{
    return a >= ACTION_LABEL_NEUTRAL && a <= ACTION_RANGE;
}

/* The key that gives a class: '1' to '8' the emotions, '9' unknown, '0' not a face. */
static inline char class_key(int class_index)
{
    return (char)('0' + (class_index + 1) % 10);
}

#endif
