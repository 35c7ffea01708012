#!/usr/bin/python3
"""Writes pca.txt: vectors in half precision and their places in the plane of the first two principal components, by numpy's
eigh in double.

    make_pca_golden.py > pca.txt        (Debian: python3-numpy)

"vectors COUNT WIDTH", COUNT lines of WIDTH halves in hexadecimal, then COUNT lines of two coordinates; row 5 is zeros,
whose place is nan. Of each axis the sign is such that its largest value is positive.
"""
import numpy as np

COUNT, WIDTH = 120, 9
r = np.random.default_rng(4)
x = r.standard_normal((COUNT, WIDTH)) * np.array([3, 2, 1, 1, 1, 0.5, 0.5, 0.2, 0.2]) + 1
x = x @ np.linalg.qr(r.standard_normal((WIDTH, WIDTH)))[0]
x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float16)
x[5] = 0
known = x.any(1)
exact = x.astype(np.float64)
mean = exact[known].mean(0)
centred = exact - mean
axes = np.linalg.eigh(centred[known].T @ centred[known])[1][:, ::-1][:, :2]
axes *= np.sign(axes[np.abs(axes).argmax(0), [0, 1]])
print("vectors", COUNT, WIDTH)
for row in x:
    print(*(f"{v:04x}" for v in row.view(np.uint16)))
for row, there in zip(centred @ axes, known):
    print(*(f"{v:.7f}" for v in row) if there else ("nan", "nan"))
