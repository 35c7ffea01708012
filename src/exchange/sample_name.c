/* Names of samples. */
#include "sample_name.h"

#include "ferlab/base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_BYTES = SAMPLE_FILE - 1 };

bool sample_name_check(const char *name, struct err *why)
{
    char escaped[4 * NAME_BYTES + 8];
    if (!*name)
        return err_set(why, ERR_INPUT, "the name is empty");
    if (strlen(name) > NAME_BYTES)
        return err_set(why, ERR_INPUT, "the name is longer than %d bytes", NAME_BYTES);
    if (strpbrk(name, "/\\") || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return err_set(why, ERR_INPUT, "'%s' is no plain file name; names may not lead to other folders",
                       name);
    if (strcmp(str_escape(escaped, sizeof escaped, name), name) != 0)
        return err_set(why, ERR_INPUT, "the name '%s' has control characters or is not UTF-8; rename it",
                       escaped);
    return true;
}

bool sample_png_name(const char *name, char out[SAMPLE_FILE], struct err *why)
{
    size_t length = strlen(name), dot = strlen(".png");
    bool ends = length > dot && strcasecmp(name + length - dot, ".png") == 0;
    if (!ends && length > NAME_BYTES - dot && length <= NAME_BYTES)
        return err_set(why, ERR_INPUT, "%s: the name with .png is longer than %d bytes", name, NAME_BYTES);
    return sample_name_check(name, why) &&
           snprintf(out, SAMPLE_FILE, "%s%s", name, ends ? "" : ".png") < SAMPLE_FILE;
}
