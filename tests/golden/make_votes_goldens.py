#!/usr/bin/python3
"""Writes votes.txt: vote rows and what the four rules of Barsoum et al. 2016 make of them, worked out here in floating
point after the description of microsoft/FERPlus' label processing, independently of src/face/votes.c.

    make_votes_goldens.py > votes.txt

A line: ten counts, then eight target entries under majority, distribution and multi-target; eight zeros where the rule
leaves the image out.
"""
import random

import numpy as np


def process(raw, mode):
    votes = np.array(raw, float)
    votes[votes <= 1] = 0
    total = votes.sum()
    if total == 0:
        return np.zeros(8)
    kept = np.zeros(10)
    if mode == "majority":
        if votes.max() > 0.5 * total:
            kept[votes.argmax()] = 1
    elif mode == "distribution":
        covered, columns, go_on = 0.0, 0, True
        while covered < 0.75 * total and columns < 3 and go_on:
            level = votes.max()
            for column in np.flatnonzero(votes == level):
                kept[column], votes[column] = level, 0
                covered += level
                columns += 1
                if column >= 8:
                    go_on = False
                    if kept.sum() > level:
                        kept[column] = 0
                        columns -= 1
                    break
        if kept.sum() <= 0.5 * total or columns > 3:
            kept[:] = 0
    else:
        kept[votes >= 0.3 * total] = votes[votes >= 0.3 * total]
    if kept.max() == 0 or kept.argmax() >= 8:
        return np.zeros(8)
    kept = kept[:8]
    if mode == "multi-target":
        kept = (kept > 0).astype(float)
    return kept / kept.sum()


def rows(r):
    yield [10] + [0] * 9
    yield [0] * 10
    yield [1] * 10
    yield [5, 5] + [0] * 8
    yield [4, 0, 0, 0, 0, 0, 0, 0, 4, 2]
    yield [0] * 9 + [10]
    for voters in [10] * 300 + [3, 5, 9, 20, 100] * 20:
        weights = [r.random() ** r.choice([1, 3, 8]) for _ in range(10)]
        row = [0] * 10
        for column in r.choices(range(10), weights, k=voters):
            row[column] += 1
        yield row


for row in rows(random.Random(1608)):
    targets = np.concatenate([process(row, mode) for mode in ("majority", "distribution", "multi-target")])
    print(*row, *(f"{t:.7g}" for t in targets))
