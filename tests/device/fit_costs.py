#!/usr/bin/env python3
"""Measures what exported networks take on the cores, and fits the table of lib/stage/export/costs_network.h to it.

    tests/device/fit_costs.py measure FOLDER [NETWORK...]
    tests/device/fit_costs.py fit FOLDER >lib/stage/export/costs_network.h
    tests/device/fit_costs.py check FOLDER

Needs numpy and scipy (pip), and what `make device` needs. EO_BIN and EO_TESTS name the folders of the programs and of
the unit tests (default: out/bin, out/build/tests).

measure  Draws random networks by a fixed seed, to fit to, and takes the known ones at several widths, to check with.
         Each is trained on a few random images, exported at each precision, and measured on each core by measure.sh.
         What FOLDER has already is not measured again.
fit      Prints the table. Instructions of a layer are a sum of the terms of lib/stage/export/cost_terms.h, with
         coefficients that are not negative, fitted to the random networks alone by least squares of the relative
         error. Code is the largest that was measured of any network with the same parts.
check    Prints how far the costs of eo_core_costs() are from the measured ones, for both kinds of networks.
"""
import csv
import gzip
import json
import os
import pathlib
import random
import struct
import subprocess
import sys

import numpy as np
import scipy.optimize

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("EO_BIN", ROOT / "out/bin")).resolve()
TESTS = pathlib.Path(os.environ.get("EO_TESTS", ROOT / "out/build/tests")).resolve()
MEASURE = ROOT / "tests/device/measure.sh"
HEADER = """/*
 * Of code for any network, by core and precision: bytes, by which parts of the text it has (1 pooling, 2 depthwise
 * layers, 4 additions), the most of all models measured and a margin of 192; instructions for a value of the input; and
 * for each term of cost_terms.h, at mixed of layers with 4 bits; those with 8 bits are as at int8.
 * tests/device/fit_costs.py writes this file and says how far it is from counted instructions (tests/device/README.md).
 */
#ifndef EO_STAGE_EXPORT_COSTS_NETWORK_H
#define EO_STAGE_EXPORT_COSTS_NETWORK_H

#include "format/core.h"
#include "stage/export/cost_terms.h"

struct network_code {
    int bytes[8];
    double input, instructions[EO_COST_TERM_COUNT];
};

static const struct network_code network_codes[EO_CORE_COUNT][EO_PRECISION_COUNT] = {"""
MARGIN = 192  # bytes, because some numbers of channels give a little more code
SMALL_LAYER = 2000  # instructions, below which relative errors matter less
CORES = ["m0", "m3", "m4", "m4dsp", "m55", "rv32imc"]
FLOAT = ["fp32", "fp16"]
PRECISIONS = [*FLOAT, "int8", "int4", "mixed"]
RANDOM_NETWORKS, IMAGES = 28, 64
# Fewer networks where an emulation takes long, or where the code is nearly that of int8.
LIMITS = {"fp32": 9, "fp16": 9, "int4": 9}
ADDITION_ALONE = "random20"  # the first with an addition and no pooling, not even over the whole map
SMALL = {"lenet5x1", "mlpx0.25", "ds-cnnx0.5"}
WIDTHS = {"lenet5": [1], "mlp": [1, 0.25], "resnet8": [1, 0.25], "ds-cnn": [1, 0.5], "mobilenet-v1-0.25": [1, 0.5]}
INPUTS = {"resnet8": (3, 32, 32), "ds-cnn": (1, 49, 10), "mobilenet-v1-0.25": (3, 96, 96)}
CLASSES = {"ds-cnn": 12, "mobilenet-v1-0.25": 2}
POOLS = [("max 2x2", 2, 2, 2, 2), ("average 2x2", 2, 2, 2, 2), ("max 3x3/2", 3, 3, 2, 2), ("average 3x2", 3, 2, 3, 2)]


# ---- networks --------------------------------------------------------------------------------------------------


