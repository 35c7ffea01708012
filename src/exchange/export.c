/* Export: the table of formats. */
#include "ferlab/exchange/export.h"

#include "ferlab/base/path.h"

#include "formats.h"

#include <stdio.h>
#include <string.h>

const struct export_format export_formats[] = {
    {"ferplus", "Microsoft's layout: FER2013Train, FER2013Valid, FER2013Test with label.csv and PNGs", true,
     export_ferplus},
    {"csv", "one row a sample: votes, labels, prediction, probabilities, scores, reviews", false, export_csv},
    {"jsonl", "one JSON object a sample and line: the same", false, export_jsonl},
    {"imagefolder", "for Hugging Face's datasets: PNGs and metadata.jsonl, a folder a split", false,
     export_imagefolder},
    {"labelstudio", "for Label Studio: tasks.json with the faces in it, and config.xml", false,
     export_labelstudio},
    {"fiftyone", "for FiftyOne: metadata.json, samples.json and PNGs in data", false, export_fiftyone},
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

const char *export_format_names(char out[EXPORT_NAMES])
{
    size_t used = 0;
    for (const struct export_format *f = export_formats; f->name && used < EXPORT_NAMES; f++) {
        const char *before = f == export_formats ? "" : f[1].name ? ", " : " or ";
        used += (size_t)snprintf(out + used, EXPORT_NAMES - used, "%s%s", before, f->name);
    }
    return out;
}
