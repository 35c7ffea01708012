#!/usr/bin/python3
"""Writes metrics.txt: confusion matrices with scikit-learn's accuracy, macro and weighted F1 and per-class precision, recall
and F1, and Wilson intervals by SciPy.

    make_metrics_goldens.py > metrics.txt        (Debian: python3-sklearn python3-scipy)

Cases of six lines: "case COUNT"; labels; predictions; accuracy, macro and weighted F1; the matrix; precision, recall and F1
of each class. Then lines "wilson RIGHT COUNT LOW HIGH".
"""
import warnings

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics

warnings.filterwarnings("ignore")
r = np.random.default_rng(8)
row = lambda values: print(*(f"{v:.9g}" for v in values))
for count, classes, skill in [(400, 8, 0.8), (60, 8, 0.5), (50, 4, 0.9), (7, 8, 0.3), (1, 8, 0)]:
    label = r.integers(0, classes, count)
    prediction = np.where(r.random(count) < skill, label, r.integers(0, 8, count))
    print("case", count)
    print(*label)
    print(*prediction)
    f1 = [metrics.f1_score(label, prediction, average=average, zero_division=0) for average in ("macro", "weighted")]
    row([metrics.accuracy_score(label, prediction), *f1])
    print(*metrics.confusion_matrix(label, prediction, labels=range(8)).flatten())
    p, q, f, _ = metrics.precision_recall_fscore_support(label, prediction, labels=range(8), zero_division=0)
    row(np.stack([p, q, f], 1).flatten())
for right, count in [(0, 10), (10, 10), (5, 10), (2790, 3191), (1, 3), (16, 16)]:
    interval = binomtest(right, count).proportion_ci(0.95, "wilson")
    print("wilson", right, count, f"{interval.low:.9g} {interval.high:.9g}")
