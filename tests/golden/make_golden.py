"""Writes the golden files beside it: what PyTorch makes of the network, its gradients, Adam, AdamW under a
schedule, the observers of quantisation, int8 networks and binary16, and what Python's decimal module knows of
exp, log and cosine. tests/unit/test_golden.c and tests/golden.bats compare.

    /usr/bin/python3 tests/golden/make_golden.py [DATA_DIR]

Needs numpy and torch 1.13 or newer (Debian: python3-torch). DATA_DIR holds mnist and fashion-mnist; without
it the int8 files stay as they are. Nothing here calls the programs of this
project, and the formulas for weights, images and streams are integer arithmetic that the test repeats.
Networks are computed in double from float32 weights and pixels, so that the rounding of torch's own sums
is no part of what is compared; how far torch's float32 is from that goes to standard output.
"""
import decimal
import gzip
import json
import pathlib
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch.ao import quantization as tao_config
from torch.ao.quantization import observer as tao
from torch.ao.quantization import quantize_fx as tao_fx

HERE = pathlib.Path(__file__).parent
SIZES = [(6, 10), (16, 32)]
IMAGES, LOGIT_IMAGES, BATCH, STEPS, WARMUP = 320, 64, 32, 50, 5
VALUES = 40000  # in a batch of a stream: many, so that cutting off tails pays
LAYERS = ["conv1", "conv2", "classifier"]


def write(name, header, rows, engine=""):
    script = "tests/golden/make_golden.py"
    lines = [f"# {script}, torch {torch.__version__}{engine}; /usr/bin/python3 {script}", header]
    lines += [",".join(row) for row in rows]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def decimals(values):
    return [f"{float(v):.9g}" for v in values]


class Bytes:
    """Weights, images and streams come from this: a linear congruence modulo 2^32; the top bits count."""

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 12345) % 2**32

    def next(self, bits=8):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state >> (32 - bits)


# ---- weights and images ----------------------------------------------------------------------------------


def draw_weights(c1, c2):
    """float32 arrays, uniform in +-1/sqrt(terms) as before training."""
    r = Bytes(c1)
    tensors = {}
    for layer, shape in zip(LAYERS, [(c1, 1, 3, 3), (c2, c1, 3, 3), (10, 49 * c2)]):
        bound = 1 / np.sqrt(np.prod(shape[1:]))
        for name, dims in ((".weight", shape), (".bias", shape[:1])):
            steps = [r.next(24) - 2**23 for _ in range(int(np.prod(dims)))]
            tensors[layer + name] = (np.array(steps) * (bound / 2**23)).astype(np.float32).reshape(dims)
    return tensors


def save_safetensors(path, tensors):
    header, data = {}, b""
    for name, t in sorted(tensors.items()):
        place = [len(data), len(data) + t.nbytes]
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": place}
        data += t.astype("<f4").tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


# Which of 4x4 cells are bright, for each class.
MASKS = [0x0F99, 0x2222, 0xE24F, 0x7171, 0x11F9, 0x7C3E, 0x9F1F, 0x124F, 0x6A69, 0xF9F8]


