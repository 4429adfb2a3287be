#!/usr/bin/env python3
"""Opens every model given with Python's safetensors package and prints its tensors.

    tests/peers/open_models.py out/mnist/models/*.safetensors

Needs numpy and safetensors. Also checks what is promised about the form: finite values, data from a multiple of 8,
and, metadata aside, the bytes that the package itself writes for these tensors. Exit 1 when anything differs.
"""
import json
import struct
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save


def split(data):
    """Header as ordered pairs without the metadata, and the bytes of the tensors."""
    size = struct.unpack("<Q", data[:8])[0]
    pairs = json.loads(data[8 : 8 + size], object_pairs_hook=list)
    return [p for p in pairs if p[0] != "__metadata__"], data[8 + size :]


def check(path):
    with safe_open(path, "np") as f:
        metadata = f.metadata() or {}
        tensors = {name: f.get_tensor(name) for name in f.keys()}
    print(path, " ".join(f"{k}={v}" for k, v in sorted(metadata.items())))
    for name, t in tensors.items():
        print(f"  {name:28} {t.dtype!s:8} {'x'.join(map(str, t.shape)):12} {t.min():14.9g} {t.max():14.9g}")
    with open(path, "rb") as f:
        data = f.read()
    wrong = []
    if not all(np.isfinite(t).all() for t in tensors.values()):
        wrong.append("values that are not finite")
    if struct.unpack("<Q", data[:8])[0] % 8:
        wrong.append("data not aligned to 8 bytes")
    if split(data) != split(save(tensors)):
        wrong.append("another order or other bytes than the package writes")
    for text in wrong:
        print(f"{path}: {text}", file=sys.stderr)
    return not wrong


def main():
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} MODEL...")
    sys.exit(0 if all([check(path) for path in sys.argv[1:]]) else 1)


main()
