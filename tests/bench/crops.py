#!/usr/bin/env python3
"""What the crop does to the emotions of faces in composed scenes: crops.py FERLAB SCENES FER+FOLDER/FER2013Valid [DETECTOR...]

SCENES is a folder of scenes.py. Printed is the accuracy, against the crowd's majority, of the faces as clean crops, of their true
squares in the scenes, of these turned upright by the known angle (more than levelled eyes can give), and for each DETECTOR (default,
or what --cascade takes) of the faces it finds, with squares of several sides in those of its boxes: in the even scenes, to choose by,
and in the odd ones, to report. A box finds the face whose middle it covers, within half and twice its side.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import photographs  # noqa: E402

MARGINS = [0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3]


def square(picture, box, margin=1, angle=0):
    """Pixel for pixel; beyond the picture its nearest pixel is repeated."""
    x, y, width, height = box
    side = max(int(round(max(width, height) * margin)), 1)
    middle = (x + width / 2, y + height / 2)
    if angle:
        picture = picture.rotate(angle, Image.BICUBIC, center=middle)
    pixels = np.asarray(picture)
    rows, columns = (np.clip(int(np.floor(middle[i] - side / 2)) + np.arange(side), 0, pixels.shape[1 - i] - 1) for i in (1, 0))
    return Image.fromarray(pixels[np.ix_(rows, columns)])


def emotions(ferlab, crops):
    """{key: emotion} of {key: picture}."""
    with tempfile.TemporaryDirectory() as folder:
        keys = list(crops)
        for i, key in enumerate(keys):
            crops[key].save(os.path.join(folder, f"{i:06}.png"))
        found, _ = photographs.predict(ferlab, "--no-detect", folder)
        return {key: found[f"{i:06}.png"][0]["emotion"] for i, key in enumerate(keys)}


def covers(box, face):
    side = max(box[2:])
    return (box[0] <= face[0] + face[2] / 2 <= box[0] + box[2] and box[1] <= face[1] + face[3] / 2 <= box[1] + box[3]
            and face[2] / 2 <= side <= face[2] * 2)


def share(labels, said):
    return 100 * sum(labels[name] == emotion for name, emotion in said.items()) / max(len(said), 1)


def main():
    ferlab, scenes, faces = sys.argv[1:4]
    with open(os.path.join(faces, "label.csv")) as f:
        labels = {row[0]: photographs.majority([int(v) for v in row[2:12]]) for row in csv.reader(f)}
    with open(os.path.join(scenes, "truth.json")) as f:
        truth = [(s["file"], [face for face in s["faces"] if labels[face["name"]]]) for s in json.load(f)]
    pictures = {name: Image.open(os.path.join(scenes, name)).convert("L") for name, _ in truth}
    everyone = [(name, face) for name, here in truth for face in here]
    clean = emotions(ferlab, {face["name"]: Image.open(os.path.join(faces, face["name"])) for _, face in everyone})
    for what, said in [
            ("clean crops", clean),
            ("true squares", emotions(ferlab, {t["name"]: square(pictures[n], t["box"]) for n, t in everyone})),
            ("turned upright", emotions(ferlab, {t["name"]: square(pictures[n], t["box"], 1, -t["angle"]) for n, t in everyone}))]:
        print(f"{what}: {share(labels, said):.1f} % of {len(said)}; turned by 8 degrees or more: "
              f"{share(labels, {t['name']: said[t['name']] for _, t in everyone if abs(t['angle']) >= 8}):.1f} %", flush=True)
    for detector in sys.argv[4:] or ["default"]:
        boxes, _ = photographs.predict(ferlab, *([] if detector == "default" else ["--cascade", detector]), scenes)
        found = [(i, name, face, box["box"]) for i, (name, here) in enumerate(truth) for face in here
                 for box in [b for b in boxes[name] if covers(b["box"], face["box"])][:1]]
        for margin in MARGINS:
            said = emotions(ferlab, {f["name"]: square(pictures[n], box, margin) for _, n, f, box in found})
            halves = [{f["name"]: said[f["name"]] for i, _, f, _ in found if i % 2 == odd} for odd in (0, 1)]
            print(f"{detector}, {margin:.2f} of the box: {share(labels, halves[0]):.1f} % of {len(halves[0])}, then "
                  f"{share(labels, halves[1]):.1f} % of {len(halves[1])}; all {share(labels, said):.1f} %, their clean crops "
                  f"{share(labels, {name: clean[name] for name in said}):.1f} %", flush=True)
        sides = sorted(f["box"][2] / max(box[2:]) for _, _, f, box in found)
        print(f"{detector}: FER+'s square is {sides[len(sides) // 2]:.2f} of the box (median of {len(sides)})", flush=True)


if __name__ == "__main__":
    main()
