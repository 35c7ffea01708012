/* Export: the table of formats. */
#include "ferlab/exchange/export.h"

#include "ferlab/base/path.h"

#include "formats.h"

#include <string.h>

const struct export_format export_formats[] = {
    {"ferplus", "Microsoft's layout: FER2013Train, FER2013Valid, FER2013Test with label.csv and PNGs", true,
     export_ferplus},
    {"csv", "one row a sample: votes, labels, prediction, probabilities, note, tags", false, export_csv},
    {"jsonl", "one JSON object a sample and line, with its reviews", false, export_jsonl},
    {0},
};

const struct export_format *export_format_find(const char *name)
{
    for (const struct export_format *f = export_formats; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

const struct export_format *export_format_of_path(const char *path)
{
    const char *dot = strrchr(path_base(path), '.');
    return dot && (strcmp(dot, ".csv") == 0 || strcmp(dot, ".jsonl") == 0) ? export_format_find(dot + 1)
                                                                           : NULL;
}
