#!/usr/bin/python3
"""Writes neighbours.txt: vectors in half precision and, of some of them, the nearest by numpy's sums in double.

    make_neighbours_golden.py > neighbours.txt        (Debian: python3-numpy)

"vectors COUNT WIDTH", COUNT lines of WIDTH halves in hexadecimal; then cases "query ROW" with K rows and K cosines. Rows
3, 50 and 51 are copies of row 7; rows 20 and 60 are zeros, which is nothing known.
"""
import numpy as np

COUNT, WIDTH, K = 90, 13, 12
r = np.random.default_rng(9)
x = np.maximum(r.standard_normal((COUNT, WIDTH)), 0)
x /= np.linalg.norm(x, axis=1, keepdims=True)
x[[3, 50, 51]] = x[7]
x[[20, 60]] = 0
x = x.astype(np.float16)
print("vectors", COUNT, WIDTH)
for row in x:
    print(*(f"{v:04x}" for v in row.view(np.uint16)))
for query in [0, 7, 51, 89]:
    cosine = np.minimum(x.astype(np.float64) @ x[query].astype(np.float64), 1)
    known = [i for i in range(COUNT) if x[i].any()]
    nearest = sorted(known, key=lambda i: (i != query, -cosine[i], i))[:K]
    print("query", query, *nearest, *(f"{1 if i == query else cosine[i]:.7f}" for i in nearest))
