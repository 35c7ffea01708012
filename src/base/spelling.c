/* Spelling: Levenshtein distance between short words, in any case. */
#include "ferlab/base/spelling.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 32, NEAR = 2 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1], n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t replaced =
                diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

void spelling_start(struct spelling *s, const char *word)
{
    *s = (struct spelling){.word = word, .distance = least(strlen(word), NEAR + 1)};
}

void spelling_try(struct spelling *s, const char *candidate)
{
    if (strlen(s->word) > WORD_MAX || strlen(candidate) > WORD_MAX)
        return;
    size_t d = distance(s->word, candidate);
    if (d < s->distance) {
        s->distance = d;
        s->best = candidate;
    }
}
