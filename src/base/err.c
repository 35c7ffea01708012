/* Errors as sentences. */
#include "ferlab/base/err.h"

#include "ferlab/base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_fill(struct err *e, enum err_code code, const char *format, ...)
{
    if (e == NULL)
        return 0;
    char raw[sizeof e->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    e->code = code;
    str_escape(e->text, sizeof e->text, raw);
    return 0;
}

int err_fill_errno(struct err *e, const char *path, const char *verb, const char *mend)
{
    int number = errno;
    enum err_code code = number == ENOSPC || number == EDQUOT ? ERR_SPACE : ERR_IO;
    return err_fill(e, code, "%s: cannot %s: %s; %s", path, verb, strerror(number), mend);
}

int err_fill_memory(struct err *e, const char *what)
{
    return err_fill(e, ERR_MEMORY, "out of memory while %s; close other programs or work on less at once",
                    what);
}
