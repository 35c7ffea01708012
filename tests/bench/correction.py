#!/usr/bin/python3
"""What a short training after a review session takes and gives.

    correction.py FERLAB_PROGRAM WORKSPACE [--model NAME] [--changes 200] [--seed 1] [-- OPTIONS OF TRAIN]

Works on a copy of the workspace, which has a model with its predictions. So many faces of the train split, drawn by the
seed, are relabelled with the emotion that got the next most votes (two at least). Then `ferlab train --from MODEL` runs, until every
face has its new prediction. Told are the time, both accuracies on the validation split, and how many of the changed
faces are predicted as the reviewer says, before and after. Needs nothing but python3.
"""
import argparse, json, os, random, shutil, subprocess, sys, tempfile, time

EMOTIONS = "neutral happiness surprise sadness anger disgust fear contempt".split()


def ferlab(*words):
    return json.loads(subprocess.run([*words, "--json"], check=True, stdout=subprocess.PIPE).stdout)


def second_choice(sample):
    """The emotion with the most votes beside the label, None where that has a single vote or none."""
    best = max((k for k in range(8) if EMOTIONS[k] != sample["label"]), key=lambda k: sample["votes"][k])
    return EMOTIONS[best] if sample["votes"][best] >= 2 and sample["label"] in EMOTIONS else None


def draw_changes(program, count, seed):
    samples = [s for s in ferlab(*program, "list", "split:train") if second_choice(s)]
    return {s["id"]: second_choice(s) for s in random.Random(seed).sample(samples, count)}


def followed(program, changes):
    return sum(s["prediction"] == changes[s["id"]] for s in ferlab(*program, "list", "split:train") if s["id"] in changes)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("workspace")
    p.add_argument("--model", help="else the current one")
    p.add_argument("--changes", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("options", nargs="*")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        copy = os.path.join(scratch, "faces.ferlab")
        shutil.copy(a.workspace, copy)
        program = [os.path.abspath(a.program), "-w", copy]
        parent = a.model or next(m["name"] for m in ferlab(*program, "models") if m["current"])
        ferlab(*program, "model", "use", parent)
        before = ferlab(*program, "eval", "--split", "valid")
        changes = draw_changes(program, a.changes, a.seed)
        follow = followed(program, changes)
        for emotion in EMOTIONS:
            ids = [str(i) for i, e in changes.items() if e == emotion]
            if ids:
                ferlab(*program, "label", *ids, emotion)
        started = time.monotonic()
        run = ferlab(*program, "train", "--from", parent, *a.options)
        seconds = time.monotonic() - started
        after = ferlab(*program, "eval", "--split", "valid")
        print(f"{len(changes)} labels changed, {run['epochs'][-1]['epoch']} epochs from {parent}")
        print(f"  from start to the last prediction  {seconds:.0f} s")
        print(f"  validation accuracy                {100 * before['accuracy']:.2f} % -> {100 * after['accuracy']:.2f} %"
              f" ({100 * (after['accuracy'] - before['accuracy']):+.2f} points)")
        print(f"  predicted as the reviewer says     {follow} -> {followed(program, changes)} of {len(changes)}")
        print(f"  load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    sys.exit(main())
