#!/usr/bin/python3
"""Writes evaluation.txt: faces with votes, labels and probabilities, and what they come to.

    make_evaluation_goldens.py > evaluation.txt   (Debian: python3-sklearn python3-scipy python3-statsmodels)

Cases: "case COUNT"; COUNT lines of label, crowd's label, predicted or not (0, 1), ten votes, eight probabilities; then lines of
  the faces that count, that are labelled, and that have votes for an emotion;
  accuracy, macro F1, weighted F1, top-2 accuracy, cross-entropy, Brier score, calibration error, KL and JS to the votes
    (scikit-learn, SciPy; the calibration error by numpy);
  for each of the seven bands of agreement: faces, right ones;
  the crowd's mean share and its faces; the human ceiling and its faces (tagger by tagger);
  Krippendorff's alpha (by its matrix of coincidences), Fleiss' kappa (statsmodels where all faces have equally many votes,
    else by numpy) and their faces, for ten columns; the same for eight;
  of each score the ends of its interval: of accuracy Wilson's (statsmodels), of the others by the bootstrap from the same draws,
    made here with xoshiro256++.
"""
import warnings

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from scipy.stats import entropy
from sklearn import metrics
from statsmodels.stats.inter_rater import fleiss_kappa
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")
MASK = 2**64 - 1
DRAWS, SEED = 1000, 1


