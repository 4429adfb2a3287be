#!/usr/bin/env python3
"""Times networks side by side with ONNX Runtime and PyTorch, in the same interleaved rounds.

    tests/peers/time_networks.py [NETWORK...]        (ROUNDS=7)

Needs what check_import.py needs, and onnxruntime (pip). EO_BIN names the folder of the programs (default: out/bin).

The networks are those of check_import.py, with random weights. ONNX Runtime gets what torch.onnx.export writes, and
for int8 what its own static quantisation makes of that (per channel, u8 activations); PyTorch runs the module. All on
one thread of one processor. A round times each once: batches of 128 and single images. Printed are medians in
microseconds for each image, and the median and range over the rounds of our time over theirs.
"""
import contextlib
import csv
import io
import os
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np
import onnxruntime
import safetensors.torch
import torch
from check_import import BIN, NETWORKS, make_network, raise_if, run, write_idx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

ROUNDS, BATCH = int(os.environ.get("ROUNDS", 7)), 128
CALLS = {1: 200, BATCH: 4}


class Reader(CalibrationDataReader):
    def __init__(self, x):
        self.batches = iter([{"x": one} for one in np.split(x, 4)])

    def get_next(self):
        return next(self.batches, None)


def make_models(name, folder):
    """Ours at fp32 and int8, and theirs; images as floats."""
    kind, shape, text = NETWORKS[name]
    net = make_network(kind)
    images = np.random.default_rng(1).integers(0, 256, (BATCH, *shape), dtype=np.uint8)
    x = images.astype(np.float32) / 127.5 - 1
    labels = np.arange(BATCH, dtype=np.uint8) % net(torch.from_numpy(x[:2])).shape[1]
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx4-ubyte", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte", labels)
    config, network = folder / "c.yaml", name
    config.write_text(f"dataset: idx\ndata_dir: {folder}\ncalibration_batches: 1\nbatch_size: 64\n")
    if text:
        network = folder / "network"
        network.write_text(text())
    safetensors.torch.save_file(net.state_dict(), folder / "theirs")
    inputs = ["--fold", "--input-mean", 0.5, "--input-std", 0.5]
    for command in (
        ["eo-import", "-n", network, *inputs, "-o", folder / "fp32", folder / "theirs"],
        ["eo-quant", "-q", "-p", "int8", "-c", config, "-o", folder / "int8", folder / "fp32"],
    ):
        code, _, said = run(BIN / command[0], *command[1:])
        raise_if(code, said)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        arguments = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}, "dynamo": False}
        torch.onnx.export(net, (torch.from_numpy(x[:1]),), str(folder / "fp32.onnx"), **arguments)
    quant_pre_process(folder / "fp32.onnx", folder / "ready.onnx")
    kinds = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8, "per_channel": True}
    quantize_static(folder / "ready.onnx", folder / "int8.onnx", Reader(x), quant_format=QuantFormat.QDQ, **kinds)
    return net, x


def ours(model):
    """Microseconds for each image, by eo-bench: {batch: time}."""
    numbers = ["--exact", "--trials", 3, "--repeats", 20, "--warmup", 3, "--batch", BATCH, "--cpu", 0]
    code, out, said = run(BIN / "eo-bench", "-q", *numbers, model)
    raise_if(code, said)
    row = next(csv.DictReader(io.StringIO(out)))
    return {BATCH: 1e3 * float(row["host_latency_median_ms"]), 1: 1e3 * float(row["host_single_latency_median_ms"])}


def theirs(call, x):
    times = {}
    for n, calls in CALLS.items():
        some, samples = x[:n], []
        for _ in range(2):
            call(some)
        for _ in range(20):
            start = time.perf_counter()
            for _ in range(max(1, calls // 20)):
                call(some)
            samples.append((time.perf_counter() - start) / max(1, calls // 20) / n)
        times[n] = 1e6 * statistics.median(samples)
    return times


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    s = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda x: s.run(None, {"x": x})


def measure(name, folder):
    net, x = make_models(name, folder)
    script = torch.jit.freeze(torch.jit.script(net)) if name != "ds-cnn" else net
    peers = {
        ("fp32", "onnxruntime"): session(folder / "fp32.onnx"),
        ("int8", "onnxruntime"): session(folder / "int8.onnx"),
        ("fp32", "torch"): lambda some: script(torch.from_numpy(some)),
    }
    rounds = []
    with torch.no_grad():
        for _ in range(ROUNDS):
            times = {(p, "ours"): ours(folder / p) for p in ("fp32", "int8")}
            times.update({key: theirs(call, x) for key, call in peers.items()})
            rounds.append(times)
    for precision, peer in peers:
        for n in CALLS:
            a = [r[precision, "ours"][n] for r in rounds]
            b = [r[precision, peer][n] for r in rounds]
            ratios = sorted(p / q for p, q in zip(a, b))
            print(
                f"| {name} | {precision} | {n} | {statistics.median(a):.1f} | {peer} | {statistics.median(b):.1f} "
                f"| {statistics.median(ratios):.3f} ({ratios[0]:.3f} .. {ratios[-1]:.3f}) |",
                flush=True,
            )


def main():
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {0})
    print(f"onnxruntime {onnxruntime.__version__}, torch {torch.__version__}, {ROUNDS} rounds")
    print("| network | precision | batch | ours, us | peer | its, us | ours over its |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in sys.argv[1:] or NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            measure(name, pathlib.Path(folder))


if __name__ == "__main__":
    main()
