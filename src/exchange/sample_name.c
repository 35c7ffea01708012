/* Names of samples. */
#include "sample_name.h"

#include "ferlab/base/str.h"

#include <string.h>

enum { NAME_BYTES = 255 };

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
        return err_set(why, ERR_INPUT, "the name '%s' has control characters or is not UTF-8", name);
    return true;
}