def random_layer(rng, k, dims, maps):
    """One line of the text form, and the dimensions of its map and its output."""
    (c, h, w), stride, is_depthwise = dims, rng.choice([1, 1, 1, 2]), k > 0 and rng.random() < 0.35
    kh, kw = rng.choice([(1, 1), (3, 3), (3, 3), (5, 5), (1, 3), (4, 2)])
    channels = c if is_depthwise else rng.choice([1, 2, 3, 4, 6, 8, 9, 12, 16, 24, 31, 40])
    is_inside = rng.random() < 0.2 and h > 5 and w > 5
    oh, ow = ((h - kh) // stride + 1, (w - kw) // stride + 1) if is_inside else (-(-h // stride), -(-w // stride))
    words = [f"l{k}:", "depthwise" if is_depthwise else f"conv {channels}", f"{kh}x{kw} stride {stride}"]
    words += [] if is_inside else ["pad same"]
    same = [name for name, size in maps if size == (channels, oh, ow)]
    words += [f"add {rng.choice(same)}"] if same and rng.random() < 0.8 else []
    words += rng.choice([["relu"], ["relu"], ["relu6"], []])
    out = (channels, oh, ow)
    if oh >= 4 and ow >= 4 and rng.random() < 0.3:
        pool, window_h, window_w, step_h, step_w = rng.choice(POOLS)
        words.append(pool)
        out = (channels, (oh - window_h) // step_h + 1, (ow - window_w) // step_w + 1)
    elif k > 1 and rng.random() < 0.2:
        words.append("mean")
        out = (channels, 1, 1)
    return " ".join(words), out


def random_network(rng):
    """Layers that chain, with all operations and tails; small, because each is emulated."""
    dims = (rng.choice([1, 2, 3]), rng.choice([6, 9, 12, 16]), rng.choice([5, 8, 12, 16]))
    shape, lines, maps = dims, [], []
    for k in range(rng.randint(2, 6)):
        line, dims = random_layer(rng, k, dims, maps)
        lines.append(line)
        maps.append((f"l{k}", dims))
        if dims[1:] == (1, 1):
            break
    lines += [f"hidden: linear {rng.choice([5, 16, 50])} relu"] if rng.random() < 0.3 else []
    classes = rng.randint(2, 20)
    return {"keys": f'model: "{"; ".join(lines)}; classifier: linear {classes}"', "shape": shape, "classes": classes}


def parts_of(network):
    """Which kinds of layers a network has: a bit for each of windows of pooling, depthwise layers, additions."""
    words = network["keys"].replace('"', " ").split()
    return any(w in words for w in ("max", "average")) + 2 * ("depthwise" in words) + 4 * ("add" in words)


def networks():
    rng, found = random.Random(1), {}
    for k in range(RANDOM_NETWORKS):
        network = random_network(rng)
        while parts_of(network) != k % 8:
            network = random_network(rng)
        if network["shape"][0] == 3 and k % 2:
            network["keys"] += "\ninput_mean: [0.4, 0.5, 0.6]\ninput_std: [0.2, 0.3, 0.2]"
        found[f"random{k:02d}"] = network
    for name, widths in WIDTHS.items():
        for width in widths:
            keys = f"model: {name}\nwidth: {width}"
            found[f"{name}x{width}"] = {"keys": keys, "shape": INPUTS.get(name, (1, 28, 28)),
                                       "classes": CLASSES.get(name, 10)}
    return found


def is_wanted(name, precision):
    if not name.startswith("random"):
        return name in SMALL or precision == "int8"
    return name == ADDITION_ALONE or int(name[6:]) < LIMITS.get(precision, RANDOM_NETWORKS)


# ---- measuring -------------------------------------------------------------------------------------------------


def run(*command, **how):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **how)
    if done.returncode:
        sys.exit(f"{' '.join(str(word) for word in command)}: {done.stderr.strip()}")
    return done.stdout


def write_idx(path, values):
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(gzip.compress(header + values.tobytes()))


def write_data(folder, network):
    folder.mkdir(parents=True, exist_ok=True)
    images = np.random.default_rng(1).integers(0, 256, (IMAGES, *network["shape"]), dtype=np.uint8)
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx4-ubyte.gz", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", (np.arange(IMAGES) % network["classes"]).astype(np.uint8))
    numbers = f"train_subset: {IMAGES}\nval_subset: 1\nvalidation: test\nbatch_size: 32\nepochs: 1\n"
    (folder / "c.yaml").write_text(f"dataset: idx\ndata_dir: {folder}\n{network['keys']}\n{numbers}")


