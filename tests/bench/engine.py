#!/usr/bin/python3
"""The engine's speed beside PyTorch's, on the same networks and threads.

    engine.py FERLAB_PROGRAM [--pairs 5] [--seconds 4] [--threads 2] [--arch default|vgg13]

The two take turns, so that other work on the machine hits both alike; each row gives the median of the pairs' ratios and their
range. Memory is the largest resident set of each whole process. Needs python3-torch; also says how much a second thread brings,
beside what it brings to OpenBLAS's sgemm, and how much of the bare training step's speed `ferlab train` keeps, with its
augmentation, counting and checkpoints.
"""
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_peer.py")
NETS = {"default": (128, 256), "vgg13": (32, 64)}
ROWS = (("train_img_s", "training, images/s", False), ("infer_img_s", "inference, images/s", False),
        ("one_image_ms", "one image, ms", True), ("megabytes", "peak memory, MB", True))


def measure(command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)}: failed")
    return json.loads(output) | {"megabytes": usage.ru_maxrss / 1024}


def compare(program, arch, pairs, seconds, threads):
    train, infer = NETS[arch]
    options = ["--arch", arch, "--batch", str(train), "--infer-batch", str(infer), "--threads", str(threads),
               "--seconds", str(seconds)]
    runs = [(measure([program, "bench", "--json"] + options), measure([sys.executable, PEER] + options))
            for _ in range(pairs)]
    print(f"\n{arch}, {threads} threads, batch {train} and {infer}, {pairs} pairs")
    for key, title, less in ROWS:
        ours, theirs = [r[0][key] for r in runs], [r[1][key] for r in runs]
        ratios = sorted(t / o if less else o / t for o, t in zip(ours, theirs))
        print(f"  {title:24} ferlab {statistics.median(ours):12.1f}   PyTorch {statistics.median(theirs):12.1f}"
              f"   {statistics.median(ratios):5.2f}x  [{ratios[0]:.2f}, {ratios[-1]:.2f}]")


def second_thread(program, rounds, seconds):
    gains = []
    for _ in range(rounds):
        one, two = (measure([program, "bench", "--json", "--threads", t, "--seconds", str(seconds)]) for t in "12")
        gains.append([two[k] / one[k] for k in ("train_img_s", "sgemm_gflops")])
    train, sgemm = (statistics.median(g[i] for g in gains) for i in (0, 1))
    print(f"\na second thread: training {train:.2f}x, sgemm {sgemm:.2f}x, {train / sgemm:.2f} of it")


def trainer(program, pairs, seconds, threads):
    """Epochs of `ferlab train` over synthetic faces without a validation split, beside the bare step."""
    ratios, speeds = [], []
    with tempfile.TemporaryDirectory() as scratch:
        faces, workspace = os.path.join(scratch, "faces"), os.path.join(scratch, "faces.ferlab")
        measure([program, "synth", faces, "--count", "6000", "--seed", "1", "--json"])
        for split in ("Valid", "Test"):
            shutil.rmtree(os.path.join(faces, "data", "FER2013" + split))
        measure([program, "-w", workspace, "import", faces, "--json"])
        for _ in range(pairs):
            bare = measure([program, "bench", "--json", "--threads", str(threads), "--seconds", str(seconds)])
            run = measure([program, "-w", workspace, "train", "--epochs", "2", "--threads", str(threads), "--json"])
            speeds.append(run["recipe"]["training_faces"] / run["epochs"][-1]["seconds"])
            ratios.append(speeds[-1] / bare["train_img_s"])
    print(f"\nferlab train: {statistics.median(speeds):.0f} images/s, {statistics.median(ratios):.2f} of the bare step"
          f"  [{min(ratios):.2f}, {max(ratios):.2f}]")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--pairs", type=int, default=5)
    p.add_argument("--seconds", type=float, default=4)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--arch", choices=sorted(NETS), help="one of the networks only")
    a = p.parse_args()
    for arch in [a.arch] if a.arch else sorted(NETS):
        compare(a.program, arch, a.pairs, a.seconds, a.threads)
    if not a.arch and a.threads > 1:
        second_thread(a.program, a.pairs, a.seconds)
    if not a.arch:
        trainer(a.program, a.pairs, a.seconds, a.threads)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
