#!/usr/bin/env python3
"""The cascade search beside OpenCV's: detect.py SCAN SCENES [CASCADE.xml...]

SCAN is build/release/tests/scan, SCENES a folder of scenes.py. Both search each scene with two threads, step 1.1 and three
neighbours, in turns of all scenes; printed are how many of OpenCV's boxes are found (overlap 0.7), how many more there are, what
share of the truth both find (overlap 0.5), and the ratio of processor seconds (ferlab / OpenCV). Needs python3-opencv and opencv-data.
"""
import json
import os
import resource
import subprocess
import sys
import time

import cv2

CASCADES = ["lbpcascades/lbpcascade_frontalface_improved", "haarcascades/haarcascade_frontalface_default",
            "haarcascades/haarcascade_frontalface_alt", "haarcascades/haarcascade_frontalface_alt2",
            "haarcascades/haarcascade_frontalface_alt_tree"]
THREADS, ROUNDS = 2, 3


def overlap(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def matched(boxes, others, least):
    return sum(any(overlap(b, o) >= least for o in others) for b in boxes)


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(scan, cascade, files):
    """(boxes by file, processor seconds, seconds) of all files, less those of reading them."""
    def once(repeats):
        before, start = children_seconds(), time.monotonic()
        done = subprocess.run([scan, cascade, "3", str(THREADS), str(repeats), *files], capture_output=True, text=True, check=True)
        return done.stdout, children_seconds() - before, time.monotonic() - start
    _, idle, idle_wall = once(0)
    out, used, wall = once(1)
    found = {f: [] for f in files}
    for line in out.splitlines()[:-1]:
        name, *box = line.rsplit(" ", 5)
        found[name].append([int(v) for v in box[:4]])
    return found, used - idle, wall - idle_wall


def theirs(cascade, images):
    detector = cv2.CascadeClassifier(cascade)
    before, start = time.process_time(), time.monotonic()
    found = {f: [[int(v) for v in box] for box in detector.detectMultiScale(i, scaleFactor=1.1, minNeighbors=3)]
             for f, i in images.items()}
    return found, time.process_time() - before, time.monotonic() - start


def main():
    scan, folder = sys.argv[1:3]
    cascades = sys.argv[3:] or [f"/usr/share/opencv4/{c}.xml" for c in CASCADES]
    with open(os.path.join(folder, "truth.json")) as f:
        truth = {os.path.join(folder, s["file"]): [face["box"] for face in s["faces"]] for s in json.load(f)}
    images = {f: cv2.imread(f, cv2.IMREAD_GRAYSCALE) for f in truth}
    cv2.setNumThreads(THREADS)
    for cascade in cascades:
        used, wall = [], []
        for _ in range(ROUNDS):
            mine, my_used, my_wall = ours(scan, cascade, list(images))
            other, other_used, other_wall = theirs(cascade, images)
            used.append(my_used / other_used)
            wall.append(my_wall / other_wall)
        boxes = sum(len(b) for b in other.values())
        faces = sum(len(t) for t in truth.values())
        print(f"{os.path.basename(cascade)}: OpenCV {boxes} boxes, found {sum(matched(other[f], mine[f], .7) for f in images)}, "
              f"more {sum(len(mine[f]) - matched(mine[f], other[f], .7) for f in images)}; "
              f"of {faces} faces OpenCV {sum(matched(truth[f], other[f], .5) for f in images)}, "
              f"ferlab {sum(matched(truth[f], mine[f], .5) for f in images)}; processor seconds "
              f"{sorted(used)[ROUNDS // 2]:.2f}, wall {sorted(wall)[ROUNDS // 2]:.2f} of OpenCV's")


if __name__ == "__main__":
    main()
