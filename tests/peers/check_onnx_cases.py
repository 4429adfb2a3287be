#!/usr/bin/env python3
"""Runs the conformance cases of ONNX through eo-import and eo-eval.

    tests/peers/check_onnx_cases.py [-v] [FOLDER | FILE.onnx]...

Needs numpy and onnx, for a FILE.onnx onnxruntime too (pip). EO_BIN names the folder of the programs (default: out/bin).
Without arguments the cases are those of the onnx wheel: node (made by its code), simple, pytorch-operator and
pytorch-converted. A FOLDER has cases as Debian's libonnx-testdata has them, in folders with model.onnx. A FILE.onnx is
fed random numbers, and has to give what ONNX Runtime gives.

A case is a graph of few operators, its inputs and its outputs. A network of this project is a chain of layers that is
fed grey values and ends in a linear layer, so the graph gets a frame:

- The first input x becomes three bytes for each number. A convolution of 1 x 1 in front adds them up to x, to 24 bits.
- Other inputs become constants of the graph, with the numbers of the case.
- Flatten and a linear layer behind give the outputs as they are, 1000 at a time. A Softmax at the end, which eo-import
  leaves out, is taken off before, and applied to the logits.

What eo-import refuses has to be one line and exit status 1. What it takes has to give the outputs of the case within
1e-5, or 1e-5 of the largest number of input and output. A FILE.onnx with QuantizeLinear is compared without the
rounding of its activations, which eo-import leaves out as well. The last lines count; exit 1 when anything differs. -v
lists all cases, else those that pass and those of supported operators that are refused.
"""
import csv
import pathlib
import os
import struct
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BIN = pathlib.Path(os.environ.get("EO_BIN", pathlib.Path(__file__).parents[2] / "out/bin"))
LIMIT, CLASSES, WEIGHTS, DIGITS = 1e-5, 1000, 10**7, 3
SUPPORTED = set(
    "Conv Gemm MatMul BatchNormalization Add Relu Clip MaxPool AveragePool GlobalMaxPool GlobalAveragePool ReduceMean "
    "Pad Flatten Reshape Squeeze Unsqueeze Identity Dropout Cast Constant Softmax LogSoftmax QuantizeLinear "
    "DequantizeLinear".split()
)
SOFTMAX = {"Softmax": lambda z: np.exp(z), "LogSoftmax": lambda z: z}


class Unfit(Exception):
    """A case that cannot be written as a network of bytes, whatever its operators are."""


class Refused(Exception):
    """What eo-import says."""


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace")
    return done.returncode, done.stderr.strip()


def write_idx(path, array):
    sizes = b"".join(struct.pack(">I", n) for n in array.shape)
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


# ---- the frame


def digits(x):
    """x as bytes [N, DIGITS * C, ...], and the weights and the bias that add them up."""
    low, high = float(x.min()), float(x.max())
    step = ((high - low) or 1) / (256**DIGITS - 1)
    number = np.rint((x.astype(np.float64) - low) / step).astype(np.int64)
    planes = [(number >> 8 * (DIGITS - 1 - k)) & 255 for k in range(DIGITS)]
    return np.stack(planes, 1).astype(np.uint8), [step * 256 ** (DIGITS - 1 - k) for k in range(DIGITS)], low


def put_front(graph, x):
    """Three bytes for each number of the first input. Returns the bytes as images."""
    planes, weights, low = digits(x)
    channels = x.shape[1] if x.ndim > 2 else 1
    first = graph.input[0].name
    w = np.zeros((channels, DIGITS * channels) + (1,) * max(x.ndim - 2, 1), np.float32)
    for c in range(channels):
        for k in range(DIGITS):
            w[c, k * channels + c] = weights[k]
    shape = [len(x), DIGITS * channels, *(x.shape[2:] or x.shape[1:])]
    made = first if x.ndim > 2 else "frame.map"
    constants = {"frame.w": w, "frame.b": np.full(channels, low, np.float32)}
    nodes = [helper.make_node("Conv", ["frame.x", "frame.w", "frame.b"], [made], "frame.conv")]
    if x.ndim == 2:
        nodes.append(helper.make_node("Flatten", [made], [first], "frame.features"))
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info("frame.x", TensorProto.FLOAT, shape))
    for node in reversed(nodes):
        graph.node.insert(0, node)
    graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    return planes.reshape(shape + [1] * (4 - len(shape)))


