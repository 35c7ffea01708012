#!/usr/bin/env python3
"""Writes detections.txt: what OpenCV's cascades find in the scenes of tests/support/scenes.c.

Needs Debian's python3-opencv and opencv-data, and build/release/tests/write_scenes. A block a cascade: its file under opencv-data's
folder, then lines "SCENE x y width height". The cascade of open mouths is there for its tilted features.
"""
import os
import subprocess
import tempfile

import cv2

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = "/usr/share/opencv4"
CASCADES = ["lbpcascades/lbpcascade_frontalface_improved.xml", "haarcascades/haarcascade_frontalface_default.xml",
            "haarcascades/haarcascade_frontalface_alt2.xml", "haarcascades/haarcascade_frontalface_alt_tree.xml",
            "haarcascades/haarcascade_smile.xml"]


def main():
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(HERE, "detections.txt"), "w") as out:
        subprocess.run([os.path.join(HERE, "../../build/release/tests/write_scenes"), folder], check=True)
        scenes = [cv2.imread(os.path.join(folder, name), cv2.IMREAD_GRAYSCALE) for name in sorted(os.listdir(folder))]
        for name in CASCADES:
            cascade = cv2.CascadeClassifier(os.path.join(DATA, name))
            out.write(f"cascade {name}\n")
            for i, scene in enumerate(scenes):
                for x, y, width, height in cascade.detectMultiScale(scene, scaleFactor=1.1, minNeighbors=3):
                    out.write(f"{i} {x} {y} {width} {height}\n")


if __name__ == "__main__":
    main()
