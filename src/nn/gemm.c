/* Matrix products, by OpenBLAS on one thread: parallelism lies above, over slices of the batch. */
#include "layer.h"

#include <cblas.h>
#include <omp.h>

void gemm_prepare(void)
{
    static bool prepared;
    bool already;
#pragma omp atomic capture
    {
        already = prepared;
        prepared = true;
    }
    if (already)
        return;
    /* OpenBLAS built on OpenMP passes its number on to omp_set_num_threads, which is everybody's. */
    int threads = omp_get_max_threads();
    openblas_set_num_threads(1);
    omp_set_num_threads(threads);
}

/* Outside a team of threads OpenBLAS takes as many as OpenMP would give, whatever it was told before. */
static int hold_threads(void)
{
    if (omp_in_parallel())
        return 0;
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    return threads;
}

static void release_threads(int threads)
{
    if (threads)
        omp_set_num_threads(threads);
}

void gemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k, const float *a, size_t lda,
          const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    if (m == 0 || n == 0)
        return;
    int held = hold_threads();
    cblas_sgemm(CblasRowMajor, a_transposed ? CblasTrans : CblasNoTrans,
                b_transposed ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1.0f, a,
                (blasint)lda, b, (blasint)ldb, beta, c, (blasint)ldc);
    release_threads(held);
}
