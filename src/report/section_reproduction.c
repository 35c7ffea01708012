/* What it takes to have these numbers again. */
#include "parts.h"

void section_reproduction(struct report *r)
{
    struct html *h = &r->html;
    html_put(h, "p", "",
             "The same workspace file, the same ferlab and these commands give the same numbers. A training "
             "repeats "
             "bit by bit with the same labels, seed and number of threads.");
    html_put(h, "pre", "", "%s", r->request->commands);
    html_begin(h, "dl", "class='facts'");
    put_fact(h, "ferlab", "%s", FERLAB_VERSION);
    put_fact(h, "Label revision", "%s", r->revision);
    put_fact(h, "Samples in the workspace", "%zu", r->columns->count);
    put_fact(h, "Reviews in its log", "%lld", (long long)r->columns->event_count);
    html_close(h);
}
