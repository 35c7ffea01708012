#!/usr/bin/python3
"""Speed of the workbench on a pseudo-terminal of 140x42 cells of 9x19 pixels that says it has sixel.

    screen.py FERLAB [WORKSPACE]

Without a workspace the real FER+ folders beside the project are imported, or else as many synthetic faces. Works on a copy.
Prints, as a table: time from exec to the last byte of the first complete frame; from key to the last byte of its frame
(median, 99th percentile, worst) for each kind of key; the same for a filter over everything; where `ferlab embed` was run,
for the faces most alike and the map; resident memory.
"""
import fcntl
import os
import pty
import re
import select
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time

COLUMNS, ROWS, CELL_WIDTH, CELL_HEIGHT = 140, 42, 9, 19
FACES = 32137
QUIET = 0.03  # seconds without output that end a frame
ANSWERS = {
    rb"\x1b\[16t": b"\x1b[6;%d;%dt" % (CELL_HEIGHT, CELL_WIDTH),
    rb"\x1b\[14t": b"\x1b[4;%d;%dt" % (ROWS * CELL_HEIGHT, COLUMNS * CELL_WIDTH),
    rb"\x1b\[\?1;1;0S": b"\x1b[?1;0;1024S",
    rb"\x1b\[\?2;\d;0S": b"\x1b[?2;0;%d;%dS" % (COLUMNS * CELL_WIDTH, ROWS * CELL_HEIGHT),
    rb"\x1b\[\?2026\$p": b"\x1b[?2026;2$y",
    rb"\x1b\[>q": b"\x1bP>|XTerm(379)\x1b\\",
    rb"\x1b\[0?c": b"\x1b[?62;4;22c",
}


class Workbench:
    """The program on its pseudo-terminal."""

    def __init__(self, program, workspace, keys_filter):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8", FERLAB_REVIEWER="bench")
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", ROWS, COLUMNS, COLUMNS * CELL_WIDTH, ROWS * CELL_HEIGHT))
            os.execv(program, [program, "-w", workspace, "--filter", keys_filter])
        self.started = time.perf_counter()
        self.answered = False

    def read(self, first_wait):
        """Reads until nothing came for QUIET seconds: the bytes, and when the last of them came."""
        got, last, wait = b"", time.perf_counter(), first_wait
        while select.select([self.fd], [], [], wait)[0]:
            try:
                part = os.read(self.fd, 1 << 16)
            except OSError:
                break
            last, wait = time.perf_counter(), QUIET
            got += part
            if not self.answered:
                for query, answer in ANSWERS.items():
                    if re.search(query, part):
                        os.write(self.fd, answer)
                        self.answered |= answer.endswith(b"c")
        return got, last

    def first_frame(self):
        end, last, seen = time.perf_counter() + 10, 0, b""
        while b"q\"1;1" not in seen and time.perf_counter() < end:
            part, last = self.read(1)
            seen += part
        return (last - self.started) * 1000

    def key(self, key):
        """Milliseconds from the key to the last byte of what it drew, and the bytes; None where nothing was drawn."""
        start = time.perf_counter()
        os.write(self.fd, key)
        got, last = self.read(0.5)
        return ((last - start) * 1000, len(got)) if got else None

    def pictures(self, key):
        """Milliseconds from the key to the last byte of the frame that brings pictures; NaN where none came."""
        start, last, seen = time.perf_counter(), 0, b""
        os.write(self.fd, key)
        while b"q\"1;1" not in seen and time.perf_counter() < start + 5:
            part, last = self.read(0.5)
            seen += part
        return (last - start) * 1000 if b"q\"1;1" in seen else float("nan")

    def resident(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024

    def leave(self):
        os.write(self.fd, b":quit\r")
        self.read(0.5)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(bench, name, keys, count):
    """Types `keys` in turn, `count` times in all, and prints a row."""
    times, sizes = [], []
    for i in range(count):
        result = bench.key(keys[i % len(keys)])
        if result:
            times.append(result[0])
            sizes.append(result[1])
    if not times:
        print(f"{name:34} nothing was drawn")
        return
    print(f"{name:34} {percentile(times, 0.5):8.1f} {percentile(times, 0.99):8.1f} {max(times):8.1f} ms"
          f" {percentile(sizes, 0.5) / 1000:9.1f} kB")


def measure_pictures(bench, name, key, back, count):
    """From `key` to the last byte of its first pictures, and the keys `back` that are not measured: the first time, which
    reads and computes what is not yet in memory, and the others."""
    times = []
    for _ in range(count):
        times.append(bench.pictures(key))
        for other in back:
            bench.key(bytes([other]))
    print(f"{name + ', the first time':34} {times[0]:8.1f} ms")
    print(f"{name:34} {percentile(times[1:], 0.5):8.1f} {'':8} {max(times[1:]):8.1f} ms")


def has_embeddings(workspace):
    """Whether `ferlab embed` has looked at every face."""
    with sqlite3.connect(workspace) as db:
        return db.execute("SELECT (SELECT count(*) FROM embedding) >= (SELECT count(*) FROM sample)").fetchone()[0]


def make_workspace(program, folder):
    workspace = os.path.join(folder, "bench.ferlab")
    real = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/ferplus")
    if not os.path.isdir(real):
        real = os.path.join(folder, "synthetic")
        subprocess.run([program, "synth", real, "--count", str(FACES), "--seed", "1", "--quiet"], check=True)
    subprocess.run([program, "-w", workspace, "import", real, "--quiet"], check=True)
    return workspace


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program = os.path.realpath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) == 3:
            workspace = os.path.join(folder, "bench.ferlab")
            shutil.copy(sys.argv[2], workspace)
        else:
            workspace = make_workspace(program, folder)
        starts = []
        for _ in range(5):
            bench = Workbench(program, workspace, "split:train")
            starts.append(bench.first_frame())
            bench.leave()
        bench = Workbench(program, workspace, "split:train")
        bench.first_frame()
        print(f"first complete frame               {percentile(starts, 0.5):8.1f} {'':8} {max(starts):8.1f} ms")
        print(f"{'key to last byte of its frame':34} {'median':>8} {'99 %':>8} {'worst':>8}    {'size':>12}")
        measure(bench, "move the selection", [b"l", b"l", b"j", b"h", b"k"], 200)
        measure(bench, "turn a page", [b"\x1b[6~", b"\x1b[6~", b"\x1b[6~", b"\x1b[5~"], 100)
        bench.key(b"g")
        measure(bench, "label and move on", [b"2", b"3", b"4"], 100)
        measure(bench, "undo", [b"u"], 50)
        bench.key(b"g")
        bench.key(b"\r")
        measure(bench, "next face, large", [b"j"], 100)
        measure(bench, "label a face and show the next", [b"2", b"3"], 50)
        bench.key(b"q")
        filters = []
        for text in (b"id>0", b"sort:-ent", b"split:train label:neutral sort:-ent", b"votes.neutral>=3 sort:-votes.neutral"):
            bench.key(b":")
            bench.key(b"filter " + text)
            result = bench.key(b"\r")
            if result:
                filters.append(result[0])
        print(f"{'filter everything, with its page':34} {percentile(filters, 0.5):8.1f} {'':8} {max(filters):8.1f} ms")
        if has_embeddings(workspace):
            bench.key(b":")
            bench.key(b"filter id>0")
            bench.key(b"\r")
            measure_pictures(bench, "the faces most alike", b"S", b"qj", 20)
            measure_pictures(bench, "the map", b"y", b"q", 5)
        print(f"{'resident memory':34} {bench.resident():8.1f} MiB")
        bench.leave()


if __name__ == "__main__":
    main()
