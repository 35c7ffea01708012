/* What OpenBLAS says of itself. */
#include "ferlab/nn/blas.h"

#include <cblas.h>

const char *blas_description(void)
{
    return openblas_get_config();
}