def take_softmax(graph, y):
    """The function of a Softmax over features at the end, which is taken off."""
    last = graph.node[-1] if graph.node else None
    axes = [a.i for a in last.attribute if a.name == "axis"] if last else []
    if not last or last.op_type not in SOFTMAX or y.ndim != 2 or (axes and axes[0] not in (1, -1)):
        return lambda z: z
    for node in graph.node:
        node.output[:] = [last.output[0] if o == last.input[0] else o for o in node.output]
    function = SOFTMAX[last.op_type]
    graph.node.pop()

    def apply(z):
        z = z - z.max(1, keepdims=True)
        return function(z - np.log(np.exp(z).sum(1, keepdims=True)))

    return apply


def put_back(graph, y):
    """A linear layer behind. Returns how many outputs it gives, and the matrix of those from `first` on."""
    terms = int(np.prod(y.shape[1:]))
    size = min(terms, CLASSES, max(1, WEIGHTS // terms))
    made = graph.output[0].name
    if y.ndim > 2:
        graph.node.append(helper.make_node("Flatten", [made], ["frame.flat"], "frame.flatten"))
        made = "frame.flat"
    graph.node.append(helper.make_node("MatMul", [made, "frame.last"], ["frame.y"], "frame.matmul"))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("frame.y", TensorProto.FLOAT, [len(y), max(size, 2)]))
    # a network has two classes at least
    return size, lambda first: np.eye(terms, max(size, 2), -first, dtype=np.float32)


def check_fits(graph, inputs, outputs):
    if any(not isinstance(a, np.ndarray) for a in [*inputs, *outputs]):
        raise Unfit("an input or output that is no tensor")
    if not inputs or not outputs:
        raise Unfit("no input or no output")
    x, y = inputs[0], outputs[0]
    if x.dtype not in (np.float32, np.float64):
        raise Unfit(f"an input of {x.dtype}")
    if not 2 <= x.ndim <= 4 or x.size == 0 or y.ndim < 2 or y.size == 0 or len(x) != len(y):
        raise Unfit(f"input {list(x.shape)} and output {list(y.shape)} are no batch of maps or features")
    if not (np.abs(x) < 1e30).all() or y.dtype.kind != "f":
        raise Unfit("numbers that are not finite in fp32, or an output that is no real number")
    if len(outputs) > 1:
        raise Unfit("several outputs")


def frame(model, inputs, outputs):
    """Returns the bytes, what to apply to the logits, and what put_back() returns."""
    graph = model.graph
    constants = {t.name for t in graph.initializer}
    names = [i.name for i in graph.input if i.name not in constants]
    inputs = [np.asarray(a) if isinstance(a, np.generic) else a for a in inputs]
    check_fits(graph, inputs, outputs)
    for name, value in list(zip(names, inputs))[1:]:
        graph.initializer.append(numpy_helper.from_array(value, name))
    graph.input.sort(key=lambda i: i.name != names[0])
    images = put_front(graph, inputs[0])
    apply = take_softmax(graph, outputs[0])
    return images, apply, put_back(graph, outputs[0])


# ---- a case


def evaluate(folder, images):
    write_idx(folder / "t10k-images-idx4-ubyte", images)
    write_idx(folder / "t10k-labels-idx1-ubyte", np.zeros(len(images), np.uint8))
    (folder / "c.yaml").write_text(f"dataset: idx\ndata_dir: {folder}\n")
    tables = ["--split", "test", "--logits", folder / "logits.csv", "-o", "/dev/null"]
    code, said = run(BIN / "eo-eval", "-c", folder / "c.yaml", *tables, folder / "model")
    if code:
        raise Unfit(said)
    rows = list(csv.reader((folder / "logits.csv").open()))[1:]
    return np.array([[float(z) for z in row[2:]] for row in rows])


def compare(model, back, inputs, outputs, images, apply, folder):
    """The largest difference, all outputs being taken in parts. Raises Refused and Unfit."""
    size, matrix = back
    y = outputs[0].reshape(len(outputs[0]), -1).astype(np.float64)
    off = 0
    for first in range(0, y.shape[1], size):
        first = min(first, y.shape[1] - size)
        constant = model.graph.initializer.add()
        constant.CopyFrom(numpy_helper.from_array(matrix(first), "frame.last"))
        load(model, folder)
        del model.graph.initializer[-1]
        found = apply(evaluate(folder, images)[:, :size])
        off = max(off, np.abs(found - y[:, first : first + size]).max())
    return off / max(1, np.abs(y).max(), np.abs(inputs[0]).max())


def load(model, folder):
    (folder / "case.onnx").write_bytes(model.SerializeToString())
    feed = ["--input-mean", 0, "--input-std", repr(1 / 255)]
    code, said = run(BIN / "eo-import", *feed, "-o", folder / "model", folder / "case.onnx")
    if code and (code != 1 or len(said.splitlines()) != 1 or not said.startswith("eo-import: ")):
        raise RuntimeError(f"exit status {code}: {said}")
    if code:
        raise Refused(said.split("case.onnx: ")[-1])


def rounds_to_half(model):
    half = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
    return any(n.op_type == "Cast" and a.name == "to" and a.i in half for n in model.graph.node for a in n.attribute)


def run_case(model, inputs, outputs, folder):
    """'passed', 'refused', 'unfit' or 'WRONG', and why."""
    try:
        try:
            images, apply, back = frame(model, inputs, outputs)
        except Unfit:
            load(model, folder)  # the importer may know more of it
            raise
        off = compare(model, back, inputs, outputs, images, apply, folder)
    except Refused as e:
        return "refused", str(e)
    except Unfit as e:
        return "unfit", str(e)
    except RuntimeError as e:
        return "WRONG", str(e)
    if off > LIMIT and rounds_to_half(model):
        return "unfit", f"a Cast to fp16, whose rounding eo-import leaves out: outputs differ by at most {off:.2g}"
    return ("passed" if off <= LIMIT else "WRONG"), f"outputs differ by at most {off:.2g}"


# ---- where cases are


def cases_of_nodes():
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        for inputs, outputs in case.data_sets[:1]:
            yield case.name, case.model, list(inputs), list(outputs)


def read_tensors(folder, kind):
    files = sorted(folder.glob(f"{kind}_*.pb"), key=lambda f: int(f.stem.split("_")[1]))
    arrays = []
    for f in files:
        tensor = onnx.TensorProto()
        try:
            tensor.ParseFromString(f.read_bytes())
            arrays.append(numpy_helper.to_array(tensor))
        except Exception:  # a sequence, a map, nothing
            arrays.append(None)
    return arrays


def cases_below(folder):
    for path in sorted(folder.rglob("model.onnx")):
        data = path.parent / "test_data_set_0"
        if data.is_dir():
            name = f"{path.parent.parent.name}/{path.parent.name}"
            yield name, onnx.load(path), read_tensors(data, "input"), read_tensors(data, "output")


def case_of_file(path):
    """A model, with random inputs."""
    import onnxruntime

    model = onnx.load(path)
    made = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "QuantizeLinear"}
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    for n in plain.graph.node:
        if n.op_type == "DequantizeLinear" and n.input[0] in made:
            n.CopyFrom(helper.make_node("Identity", [made[n.input[0]]], n.output, n.name))
    shape = [d.dim_value or 8 for d in model.graph.input[0].type.tensor_type.shape.dim]
    x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    session = onnxruntime.InferenceSession(plain.SerializeToString(), providers=["CPUExecutionProvider"])
    y = session.run(None, {model.graph.input[0].name: x})
    yield path.name, model, [x], y


