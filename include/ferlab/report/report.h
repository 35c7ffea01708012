/* Report: one self-contained HTML page of what a model's predictions are worth for a set of faces, under a
 * protocol that the page names, and of what reviewers did. Pictures are inside, nothing is fetched, and there
 * is no script. The same workspace, request and date give the same page, byte by byte. */
#ifndef FERLAB_REPORT_REPORT_H
#define FERLAB_REPORT_REPORT_H

#include "ferlab/base/str.h"
#include "ferlab/eval/bootstrap.h"
#include "ferlab/store/columns.h"

enum { REPORT_FACES = 12, REPORT_FACES_MAX = 100 };

struct report_request {
    struct workspace *workspace;
    const struct columns *columns; /* with the predictions of the model to report on; the model beside, where
                                      there is one, is what it is compared with */
    const uint32_t *rows;          /* the faces, `row_count` of them */
    size_t row_count;
    const char *split, *where; /* how they were picked: one of the two, the other NULL; where "": all */
    enum label_source labels;
    const struct evaluation *evaluation; /* of these faces against these labels */
    const struct bootstrap *bootstrap;   /* all its draws done */
    const char *title;                   /* NULL: the model's name and the workspace's */
    int faces;                           /* of each emotion, at most so many of the worst errors are shown */
    const char *date;                    /* as clock_stamp gives it */
    const char *commands;                /* shell commands, one a line, that lead to these numbers again */
};

/* Appends the page to *page. The evaluation counts at least one face. */
bool report_page(const struct report_request *request, struct str *page, struct err *e);

#endif
