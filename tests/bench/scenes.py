#!/usr/bin/env python3
"""Composes scenes: faces of a FER+ split pasted onto photographs or drawn backgrounds, and where they are.

    scenes.py OUT --faces FER+FOLDER/FER2013Valid [--backgrounds DIR...] [--count N] [--size WIDTHxHEIGHT] [--seed S]
              [--rows FROM:TO] [--most N] [--oval SHARE]

writes OUT/scene0000.pgm ... and OUT/truth.json: [{file, faces: [{box: [x, y, side, side], name, angle}]}].

A scene is a gray picture of WIDTH x HEIGHT: a random crop of a photograph of the folders, mirrored in half of them; without
folders a gradient with rectangles, ellipses, lines and noise on it. One scene in five has no face, the others one to six, whose
squares do not touch. A face is one of those that the ten voters gave an emotion (unknown and not-a-face got less than half),
each used once, in this order:
mirrored in half the cases; contrast times 0.6 to 1.2 around its mean, brightness plus -40 to 40, and light falling off to one
side by up to 30 gray levels; scaled to a side of 40 to 180 pixels, evenly in the logarithm; turned by -15 to 15 degrees. Half
of the faces fade into the background over the outer tenth of their side, the others end sharply. The box is the upright square
of the crop's side around its middle. Then the whole picture gets noise of 0 to 4 gray levels.

For learning: --rows takes faces from these lines of label.csv alone, --most puts up to so many into a scene, and --oval cuts that
share of them to an oval that fades out, so that their squares' borders and corners cannot be learnt.
"""
import argparse
import csv
import json
import math
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

LEAST, MOST, MARGIN = 40, 180, 4


def read_faces(folder, rng, rows=slice(None)):
    """[(name, path)] of the faces with an emotion, in random order."""
    faces = []
    with open(os.path.join(folder, "label.csv")) as f:
        for row in list(csv.reader(f))[rows]:
            votes = [int(v) for v in row[2:12]]
            if 2 * (votes[8] + votes[9]) < sum(votes):
                faces.append((row[0], os.path.join(folder, row[0])))
    rng.shuffle(faces)
    return faces


def read_backgrounds(folders):
    pictures = []
    for folder in folders:
        for place, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if name.lower().endswith((".jpg", ".jpeg", ".png", ".webp")):
                    picture = Image.open(os.path.join(place, name)).convert("L")
                    picture.thumbnail((1600, 1600))
                    pictures.append(picture)
    return pictures


def photograph(pictures, rng, width, height):
    picture = pictures[rng.integers(len(pictures))]
    scale = max(width / picture.width, height / picture.height) * rng.uniform(1, 1.8)
    picture = picture.resize((math.ceil(picture.width * scale), math.ceil(picture.height * scale)), Image.BILINEAR)
    x, y = rng.integers(picture.width - width + 1), rng.integers(picture.height - height + 1)
    picture = picture.crop((x, y, x + width, y + height))
    return picture.transpose(Image.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else picture


def drawing(rng, width, height):
    across = np.linspace(rng.uniform(0, 255), rng.uniform(0, 255), width)
    down = np.linspace(-50, 50, height)[:, None]
    picture = Image.fromarray(np.clip(across[None] + down, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.integers(20, 60)):
        x, y = rng.integers(width), rng.integers(height)
        w, h = rng.integers(5, width // 4), rng.integers(5, height // 4)
        shape = [draw.rectangle, draw.ellipse, draw.line][rng.integers(3)]
        shape((int(x), int(y), int(x + w), int(y + h)), fill=int(rng.integers(256)))
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 2)))


def lit(face, rng):
    face = np.asarray(face, np.float32)
    face = (face - face.mean()) * rng.uniform(0.6, 1.2) + face.mean() + rng.uniform(-40, 40)
    angle, depth = rng.uniform(0, 2 * math.pi), rng.uniform(0, 30)
    y, x = np.mgrid[-1:1:face.shape[0] * 1j, -1:1:face.shape[1] * 1j]
    return Image.fromarray(np.clip(face + depth * (x * math.cos(angle) + y * math.sin(angle)), 0, 255).astype(np.uint8))


