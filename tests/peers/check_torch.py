#!/usr/bin/env python3
"""Runs a model file in PyTorch and compares it with eo-eval, on the first 1,000 test images of a data set.

    tests/peers/check_torch.py MODEL.safetensors DATA_DIR

Needs torch and numpy; reads the file with the safetensors package where it is installed, else by itself.
EO_BIN names the folder of the programs (default: out/bin). To have that package beside Debian's torch:

    python3 -m venv --system-site-packages /tmp/peers && /tmp/peers/bin/pip install safetensors
    /tmp/peers/bin/python tests/peers/check_torch.py out/mnist/models/p0.50-int8.safetensors data/mnist

fp32  torch's float32 must predict the same classes, or differ only where the two best logits are within 1e-4;
      logits must agree to 1e-4, absolute up to 1 and relative above
fp16  likewise for the classes, with weights and activations rounded to binary16 and float32 between them
int8  dequantised weights and float activations must agree on 99 % of the images; and integers, computed here
      by the definition in lib/nn/infer.h and lib/nn/requant.h, must give every score of eo-eval exactly

Exit 1 when anything differs by more.
"""
import csv
import gzip
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

IMAGES = 1000
BIN = pathlib.Path(os.environ.get("EO_BIN", pathlib.Path(__file__).parents[2] / "out/bin"))
LAYERS = ["conv1", "conv2", "classifier"]


# ---- reading ---------------------------------------------------------------------------------------------


def read_plainly(path):
    """Name -> array; believes all that the header says."""
    data = path.read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__", {})
    types = {"F32": "<f4", "F16": "<f2", "I8": "<i1", "I32": "<i4"}
    tensors = {}
    for name, t in header.items():
        begin, end = (start + offset for offset in t["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], types[t["dtype"]]).reshape(t["shape"])
    return tensors, metadata


def read_model(path):
    """Tensors of torch by name, and the metadata."""
    try:
        from safetensors import safe_open
    except ImportError:
        print("no safetensors package: the file is read by this script's own few lines")
        tensors, metadata = read_plainly(path)
    else:
        with safe_open(path, "np") as f:
            tensors, metadata = {name: f.get_tensor(name) for name in f.keys()}, f.metadata() or {}
    return {name: torch.from_numpy(np.array(t)) for name, t in tensors.items()}, metadata


def read_idx(folder, name, header):
    path = folder / (name + "-ubyte.gz")
    data = gzip.decompress(path.read_bytes()) if path.exists() else (folder / (name + "-ubyte")).read_bytes()
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=header).copy())


def run_eval(model, folder):
    """The logits and classes of eo-eval for the first test images."""
    with tempfile.TemporaryDirectory() as tmp:
        config, logits, predictions = (pathlib.Path(tmp) / n for n in ("c.yaml", "logits", "predictions"))
        config.write_text("dataset: mnist\n")
        tables = ["--logits", logits, "--predictions", predictions]
        command = [BIN / "eo-eval", "-c", config, "--data", folder, "--split", "test", *tables, model]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        z = [[float(row[f"class{k}"]) for k in range(10)] for row in csv.DictReader(logits.open())]
        classes = [int(row["predicted"]) for row in csv.DictReader(predictions.open())]
    return torch.tensor(z[:IMAGES], dtype=torch.float64), torch.tensor(classes[:IMAGES])


# ---- the network in float --------------------------------------------------------------------------------


