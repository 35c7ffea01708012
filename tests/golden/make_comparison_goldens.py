#!/usr/bin/python3
"""Writes comparison.txt: pairs of predictions of the same faces and what their comparison comes to.

    make_comparison_goldens.py > comparison.txt   (Debian: python3-sklearn python3-scipy python3-statsmodels)

Lines "mcnemar FIXED BROKEN EXACT STATISTIC P" (statsmodels, with its correction for continuity; a binomial test below 25).
Cases: "case COUNT"; COUNT lines of label before, label after, eight probabilities before, eight after; then lines of
  the faces that count, and of those the ones whose labels differ;
  accuracy, macro F1, cross-entropy, Brier score before (scikit-learn), and the same after;
  fixed, broken, changed, wrong, right for each class of the label after (numpy);
  the matrix after minus the matrix before (scikit-learn);
  the ends of the intervals of these four differences, by the bootstrap from the same draws of pairs, made here.
"""
import numpy as np
from scipy.special import softmax
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar

from make_evaluation_goldens import DRAWS, SEED, Xoshiro, line


def scores(label, p):
    hot = np.eye(8)[label]
    return np.array([
        metrics.accuracy_score(label, p.argmax(1)),
        metrics.f1_score(label, p.argmax(1), average="macro", zero_division=0),
        metrics.log_loss(label, p, labels=range(8)),
        sum(metrics.brier_score_loss(hot[:, k], p[:, k], pos_label=1) for k in range(8)),
    ])


def write_case(before, after, p, q):
    print("case", len(before))
    for i in range(len(before)):
        print(before[i], after[i], *(f"{x:.9g}" for x in p[i]), *(f"{x:.9g}" for x in q[i]))
    p, q = (x.astype(np.float32).astype(np.float64) for x in (p, q))
    counts = (before >= 0) & (before < 8) & (after >= 0) & (after < 8)
    before, after, p, q = before[counts], after[counts], p[counts], q[counts]
    print(len(before), (before != after).sum())
    line(scores(before, p))
    line(scores(after, q))
    was, now = p.argmax(1) == before, q.argmax(1) == after
    same = p.argmax(1) == q.argmax(1)
    for k in range(8):
        of = after == k
        print(*[(of & f).sum() for f in (~was & now, was & ~now, ~was & ~now & ~same, ~was & ~now & same, was & now)])
    matrix = lambda label, x: metrics.confusion_matrix(label, x.argmax(1), labels=range(8))
    print(*(matrix(after, q) - matrix(before, p)).flatten())
    drawn = []
    for draw in range(DRAWS):
        rng = Xoshiro(SEED, draw)
        rows = np.array([rng.below(len(before)) for _ in before])
        drawn.append(scores(after[rows], q[rows]) - scores(before[rows], p[rows]))
    for low, high in np.percentile(np.array(drawn), [2.5, 97.5], axis=0).T:
        line([low, high])


if __name__ == "__main__":
    for fixed, broken in [(0, 0), (1, 0), (3, 9), (12, 12), (24, 0), (13, 12), (37, 21), (8, 40), (210, 166), (900, 1100)]:
        exact = fixed + broken < 25
        table = [[0, broken], [fixed, 0]]
        result = mcnemar(table, exact=exact, correction=True) if fixed + broken else None
        print("mcnemar", fixed, broken, int(exact), np.nan if exact else f"{result.statistic:.9g}",
              f"{result.pvalue:.9g}" if result else 1)
    r = np.random.default_rng(5)
    for count, skill, relabelled in [(150, 0.9, 0), (110, 0.5, 0.3), (40, 1.2, 1)]:
        truth = 2 * r.standard_normal((count, 8))
        p, q = (softmax(truth * s + r.standard_normal((count, 8)), 1).astype(np.float32) for s in (skill, 1.1 * skill))
        before = np.where(r.random(count) < 0.1, r.integers(-1, 10, count), truth.argmax(1))
        after = np.where(r.random(count) < relabelled, r.integers(-1, 10, count), before)
        write_case(before, after, p, q)