def read_model(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + size]), data[8 + size:]


def mix(at, network):
    """A model of the layers of int4, but for the last one, which has int8's weights: eo-quant would pack fewer."""
    models = {8: read_model(at / "int8.safetensors"), 4: read_model(at / "int4.safetensors")}
    layers = [line.split(":")[0].strip() for line in network["keys"].split('"')[1].split(";")]
    head, data = {}, b""
    for name in filter(lambda name: name != "__metadata__", models[4][0]):
        is_8 = name in (f"{layers[-1]}.{part}" for part in ("weight", "weight_scale", "bias"))
        tensors, values = models[8 if is_8 else 4]
        begin, end = tensors[name]["data_offsets"]
        head[name] = {**tensors[name], "data_offsets": [len(data), len(data) + end - begin]}
        data += values[begin:end]
    words = {"precision": "mixed", "weight_bits": " ".join(["4"] * (len(layers) - 1) + ["8"])}
    head["__metadata__"] = {**models[4][0]["__metadata__"], **words}
    text = json.dumps(head).encode()
    (at / "mixed.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def quantise(at, network, precision):
    """PRECISION.safetensors, and what it is made of."""
    base = at / "base.safetensors"
    if not base.exists():
        write_data(at, network)
        run(BIN / "eo-train", "-q", "-c", at / "c.yaml", "--threads", 1, "-o", base)
    if precision == "mixed" and at.name.startswith("random"):
        for one in ("int8", "int4"):
            quantise(at, network, one)
        mix(at, network)
    else:
        run(BIN / "eo-quant", "-q", "-p", precision, "-c", at / "c.yaml", "-o", at / f"{precision}.safetensors", base)


def measure(folder, names):
    folder = folder.resolve()
    for name, network in networks().items():
        at = folder / name
        if names and name not in names:
            continue
        for precision in filter(lambda p: is_wanted(name, p), PRECISIONS):
            model, code = at / f"{precision}.safetensors", at / precision
            if not model.exists():
                quantise(at, network, precision)
            code.mkdir(exist_ok=True)
            options = ["-q", "--prefix", "net", "--tests", 1, "-c", at / "c.yaml"]
            run(BIN / "eo-export", *options, "-o", code / "net", model)
            for core in CORES if precision not in FLOAT else [c for c in CORES if c != "m4dsp"]:
                row, layers = code / f"{core}.csv", code / f"{core}_layers.csv"
                if not row.exists():
                    where = {**os.environ, "EO_TESTS": TESTS}
                    row.write_text(run("sh", MEASURE, code, core, name, precision, layers, env=where))
            print(name, precision, flush=True)


# ---- fitting ---------------------------------------------------------------------------------------------------


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def costs_of(model):
    """What tests/helpers/cost_terms.c prints: terms by path and layer, and costs by core."""
    terms, costs, head = {}, {}, []
    for line in run(TESTS / "cost_terms", model).splitlines():
        words = line.split(",")
        if words[0] == "path":
            head = words[2:]
        elif words[0] == "cost":
            costs[words[1]] = [float(n) for n in words[2:]]
        elif words[0] == "helium":
            costs["helium"] = words[1] == "1"
        else:
            terms[int(words[0]), words[1]] = [float(n) for n in words[2:]]
    return head, terms, costs


def path_of(core):
    return {"m4dsp": 1, "m55": 2}.get(core, 0)


def read_all(folder):
    """All that was measured: network, precision, core, row, rows of layers, terms, costs."""
    drawn = networks()
    for name in drawn:
        for precision in filter(lambda p: is_wanted(name, p), PRECISIONS):
            head, terms, costs = costs_of(folder / name / f"{precision}.safetensors")
            for core in CORES:
                at = folder / name / precision / f"{core}.csv"
                if not at.exists():
                    continue
                with at.open(newline="") as file:
                    row = next(csv.reader(file))
                layers = list(csv.reader((at.parent / f"{core}_layers.csv").open(newline="")))
                numbers = dict(flash=int(row[3]), const=int(row[4]), ram=int(row[7]), instructions=int(row[9]))
                yield dict(name=name, drawn=drawn[name], precision=precision, core=core, layers=layers, head=head,
                           terms=terms, cost=costs[core], helium=costs["helium"], **numbers)


def fit_instructions(found):
    """Coefficients of the terms, and instructions for each value of the input. Of mixed models: of packed layers."""
    matrix, counted, inputs = [], [], []
    for one in found:
        for words in one["layers"][:-1 if one["precision"] == "mixed" else None]:
            layer, count = words[3], int(words[5])
            if layer == "input":
                inputs.append(count / np.prod(one["drawn"]["shape"]))
                continue
            matrix.append(one["terms"][path_of(one["core"]), layer])
            counted.append(count)
    matrix, counted = np.array(matrix), np.array(counted, float)
    weight = 1 / np.maximum(counted, SMALL_LAYER)
    solution, _ = scipy.optimize.nnls(matrix * weight[:, None], counted * weight)
    return solution, float(np.median(inputs))


def number(value):
    return f"{value:.4g}" if value else "0"


def code_parts(one):
    """Which optional parts the code has: a bit for each of pooling, depthwise layers, additions."""
    sums = dict(zip(one["head"], np.sum([t for (path, _), t in one["terms"].items() if path == 0], axis=0)))
    return (sums["pooled"] > 0) + 2 * (sums["depthwise_pixel"] > 0) + 4 * (sums["added"] > 0)


def put_code(core, precision, found):
    solution, inputs = fit_instructions([one for one in found if one["name"].startswith("random")])
    code = [max([o["flash"] - o["const"] for o in found if code_parts(o) == k], default=0) for k in range(8)]
    if 0 in code:
        sys.exit(f"{core} {precision}: expected networks with all parts of the code, found {code}; measure more")
    code = [max(code[j] for j in range(8) if j & k == j) for k in range(8)]
    numbers = [number(value) for value in solution]
    half = len(numbers) // 2
    print(f"    [EO_CORE_{core}][EO_{precision.upper()}] =")
    print(f"        {{{{{', '.join(str(n + MARGIN) for n in code)}}},\n         {number(inputs)},")
    print(f"         {{{', '.join(numbers[:half])},\n          {', '.join(numbers[half:])}}}}},")


def fit(folder):
    found = list(read_all(folder))
    # A model of integers without Helium runs the code of m4 there.
    found = [o for o in found if o["helium"] or o["core"] != "m55" or o["precision"] in FLOAT]
    print(HEADER)
    for core in CORES:
        for precision in PRECISIONS:
            if core != "m4dsp" or precision not in FLOAT:
                put_code(core, precision, [o for o in found if (o["core"], o["precision"]) == (core, precision)])
    print("};\n\n#endif")


def check(folder):
    print("| networks | precision | core | models | instructions, worst | median | flash over | RAM over |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    found = list(read_all(folder))
    for kind in ("random", "known"):
        of_kind = [one for one in found if one["name"].startswith("random") == (kind == "random")]
        for precision in PRECISIONS:
            for core in CORES:
                some = [o for o in of_kind if (o["core"], o["precision"]) == (core, precision)]
                if not some:
                    continue
                errors = [100 * (o["cost"][2] / o["instructions"] - 1) for o in some]
                flash, ram = ([o["cost"][k] - o[what] for o in some] for k, what in ((0, "flash"), (1, "ram")))
                worst = max(errors, key=abs)
                print(f"| {kind} | {precision} | {core} | {len(some)} | {worst:+.1f} % | {np.median(errors):+.1f} % "
                      f"| {min(flash):.0f} .. {max(flash):.0f} | {min(ram):.0f} .. {max(ram):.0f} |")


def main():
    kind, rest = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if kind == "measure" and rest:
        measure(pathlib.Path(rest[0]), rest[1:])
    elif kind == "fit" and len(rest) == 1:
        fit(pathlib.Path(rest[0]))
    elif kind == "check" and len(rest) == 1:
        check(pathlib.Path(rest[0]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
