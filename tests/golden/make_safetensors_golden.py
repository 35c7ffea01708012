#!/usr/bin/python3
"""Writes a small safetensors file after the format's description (https://huggingface.co/docs/safetensors), by numpy and
json alone: every type that ferlab reads, a scalar, a tensor without values, a padded header, entries in another order than
their data.

    make_safetensors_golden.py > small.safetensors
"""
import json
import struct
import sys

import numpy as np

tensors = {
    "conv.weight": np.arange(12, dtype="<f4").reshape(2, 3, 2) / 8 - 0.5,
    "ids": np.array([1, 2**40, -7], "<i8"),
    "scalar": np.array(2.5, "<f8"),
    "empty": np.zeros((0, 8), "<f4"),
    "labels": np.array([0, 7, 255], "u1"),
}
names = {"<f4": "F32", "<i8": "I64", "<f8": "F64", "|u1": "U8"}

header, data = {}, b""
for name, value in tensors.items():
    header[name] = {
        "dtype": names[value.dtype.str],
        "shape": list(value.shape),
        "data_offsets": [len(data), len(data) + value.nbytes],
    }
    data += value.tobytes()
header = {"__metadata__": {"made by": "numpy", "π": "3.14"}, **dict(reversed(header.items()))}
text = json.dumps(header, ensure_ascii=False, indent=1).encode()
text += b" " * (-len(text) % 8 + 8)
sys.stdout.buffer.write(struct.pack("<Q", len(text)) + text + data)
