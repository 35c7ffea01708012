#!/usr/bin/python3
"""ONNX's own node tests through ferlab's graph runner.

  tests/conformance/onnx_nodes.py [build/release/tests/onnx_nodes]

Needs python3-onnx, whose reference computes inputs and outputs. Runs every node test all of whose operators are
ours; closes with "N passed, N failed, N skipped".
"""
import json
import subprocess
import sys
import tempfile
import warnings

import numpy as np

# What ONNX 1.12 still calls types by.
for name, kind in {"float": float, "int": int, "bool": bool, "object": object}.items():
    setattr(np, name, kind)
warnings.simplefilter("ignore")

from onnx import TensorProto  # noqa: E402
from onnx.backend.test.case.node import collect_testcases  # noqa: E402

OPERATORS = set("""Conv BatchNormalization Relu LeakyRelu Clip Sigmoid Tanh HardSwish HardSigmoid Softmax LogSoftmax
MaxPool AveragePool GlobalAveragePool GlobalMaxPool Gemm MatMul Add Sub Mul Div Concat Flatten Reshape Transpose
Squeeze Unsqueeze Identity Dropout Constant ConstantOfShape Cast Shape Slice Gather Expand Pad ReduceMean
ReduceSum""".split())


def tensor(a):
    """A tensor as graph_case.h reads it; None where it is of a type that float32 graphs do not have."""
    a = np.asarray(a)
    if a.dtype == np.float32:
        return {"float": True, "dims": list(a.shape), "data": a.tobytes().hex()}
    if a.dtype in (np.int32, np.int64, np.bool_):
        return {"float": False, "dims": list(a.shape), "data": a.astype(np.int64).tobytes().hex()}
    return None


def foreign_types(model):
    """Types of inputs, outputs and attributes other than tensors of float32, int32, int64, bool."""
    ours = (TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL)
    for v in [*model.graph.input, *model.graph.output]:
        if not v.type.HasField("tensor_type"):
            return "inputs or outputs that are not tensors"
        if v.type.tensor_type.elem_type not in ours:
            return "tensors of " + TensorProto.DataType.Name(v.type.tensor_type.elem_type)
    return None


def case_of(name, model, inputs, outputs):
    for o in model.opset_import:
        o.version = max(o.version, 7)  # operators that have stayed as they were since before
    case = {"name": name, "model": model.SerializeToString().hex(), "inputs": [], "outputs": []}
    skip = foreign_types(model)
    if not skip and any(n.op_type == "MaxPool" and len(n.output) > 1 for n in model.graph.node):
        skip = "indices of maxima, which no classifier needs"
    if not skip and any(a.name == "training_mode" and a.i for n in model.graph.node for a in n.attribute):
        skip = "training mode"
    if not skip and any(n.op_type == "Dropout" and len(n.input) > 2 for n in model.graph.node) and inputs[-1].any():
        skip = "training mode"
    if skip:
        return {"name": name, "skip": skip}
    case["inputs"] = [tensor(a) for a in inputs]
    case["outputs"] = [tensor(a) for a in outputs]
    return case


def node_cases():
    for t in collect_testcases(None):
        if {n.op_type for n in t.model.graph.node} <= OPERATORS:
            inputs, outputs = t.data_sets[0]
            yield case_of(t.name, t.model, inputs, outputs)


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/release/tests/onnx_nodes"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump(list(node_cases()), f)
        f.flush()
        return subprocess.run([program, f.name], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
