#!/usr/bin/env python3
"""Compares models that PyTorch has written, as eo-import reads them, with what PyTorch computes.

    tests/peers/check_import.py [NETWORK...]

Needs numpy, torch, safetensors, onnx and onnxscript (pip). EO_BIN names the folder of the programs (default: out/bin).

SmallCNN, LeNet-5, ResNet-8, DS-CNN and MobileNetV1 x 0.25, as one writes them in PyTorch, with random weights and
statistics. Each is saved as safetensors (plain, with the prefixes of DataParallel and torch.compile, in float64 and in
bfloat16), and exported as ONNX by both exporters from operator set 13 to the newest. Every import has to give PyTorch's
logits within 1e-4 and its classes on 1,000 random images. The last line counts; exit 1 when anything differs.
"""
import contextlib
import csv
import hashlib
import io
import logging
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from torch import nn

BIN = pathlib.Path(os.environ.get("EO_BIN", pathlib.Path(__file__).parents[2] / "out/bin"))
IMAGES, LIMIT = 1000, 1e-4
EXPORTERS = [(False, opset) for opset in (13, 15, 17, 18, 20)] + [(True, opset) for opset in (13, 18, 20, 22, 23)]


class SmallCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1)
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        return self.fc(torch.flatten(F.max_pool2d(F.relu(self.conv2(x)), 2), 1))


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        first = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2)]
        self.features = nn.Sequential(*first, nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten())
        last = [nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
        self.classifier = nn.Sequential(nn.Linear(400, 120), nn.ReLU(), *last)

    def forward(self, x):
        return self.classifier(self.features(x))


class Block(nn.Module):
    """As TensorFlow pads: with stride 2, one pixel at the bottom and the right."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=2 - stride, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Conv2d(inputs, outputs, 1, stride) if stride == 2 else nn.Identity()
        self.stride = stride

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(F.pad(x, (0, 1, 0, 1)) if self.stride == 2 else x)))
        return F.relu(self.bn2(self.conv2(y)) + self.downsample(x))


class ResNet8(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def separable(inputs, outputs, stride):
    depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
    first = [depthwise, nn.BatchNorm2d(inputs), nn.ReLU()]
    return nn.Sequential(*first, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class DSCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.pad = nn.ZeroPad2d((1, 1, 4, 5))
        self.conv, self.bn = nn.Conv2d(1, 64, (10, 4), 2), nn.BatchNorm2d(64)
        self.blocks = nn.ModuleList(separable(64, 64, 1) for _ in range(4))
        self.drop, self.fc = nn.Dropout(), nn.Linear(64, 12)

    def forward(self, x):
        x = F.relu(self.bn(self.conv(self.pad(x))))
        for block in self.blocks:
            x = block(x)
        return self.fc(self.drop(x.mean((2, 3))))


class MobileNetV1(nn.Module):
    WIDTHS = [(8, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2)]
    WIDTHS += [(128, 128, 1)] * 5 + [(128, 256, 2), (256, 256, 1)]

    def __init__(self):
        super().__init__()
        first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.model = nn.Sequential(first, *(separable(*w) for w in self.WIDTHS), nn.AvgPool2d(3))
        self.fc = nn.Linear(256, 2)

    def forward(self, x):
        return self.fc(self.model(x).view(-1, 256))


def mobilenet():
    """The known network pads as TensorFlow does; this one as PyTorch."""
    lines = ["input 3x96x96", "conv1: conv 8 3x3 stride 2 pad 1 batch_norm relu"]
    for i, (_, outputs, stride) in enumerate(MobileNetV1.WIDTHS, 1):
        lines.append(f"dw{i}: depthwise 3x3 stride {stride} pad 1 batch_norm relu")
        lines.append(f"pw{i}: conv {outputs} 1x1 batch_norm relu")
    return "\n".join([*lines[:-1], lines[-1] + " mean", "classifier: linear 2"])


# The module, the shape of its input, and the network if it is no known one.
NETWORKS = {
    "smallcnn": (SmallCNN, (1, 28, 28), None),
    "lenet5": (LeNet5, (1, 28, 28), None),
    "resnet8": (ResNet8, (3, 32, 32), None),
    "ds-cnn": (DSCNN, (1, 49, 10), None),
    "mobilenet-v1-0.25": (MobileNetV1, (3, 96, 96), mobilenet),
}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr.strip()


def write_idx(path, array):
    sizes = b"".join(struct.pack(">I", n) for n in array.shape)
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


def make_network(kind):
    """Random statistics, so that batch normalisation does something."""
    torch.manual_seed(1)
    net = kind().eval()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            for positive in (m.weight, m.running_var):
                nn.init.uniform_(positive.data, 0.5, 2)
            for any_sign in (m.bias, m.running_mean):
                nn.init.uniform_(any_sign.data, -1, 1)
    return net


class Check:
    def __init__(self, name, folder):
        kind, shape, text = NETWORKS[name]
        self.name, self.folder, self.seen, self.failed, self.passed = name, folder, {}, 0, 0
        self.net, self.shape = make_network(kind), shape
        images = np.random.default_rng(1).integers(0, 256, (IMAGES, *shape), dtype=np.uint8)
        self.x = torch.from_numpy(images.astype(np.float32)) / 127.5 - 1
        self.expected = self.logits(self.net)
        write_idx(folder / "t10k-images-idx4-ubyte", images)
        write_idx(folder / "t10k-labels-idx1-ubyte", np.zeros(IMAGES, np.uint8))
        (folder / "c.yaml").write_text(f"dataset: idx\ndata_dir: {folder}\n")
        self.options = [] if name == "smallcnn" else ["-n", name]
        if text:
            (folder / "network").write_text(text())
            self.options = ["-n", folder / "network"]

    def logits(self, net):
        with torch.no_grad():
            return torch.cat([net(x) for x in self.x.split(100)]).double().numpy()

    def ours(self, model):
        """By eo-eval; imports with the same bytes are evaluated once."""
        key = hashlib.sha256(model.read_bytes()).digest()
        if key not in self.seen:
            out = self.folder / "logits.csv"
            tables = ["--split", "test", "--logits", out, "-o", "/dev/null"]
            code, _, said = run(BIN / "eo-eval", "-c", self.folder / "c.yaml", *tables, model)
            raise_if(code, said)
            rows = list(csv.reader(out.open()))[1:]
            self.seen[key] = np.array([[float(z) for z in row[2:]] for row in rows])
        return self.seen[key]

    def compare(self, what, file, options, expected):
        model = self.folder / "model"
        inputs = ["--input-mean", 0.5, "--input-std", 0.5]
        code, _, said = run(BIN / "eo-import", *inputs, *options, "-o", model, file)
        if code:
            self.failed += 1
            print(f"{self.name}, {what}: {said}")
            return
        found = self.ours(model)
        off, classes = np.abs(found - expected).max(), int((found.argmax(1) != expected.argmax(1)).sum())
        ok = off <= LIMIT and classes == 0
        self.passed, self.failed = self.passed + ok, self.failed + (not ok)
        verdict = "" if ok else ": WRONG"
        print(f"{self.name}, {what}: logits differ by at most {off:.2g}, {classes} classes differ{verdict}")

    def tensors(self):
        state, file = self.net.state_dict(), self.folder / "theirs.safetensors"
        half = {k: v.bfloat16() if v.is_floating_point() else v for k, v in state.items()}
        rounded = make_network(NETWORKS[self.name][0])
        rounded.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in half.items()})
        kinds = {
            "plain": (state, self.expected),
            "DataParallel": ({"module." + k: v for k, v in state.items()}, self.expected),
            "torch.compile": (torch.compile(self.net).state_dict(), self.expected),
            "float64": ({k: v.double() if v.is_floating_point() else v for k, v in state.items()}, self.expected),
            "bfloat16": (half, self.logits(rounded)),
        }
        for what, (tensors, expected) in kinds.items():
            safetensors.torch.save_file({k: v.contiguous() for k, v in tensors.items()}, file)
            self.compare(f"safetensors, {what}", file, self.options, expected)

    def graphs(self):
        for dynamo, opset in EXPORTERS:
            file = self.folder / "theirs.onnx"
            what = f"onnx by {'torch.export' if dynamo else 'TorchScript'}, operator set {opset}"
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    args = {"opset_version": opset, "dynamo": dynamo, **({"external_data": False} if dynamo else {})}
                    torch.onnx.export(self.net, (self.x[:1],), str(file), **args)
            except Exception as e:  # the exporters have many
                print(f"{self.name}, {what}: not exported: {str(e).splitlines()[0][:80]}")
                continue
            self.compare(what, file, [], self.expected)


def raise_if(failed, text):
    if failed:
        raise RuntimeError(text)


def main():
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    passed = failed = 0
    for name in sys.argv[1:] or NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            check = Check(name, pathlib.Path(folder))
            check.tensors()
            check.graphs()
            passed, failed = passed + check.passed, failed + check.failed
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
