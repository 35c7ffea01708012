/* Errors: what went wrong, as one sentence a user can act on.
 *
 * A function that can fail returns bool (or a pointer that may be NULL) and fills the caller's
 * struct err. There is no global error state and nothing below src/cli ends the process.
 * A sentence reads "FILE:PLACE: what is wrong; what to do" without a final full stop. */
#ifndef FERLAB_BASE_ERR_H
#define FERLAB_BASE_ERR_H

#include <stdbool.h>

enum err_code {
    ERR_NONE,
    ERR_USAGE,       /* the caller asked for something that makes no sense: exit status 2 */
    ERR_INPUT,       /* a file or value from outside is wrong */
    ERR_IO,          /* the operating system refused */
    ERR_SPACE,       /* disk full */
    ERR_BUSY,        /* another process holds the workspace, or does the same already */
    ERR_MEMORY,      /* out of memory */
    ERR_INTERRUPTED, /* the user stopped it */
};

struct err {
    enum err_code code;
    char text[1024];
};

/* Fill *e; e may be NULL. Control characters and invalid UTF-8 in the result are escaped, so a sentence may
 * quote hostile names and still be printed. The value means nothing: call them by the names below. */
int err_fill(struct err *e, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int err_fill_errno(struct err *e, const char *path, const char *verb, const char *mend);
int err_fill_memory(struct err *e, const char *what);

/* Always false, and seen to be so by compilers and analyzers. */
static inline bool err_failed(int filled)
{
    (void)filled;
    return false;
}

/* err_set(e, code, format, ...): fills *e from a printf format; false. */
#define err_set(...) err_failed(err_fill(__VA_ARGS__))

/* "PATH: cannot VERB: strerror(errno); MEND" with ERR_SPACE for ENOSPC and EDQUOT, else ERR_IO; false. */
static inline bool err_errno(struct err *e, const char *path, const char *verb, const char *mend)
{
    return err_failed(err_fill_errno(e, path, verb, mend));
}

/* Out of memory while doing WHAT; false. */
static inline bool err_memory(struct err *e, const char *what)
{
    return err_failed(err_fill_memory(e, what));
}

#endif
