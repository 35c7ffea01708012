#!/usr/bin/env python3
"""How `ferlab predict` does on composed scenes: photographs.py FERLAB SCENES FER+FOLDER/FER2013Valid [DETECTOR...]

SCENES is a folder of scenes.py, made of the faces of that split. For each DETECTOR (default, or what --cascade takes; all if none is
named): the share of faces with a box of overlap 0.5 or more (each box serves one face), the boxes that serve none per scene, the
processor time a scene beyond that of --no-detect, the accuracy of the emotions of the faces found, and of the same faces as clean
crops, against the crowd's majority where it names an emotion.
"""
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile

EMOTIONS = "neutral happiness surprise sadness anger disgust fear contempt".split()
DETECTORS = ["default", "lbpcascade_frontalface_improved", "haarcascade_frontalface_default", "haarcascade_frontalface_alt",
             "haarcascade_frontalface_alt2", "haarcascade_frontalface_alt_tree"]


def overlap(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def majority(votes):
    votes = [v if v > 1 else 0 for v in votes]
    top = max(range(10), key=lambda k: votes[k])
    return EMOTIONS[top] if top < 8 and 2 * votes[top] > sum(votes) else None


def predict(ferlab, *arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([ferlab, "predict", "--json", "--quiet", *arguments], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {os.path.basename(p["file"]): p["faces"] for p in json.loads(done.stdout)}, seconds


def match(truth, found):
    """[(true face, found face)], the best overlaps first."""
    pairs = sorted(((overlap(t["box"], f["box"]), i, j) for i, t in enumerate(truth) for j, f in enumerate(found)), reverse=True)
    taken, used, matched = set(), set(), []
    for share, i, j in pairs:
        if share >= 0.5 and i not in taken and j not in used:
            taken.add(i), used.add(j)
            matched.append((truth[i], found[j]))
    return matched


def accuracy(labels, said):
    judged = [(labels[name], emotion) for name, emotion in said if labels[name]]
    return 100 * sum(a == b for a, b in judged) / max(len(judged), 1), len(judged)


def main():
    ferlab, scenes, faces = sys.argv[1:4]
    with open(os.path.join(faces, "label.csv")) as f:
        labels = {row[0]: majority([int(v) for v in row[2:12]]) for row in csv.reader(f)}
    with open(os.path.join(scenes, "truth.json")) as f:
        truth = {s["file"]: s["faces"] for s in json.load(f)}
    with tempfile.TemporaryDirectory() as clean:
        for name in {face["name"] for s in truth.values() for face in s}:
            os.symlink(os.path.abspath(os.path.join(faces, name)), os.path.join(clean, name))
        crops = {name: found[0]["emotion"] for name, found in predict(ferlab, clean)[0].items()}
    _, idle = predict(ferlab, "--no-detect", scenes)
    everything = [(face["name"], crops[face["name"]]) for s in truth.values() for face in s]
    print("clean crops of all faces: %.1f %% of %d" % accuracy(labels, everything))
    for detector in sys.argv[4:] or DETECTORS:
        found, seconds = predict(ferlab, *([] if detector == "default" else ["--cascade", detector]), scenes)
        matched = [pair for name in truth for pair in match(truth[name], found[name])]
        boxes, count = sum(len(f) for f in found.values()), sum(len(t) for t in truth.values())
        here = accuracy(labels, [(t["name"], f["emotion"]) for t, f in matched])
        there = accuracy(labels, [(t["name"], crops[t["name"]]) for t, _ in matched])
        print(f"{detector}: {len(matched)} of {count} faces ({100 * len(matched) / count:.1f} %), "
              f"{(boxes - len(matched)) / len(truth):.2f} false a scene, {1000 * (seconds - idle) / len(truth):.1f} ms; "
              f"emotions right {here[0]:.1f} %, of their clean crops {there[0]:.1f} % (of {here[1]})", flush=True)


if __name__ == "__main__":
    main()