class Xoshiro:
    def __init__(self, seed, stream):
        self.mixed = stream
        self.mixed = seed ^ self.splitmix()
        self.s = [self.splitmix() for _ in range(4)]

    def splitmix(self):
        self.mixed = (self.mixed + 0x9E3779B97F4A7C15) & MASK
        z = self.mixed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def next(self):
        rotate = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
        s = self.s
        result, t = (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK, (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
        return result

    def below(self, n):
        while True:
            product = (self.next() >> 32) * n
            if product % 2**32 >= 2**32 % n:
                return product >> 32


def majority(votes):
    kept = np.where(votes > 1, votes, 0)
    top = kept.argmax()
    return top if 2 * kept[top] > kept.sum() and top < 8 else -1


def calibration_error(confidence, right):
    bins = np.clip(np.ceil(confidence * 15) - 1, 0, 14)
    return sum(abs(right[bins == b].sum() - confidence[bins == b].sum()) for b in set(bins)) / len(right)


def scores(label, p, votes):
    prediction = p.argmax(1)
    f1 = lambda average: metrics.f1_score(label, prediction, average=average, zero_division=0)
    hot = np.eye(8)[label]
    voted = votes[:, :8].sum(1) > 0
    shares = votes[voted, :8] / votes[voted, :8].sum(1, keepdims=True)
    return [
        metrics.accuracy_score(label, prediction),
        f1("macro"),
        f1("weighted"),
        metrics.top_k_accuracy_score(label, p, k=2, labels=range(8)),
        metrics.log_loss(label, p, labels=range(8)),
        sum(metrics.brier_score_loss(hot[:, k], p[:, k], pos_label=1) for k in range(8)),
        calibration_error(p.max(1), prediction == label),
        np.mean([entropy(q, r) for q, r in zip(shares, p[voted])]) if voted.any() else np.nan,
        np.mean([jensenshannon(q, r, 2) ** 2 for q, r in zip(shares, p[voted])]) if voted.any() else np.nan,
    ]


def scores_of_draw(rows, label, p, votes, single):
    """The same from means over faces, which single holds: scikit-learn would take minutes."""
    prediction = p.argmax(1)
    c = np.zeros((8, 8))
    np.add.at(c, (label[rows], prediction[rows]), 1)
    both, diagonal = c.sum(0) + c.sum(1), np.diag(c)
    f1 = 2 * diagonal[both > 0] / both[both > 0]
    voted = single["voted"][rows]
    mean_voted = lambda name: single[name][rows][voted].mean() if voted.any() else np.nan
    return [
        diagonal.sum() / len(rows),
        f1.mean(),
        (f1 * c.sum(1)[both > 0]).sum() / len(rows),
        single["top2"][rows].mean(),
        single["loss"][rows].mean(),
        single["brier"][rows].mean(),
        calibration_error(p.max(1)[rows], (prediction == label)[rows]),
        mean_voted("kl"),
        mean_voted("js"),
    ]


def intervals(label, p, votes):
    n = len(label)
    if n == 0:
        return np.full((9, 2), np.nan)
    one = [scores(label[[i]], p[[i]], votes[[i]]) for i in range(n)]
    single = {name: np.array([s[i] for s in one]) for name, i in [("top2", 3), ("loss", 4), ("brier", 5), ("kl", 7), ("js", 8)]}
    single["voted"] = ~np.isnan(single["kl"])
    drawn = []
    for draw in range(DRAWS):
        rng = Xoshiro(SEED, draw)
        drawn.append(scores_of_draw(np.array([rng.below(n) for _ in range(n)]), label, p, votes, single))
    ends = np.percentile(np.array(drawn), [2.5, 97.5], axis=0).T
    ends[0] = proportion_confint((p.argmax(1) == label).sum(), n, method="wilson")
    return ends


def krippendorff(votes):
    coincidences = np.zeros((votes.shape[1],) * 2)
    for v in votes:
        if v.sum() >= 2:
            coincidences += (np.outer(v, v) - np.diag(v)) / (v.sum() - 1)
    n = coincidences.sum(1)
    if n.sum() == 0:
        return np.nan
    observed = coincidences.sum() - np.trace(coincidences)
    expected = (n.sum() ** 2 - (n**2).sum()) / (n.sum() - 1)
    return 1 - observed / expected if expected > 0 else np.nan


def fleiss(votes):
    votes = votes[votes.sum(1) >= 2]
    if len(votes) == 0:
        return np.nan
    n = votes.sum(1)
    if (n == n[0]).all():
        return fleiss_kappa(votes, method="fleiss")
    chance = ((votes.sum(0) / votes.sum()) ** 2).sum()
    return (((votes * (votes - 1)).sum(1) / (n * (n - 1))).mean() - chance) / (1 - chance)


def ceiling(votes):
    right = weight = faces = 0
    for v in votes:
        told = 0
        for tagger in np.repeat(np.arange(10), v):
            others = v.copy()
            others[tagger] -= 1
            if majority(others) >= 0:
                told += 1
                right += (majority(others) == tagger) / v.sum()
        weight += told / v.sum() if told else 0
        faces += told > 0
    return right / weight if weight else np.nan, faces


def line(values):
    print(*(f"{v:.9g}" for v in values))


def write_case(label, crowd, predicted, votes, p):
    print("case", len(label))
    for i in range(len(label)):
        print(label[i], crowd[i], int(predicted[i]), *votes[i], *(f"{x:.9g}" for x in p[i]))
    p = p.astype(np.float32).astype(np.float64)
    emotion = (label >= 0) & (label < 8)
    counts = emotion & predicted
    y, q, v = label[counts], p[counts], votes[counts]
    line([counts.sum(), emotion.sum(), (v[:, :8].sum(1) > 0).sum()])
    line(scores(y, q, v) if counts.any() else [np.nan] * 9)
    told = (crowd >= 0) & (votes.sum(1) > 0)
    share = np.where(told, votes[np.arange(len(crowd)), crowd], 0) / np.maximum(votes.sum(1), 1)
    right = p.argmax(1) == label
    edges = [0, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 2]
    for low, high in zip(edges[:-1], edges[1:]):
        band = counts & told & (share > low - 1e-9) & (share < high - 1e-9)
        print(band.sum(), right[band].sum(), end=" ")
    print()
    line([share[told].mean() if told.any() else np.nan, told.sum(), *ceiling(votes)])
    for columns in (10, 8):
        some = votes[:, :columns]
        line([krippendorff(some), fleiss(some), (some.sum(1) >= 2).sum()])
    for low, high in intervals(y, q, v):
        line([low, high])


if __name__ == "__main__":
    r = np.random.default_rng(21)
    #     faces, votes of each, sharpness, share of predicted, reviewed
    for count, taggers, sharpness, known, reviewed in [
        (160, lambda: 10, 1.0, 1, 0),
        (160, lambda: r.integers(0, 11), 1.6, 0.8, 0.2),
        (90, lambda: r.integers(0, 4), 0.6, 1, 0.5),
        (12, lambda: 0, 1.0, 1, 1),
        (6, lambda: 10, 1.0, 0, 0),
    ]:
        logits = 2 * r.standard_normal((count, 8))
        shares = np.hstack([softmax(logits, 1) * 0.9, np.full((count, 2), 0.05)])
        votes = np.array([r.multinomial(taggers(), s / s.sum()) for s in shares])
        p = softmax(sharpness * (logits + 0.7 * r.standard_normal((count, 8))), 1).astype(np.float32)
        crowd = np.array([majority(v) for v in votes])
        label = np.where(r.random(count) < reviewed, r.integers(-1, 10, count), crowd)
        write_case(label, crowd, r.random(count) < known, votes, p)
