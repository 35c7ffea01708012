#!/usr/bin/env python3
"""Faces as the detector's cascade sees them: samples.py OUT.bin FER+FOLDER/FER2013Train COUNT [SEED]

writes COUNT windows of 24 x 24 bytes. A window is the middle five sixths of a FER+ face, so that a detector can learn nothing of the
borders that faces in composed scenes have: lit and mirrored as in tests/bench/scenes.py, turned by -18 to 18 degrees, shifted by up
to 4 % and scaled by 0.93 to 1.08, seen at 33 to 150 pixels and sampled as the search samples, with a little noise.
"""
import math
import os
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench"))
import scenes  # noqa: E402

WINDOW, SHARE = 24, 5 / 6


def window(face, rng):
    if rng.random() < 0.5:
        face = face.transpose(Image.FLIP_LEFT_RIGHT)
    side = int(round(math.exp(rng.uniform(math.log(40), math.log(180)))))
    face = scenes.lit(face, rng).resize((side, side), Image.BICUBIC).rotate(
        rng.uniform(-18, 18), Image.BICUBIC, fillcolor=int(np.asarray(face).mean()))
    scale = side * SHARE * rng.uniform(0.93, 1.08) / WINDOW
    middle = (side - 1) / 2 + side * rng.uniform(-0.04, 0.04, 2)
    x, y = (np.clip(middle[i] + (np.arange(WINDOW) - (WINDOW - 1) / 2) * scale, 0, side - 1.001) for i in range(2))
    pixels, x0, y0 = np.asarray(face, np.float32), x.astype(int), y.astype(int)
    fx, fy = (x - x0)[None], (y - y0)[:, None]
    upper = pixels[np.ix_(y0, x0)] * (1 - fx) + pixels[np.ix_(y0, x0 + 1)] * fx
    lower = pixels[np.ix_(y0 + 1, x0)] * (1 - fx) + pixels[np.ix_(y0 + 1, x0 + 1)] * fx
    noisy = upper * (1 - fy) + lower * fy + rng.normal(0, rng.uniform(0, 4), (WINDOW, WINDOW))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def main():
    out, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rng = np.random.default_rng(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    faces = [path for _, path in scenes.read_faces(folder, rng)]
    with open(out, "wb") as f:
        for i in range(count):
            f.write(window(Image.open(faces[i % len(faces)]).convert("L"), rng).tobytes())


if __name__ == "__main__":
    main()