def draw_image(index):
    """Bright cells that tell the class, on a background of which most is exactly 0, as in real images."""
    r = Bytes(1000 + index)
    pixels = []
    for i in range(784):
        cell = i // 28 // 7 * 4 + i % 28 // 7
        v = r.next()
        pixels.append(128 + v // 2 if MASKS[index % 10] >> cell & 1 else 0 if v < 224 else v // 2)
    return pixels


def draw_label(index):
    """The class of the cells, but one image in four has another label: the loss cannot fall to nothing."""
    return (index + index // 10) % 10 if index % 4 == 3 else index % 10


def normalise(pixels):
    """As torchvision's ToTensor and Normalize(0.5, 0.5)."""
    return (torch.tensor(pixels, dtype=torch.uint8).to(torch.float32).div(255) - 0.5) / 0.5


# ---- the network -----------------------------------------------------------------------------------------


class SmallCNN(torch.nn.Module):
    def __init__(self, tensors):
        super().__init__()
        c1, c2 = len(tensors["conv1.bias"]), len(tensors["conv2.bias"])
        self.conv1 = torch.nn.Conv2d(1, c1, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(c1, c2, 3, padding=1)
        self.classifier = torch.nn.Linear(49 * c2, 10)
        self.load_state_dict({name: torch.from_numpy(t) for name, t in tensors.items()})

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.classifier(torch.flatten(x, 1))


def run_logits(tensors, images, dtype):
    with torch.no_grad():
        return SmallCNN(tensors).to(dtype)(images[:LOGIT_IMAGES].to(dtype))


def run_gradients(tensors, images, labels, dtype):
    net = SmallCNN(tensors).to(dtype)
    F.cross_entropy(net(images[:BATCH].to(dtype)), labels[:BATCH]).backward()
    return torch.cat([p.grad.flatten() for p in net.parameters()])


def run_losses(tensors, images, labels, dtype):
    net = SmallCNN(tensors).to(dtype)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    losses = []
    for step in range(STEPS):
        at = [(step * BATCH + i) % IMAGES for i in range(BATCH)]
        adam.zero_grad()
        loss = F.cross_entropy(net(images[at].to(dtype)), labels[at])
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return torch.tensor(losses, dtype=torch.float64)


def run_recipe(tensors, images, labels, dtype):
    """AdamW with decay of weights alone, label smoothing, and torch's own warm-up and cosine."""
    net = SmallCNN(tensors).to(dtype)
    weights = [p for p in net.parameters() if p.dim() > 1]
    biases = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": weights, "weight_decay": 0.2}, {"params": biases, "weight_decay": 0}]
    adam = torch.optim.AdamW(groups, lr=3e-3)
    rise = torch.optim.lr_scheduler.LinearLR(adam, 1 / WARMUP, total_iters=WARMUP - 1)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, STEPS - WARMUP)
    schedule = torch.optim.lr_scheduler.SequentialLR(adam, [rise, fall], [WARMUP])
    rows = []
    for step in range(STEPS):
        at = [(step * BATCH + i) % IMAGES for i in range(BATCH)]
        adam.zero_grad()
        loss = F.cross_entropy(net(images[at].to(dtype)), labels[at], label_smoothing=0.1)
        loss.backward()
        rows.append([adam.param_groups[0]["lr"], loss.item()])
        adam.step()
        schedule.step()
    return torch.tensor(rows, dtype=torch.float64)


def of_both(what, function, *args):
    """The result in double; says how far torch's own float32 is from it."""
    exact, single = function(*args, torch.float64), function(*args, torch.float32)
    off, largest = (exact - single).abs().max(), exact.abs().max()
    print(f"{what}: torch's float32 differs by {off:.3g}, largest {largest:.3g}")
    return exact


def make_networks(models, images, labels):
    logits, losses, recipe = [], [], []
    for size, tensors in models.items():
        z = of_both(f"logits {size}", run_logits, tensors, images)
        logits += [[size, str(i)] + decimals(row) for i, row in enumerate(z)]
        g = of_both(f"gradients {size}", run_gradients, tensors, images, labels)
        every = 1 if len(g) < 10000 else 9  # all of the small model's; of the other one every ninth
        write(f"gradients-{size}.csv", "gradient", [[v] for v in decimals(g[::every])])
        losses.append(of_both(f"losses {size}", run_losses, tensors, images, labels))
        recipe.append(of_both(f"recipe {size}", run_recipe, tensors, images, labels))
    write("logits.csv", "model,image," + ",".join(f"class{k}" for k in range(10)), logits)
    write("losses.csv", ",".join(models), [decimals(row) for row in zip(*losses)])
    rates = [[f"{rate:.17g}"] for rate in recipe[0][:, 0].tolist()]
    rows = [rate + decimals(row) for rate, row in zip(rates, zip(*(r[:, 1] for r in recipe)))]
    write("recipe.csv", "learning_rate," + ",".join(models), rows)


# ---- quantisation ----------------------------------------------------------------------------------------


def stream_relu(batch):
    """One-sided with a spike at zero; one value in 4,096 is four times as large."""
    r = Bytes(2000 + batch)
    values = [max(r.next() + r.next() + r.next() - 384, 0) for _ in range(VALUES)]
    return torch.tensor([v * (4 if i % 4096 == 0 else 1) / 512 for i, v in enumerate(values)])


def stream_tails(batch):
    """Two-sided with long tails; the range widens with every batch, on both sides."""
    r = Bytes(3000 + batch)
    values = [(r.next(7) - 64) * (r.next(7) - 64) * (r.next(7) - 64) for _ in range(VALUES)]
    return torch.tensor([v * (batch + 8) / 65536 for v in values])


def stream_pixels(batch):
    return normalise([draw_image(4 * batch + i) for i in range(4)]).flatten()


class Histogram(tao.HistogramObserver):
    """torch 1.13 cuts the bounds of the histogram to integers before it counts; later versions do not."""

    def forward(self, x):
        low, high = torch.aminmax(x)
        if self.min_val == float("inf"):
            self.min_val.copy_(low), self.max_val.copy_(high)
            self.histogram.copy_(torch.histc(x, self.bins, min=low.item(), max=high.item()))
            return x
        low, high = torch.min(low, self.min_val), torch.max(high, self.max_val)
        low, high, downsample, start = self._adjust_min_max(low, high, self.upsample_rate)
        counts = torch.histc(x, self.bins, min=low.item(), max=high.item())
        if low == self.min_val and high == self.max_val:
            counts += self.histogram
        else:
            counts = self._combine_histograms(
                counts, self.histogram, self.upsample_rate, downsample, start, self.bins
            )
        self.histogram.copy_(counts), self.min_val.copy_(low), self.max_val.copy_(high)
        return x


def observe(kind, reduced, batches):
    o = kind(dtype=torch.quint8, qscheme=torch.per_tensor_affine, reduce_range=reduced)
    for batch in batches:
        o(batch)
    scale, zero_point = o.calculate_qparams()
    return [f"{scale.item():.9g}", str(zero_point.item())]


def make_observers():
    rows = []
    for name, stream in (("relu", stream_relu), ("tails", stream_tails), ("pixels", stream_pixels)):
        batches = [stream(b) for b in range(5)]
        for kind, title in ((tao.MinMaxObserver, "minmax"), (Histogram, "histogram")):
            for reduced in (True, False):
                rows.append([name, title, "127" if reduced else "255"] + observe(kind, reduced, batches))
    # Where all bounds are integers, torch's own class and the one above are the same.
    assert rows[-1][3:] == observe(tao.HistogramObserver, False, [stream_pixels(b) for b in range(5)])
    write("observers.csv", "stream,observer,qmax,scale,zero_point", rows)


def make_weights(models):
    """The weight observers of fbgemm (per channel) and qnnpack (per tensor), and what quantising gives."""
    scales, quantised = [], []
    for size, tensors in models.items():
        for layer in LAYERS:
            w = torch.from_numpy(tensors[layer + ".weight"])
            each = tao.PerChannelMinMaxObserver(dtype=torch.qint8, qscheme=torch.per_channel_symmetric)
            whole = tao.MinMaxObserver(dtype=torch.qint8, qscheme=torch.per_tensor_symmetric)
            each(w), whole(w)
            s, zero = each.calculate_qparams()
            one = f"{whole.calculate_qparams()[0].item():.9g}"
            scales += [[size, layer, str(o), v, one] for o, v in enumerate(decimals(s))]
            if size == "6x10":
                q = torch.quantize_per_channel(w, s.double(), zero, 0, torch.qint8).int_repr().flatten()
                quantised += [[str(v.item())] for v in q]
    write("weight-scales.csv", "model,layer,output,fbgemm,qnnpack", scales)
    write("weights-s8-6x10.csv", "weight", quantised)


# ---- int8 networks on real images ------------------------------------------------------------------------


def read_idx(folder, name, header):
    data = gzip.decompress((folder / (name + "-ubyte.gz")).read_bytes())
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=header).copy())


