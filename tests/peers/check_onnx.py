#!/usr/bin/env python3
"""Exports a model as ONNX, checks the file, and compares ONNX Runtime with eo-eval on all test images of a data set.

    tests/peers/check_onnx.py MODEL.safetensors DATA_DIR

Needs numpy, onnx and onnxruntime (pip). EO_BIN names the folder of the programs (default: out/bin).

fp32  every logit within 1e-4, and every class equal
int8  Layer by layer, from the runtime's own input of the layer: each activation, and each score in units of its scale,
      is within one step of what lib/nn/infer.h defines. From image to scores such a step may change later ones, so the
      classes may differ where the two best scores are near: nearer than the largest difference of any score.

The figures of graph optimisation on and off are both printed. Exit 1 when anything differs by more.
"""
import csv
import gzip
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

BIN = pathlib.Path(os.environ.get("EO_BIN", pathlib.Path(__file__).parents[2] / "out/bin"))
LEVELS = {
    "optimised": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "as it is": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
}
CHUNK = 500


def read_images(folder, shape):
    """The test images; `shape` is [C, H, W]."""
    path = next(folder.glob("t10k-images-idx?-ubyte*"))
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(-1, *shape)


def run_eval(model, folder, tmp):
    """Logits and classes of eo-eval."""
    config, logits, predictions = (tmp / n for n in ("c.yaml", "logits", "predictions"))
    config.write_text(f"dataset: idx\ndata_dir: {folder}\n")
    tables = ["--logits", logits, "--predictions", predictions]
    command = [BIN / "eo-eval", "-c", config, "--split", "test", *tables, model]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    z = [[float(z) for name, z in row.items() if name.startswith("class")] for row in csv.DictReader(logits.open())]
    return np.array(z), np.array([int(row["predicted"]) for row in csv.DictReader(predictions.open())])


def check_file(path):
    """A complete file whose shapes are those that onnx infers, and a name for every value."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    graph = model.graph
    known = {v.name for v in [*graph.input, *graph.output, *graph.value_info]} | {t.name for t in graph.initializer}
    outputs = [o for node in graph.node for o in node.output]
    assert len(set(outputs)) == len(outputs) == len(graph.node)
    assert all(o in known or o.endswith("_real") for o in outputs)
    assert all(node.name for node in graph.node)
    return inferred


def run(model, images, outputs, level):
    """Each output, for all images."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    parts = [session.run(outputs, {"image": images[i : i + CHUNK]}) for i in range(0, len(images), CHUNK)]
    return [np.concatenate(columns) for columns in zip(*parts)]


# ---- int8, layer by layer --------------------------------------------------------------------------------


def constants(model):
    return {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}


def convolve(q, w):
    """Sums of 3x3 windows with a border of zeros, exact in double. q [N, IC, S, S]"""
    padded = np.pad(q, ((0, 0), (0, 0), (1, 1), (1, 1)))
    side = q.shape[2]
    taps = [padded[:, :, r : r + side, c : c + side] for r in range(3) for c in range(3)]
    columns = np.stack(taps, 2).reshape(len(q), -1, side * side)
    return (w.reshape(len(w), -1) @ columns).reshape(len(q), len(w), side, side)


def pool(x):
    n, c, s, _ = x.shape
    return x.reshape(n, c, s // 2, 2, s // 2, 2).max((3, 5))


def expected(c, layer, q, limit):
    """What follows from a layer's input, as a real number in steps: the next layer's input, or the scores."""
    following = {"conv1": "conv2", "conv2": "classifier"}.get(layer)
    x = q.astype(np.float64) - c[layer + "/input_zero_point"]
    w, bias = c[layer + ".weight"].astype(np.float64), c[layer + ".bias"].astype(np.float64)
    scale = c[layer + ".weight_scale"].astype(np.float64)
    if not following:
        return (x @ w.T + bias) * scale / scale.max()
    factor = float(c[layer + "/input_scale"]) * scale / float(c[following + "/input_scale"])
    zero = int(c[following + "/input_zero_point"])
    sums = pool(convolve(x, w) + bias[:, None, None]) * factor[:, None, None]
    return np.clip(zero + sums, zero, limit)


def check_layers(model, images, level, limit):
    """Counts the activations that are not the nearest step, and how far the farthest of all is from its real number."""
    names = ["conv1/quantized", "conv2/quantized", "classifier/quantized"]
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    for name in names:
        watched.graph.output.append(next(v for v in model.graph.value_info if v.name == name))
    c, total, moved, far = constants(model), 0, 0, 0.0
    unit = float(c["classifier/input_scale"]) * float(c["classifier.weight_scale"].max())
    for i in range(0, len(images), CHUNK):
        *inputs, z = run(watched, images[i : i + CHUNK], [*names, "logits"], level)
        for layer, q, y in zip(("conv1", "conv2"), inputs, inputs[1:]):
            want = expected(c, layer, q, limit)
            off = np.abs(y.reshape(want.shape) - want)
            total, moved, far = total + off.size, moved + int((off > 0.5).sum()), max(far, off.max())
        far = max(far, np.abs(z / unit - np.rint(expected(c, "classifier", inputs[2], limit))).max())
    print(f"    {moved} of {total} activations are not the nearest step; the farthest is off by {far:.6f} steps")
    return far <= 1


# ---- the whole -------------------------------------------------------------------------------------------


def compare(found, z, classes, is_exact):
    off = np.abs(found - z)
    different = found.argmax(1) != classes
    best = np.sort(z, 1)
    gap = best[:, -1] - best[:, -2]
    print(f"    logits differ by at most {off.max():.3g}; {int(different.sum())} of {len(z)} classes differ"
          + (f", where the best two logits are at most {gap[different].max():.3g} apart" if different.any() else ""))
    if is_exact:
        return off.max() <= 1e-4 and not different.any()
    return not (different & (gap > 2 * off.max())).any()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    ok = True
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        subprocess.run([BIN / "eo-export", "-f", "onnx", "-o", tmp / "net", source], check=True)
        model = check_file(tmp / "net.onnx")
        z, classes = run_eval(source, folder, tmp)
    meta = {p.key: p.value for p in model.metadata_props}
    backend = meta.get("quantization_backend")
    images = read_images(folder, [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:]])
    print(f"{source}: {'int8' if backend else 'fp32'}, {len(images)} images, onnx {onnx.__version__}, "
          f"ONNX Runtime {onnxruntime.__version__}")
    for text, level in LEVELS.items():
        print(f"  {text}:")
        found = run(model, images, ["logits"], level)[0]
        ok = compare(found, z, classes, not backend) and ok
        if backend:
            limit = {"fbgemm": 127, "qnnpack": 255}[backend]
            ok = check_layers(model, images, level, limit) and ok
    sys.exit(0 if ok else 1)


main()
