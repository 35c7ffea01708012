#!/usr/bin/env python3
"""How well each score ranks planted label errors, and the weights of the suspect score.

suspects.py PROGRAM SET... [--where FILTER]           a table: average precision, precision among the first
suspects.py PROGRAM SET... --fit [--where FILTER]     the weights of suspect_score, fitted to these sets together

A SET is WORKSPACE:TRUTH[:MODEL]: a workspace into which a folder of plant.py or of `ferlab synth` was imported, that folder's
truth.csv, and the model whose predictions are judged (else the current one). What is ranked are the samples of the filter (split:train) that
are labelled with an emotion and have a prediction out of sample. `suspect` is as the program gives it; `fitted` is its
formula with weights fitted to the sets themselves.
"""
import argparse
import csv
import json
import subprocess

import numpy as np

EMOTIONS = "neutral happiness surprise sadness anger disgust fear contempt".split()
# the score, how it is read off a line, and whether it is large where the label is doubtful
SINGLE = {"self-confidence": ("self_confidence", -1), "margin": ("margin", -1), "JS divergence": ("divergence", 1), "KL": ("kl", 1),
          "mistakenness": ("mistakenness", 1), "hardness": ("hardness", 1), "entropy of votes": ("entropy", 1)}
LEAST = 1e-4  # as in suspect_score
ENDS = 100, 500, 1000


class Set:
    def __init__(self, program, words, where):
        workspace, truth, *model = words.split(":")
        command = [program, "-w", workspace, "export", "--quiet", "--format", "jsonl", "-"] + (["--model", model[0]] if model else [])
        # copies may be of any split
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        picked = subprocess.run([program, "-w", workspace, "list", where, "--json", "--quiet"], check=True, stdout=subprocess.PIPE, text=True)
        picked = {row["id"] for row in json.loads(picked.stdout)}
        every = {row["id"]: row for row in map(json.loads, lines)}
        rows = [row for row in every.values() if row["id"] in picked and row["label"] in EMOTIONS and row["in_sample"] is False]
        with open(truth, newline="") as f:
            planted = {(row.get("split", "train"), row["name"]) for row in csv.DictReader(f) if row["planted"] != "0"}
        self.planted = np.array([(row["split"], row["name"]) in planted for row in rows])
        self.scores = {title: sign * np.array([row["scores"][name] for row in rows]) for title, (name, sign) in SINGLE.items()}
        self.scores["suspect"] = np.array([row["suspect"] for row in rows])
        self.issues = np.array([row["issue"] is not None for row in rows])
        self.signs = self.signs_of(rows, every)

    @staticmethod
    def signs_of(rows, every):
        """The terms of suspect_score: a one, divergence, -ln p_y, ln of its rival, disagreement, agreement of copies."""
        label = np.array([EMOTIONS.index(row["label"]) for row in rows])
        p = np.array([row["probabilities"] for row in rows])
        at = np.arange(len(rows)), label
        own, others = p[at], p.copy()
        others[at] = 0
        copies = [[every[i]["label"] for i in row["near_duplicates"] if every[i]["label"] in EMOTIONS] for row in rows]
        against = np.array([np.mean([c != row["label"] for c in labels]) if labels else 0 for row, labels in zip(rows, copies)])
        some = np.array([len(labels) > 0 for labels in copies])
        return np.stack([np.ones(len(rows)), [row["divergence"] for row in rows], -np.log(np.maximum(own, LEAST)),
                         np.log(np.maximum(others.max(axis=1), LEAST)), against, np.where(some, 1 - against, 0)], axis=1)


def fit(signs, planted):
    """Logistic regression by Newton's method, with a little ridge."""
    weights = np.zeros(signs.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-signs @ weights))
        slope = signs.T @ (p - planted) + 1e-3 * weights
        weights -= np.linalg.solve((signs.T * (p * (1 - p))) @ signs + 1e-3 * np.eye(len(weights)), slope)
    return weights


def average_precision(score, planted):
    found = planted[np.argsort(-score, kind="stable")]
    return (np.cumsum(found) / np.arange(1, len(found) + 1))[found].mean()


def precision(score, planted, first):
    return planted[np.argsort(-score, kind="stable")[:first]].mean()


def table(words, s):
    k = int(s.planted.sum())
    scores = dict(s.scores, fitted=s.signs @ fit(s.signs, s.planted))
    print(f"{words}: {k} of {len(s.planted)} labels planted wrong")
    print("| score | average precision |" + "".join(f" among the first {n} |" for n in ENDS) + f" among the first {k} |")
    print("|---|---|" + "---|" * (len(ENDS) + 1))
    for title, score in scores.items():
        shares = [precision(score, s.planted, n) for n in (*ENDS, k)]
        print(f"| {title} | {average_precision(score, s.planted):.3f} |" + "".join(f" {100 * share:.1f} % |" for share in shares))
    found = s.planted[s.issues].sum()
    print(f"issues of confident learning: {s.issues.sum()}, of which {100 * found / max(1, s.issues.sum()):.1f} % are planted: "
          f"{100 * found / k:.1f} % of all planted")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("sets", nargs="+", metavar="SET")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--where", default="split:train")
    a = parser.parse_args()
    sets = [Set(a.program, words, a.where) for words in a.sets]
    if a.fit:
        weights = fit(np.concatenate([s.signs for s in sets]), np.concatenate([s.planted for s in sets]))
        print(dict(zip("constant divergence label rival disagreement agreement".split(), np.round(weights, 2).tolist())))
    else:
        for words, s in zip(a.sets, sets):
            table(words, s)


if __name__ == "__main__":
    main()