def read_images(folder, part):
    pixels = read_idx(folder, part + "-images-idx3", 16).reshape(-1, 1, 28, 28)
    return (pixels.float().div(255) - 0.5) / 0.5, read_idx(folder, part + "-labels-idx1", 8).long()


class Modules(torch.nn.Module):
    """SmallCNN out of modules alone, which quantisation can replace."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(16, 32, 3, padding=1)
        self.classifier = torch.nn.Linear(1568, 10)
        self.relu, self.pool = torch.nn.ReLU(), torch.nn.MaxPool2d(2)

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        return self.classifier(torch.flatten(x, 1))


def train_net(images, labels, epochs=2):
    torch.manual_seed(7)
    net = Modules()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(epochs):
        for at in torch.randperm(len(images)).split(128):
            adam.zero_grad()
            F.cross_entropy(net(images[at]), labels[at]).backward()
            adam.step()
    return net.eval()


def quantise_net(net, images):
    """The static scheme of fbgemm: its observers and kernels, or onednn's where torch was built without fbgemm."""
    engines = torch.backends.quantized.supported_engines
    torch.backends.quantized.engine = "fbgemm" if "fbgemm" in engines else "onednn"
    mapping = tao_config.QConfigMapping().set_global(tao_config.get_default_qconfig("fbgemm"))
    prepared = tao_fx.prepare_fx(net, mapping, (images[:1],))
    for i in range(8):
        prepared(images[i * 128 : (i + 1) * 128])
    return tao_fx.convert_fx(prepared)


def make_int8(data, name):
    """
    The classes of the 10,000 test images. torch brings the class scores to 127 levels, so several can be the
    largest; all of them are written, the one that argmax takes first.
    """
    net = train_net(*read_images(data / name, "train"))
    tensors = {key: t.numpy() for key, t in net.state_dict().items()}
    save_safetensors(HERE / f"int8-{name}.safetensors", tensors)
    images, labels = read_images(data / name, "t10k")
    with torch.no_grad():
        quantised = quantise_net(net, read_images(data / name, "train")[0])
        scores = torch.cat([quantised(x) for x in images.split(500)])
        exact = torch.cat([net(x) for x in images.split(500)])
    best = scores == scores.max(1, keepdim=True).values
    rows = [["".join(str(k) for k in range(10) if row[k])] for row in best.tolist()]
    right, right_exact = ((z.argmax(1) == labels).sum().item() for z in (scores, exact))
    ties = sum(len(row[0]) > 1 for row in rows)
    print(f"{name}: {right} right, float32 {right_exact}, ties {ties}")
    write(f"int8-{name}.csv", "best", rows, f", engine {torch.backends.quantized.engine}")


