#!/usr/bin/python3
"""Writes images/: small images in every format that is read, with the gray pixels Pillow decodes from them (NAME.gray,
row by row), and resized versions by OpenCV (area average down, bilinear up). images/list.txt names them all.

    make_image_goldens.py        (Debian: python3-pil python3-numpy python3-opencv)
"""
import os

import cv2
import numpy as np
from PIL import Image, ImageOps

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "images")
os.makedirs(folder, exist_ok=True)
r = np.random.default_rng(48)
y, x = np.mgrid[0:20, 0:26]
smooth = (128 + 70 * np.sin(x / 4) * np.cos(y / 5) + r.normal(0, 6, x.shape)).clip(0, 255).astype(np.uint8)
colour = np.stack([smooth, smooth[::-1], smooth[:, ::-1]], 2)

files = {
    "gray.png": (Image.fromarray(smooth), {}),
    "rgb.png": (Image.fromarray(colour), {}),
    "rgba.png": (Image.fromarray(np.dstack([colour, 255 - smooth])), {}),
    "palette.png": (Image.fromarray(colour).quantize(32), {}),
    "bits.png": (Image.fromarray(smooth > 128), {}),
    "deep.png": (Image.fromarray((smooth.astype(np.uint16) << 8) | 77), {}),
    "gray.jpg": (Image.fromarray(smooth), {"quality": 92}),
    "rgb.jpg": (Image.fromarray(colour), {"quality": 92, "subsampling": 0}),
    "progressive.jpg": (Image.fromarray(smooth), {"quality": 90, "progressive": True}),
    "gray.bmp": (Image.fromarray(smooth), {}),
    "rgb.bmp": (Image.fromarray(colour), {}),
    "gray.pgm": (Image.fromarray(smooth), {}),
    "rgb.ppm": (Image.fromarray(colour), {}),
}
for orientation in range(1, 9):  # of the camera
    exif = Image.Exif()
    exif[0x0112] = orientation
    files[f"exif-{orientation}.jpg"] = (Image.fromarray(smooth), {"quality": 92, "exif": exif})
with open(os.path.join(folder, "list.txt"), "w") as out:
    for name, (image, options) in files.items():
        path = os.path.join(folder, name)
        image.save(path, **options)
        back = ImageOps.exif_transpose(Image.open(path))
        gray = smooth if name == "deep.png" else np.array(back.convert("L"))
        gray.tofile(path + ".gray")
        print("decode", name, back.width, back.height, file=out)
    for w, h in [(13, 10), (9, 7), (26, 7), (1, 1), (40, 33), (52, 40), (26, 20)]:
        way = cv2.INTER_AREA if w <= 26 and h <= 20 else cv2.INTER_LINEAR
        name = f"resize-{w}x{h}"
        cv2.resize(smooth, (w, h), interpolation=way).tofile(os.path.join(folder, name + ".gray"))
        print("resize", name, w, h, file=out)
    cv2.resize(smooth[:, 3:23], (48, 48), interpolation=cv2.INTER_LINEAR).tofile(os.path.join(folder, "square.gray"))