class SmallCNN(torch.nn.Module):
    """`between` is applied to the input and behind each pooling."""

    def __init__(self, tensors, between):
        super().__init__()
        c1, c2 = len(tensors["conv1.bias"]), len(tensors["conv2.bias"])
        self.conv1 = torch.nn.Conv2d(1, c1, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(c1, c2, 3, padding=1)
        self.classifier = torch.nn.Linear(49 * c2, 10)
        self.between = between
        self.load_state_dict(tensors)

    def forward(self, x):
        x = self.between(F.max_pool2d(F.relu(self.conv1(self.between(x))), 2))
        x = self.between(F.max_pool2d(F.relu(self.conv2(x)), 2))
        return self.classifier(torch.flatten(x, 1))


def dequantise(tensors):
    out = {}
    for layer in LAYERS:
        w, scale = tensors[layer + ".weight"], tensors[layer + ".weight_scale"].double()
        out[layer + ".weight"] = w * scale.reshape([-1] + [1] * (w.dim() - 1))
        out[layer + ".bias"] = tensors[layer + ".bias"] * scale * tensors[layer + ".input_scale"]
    return out


def run_float(tensors, precision, x):
    between = (lambda t: t.half().float()) if precision == "fp16" else (lambda t: t)
    weights = dequantise(tensors) if precision == "int8" else tensors
    with torch.no_grad():
        return SmallCNN({name: t.float() for name, t in weights.items()}, between)(x)


# ---- the network in integers -----------------------------------------------------------------------------


def scaled(acc, factors):
    """requant.h: multiplier of 31 bits, shift, one rounding with halves upwards. acc [N, outputs, ...]"""
    multipliers, shifts = [], []
    for factor in factors:
        mantissa, exponent = math.frexp(factor)
        multiplier = round(mantissa * 2**31)  # Python's round() takes ties to even
        while multiplier >= 2**31 or exponent > 0:  # a factor of 1, or one that rounds to it, is just below
            multiplier, exponent = (2**31 - 1, 0) if exponent >= 0 else (2**30, exponent + 1)
        multipliers.append(multiplier)
        shifts.append(31 - exponent)
    column = [1, -1] + [1] * (acc.dim() - 2)
    m, s = torch.tensor(multipliers).reshape(column), torch.tensor(shifts).reshape(column)
    return (acc * m + (1 << (s - 1))) >> s


def run_integers(tensors, qmax, x):
    """Scores. The sums are taken in double, which is exact: they stay below 2^31."""
    scale = {layer: tensors[layer + ".input_scale"].item() for layer in LAYERS}
    zero = {layer: tensors[layer + ".input_zero_point"].item() for layer in LAYERS}
    weight_scale = {layer: tensors[layer + ".weight_scale"].double().tolist() for layer in LAYERS}
    w = {layer: tensors[layer + ".weight"].double() for layer in LAYERS}
    b = {layer: tensors[layer + ".bias"].double() for layer in LAYERS}
    q = torch.clamp(torch.round(x.double() / scale["conv1"]) + zero["conv1"], 0, qmax)
    for layer, following in (("conv1", "conv2"), ("conv2", "classifier")):
        acc = F.conv2d(q - zero[layer], w[layer], b[layer], padding=1).long()
        factors = [scale[layer] * s / scale[following] for s in weight_scale[layer]]
        pooled = scaled(F.max_pool2d(acc.double(), 2).long(), factors)
        q = torch.clamp(zero[following] + pooled, zero[following], qmax).double()
    acc = F.linear(torch.flatten(q - zero["classifier"], 1), w["classifier"], b["classifier"]).long()
    top = max(weight_scale["classifier"])
    return scaled(acc, [s / top for s in weight_scale["classifier"]]), scale["classifier"] * top


# ---- comparisons -----------------------------------------------------------------------------------------


def check_classes(expected_logits, classes, share, near):
    """At least this share is equal, when classes count where the best two logits are this near."""
    equal = expected_logits.argmax(1) == classes
    best = torch.topk(expected_logits, 2, dim=1).values
    excused = ~equal & (best[:, 0] - best[:, 1] < near)
    counts = int(equal.sum()), len(classes), int(excused.sum())
    print("float: {} of {} classes agree, {} more are near ties".format(*counts))
    return int((equal | excused).sum()) >= share * len(classes)


def check_integers(tensors, metadata, x, z):
    scores, unit = run_integers(tensors, {"fbgemm": 127, "qnnpack": 255}[metadata["quantization_backend"]], x)
    equal = int((scores == torch.round(z / unit).long()).all(1).sum())
    print(f"integers: all ten scores are equal for {equal} of {len(z)} images")
    return equal == len(z)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    model, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    tensors, metadata = read_model(model)
    kinds = {torch.float32: "fp32", torch.float16: "fp16", torch.int8: "int8"}
    precision = kinds[tensors["conv1.weight"].dtype]
    pixels = read_idx(folder, "t10k-images-idx3", 16).reshape(-1, 1, 28, 28)[:IMAGES]
    labels = read_idx(folder, "t10k-labels-idx1", 8)[:IMAGES]
    x = (pixels.float() / 255 - 0.5) / 0.5
    z, classes = run_eval(model, folder)
    found = run_float(tensors, precision, x)
    off = (found.double() - z).abs().max().item()
    print(f"{model}: {precision}, eo-eval has {int((classes == labels).sum())} right, torch "
          f"{int((found.argmax(1) == labels).sum())}; logits differ by at most {off:.3g}")
    if precision == "int8":
        ok = check_classes(found, classes, 0.99, 0)
        ok = check_integers(tensors, metadata, x, z) and ok
    else:
        ok = check_classes(found, classes, 1, 1e-4)
        ok = ok and (precision == "fp16" or torch.allclose(found.double(), z, rtol=1e-4, atol=1e-4))
    sys.exit(0 if ok else 1)


main()
