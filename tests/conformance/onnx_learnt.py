#!/usr/bin/python3
"""Files of graphs that have learnt, through ONNX's own checker.

  tests/conformance/onnx_learnt.py [build/release/tests/onnx_learnt] [MODEL.onnx ...]

Needs python3-onnx. Takes the whole networks of tests/golden, and further models that are named; each learns one step,
and its new file must pass the full check, with shapes inferred, and keep inputs, outputs, notes and operator sets.
Closes with "N passed, N failed".
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import onnx

GOLDEN = pathlib.Path(__file__).parent.parent / "golden"


def models(paths):
    for case in json.loads((GOLDEN / "graph_learn.json").read_text()):
        yield case["name"], bytes.fromhex(case["model"])
    for case in json.loads((GOLDEN / "graph.json").read_text())["networks"]:
        yield case["name"], bytes.fromhex(case["model"])
    for path in paths:
        yield path, pathlib.Path(path).read_bytes()


def kept(model):
    graph = model.graph
    stored = {t.name for t in graph.initializer}
    return ([i.SerializeToString() for i in graph.input if i.name not in stored],
            [o.SerializeToString() for o in graph.output], [o.SerializeToString() for o in model.opset_import],
            [p.SerializeToString() for p in model.metadata_props], model.ir_version, model.producer_name)


def check(program, name, data, folder):
    before, after = folder / "before.onnx", folder / "after.onnx"
    before.write_bytes(data)
    ran = subprocess.run([program, before, after], capture_output=True, text=True)
    if ran.returncode:
        return ran.stderr.strip()
    old, new = onnx.load(before), onnx.load(after)
    try:
        onnx.checker.check_model(new, full_check=True)
    except Exception as e:  # whatever the checker raises is its answer
        return str(e)
    if kept(old) != kept(new):
        return "inputs, outputs, notes or operator sets are not what they were"
    return None if old.SerializeToString() != new.SerializeToString() else "nothing was learnt"


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/release/tests/onnx_learnt"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, data in models(sys.argv[2:]):
            wrong = check(program, name, data, pathlib.Path(folder))
            passed += wrong is None
            failed += wrong is not None
            if wrong:
                print(f"failed  {name}: {wrong}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
