/* Agreement of two raters. */
#include "ferlab/eval/raters.h"

#include <math.h>

void ratings_add(struct ratings *r, int one, int other)
{
    if (one < 0 || one >= CLASS_COUNT || other < 0 || other >= CLASS_COUNT)
        return;
    r->count[one][other]++;
    r->faces++;
}

double ratings_agreement(const struct ratings *r)
{
    int64_t same = 0;
    for (int k = 0; k < CLASS_COUNT; k++)
        same += r->count[k][k];
    return r->faces > 0 ? (double)same / (double)r->faces : NAN;
}

double ratings_kappa(const struct ratings *r)
{
    int64_t products = 0; /* of both raters' counts of a class, so that certain chance is found exactly */
    for (int k = 0; k < CLASS_COUNT; k++) {
        int64_t one = 0, other = 0;
        for (int j = 0; j < CLASS_COUNT; j++) {
            one += r->count[k][j];
            other += r->count[j][k];
        }
        products += one * other;
    }
    if (products == r->faces * r->faces)
        return NAN;
    double chance = (double)products / ((double)r->faces * (double)r->faces);
    return (ratings_agreement(r) - chance) / (1 - chance);
}
