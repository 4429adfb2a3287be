"""Writes network-losses.csv beside it: 30 steps of Adam of a residual and a depthwise network with batch normalisation,
by PyTorch in double from float32 weights and pixels. tests/unit/test_network_golden.c compares.

    python3 tests/golden/make_networks.py

Needs numpy and torch. Nothing here calls the programs of this project; the formulas for weights, pixels and labels are
integer arithmetic that the test repeats. The first 30 rows are the mean loss of each batch before its step; row 31 is
the mean loss of all images behind the last step, by the running statistics.
"""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
IMAGES, BATCH, STEPS, RATE = 48, 20, 30, 0.01
NETWORKS = {
    "residual": "input 3x12x12; conv1: conv 8 3x3 pad 1 batch_norm relu; a: conv 8 3x3 pad 1 batch_norm relu; "
                "b: conv 8 3x3 pad 1 batch_norm add conv1 relu; c: conv 12 3x3 stride 2 pad 0,0,1,1 batch_norm relu; "
                "s: conv 12 1x1 stride 2 from b; d: conv 12 3x3 pad 1 from c batch_norm add s relu mean; "
                "classifier: linear 5",
    "depthwise": "input 1x16x10; conv1: conv 8 5x4 stride 2 pad 1,1,2,1 batch_norm relu; "
                 "dw1: depthwise 3x3 pad 1 batch_norm relu; pw1: conv 12 1x1 batch_norm relu; "
                 "dw2: depthwise 3x3 stride 2 pad 1,1,1,1 batch_norm relu6; pw2: conv 16 1x1 batch_norm relu mean; "
                 "classifier: linear 4",
}


def hashed(n, salt):
    """n numbers of 32 bits."""
    x = (np.arange(n, dtype=np.uint64) + np.uint64(salt * 1000003)) * np.uint64(2654435761)
    x = (x ^ (x >> np.uint64(15))) & np.uint64(0xFFFFFFFF)
    x = (x * np.uint64(2246822519)) & np.uint64(0xFFFFFFFF)
    return x ^ (x >> np.uint64(13))


def uniform(n, salt, terms):
    """Multiples of 2^-23 in -1..1, times the float32 nearest to 1 / sqrt(terms)."""
    unit = (hashed(n, salt) >> np.uint64(8)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
    return unit * (np.float32(1) / np.sqrt(np.float32(terms)))


class Layer(torch.nn.Module):
    def __init__(self, text, index, channels, features):
        super().__init__()
        words = text.split()
        self.name, self.operation = words[0].rstrip(":"), words[1]
        rest = words[2:]
        outputs = channels if self.operation == "depthwise" else int(rest.pop(0))
        self.kernel = [int(x) for x in rest.pop(0).split("x")] if self.operation != "linear" else [1, 1]
        option = {w: rest[i + 1] if i + 1 < len(rest) else "" for i, w in enumerate(rest)}
        self.stride = int(option.get("stride", 1))
        pad = [int(x) for x in option.get("pad", "0").split(",")]
        self.pad = pad * 4 if len(pad) == 1 else pad
        self.source, self.add, self.option, self.outputs = option.get("from"), option.get("add"), option, outputs
        ins = 1 if self.operation == "depthwise" else features if self.operation == "linear" else channels
        terms = ins * self.kernel[0] * self.kernel[1]
        shape = [outputs, ins] + (self.kernel if self.operation != "linear" else [])
        weight = uniform(outputs * terms, 2 * index + 1, terms).reshape(shape)
        self.weight = torch.nn.Parameter(torch.from_numpy(weight).double())
        if "batch_norm" in option:
            self.norm = torch.nn.BatchNorm2d(outputs).double()
        else:
            self.bias = torch.nn.Parameter(torch.from_numpy(uniform(outputs, 2 * index + 2, terms)).double())

    def forward(self, x, outputs):
        if self.operation == "linear":
            return F.linear(x.flatten(1), self.weight, self.bias)
        top, left, bottom, right = self.pad
        groups = self.outputs if self.operation == "depthwise" else 1
        x = F.conv2d(F.pad(x, (left, right, top, bottom)), self.weight, None, self.stride, groups=groups)
        x = self.norm(x) if "batch_norm" in self.option else x + self.bias[:, None, None]
        x = x + outputs[self.add] if self.add else x
        x = F.relu6(x) if "relu6" in self.option else F.relu(x) if "relu" in self.option else x
        return x.mean((2, 3), keepdim=True) if "mean" in self.option else x


class Network(torch.nn.Module):
    def __init__(self, text):
        super().__init__()
        lines = [line.strip() for line in text.split(";")]
        self.input = [int(x) for x in lines[0].split()[1].split("x")]
        self.layers, shapes = torch.nn.ModuleList(), {"": self.input}
        last = ""
        for i, line in enumerate(lines[1:]):
            source = line.split()[line.split().index("from") + 1] if "from" in line else last
            c, h, w = shapes[source]
            layer = Layer(line, i, c, c * h * w)
            self.layers.append(layer)
            with torch.no_grad():
                out = layer.eval()(torch.zeros(1, c, h, w).double(), {k: torch.zeros(1, *v) for k, v in shapes.items()})
            shapes[layer.name] = list(out.shape[1:]) + [1] * (3 - len(out.shape[1:]))
            last = layer.name
        self.classes = shapes[last][0]

    def forward(self, x):
        outputs = {}
        for layer in self.layers:
            x = layer(outputs[layer.source] if layer.source else x, outputs)
            outputs[layer.name] = x
        return x


def train(text):
    net = Network(text)
    n = int(np.prod(net.input))
    grey = (hashed(IMAGES * n, 77) >> np.uint64(24)).astype(np.float32)
    x = torch.from_numpy(grey / np.float32(127.5) - np.float32(1)).double().reshape(IMAGES, *net.input)
    y = torch.from_numpy((hashed(IMAGES, 78) % np.uint64(net.classes)).astype(np.int64))
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
    losses = []
    net.train()
    for step in range(STEPS):
        batch = (torch.arange(BATCH) + 7 * step) % IMAGES
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        losses.append(F.cross_entropy(net(x), y).item())
    return losses


if __name__ == "__main__":
    columns = {name: train(text) for name, text in NETWORKS.items()}
    with open(HERE / "network-losses.csv", "w") as f:
        f.write(f"# tests/golden/make_networks.py, torch {torch.__version__.split('+')[0]}\n")
        f.write(",".join(columns) + "\n")
        for row in zip(*columns.values()):
            f.write(",".join(f"{v:.9g}" for v in row) + "\n")
