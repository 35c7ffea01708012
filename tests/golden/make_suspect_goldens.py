#!/usr/bin/python3
"""Writes suspects.txt: labels and probabilities, and what follows from them (Debian: python3-numpy python3-scipy).

    make_suspect_goldens.py > suspects.txt

Cases: "case COUNT"; COUNT lines of label, eight probabilities (as float32 reads them), divergence of the votes, share of copies
  labelled otherwise ("nan": no copies), then self-confidence, normalised margin, mistakenness, hardness and suspect score ("nan"
  where the label is no emotion), and the class that the label should be (-1: no issue);
  then eight counts of labels, eight thresholds, the confident joint's 64 counts, and its 64 calibrated counts, by rows.

Confident learning is written here from arXiv 1911.00068, with masks and argsort over whole arrays.
"""
import numpy as np
from scipy.special import expit, softmax
from scipy.stats import entropy

K = 8
# of suspect_score: constant, divergence, -ln p_y, ln of its rival, disagreement and agreement of copies
WEIGHTS = np.array([-5.5, 4.04, 1.05, 0.43, 1.93, -4.73])


def scores(label, p, divergence, disagreement):
    hardness = entropy(p)
    if not 0 <= label < K:
        return [np.nan, np.nan, np.nan, hardness, np.nan]
    others = np.delete(p, label)
    wrong = 1 if p.argmax() != label else -1
    copies = [0, 0] if np.isnan(disagreement) else [disagreement, 1 - disagreement]
    signs = [1, divergence, -np.log(max(p[label], 1e-4)), np.log(max(others.max(), 1e-4)), *copies]
    return [p[label], (p[label] - others.max() + 1) / 2, (wrong * p.max() + 1) / 2, hardness, expit(WEIGHTS @ signs)]


def confident_joint(labels, p):
    thresholds = np.array([p[labels == k, k].mean() if (labels == k).any() else np.nan for k in range(K)])
    confident = p >= thresholds  # NaN: never
    guess = np.where(confident, p, -1).argmax(axis=1)
    counts = np.zeros((K, K), int)
    for y, j, any_ in zip(labels, guess, confident.any(axis=1)):
        if 0 <= y < K and any_:
            counts[y, j] += 1
    labelled = np.array([(labels == k).sum() for k in range(K)])
    calibrated = np.diag(labelled).astype(float)
    for y in range(K):
        if counts[y].sum():
            calibrated[y] = counts[y] * labelled[y] / counts[y].sum()
    return labelled, thresholds, counts, calibrated


def issues(labels, p32, calibrated):
    found = np.full(len(labels), -1)
    for y in range(K):
        rows = np.flatnonzero(labels == y)
        for j in set(range(K)) - {y}:
            margin = p32[rows, j] - p32[rows, y]
            most = int(np.floor(calibrated[y, j] + 0.5))
            for row in rows[np.argsort(-margin, kind="stable")[:most]]:
                if p32[row, j] > p32[row, y] and (found[row] < 0 or p32[row, j] > p32[row, found[row]]):
                    found[row] = j
    return found


def line(values):
    print(*(f"{v:.9g}" if isinstance(v, (float, np.floating)) else v for v in values))


def case(rng, count, classes, noise, sharpness):
    truth = rng.choice(classes, count)
    labels = np.where(rng.random(count) < noise, rng.choice(classes, count), truth)
    labels[rng.random(count) < 0.05] = -1  # no label
    labels[rng.random(count) < 0.03] = 9  # not a face
    logits = rng.normal(size=(count, K))
    logits[np.arange(count), truth] += sharpness
    p32 = softmax(1.5 * logits, axis=1).astype(np.float32)
    p32[: count // 20] = p32[0]  # equal ones, and a margin of zero
    p32[count // 20] = 0.125
    p = p32.astype(float)
    labelled, thresholds, counts, calibrated = confident_joint(labels, p)
    found = issues(labels, p32, calibrated)
    print("case", count)
    for i in range(count):
        divergence, disagreement = rng.random(), rng.choice([np.nan, 0, 0.5, 1])
        line([labels[i], *p32[i], divergence, disagreement, *scores(labels[i], p[i], divergence, disagreement), found[i]])
    line(labelled)
    line(thresholds)
    line(counts.ravel())
    line(calibrated.ravel())


generator = np.random.default_rng(5)
case(generator, 300, np.arange(K), 0.2, 2)
case(generator, 80, np.array([0, 2, 5]), 0.3, 1)  # classes that no image is labelled with
case(generator, 1, np.array([3]), 0, 1)
