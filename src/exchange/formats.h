/* The writers behind the table of export formats, one file each. */
#ifndef FERLAB_EXCHANGE_FORMATS_H
#define FERLAB_EXCHANGE_FORMATS_H

#include "ferlab/exchange/export.h"

bool export_ferplus(const struct export_request *request, int64_t *written, struct err *e);
bool export_csv(const struct export_request *request, int64_t *written, struct err *e);
bool export_jsonl(const struct export_request *request, int64_t *written, struct err *e);
bool export_imagefolder(const struct export_request *request, int64_t *written, struct err *e);
bool export_labelstudio(const struct export_request *request, int64_t *written, struct err *e);
bool export_fiftyone(const struct export_request *request, int64_t *written, struct err *e);

#endif
