#!/usr/bin/env python3
"""Exports a model as ONNX, checks the file, and compares ONNX Runtime with eo-eval on all test images of a data set.

    tests/peers/check_onnx.py MODEL.safetensors DATA_DIR

Needs numpy, onnx and onnxruntime (pip). EO_BIN names the folder of the programs (default: out/bin).

fp32  every logit within 1e-4, and every class equal
fp16  Sums in another order may round an activation to its other neighbour. Classes may differ where the two best scores
      are near: nearer than twice the largest difference of any score, which is 1 % of the largest score at most.
int8  Layer by layer, from the runtime's own input of the layer: each activation, and each score in units of its scale,
      is within one step of what lib/nn/quantised.h defines. From image to scores such a step may change later ones, so
      the classes may differ where the two best scores are near, as at fp16. The images whose logits are all the same
      are counted.

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
CHUNK = 200
INT8, FLOAT16 = onnx.TensorProto.INT8, onnx.TensorProto.FLOAT16


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


def windows(x, kernel, strides, pads=(0, 0, 0, 0), fill=0.0):
    """[N, C, taps, H, W]: what each tap of a window sees."""
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=fill)
    h, w = ((size - k) // s + 1 for size, k, s in zip(x.shape[2:], kernel, strides))
    rows, columns = (strides[0] * (h - 1) + 1, strides[1] * (w - 1) + 1)
    taps = [(r, c) for r in range(kernel[0]) for c in range(kernel[1])]
    return np.stack([x[:, :, r : r + rows : strides[0], c : c + columns : strides[1]] for r, c in taps], 2)


def convolve(x, w, bias, group, kernel_shape, pads, strides):
    taps = windows(x, kernel_shape, strides, pads)
    n, _, count, height, width = taps.shape
    if group > 1:
        y = np.einsum("nctij,ct->ncij", taps, w.reshape(group, count), optimize=True)
    else:
        y = (w.reshape(len(w), -1) @ taps.reshape(n, -1, height * width)).reshape(n, len(w), height, width)
    return y + bias[:, None, None]


def real(values, grid, axis=None):
    """DequantizeLinear in double."""
    scale, zero = grid[0].astype(np.float64), grid[1].astype(np.float64) if len(grid) > 1 else 0.0
    if axis is not None:
        scale = scale.reshape([-1] + [1] * (values.ndim - 1))
    return (values.astype(np.float64) - zero) * scale


OPERATORS = {
    "Conv": convolve,
    "Gemm": lambda x, w, bias, transB: x @ w.T + bias,
    "Add": lambda a, b: a + b,
    "Div": lambda a, b: a / b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Floor": np.floor,
    "Relu": lambda x: np.maximum(x, 0),
    "Clip": lambda x, low, high: np.clip(x, low, high),
    "MaxPool": lambda x, kernel_shape, strides: windows(x, kernel_shape, strides).max(2),
    "AveragePool": lambda x, kernel_shape, strides: windows(x, kernel_shape, strides).mean(2),
    "GlobalAveragePool": lambda x: x.mean((2, 3), keepdims=True),
    "Flatten": lambda x, axis: x.reshape(len(x), -1),
    "Unsqueeze": lambda x, axes: x[:, :, None, None],
    "Cast": lambda x, to: x.astype(np.float64),
}


def steps_off(model, found, images):
    """How far each value that the runtime has quantised is from the real number that follows, in double, from those
    that the runtime has quantised before it; in steps. The same of the scores."""
    values = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    values.update({"image": images, "": None})
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        inputs, name = [values[i] for i in node.input], node.output[0]
        if node.op_type == "QuantizeLinear":
            scale, zero = inputs[1].astype(np.float64), float(inputs[2])
            values[name] = found[name]
            yield name, np.abs(found[name] - np.clip(inputs[0] / scale + zero, 0, 255))
        elif node.op_type == "DequantizeLinear":
            values[name] = real(inputs[0], inputs[1:], attributes.get("axis"))
        else:
            values[name] = OPERATORS[node.op_type](*inputs, **attributes)
    # the last layer's sums have the scale of its bias, and a score is in units of the largest
    bias = model.graph.node[-1].input[2]
    unit = values[next(node.input[1] for node in model.graph.node if node.output[0] == bias)].max()
    yield "logits", np.abs(found["logits"] - values["logits"]) / unit


def check_layers(model, images, level):
    """Counts the values that are not the nearest step, and how far the farthest of all is from its real number. Ours is
    the nearest step too, or where maps are added the sum of two: one step from the runtime's at most."""
    names = [node.output[0] for node in model.graph.node if node.op_type == "QuantizeLinear"]
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    for name in names:
        watched.graph.output.append(next(v for v in model.graph.value_info if v.name == name))
    total, moved, far = 0, 0, {}
    for i in range(0, len(images), CHUNK):
        part = images[i : i + CHUNK]
        found = dict(zip([*names, "logits"], run(watched, part, [*names, "logits"], level)))
        for name, off in steps_off(model, found, part):
            total, moved = total + off.size, moved + int((off > 0.501).sum())
            far[name] = max(far.get(name, 0), off.max())
    worst = max(far, key=far.get)
    print(f"    {moved} of {total} values are not the nearest step; the farthest, of {worst}, is off by "
          f"{far[worst]:.6f} steps")
    return far[worst] <= 1


# ---- the whole -------------------------------------------------------------------------------------------


def compare(found, z, classes, precision):
    off = np.abs(found - z)
    different = found.argmax(1) != classes
    best = np.sort(z, 1)
    gap = best[:, -1] - best[:, -2]
    print(f"    logits differ by at most {off.max():.3g} of {np.abs(z).max():.3g}; {int(different.sum())} of {len(z)} "
          "classes differ"
          + (f", where the best two logits are at most {gap[different].max():.3g} apart" if different.any() else ""))
    if precision == "fp32":
        return off.max() <= 1e-4 and not different.any()
    alike = int((off <= 1e-5 * np.abs(z).max()).all(1).sum())
    print(f"    all logits are the same of {alike} images")
    is_near = precision == "int8" or off.max() <= 0.01 * np.abs(z).max()
    return is_near and not (different & (gap > 2 * off.max())).any()


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
    kinds = {t.data_type for t in model.graph.initializer}
    precision = next((n for t, n in ((INT8, "int8"), (FLOAT16, "fp16")) if t in kinds), "fp32")
    images = read_images(folder, [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:]])
    print(f"{source}: {precision}, {len(images)} images, onnx {onnx.__version__}, "
          f"ONNX Runtime {onnxruntime.__version__}")
    for text, level in LEVELS.items():
        print(f"  {text}:")
        found = run(model, images, ["logits"], level)[0]
        ok = compare(found, z, classes, precision) and ok
        if precision == "int8":
            ok = check_layers(model, images, level) and ok
    sys.exit(0 if ok else 1)


main()