def oval(side, rng):
    y, x = np.mgrid[-1:1:side * 1j, -1:1:side * 1j]
    radius = np.hypot(x * rng.uniform(1, 1.25), y)
    return np.clip((rng.uniform(0.9, 1.1) - radius) / rng.uniform(0.08, 0.4), 0, 1).astype(np.float32)


def paste(scene, face, rng, x, y, side, ovals):
    """Pastes a face into the square at x, y; returns its angle in degrees."""
    face = face.transpose(Image.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else face
    face = lit(face, rng).resize((side, side), Image.BICUBIC)
    mask = np.ones((side, side), np.float32)
    if rng.random() < 0.5:
        edge = np.minimum(np.arange(side) + 1, side - np.arange(side)) / (side / 10)
        mask = np.minimum(np.minimum(edge[None], edge[:, None]), 1)
    if ovals and rng.random() < ovals:
        mask = oval(side, rng)
    mask = Image.fromarray((255 * mask).astype(np.uint8))
    angle = rng.uniform(-15, 15)
    face, mask = (p.rotate(angle, Image.BICUBIC, expand=True) for p in (face, mask))
    grown = (face.width - side) // 2
    scene.paste(face, (x - grown, y - grown), mask)
    return angle


def place(taken, rng, width, height):
    """A square that touches none of those taken, or None."""
    for _ in range(50):
        side = int(round(math.exp(rng.uniform(math.log(LEAST), math.log(MOST)))))
        reach = math.ceil(side * 0.15) + MARGIN  # of the turned square beyond the upright one
        if width <= side + 2 * reach or height <= side + 2 * reach:
            continue
        x, y = rng.integers(reach, width - side - reach), rng.integers(reach, height - side - reach)
        if all(x + side + 2 * reach < tx or tx + ts + 2 * reach < x or y + side + 2 * reach < ty or ty + ts + 2 * reach < y
               for tx, ty, ts in taken):
            return int(x), int(y), side
    return None


def compose(faces, pictures, rng, width, height, most, ovals):
    scene = photograph(pictures, rng, width, height) if pictures else drawing(rng, width, height)
    truth, taken = [], []
    for _ in range(0 if rng.random() < 0.2 else rng.integers(1, most + 1)):
        square = place(taken, rng, width, height)
        if square and faces:
            taken.append(square)
            name, path = faces.pop()
            angle = paste(scene, Image.open(path).convert("L"), rng, *square, ovals)
            truth.append({"box": [square[0], square[1], square[2], square[2]], "name": name, "angle": round(angle, 2)})
    noisy = np.asarray(scene, np.float32) + rng.normal(0, rng.uniform(0, 4), (height, width))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)), truth


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--faces", required=True)
    parser.add_argument("--backgrounds", nargs="*", default=[])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", default=":")
    parser.add_argument("--most", type=int, default=6)
    parser.add_argument("--oval", type=float, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    rows = slice(*(int(v) if v else None for v in args.rows.split(":")))
    faces, pictures = read_faces(args.faces, rng, rows), read_backgrounds(args.backgrounds)
    width, height = (int(v) for v in args.size.split("x"))
    os.makedirs(args.out, exist_ok=True)
    scenes = []
    for i in range(args.count):
        scene, truth = compose(faces, pictures, rng, width, height, args.most, args.oval)
        scene.save(os.path.join(args.out, f"scene{i:04}.pgm"))
        scenes.append({"file": f"scene{i:04}.pgm", "faces": truth})
    with open(os.path.join(args.out, "truth.json"), "w") as f:
        json.dump(scenes, f, indent=0)


if __name__ == "__main__":
    main()
