#!/usr/bin/env python3
"""Cohen's kappa and agreement of two raters by scikit-learn, on seeded random ratings: raters.txt.

A case is three lines: the classes (0..9) that one rater gave, the other's, then agreement and kappa.
"""
import random
from pathlib import Path

from sklearn.metrics import accuracy_score, cohen_kappa_score

random.seed(4)
with open(Path(__file__).parent / "raters.txt", "w") as out:
    for faces, classes, noise in [(1, 2, 1.0), (12, 3, 0.5), (60, 8, 0.3), (200, 10, 0.7), (200, 10, 1.0), (40, 2, 0.0)]:
        one = [random.randrange(classes) for _ in range(faces)]
        other = [random.randrange(classes) if random.random() < noise else k for k in one]
        if faces == 1:
            other = [1 - one[0]]
        print(*one, file=out)
        print(*other, file=out)
        print(repr(float(accuracy_score(one, other))), repr(float(cohen_kappa_score(one, other))), file=out)
