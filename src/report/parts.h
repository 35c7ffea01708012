/* What the sections of a report share: the facts, and how numbers, classes, tables and figures are written.
 */
#ifndef FERLAB_REPORT_PARTS_H
#define FERLAB_REPORT_PARTS_H

#include "ferlab/report/report.h"
#include "ferlab/store/models.h"
#include "ferlab/store/reviews.h"
#include "ferlab/store/runs.h"
#include "html.h"

struct report {
    const struct report_request *request;
    const struct columns *columns;
    const struct evaluation *evaluation;
    const int8_t *label; /* of every row of columns: those measured against */
    struct html html;
    struct arena arena; /* owns what the pointers below lead to */
    struct model model;
    struct model previous; /* to compare with: beside, else which it started from or followed; id 0: none */
    struct run run;        /* id 0: the model is of no training here */
    struct run_epoch *epochs;
    size_t epoch_count;
    struct event *events; /* all reviews, oldest first */
    bool *standing;
    size_t event_count;
    char revision[13];   /* of the labels measured against */
    int figures, tables; /* numbered so far */
    bool failed;         /* something could not be read, or memory ran out; then error says so */
    struct err error;
};

/* --- what stands below the headings of the sections, and whether there is something to say --- */

void section_protocol(struct report *r);
void section_scores(struct report *r);
void section_classes(struct report *r);
void section_calibration(struct report *r);
bool has_errors(const struct report *r);
void section_worst(struct report *r);
bool has_suspects(const struct report *r);
void section_suspects(struct report *r);
bool has_training(const struct report *r);
void section_training(struct report *r);
bool has_reviews(const struct report *r);
void section_reviews(struct report *r);
bool has_effect(const struct report *r);
void section_effect(struct report *r);
bool find_previous(struct report *r, struct err *e); /* for section_effect */
void section_reproduction(struct report *r);

/* --- numbers --- */

/* <data> with the digits of `eval --json` for machines beside what people read; a dash for NaN. */
void put_percent(struct html *h, double share); /* 88.1 % */
void put_fraction(struct html *h, double x);    /* 0.741 */
void put_count(struct html *h, int64_t n);      /* 3,191 */
void put_score(struct html *h, double x, bool percentage);
void put_interval(struct html *h, double low, double high, bool percentage); /* 86.7 – 88.9 */
void put_signed(struct html *h, double x, bool percentage); /* +1.2, of percentages in points */
/* The same in a cell of a table, at the right. */
void cell_percent(struct html *h, double share);
void cell_fraction(struct html *h, double x);
void cell_count(struct html *h, int64_t n);

enum { NUMBER_TEXT = 48 };
const char *number_with_commas(char out[NUMBER_TEXT], int64_t n); /* returns out */
double ratio(double part, int64_t whole);                         /* NaN of nothing */

/* --- structure --- */

/* <table> in a box that scrolls by itself where the page is narrow, captioned "Table 3. TITLE"; close_table
 * ends both. */
void open_table(struct report *r, const char *class, const char *title);
void close_table(struct report *r);
/* A row of column headings, with | between them. The first is of the row headings. */
void put_head(struct html *h, const char *titles);
/* The heading of a row, with the colour of its class beside the name. */
void put_class_head(struct html *h, int class_index);
/* Its name, short in tables of class "dense" where the page is narrow. */
void put_class_name(struct html *h, int class_index);
/* The colour alone. */
void put_swatch(struct html *h, int class_index);
/* <figure>; close_figure captions it "Figure 2. TITLE". */
void open_figure(struct report *r, const char *class);
void close_figure(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of a <dl>. */
void put_fact(struct html *h, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
