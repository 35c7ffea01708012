#!/usr/bin/python3
"""Writes augment.txt: random affine maps of one small image by PyTorch's affine_grid and grid_sample (bilinear, reflected
borders, align_corners=False), with the random numbers drawn by an independent xoshiro256++ here.

    make_augment_goldens.py > augment.txt        (Debian: python3-torch)

First line: size and the image's pixels. Then cases of two lines: seed, stream, out_size, rotation_deg, zoom, aspect, shift,
flip; and the out_size x out_size pixels.
"""
import math
import random

import torch
import torch.nn.functional as F

MASK = (1 << 64) - 1


def splitmix(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def uniforms(seed, stream):
    """xoshiro256++ as numbers in [0, 1) of 24 bits."""
    mix = splitmix(seed ^ next(splitmix(stream)))
    s = [next(mix) for _ in range(4)]
    turn = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
    while True:
        result = (turn((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = turn(s[3], 45)
        yield (result >> 40) / (1 << 24)


def augment(image, out_size, seed, stream, rotation, zoom, aspect, shift, flip):
    u = uniforms(seed, stream)
    both = lambda: next(u) * 2 - 1
    angle = both() * math.radians(rotation)
    zoom_x = math.exp(both() * zoom)
    zoom_y = zoom_x * math.exp(both() * aspect)
    shift_x, shift_y = both() * shift, both() * shift
    mirror = -1 if next(u) < 0.5 and flip else 1
    c, s = math.cos(angle), math.sin(angle)
    theta = torch.tensor([[c * zoom_x * mirror, -s * zoom_y, 2 * shift_x],
                          [s * zoom_x * mirror, c * zoom_y, 2 * shift_y]], dtype=torch.float64)
    grid = F.affine_grid(theta[None], (1, 1, out_size, out_size), align_corners=False)
    return F.grid_sample(image, grid, padding_mode="reflection", align_corners=False)[0, 0]


size = 16
r = random.Random(7)
pixels = [r.randrange(256) for _ in range(size * size)]
image = torch.tensor(pixels, dtype=torch.float64).reshape(1, 1, size, size)
print(size, *pixels)
for case, settings in enumerate([(20, 0, 0, 0, 0), (0, 0.3, 0, 0, 0), (0, 0, 0.4, 0, 0), (0, 0, 0, 0.4, 0), (0, 0, 0, 0, 1),
                                 (20, 0.12, 0.05, 0.08, 1), (180, 0.5, 0.3, 0.9, 1), (20, 0.12, 0.05, 0.08, 1)]):
    out_size = 21 if case == 7 else size
    print(case + 40, case, out_size, *settings)
    print(*(f"{v:.3f}" for v in augment(image, out_size, case + 40, case, *settings).flatten().tolist()))
