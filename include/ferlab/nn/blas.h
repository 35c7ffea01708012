/* The linear algebra library underneath, for reports. */
#ifndef FERLAB_NN_BLAS_H
#define FERLAB_NN_BLAS_H

/* OpenBLAS' own description: version, build options, the kernel chosen for this processor. */
const char *blas_description(void);

#endif
