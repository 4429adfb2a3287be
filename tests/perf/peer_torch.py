"""PyTorch on SmallCNN 16/32, asked line by line: see peer.h. usage: peer_torch.py THREADS DATA_DIR

Inference is by the fastest form: eager or frozen TorchScript, and for int8 each quantised engine there is. Training is
the usual loop: Adam, cross-entropy, batches gathered in random order from 12,000 images of DATA_DIR, or random ones
where it has none.
"""
import copy
import gzip
import os
import sys
import time

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as e:
    print("missing", e, flush=True)
    sys.exit(0)

IMAGES = 12000


class SmallCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU(inplace=True)
        self.classifier = nn.Linear(1568, 10)

    def forward(self, x):
        x = self.relu(self.pool(self.conv1(x)))
        x = self.relu(self.pool(self.conv2(x)))
        return self.classifier(x.flatten(1))


def read_idx(folder, name, header):
    path = os.path.join(folder, name)
    opened = gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb")
    with opened as f:
        return np.frombuffer(f.read(), np.uint8, offset=header)


def load(folder):
    try:
        x = read_idx(folder, "train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)[:IMAGES]
        y = read_idx(folder, "train-labels-idx1-ubyte", 8)[:IMAGES]
        return torch.from_numpy(x.astype(np.float32)) / 127.5 - 1, torch.from_numpy(y.astype(np.int64))
    except OSError:
        return torch.rand(IMAGES, 1, 28, 28) * 2 - 1, torch.randint(0, 10, (IMAGES,))


class Training:
    def __init__(self, folder):
        self.x, self.y = load(folder)
        self.model = SmallCNN()
        self.adam = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.loss = nn.CrossEntropyLoss()
        self.order, self.at = torch.randperm(len(self.x)), 0

    def step(self, batch):
        if self.at + batch > len(self.order):
            self.order, self.at = torch.randperm(len(self.x)), 0
        chosen = self.order[self.at:self.at + batch]
        self.at += batch
        self.adam.zero_grad()
        self.loss(self.model(self.x[chosen]), self.y[chosen]).backward()
        self.adam.step()


def measure(call, images, samples=15, seconds=2e-3):
    """Median seconds per image of some samples, each of as many calls as last `seconds`."""
    call()
    start = time.perf_counter()
    call()
    calls = 1 + int(seconds / max(time.perf_counter() - start, 1e-9))
    times = []
    for _ in range(samples):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        times.append((time.perf_counter() - start) / calls / images)
    return sorted(times)[samples // 2]


def quantise(model, x, engine):
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
    torch.backends.quantized.engine = engine
    prepared = prepare_fx(copy.deepcopy(model), get_default_qconfig_mapping(engine), example_inputs=(x,))
    prepared(x)
    return convert_fx(prepared)


def quantised_forms(model, x):
    forms, why = [], "no engine for int8"
    for engine in torch.backends.quantized.supported_engines:
        try:
            if engine != "none":
                forms.append(quantise(model, x, engine))
                forms[-1](x)
        except Exception as e:
            why = str(e)
    if not forms:
        raise RuntimeError(why)
    return forms


def frozen_form(model, x):
    frozen = torch.jit.optimize_for_inference(torch.jit.script(copy.deepcopy(model)))
    for _ in range(10):
        frozen(x)
    return frozen


def make_model(precision, x):
    """The fastest form of the model, and its input."""
    model = SmallCNN().eval()
    if precision == "int8":
        forms = quantised_forms(model, x)
    elif precision == "fp16":
        x = x.half()
        forms = [model.half()]
    else:
        forms = [model, frozen_form(model, x)]
    times = [measure(lambda: form(x), len(x)) for form in forms]
    return forms[times.index(min(times))], x


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(7)
    models, training = {}, None
    print("ready torch", torch.__version__, flush=True)
    for line in sys.stdin:
        try:
            what, precision, batch = line.split()[0], line.split()[1], int(line.split()[2])
            if what == "train":
                training = training or Training(sys.argv[2])
                print(measure(lambda: training.step(batch), batch, samples=9, seconds=0), flush=True)
                continue
            with torch.no_grad():
                if (precision, batch) not in models:
                    models[precision, batch] = make_model(precision, torch.rand(batch, 1, 28, 28) * 2 - 1)
                model, x = models[precision, batch]
                print(measure(lambda: model(x), batch), flush=True)
        except Exception as e:
            print("error", str(e).replace("\n", " ")[:120], flush=True)


main()
