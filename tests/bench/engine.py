#!/usr/bin/python3
"""The engine's speed beside PyTorch's, on the same network and threads.

    engine.py FERLAB_PROGRAM [--rounds 3] [--seconds 6] [--threads 2]

The two take turns, so that other work on the machine hits both alike; trust the ratios more than the images a second.
Needs ../shared/peer/bench.py beside the project, and python3-torch for it; without them only ferlab is measured.
"""
import argparse, json, os, statistics, subprocess, sys

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/peer/bench.py")
KEYS = ("train_img_s", "infer_img_s")


def measure(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--seconds", type=float, default=6)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    a = p.parse_args()
    options = ["--threads", str(a.threads), "--seconds", str(a.seconds), "--json"]
    ours, theirs = [], []
    for _ in range(a.rounds):
        ours.append(measure([a.program, "bench"] + options) or sys.exit("ferlab bench failed"))
        peer = measure([sys.executable, PEER, "--batch", "128"] + options) if os.path.exists(PEER) else None
        if peer:
            theirs.append(peer)
    print(f"load {os.getloadavg()[0]:.1f}, {a.threads} threads, sgemm "
          f"{statistics.median(o['sgemm_gflops'] for o in ours):.0f} GFLOP/s")
    for key in KEYS:
        mine = statistics.median(o[key] for o in ours)
        line = f"{key:12} ferlab {mine:7.1f}"
        if theirs:
            peer = statistics.median(t[key] for t in theirs)
            line += f"   PyTorch {peer:7.1f}   ratio {mine / peer:.2f}"
        print(line)
    if not theirs:
        print("PyTorch was not measured: ../shared/peer/bench.py or python3-torch is missing")


if __name__ == "__main__":
    main()
