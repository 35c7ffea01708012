#!/usr/bin/python3
"""Whether the work grows no faster than the number of samples, up to a million of them.

    growth.py FERLAB WORKSPACE [--times 1,8,31] [--keep FOLDER]

The workspace has a model with its predictions; `ferlab list dup:yes` and `ferlab embed` beforehand add what those give. Copies
hold so many times its samples, each with the pixels, votes, predictions, vectors and near-duplicates of the one it repeats. For
each size: processor time of commands that look at every sample, start and loading included, and the most memory they took. Fails
where a command takes more than a third above its share at the largest size, its share being what the size before took, times the
growth. --keep leaves the copies there, for screen.py.
"""
import argparse
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile

COMMANDS = {
    "one face (columns loaded)": ["show", "1", "--json"],
    "filter and sort by suspect": ["list", "split:train label:neutral conf>0.5 sort:-suspect", "--limit", "10", "--json"],
    "sort everything by name": ["list", "sort:name", "--limit", "10", "--json"],
    "labels confident learning doubts": ["list", "issue:yes", "--limit", "10", "--json"],
    "one label": ["label", "7", "happiness", "--json"],
    "metrics with intervals": ["eval", "--where", "id>0", "--json"],
    "the faces most alike": ["list", "similar:17", "--limit", "10", "--json"],
    "export as csv": ["export", "--format", "csv", "OUT"],
    "report": ["report", "--where", "id>0", "OUT"],
}
SLACK = 4 / 3


def columns_of(db, table):
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def repeat(workspace, times):
    """The samples of the workspace `times` times over, everything of a sample with it."""
    with sqlite3.connect(workspace) as db:
        step = db.execute("SELECT max(id) FROM sample").fetchone()[0]
        db.execute("PRAGMA synchronous = OFF")
        for table, ids in (("sample", ("id",)), ("pixels", ("sample",)), ("prediction", ("sample",)), ("embedding", ("sample",)),
                           ("duplicate", ("sample", "first"))):
            names = columns_of(db, table)
            made = [f"{n} + k.k * {step}" if n in ids else f"k.k || '-' || {n}" if (table, n) == ("sample", "name") else n for n in names]
            key = ids[0]
            db.execute(f"WITH RECURSIVE k (k) AS (SELECT 1 WHERE {times} > 1 UNION ALL SELECT k + 1 FROM k WHERE k + 1 < {times}) "
                       f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(made)} FROM k, {table} "
                       f"WHERE {table}.{key} <= {step}")
        count = db.execute("SELECT count(*) FROM sample").fetchone()[0]
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return count


def processor_seconds(program, workspace, words, out):
    if os.path.exists(out):
        os.remove(out)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([program, "-w", workspace, *[out if w == "OUT" else w for w in words], "--quiet"], stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"growth.py: {' '.join(words)} ended with {done.returncode}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("workspace")
    parser.add_argument("--times", default="1,8,31")
    parser.add_argument("--keep")
    a = parser.parse_args()
    program, grown, counts = os.path.realpath(a.program), {name: [] for name in COMMANDS}, []
    with tempfile.TemporaryDirectory() as scratch:
        folder = a.keep or scratch
        for times in map(int, a.times.split(",")):
            workspace = os.path.join(folder, f"times{times}.ferlab")
            shutil.copy(a.workspace, workspace)
            counts.append(repeat(workspace, times))
            for name, words in COMMANDS.items():
                grown[name].append(min(processor_seconds(program, workspace, words, os.path.join(folder, "out")) for _ in range(2)))
            if not a.keep:
                os.remove(workspace)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"| processor seconds | {' | '.join(f'{n:,}' for n in counts)} | the last by its share |")
    print("|---" * (len(counts) + 2) + "|")
    failed = []
    for name, seconds in grown.items():
        share = seconds[-1] / seconds[-2] / (counts[-1] / counts[-2]) if len(counts) > 1 else 1
        print(f"| {name} | {' | '.join(f'{s:.2f}' for s in seconds)} | {share:.2f} |")
        failed += [name] if share > SLACK else []
    print(f"most memory of a command: {memory:.0f} MiB")
    if failed:
        sys.exit(f"growth.py: grows faster than the samples: {', '.join(failed)}")


if __name__ == "__main__":
    main()