# ---- numbers ---------------------------------------------------------------------------------------------


def float_of(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def bits_of(value):
    return struct.unpack("<I", struct.pack("<f", value))[0]


def half_of(bits):
    return float(torch.tensor(bits, dtype=torch.int16).view(torch.half))


def make_half():
    """Ties between neighbouring halves and what is just beside them, the ends of the range, and anything."""
    r = Bytes(4000)
    halves = [0, 1, 2, 3, 0x3FE, 0x3FF, 0x400, 0x401, 0x3BFF, 0x3C00, 0x3C01, 0x7BFE, 0x7BFF]
    halves += [r.next(16) % 0x7BFF for _ in range(60)]
    bits = [0x7F800000, 0x7FC00000, 0x477FEFFF, 0x477FF000, 0x7F7FFFFF, 1, 0x007FFFFF, 0x33000000, 0x33000001]
    for h in halves:
        tie = bits_of((half_of(h) + half_of(min(h + 1, 0x7BFF))) / 2)
        bits += [max(tie - 1, 0), tie, tie + 1]
    bits += [r.next(32) & 0x7FFFFFFF for _ in range(40)]
    bits += [0x38000000 + r.next(28) % 0x0F000000 for _ in range(60)]
    nan = 0x7FC00000
    bits = [b for b in bits if b <= 0x7F800000 or b == nan]
    x = torch.tensor([float_of(b) for b in bits] + [-float_of(b) for b in bits if b != nan])
    found = x.half().view(torch.int16).numpy().astype(np.uint16)
    source = x.numpy().view(np.uint32)
    write("half.csv", "float_bits,half_bits", [[f"0x{a:08x}", f"0x{b:04x}"] for a, b in zip(source, found)])


def decimal_cospi(x):
    """By its series: all terms of x in -4..4 that matter to 60 digits."""
    pi = decimal.Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899")
    z, term, total = (pi * x) ** 2, decimal.Decimal(1), decimal.Decimal(0)
    for k in range(0, 120, 2):
        total += term
        term *= -z / ((k + 1) * (k + 2))
    return total


def make_fmath():
    """The exact value as the nearest double and what is missing from it."""
    decimal.getcontext().prec = 60
    half_ln2 = 0.34657359027997264
    e = [0.0, 1.0, -1.0, half_ln2, -half_ln2, np.nextafter(half_ln2, 1), 708.9, -707.9, 2.0**-60, -(2.0**-30)]
    e += [i * 7.3 - 706.1 for i in range(190)] + [-i / 16 for i in range(1, 200)]
    l = [1.0, 2.0**-1022, 1.7976931348623157e308, 1.4142135623730951, 1.4142135623730949, 0.7071067811865476]
    l += [1e300, 1e-300] + [1 + s * 2.0**-k for k in range(1, 53) for s in (1, -1)]
    l += [1 + i / 23 for i in range(210)] + [1.37**i for i in range(-80, 80)]
    c = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, np.nextafter(0.25, 1), np.nextafter(0.5, 0), np.nextafter(0.5, 1)]
    c += [2.0**-30, -(2.0**-10), 1e-300] + [i / 97 for i in range(-200, 290)]
    functions = {"exp": decimal.Decimal.exp, "log": decimal.Decimal.ln, "cospi": decimal_cospi}
    rows = []
    for name, values in (("exp", e), ("log", l), ("cospi", c)):
        for x in values:
            exact = functions[name](decimal.Decimal(float(x)))
            rest = exact - decimal.Decimal(float(exact))
            rows.append([name, float(x).hex(), float(exact).hex(), f"{float(rest):.6g}"])
    write("fmath.csv", "function,x,nearest,rest", rows)


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    models = {f"{c1}x{c2}": draw_weights(c1, c2) for c1, c2 in SIZES}
    for size, tensors in models.items():
        save_safetensors(HERE / f"weights-{size}.safetensors", tensors)
    images = normalise([draw_image(i) for i in range(IMAGES)]).reshape(-1, 1, 28, 28)
    make_networks(models, images, torch.tensor([draw_label(i) for i in range(IMAGES)]))
    make_observers()
    make_weights(models)
    make_half()
    make_fmath()
    for name in ("mnist", "fashion-mnist") if len(sys.argv) > 1 else ():
        make_int8(pathlib.Path(sys.argv[1]), name)


main()
