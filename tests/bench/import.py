#!/usr/bin/python3
"""Import of FER+ folders: ferlab against Python with Pillow, csv and sqlite3 doing the same, alternately.

    import.py FERLAB FERPLUS_FOLDER [PAIRS]
"""
import csv
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from PIL import Image


def split_folders(root):
    for folder, _, files in os.walk(root):
        if os.path.basename(folder).startswith("FER2013") and "label.csv" in files:
            yield folder


def import_by_python(root, path):
    db = sqlite3.connect(path)
    db.execute("create table sample (name text, split text, pixels blob, votes text)")
    for folder in split_folders(root):
        with open(os.path.join(folder, "label.csv"), newline="") as labels:
            for row in csv.reader(labels):
                with Image.open(os.path.join(folder, row[0])) as image:
                    pixels = image.tobytes()
                db.execute("insert into sample values (?, ?, ?, ?)", (row[0], folder[-5:], pixels, ",".join(row[2:])))
    db.commit()
    db.close()


def import_by_ferlab(ferlab, root, path):
    subprocess.run([ferlab, "-w", path, "import", root, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def main():
    ferlab, root = sys.argv[1:3]
    pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for n in range(pairs):
            start = time.monotonic()
            import_by_python(root, f"{scratch}/{n}.db")
            middle = time.monotonic()
            import_by_ferlab(ferlab, root, f"{scratch}/{n}.ferlab")
            theirs.append(middle - start)
            ours.append(time.monotonic() - middle)
    ratios = sorted(t / o for t, o in zip(theirs, ours))
    print(f"python  {statistics.median(theirs):6.2f} s")
    print(f"ferlab  {statistics.median(ours):6.2f} s")
    print(f"ratio   {statistics.median(ratios):6.2f}x  ({ratios[0]:.2f} to {ratios[-1]:.2f}, {pairs} pairs)")


if __name__ == "__main__":
    main()
