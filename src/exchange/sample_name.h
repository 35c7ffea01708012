/* Names of samples: what may become a file name below a folder, coming in and going out. */
#ifndef FERLAB_EXCHANGE_SAMPLE_NAME_H
#define FERLAB_EXCHANGE_SAMPLE_NAME_H

#include "ferlab/base/err.h"

/* Refuses names that are empty, longer than 255 bytes, lead to other folders, hold control characters or are
 * not UTF-8. */
bool sample_name_check(const char *name, struct err *why);

enum { SAMPLE_FILE = 256 };
/* The name of a sample's file: its name, with .png behind it unless it ends so. False where that is no name
 * for a file. */
bool sample_png_name(const char *name, char out[SAMPLE_FILE], struct err *why);

#endif
