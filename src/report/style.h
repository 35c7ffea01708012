/* The style of a report: colours for light, dark and paper, layout from a phone to a wide screen. */
#ifndef FERLAB_REPORT_STYLE_H
#define FERLAB_REPORT_STYLE_H

/* A style sheet without '<' and '&', so that it needs no escaping in HTML nor XML. */
extern const char report_style[];

#endif
