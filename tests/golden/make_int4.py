#!/usr/bin/env python3
"""Weights of 4 bits from those of weights-6x10.safetensors, by numpy alone: weights-s4-6x10.csv has the scale of each
output and its packed bytes, as eo-model(5) defines them. Calls no program of this project.

    python3 tests/golden/make_int4.py
"""
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
data = (HERE / "weights-6x10.safetensors").read_bytes()
length = int.from_bytes(data[:8], "little")
header = json.loads(data[8 : 8 + length])
lines = [f"# tests/golden/make_int4.py, numpy {np.__version__}", "layer,output,scale,packed"]
for layer in ("conv1", "conv2", "classifier"):
    tensor = header[layer + ".weight"]
    first, last = tensor["data_offsets"]
    w = np.frombuffer(data[8 + length + first : 8 + length + last], "<f4").reshape(tensor["shape"][0], -1)
    scale = (np.abs(w).max(axis=1).astype(np.float64) / 7.5).astype(np.float32)
    q = np.clip(np.rint(w.astype(np.float64) / scale[:, None].astype(np.float64)), -8, 7).astype(int) % 16
    if q.shape[1] % 2:
        q = np.pad(q, ((0, 0), (0, 1)))
    packed = (q[:, 0::2] + 16 * q[:, 1::2]).astype(np.uint8)
    for output, row in enumerate(packed):
        lines.append(f"{layer},{output},{scale[output]:.9g},{row.tobytes().hex()}")
(HERE / "weights-s4-6x10.csv").write_text("\n".join(lines) + "\n")
