#!/usr/bin/env python3
"""Trains networks side by side with PyTorch: how fast, and how accurate they become.

    tests/peers/train_networks.py speed [NETWORK...]      (ROUNDS=5, THREADS=1)
    tests/peers/train_networks.py accuracy CONFIG DATA_DIR [SEED...]      (THREADS=all)

Needs what check_import.py needs. EO_BIN names the folder of the programs (default: out/bin).

speed     A round trains each network by eo-train and by PyTorch for an epoch of 2,048 random images in batches of 128,
          after one to warm up, with AdamW. Printed are the medians of images per second, and the median and range over
          the rounds of our speed over PyTorch's.
accuracy  Trains PyTorch's ResNet-8 on the training images of a configuration with `model: resnet8` by the same recipe:
          split, initial distribution, augmentation, AdamW without decay of biases and batch normalisation, schedule.
          Its random numbers are others. Then eo-train with the same seed; both are tried on the test images.
"""
import csv
import gzip
import io
import math
import os
import pathlib
import sys
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from check_import import BIN, NETWORKS, raise_if, run, write_idx

ROUNDS, THREADS = int(os.environ.get("ROUNDS", 5)), int(os.environ.get("THREADS", 0))
IMAGES, BATCH = 2048, 128


# ---- PyTorch ---------------------------------------------------------------------------------------------------


def optimiser(net, learning_rate, weight_decay):
    weights = [p for p in net.parameters() if p.dim() > 1]
    rest = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": weights, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.999), eps=1e-8)


def step(net, optimizer, x, y, smoothing=0.0):
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(net(x), y, label_smoothing=smoothing)
    loss.backward()
    optimizer.step()
    return loss


# ---- speed -----------------------------------------------------------------------------------------------------


def our_speed(folder, name):
    log = folder / "log.csv"
    options = ["-c", folder / "c.yaml", "--threads", THREADS or 1, "--epochs", 2, "--log", log]
    code, _, said = run(BIN / "eo-train", "-q", *options, "-o", folder / "model")
    raise_if(code, said)
    return float(list(csv.DictReader(log.open()))[-1]["images_per_s"])


def its_speed(net, optimizer, x, y):
    net.train()
    for epoch in range(2):
        order, start = torch.randperm(IMAGES), time.perf_counter()
        for i in range(0, IMAGES, BATCH):
            j = order[i : i + BATCH]
            step(net, optimizer, x[j], y[j])
    return IMAGES / (time.perf_counter() - start)


