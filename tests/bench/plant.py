#!/usr/bin/env python3
"""Plants label errors into a copy of FER+, so that the ranking of suspects can be judged where the truth is known.

plant.py FOLDER OUT [--seed N] [--uniform S] [--confused S]

FOLDER holds FER2013Train and perhaps FER2013Valid, FER2013Test. In OUT/FER2013Train the share S (0.05) of the faces
whose crowd agrees on an emotion gets another one, any of the seven alike, and as many get one that taggers really
take theirs for: an emotion drawn by its share of the other votes for faces so labelled. A planted face has the votes
of its two emotions swapped, so that as many people as before agree, on the wrong one. The other splits and the
pictures are as they were (hard links where they can be). OUT/truth.csv: name,truth,planted,kind of every planted
face; kind is uniform or confused.
"""
import argparse
import csv
import os
import shutil

import numpy as np

EMOTIONS = "neutral happiness surprise sadness anger disgust fear contempt".split()


def majority(votes):
    """The emotion that more than half of the votes are for, single votes dropped first (Barsoum et al. 2016)."""
    votes = np.where(votes == 1, 0, votes)
    top = votes.argmax(axis=1)
    agreed = 2 * votes.max(axis=1) > votes.sum(axis=1)
    return np.where(agreed & (top < len(EMOTIONS)), top, -1)


def wrong_labels(votes, labels, uniform, confused, rng):
    """Rows to plant into, the emotion each is to get, and how it was drawn."""
    agreed = np.flatnonzero(labels >= 0)
    counts = [round(uniform * len(agreed)), round(confused * len(agreed))]
    rows = rng.choice(agreed, sum(counts), replace=False)
    taken_for = np.stack([votes[labels == k, :len(EMOTIONS)].sum(axis=0) for k in range(len(EMOTIONS))]).astype(float)
    np.fill_diagonal(taken_for, 0)
    alike = 1 - np.eye(len(EMOTIONS))
    for i, row in enumerate(rows):
        kind, weights = ("uniform", alike) if i < counts[0] else ("confused", taken_for)
        weights = weights[labels[row]]
        yield row, rng.choice(len(EMOTIONS), p=weights / weights.sum()), kind


def link(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--uniform", type=float, default=0.05)
    parser.add_argument("--confused", type=float, default=0.05)
    a = parser.parse_args()

    shutil.copytree(a.folder, a.out, copy_function=link)
    path = os.path.join(a.out, "FER2013Train", "label.csv")
    with open(path, newline="") as f:
        lines = list(csv.reader(f))
    votes = np.array([line[2:] for line in lines], int)
    labels = majority(votes)
    os.unlink(path)  # the link; the original stays
    truth = []
    for row, wrong, kind in wrong_labels(votes, labels, a.uniform, a.confused, np.random.default_rng(a.seed)):
        votes[row, [labels[row], wrong]] = votes[row, [wrong, labels[row]]]
        truth.append([lines[row][0], EMOTIONS[labels[row]], EMOTIONS[wrong], kind])
    with open(path, "w") as f:
        for line, counts in zip(lines, votes):
            f.write(f'{line[0]},"{line[1]}",{",".join(map(str, counts))}\n')
    with open(os.path.join(a.out, "truth.csv"), "w", newline="") as f:
        csv.writer(f, lineterminator="\n").writerows([["name", "truth", "planted", "kind"], *sorted(truth)])
    print(f"{len(truth)} of {(labels >= 0).sum()} agreed labels planted wrong in {a.out}")


if __name__ == "__main__":
    main()
