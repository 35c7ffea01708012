#!/usr/bin/python3
"""Writes calibration.txt: probabilities with labels, and what calibration comes to in double precision.

    make_calibration_goldens.py > calibration.txt        (Debian: python3-sklearn python3-scipy)

Cases: "case COUNT"; COUNT lines of a label and eight probabilities; then the error over 15 bins (numpy), the cross-entropy
(scikit-learn) and the temperature of the largest likelihood (SciPy's bounded minimiser).
"""
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

r = np.random.default_rng(15)
for count, sharpness in [(150, 1.0), (150, 2.0), (80, 0.5), (40, 1.5)]:
    logits = 1.7 * r.standard_normal((count, 8))
    label = np.array([r.choice(8, p=p) for p in softmax(logits, 1)])
    p = softmax(sharpness * logits, 1).astype(np.float32)
    print("case", count)
    for y, row in zip(label, p):
        print(y, *(f"{v:.9g}" for v in row))
    p = p.astype(np.float64)
    confidence, right = p.max(1), p.argmax(1) == label
    edges = np.linspace(0, 1, 16)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    loss = lambda t: -log_softmax(np.log(p) / t, 1)[np.arange(count), label].sum()
    best = minimize_scalar(loss, bounds=(0.25, 4), method="bounded", options={"xatol": 1e-7}).x
    print(f"{error:.9g} {log_loss(label, p / p.sum(1, keepdims=True), labels=range(8)):.9g} {best:.9g}")