def all_cases(places):
    if not places:
        data = pathlib.Path(onnx.__file__).parent / "backend/test/data"
        yield from cases_of_nodes()
        for part in ("simple", "pytorch-operator", "pytorch-converted"):
            yield from cases_below(data / part)
    for place in map(pathlib.Path, places):
        yield from case_of_file(place) if place.is_file() else cases_below(place)


def main():
    warnings.filterwarnings("ignore")
    is_verbose = "-v" in sys.argv
    count, others = {"passed": 0, "refused": 0, "unfit": 0, "WRONG": 0}, 0
    for name, model, inputs, outputs in all_cases([a for a in sys.argv[1:] if a != "-v"]):
        is_ours = {n.op_type for n in model.graph.node} <= SUPPORTED
        with tempfile.TemporaryDirectory() as folder:
            verdict, why = run_case(model, inputs, outputs, pathlib.Path(folder))
        if not is_ours and verdict in ("refused", "unfit"):
            others += 1
        else:
            count[verdict] += 1
        if is_verbose or is_ours or verdict in ("passed", "WRONG"):
            print(f"{name}: {verdict}: {why}")
    print(f"other operators, refused: {others}")
    print(f"of supported operators: {count['refused']} refused, {count['unfit']} cannot be compared")
    print(f"{count['passed']} passed, {count['WRONG']} failed")
    sys.exit(1 if count["WRONG"] else 0)


main()