def measure(name, folder):
    kind, shape, text = NETWORKS[name]
    images = np.random.default_rng(1).integers(0, 256, (IMAGES, *shape), dtype=np.uint8)
    net = kind()
    x = torch.from_numpy(images.astype(np.float32) / 127.5 - 1)
    classes = net.eval()(x[:1]).shape[1]
    labels = np.arange(IMAGES, dtype=np.uint8) % classes
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx4-ubyte", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte", labels)
    # A configuration takes the input from the data.
    network = f'"{"; ".join(l for l in text().splitlines() if not l.startswith("input"))}"' if text else name
    numbers = f"train_subset: {IMAGES}\nval_subset: 1\nvalidation: test\nbatch_size: {BATCH}\n"
    (folder / "c.yaml").write_text(f"dataset: idx\ndata_dir: {folder}\nmodel: {network}\n{numbers}")
    optimizer, y = optimiser(net, 1e-3, 0.0), torch.from_numpy(labels.astype(np.int64))
    rounds = [(our_speed(folder, name), its_speed(net, optimizer, x, y)) for _ in range(ROUNDS)]
    ours, its = (sorted(r[k] for r in rounds)[ROUNDS // 2] for k in (0, 1))
    ratios = sorted(a / b for a, b in rounds)
    spread = f"{ratios[ROUNDS // 2]:.2f} ({ratios[0]:.2f} .. {ratios[-1]:.2f})"
    print(f"| {name} | {ours:.0f} | {its:.0f} | {spread} |", flush=True)


def speed(names):
    torch.set_num_threads(THREADS or 1)
    if not THREADS or THREADS == 1:
        os.sched_setaffinity(0, {0})
    print(f"torch {torch.__version__}, {THREADS or 1} threads, {ROUNDS} rounds")
    print("| network | ours, images/s | torch, images/s | ours over its |")
    print("| --- | --- | --- | --- |")
    for name in names or NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            measure(name, pathlib.Path(folder))


# ---- accuracy ---------------------------------------------------------------------------------------------------


def read_idx(folder, name):
    files = [f for f in folder.iterdir() if f.name.startswith(name)]
    data = (gzip.decompress if files[0].suffix == ".gz" else bytes)(files[0].read_bytes())
    sizes = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes)


def read_config(path):
    code, text, said = run(BIN / "eo-config", "--print", path)
    raise_if(code, said)
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def augment(images, cfg, rng):
    """Mirrored by chance, then moved, with zeros from outside."""
    shift, n = int(cfg["augment_shift"]), len(images)
    out = images.copy()
    if cfg["augment_flip"] == "true":
        some = rng.random(n) < 0.5
        out[some] = out[some, :, :, ::-1]
    if shift:
        padded = np.pad(out, ((0, 0), (0, 0), (shift, shift), (shift, shift)))
        at = rng.integers(0, 2 * shift + 1, (n, 2))
        h, w = images.shape[2:]
        out = np.stack([p[:, a : a + h, b : b + w] for p, (a, b) in zip(padded, at)])
    return out


def learning_rate(cfg, s, steps, epochs):
    peak, warm = float(cfg["learning_rate"]), float(cfg["warmup_epochs"]) * steps
    if s < warm:
        return peak * min(1, (s + 1) / warm)
    if cfg["learning_rate_schedule"] == "constant":
        return peak
    return peak * (1 + math.cos(math.pi * (s - warm) / (epochs * steps - warm))) / 2


def network_input(images):
    return torch.from_numpy(images.astype(np.float32) / 127.5 - 1)


def right(net, images, labels):
    net.eval()
    with torch.no_grad():
        found = torch.cat([net(network_input(i)).argmax(1) for i in np.array_split(images, 40)])
    return 100 * float((found.numpy() == labels).mean())


def train_torch(cfg, folder, seed):
    held_out = int(cfg["val_subset"]) if cfg["validation"] == "holdout" else 0
    images, labels = read_idx(folder, "train-images"), read_idx(folder, "train-labels").astype(np.int64)
    images, labels = images[: len(images) - held_out], labels[: len(labels) - held_out]
    epochs, batch = int(cfg["epochs"]), int(cfg["batch_size"])
    steps, rng = math.ceil(len(images) / batch), np.random.default_rng(seed)
    torch.manual_seed(seed)
    net = NETWORKS["resnet8"][0]()
    optimizer, s = optimiser(net, 1, float(cfg["weight_decay"])), 0
    for epoch in range(epochs):
        net.train()
        order, loss = rng.permutation(len(images)), 0.0
        for i in range(0, len(images), batch):
            j = order[i : i + batch]
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(cfg, s, steps, epochs)
            x, y = network_input(augment(images[j], cfg, rng)), torch.from_numpy(labels[j])
            loss += float(step(net, optimizer, x, y, float(cfg["label_smoothing"])).detach()) * len(j)
            s += 1
        print(f"torch, epoch {epoch + 1}: loss {loss / len(images):.4f}", file=sys.stderr, flush=True)
    return right(net, read_idx(folder, "t10k-images"), read_idx(folder, "t10k-labels"))


def train_ours(path, folder, seed):
    with tempfile.TemporaryDirectory() as tmp:
        config, model = pathlib.Path(tmp) / "c.yaml", pathlib.Path(tmp) / "model"
        lines = [line for line in pathlib.Path(path).read_text().splitlines() if not line.startswith("seed:")]
        config.write_text("\n".join([*lines, f"seed: {seed}", ""]))
        for command in (["eo-train", "-q", "-o", model], ["eo-eval", "--split", "test", model]):
            options = ["-c", config, "--data", folder, "--threads", THREADS or os.cpu_count()]
            code, out, said = run(BIN / command[0], *command[1:], *options)
            raise_if(code, said)
    return 100 * float(next(csv.DictReader(io.StringIO(out)))["test_accuracy"])


def accuracy(path, folder, seeds):
    cfg = read_config(path)
    torch.set_num_threads(THREADS or os.cpu_count())
    print("| seed | ours, test % | in s | torch, test % | in s |")
    print("| --- | --- | --- | --- | --- |")
    for seed in [int(s) for s in seeds] or [int(cfg["seed"])]:
        start = time.perf_counter()
        ours, middle = train_ours(path, folder, seed), time.perf_counter()
        its, end = train_torch(cfg, pathlib.Path(folder), seed), time.perf_counter()
        print(f"| {seed} | {ours:.2f} | {middle - start:.0f} | {its:.2f} | {end - middle:.0f} |", flush=True)


def main():
    kind, rest = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if kind == "speed":
        speed(rest)
    elif kind == "accuracy" and len(rest) >= 2:
        accuracy(rest[0], rest[1], rest[2:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
