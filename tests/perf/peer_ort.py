"""ONNX Runtime on SmallCNN 16/32, asked line by line: see peer.h. usage: peer_ort.py THREADS DATA_DIR

Weights are random: times do not depend on them. int8 is the QDQ form that ONNX Runtime fuses into its integer
kernels: u8 activations, s8 weights with one scale per output channel.
"""
import sys
import time

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError as e:
    print("missing", e, flush=True)
    sys.exit(0)

rng = np.random.default_rng(7)
LAYERS = [("conv1", (16, 1, 3, 3)), ("conv2", (32, 16, 3, 3)), ("classifier", (10, 1568))]


def make_weights():
    weights = {}
    for name, shape in LAYERS:
        bound = 1 / np.sqrt(np.prod(shape[1:]))
        weights[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
    return weights


class Graph:
    """Nodes and constants of a model that is being written; every method returns the name of its output."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op, inputs, **attributes):
        out = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    def bytes(self, output):
        value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        self.nodes.append(helper.make_node("Identity", [output], ["scores"]))
        graph = helper.make_graph(self.nodes, "smallcnn", [value("images", ["n", 1, 28, 28])],
                                  [value("scores", ["n", 10])], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        return model.SerializeToString()


class Float(Graph):
    def activation(self, x, name):
        return x

    def weight(self, name, w, x_scale):
        return [self.constant(name + ".w", w), self.constant(name + ".b", np.zeros(len(w), np.float32))]


class Quantised(Graph):
    SCALES = {"image": (2 / 255, 128), "relu1": (0.02, 0), "pool1": (0.02, 0), "relu2": (0.03, 0),
              "pool2": (0.03, 0), "flat": (0.03, 0), "scores": (0.1, 128)}

    def activation(self, x, name):
        scale, zero = self.SCALES[name]
        by = [self.constant(name + ".s", np.float32(scale)), self.constant(name + ".z", np.uint8(zero))]
        return self.node("DequantizeLinear", [self.node("QuantizeLinear", [x] + by)] + by)

    def weight(self, name, w, x_scale):
        scale = (np.abs(w).reshape(len(w), -1).max(axis=1) / 127).astype(np.float32)
        q = np.rint(w / scale.reshape((-1,) + (1,) * (w.ndim - 1))).astype(np.int8)
        inputs = []
        for part, value, s in ((".w", q, scale), (".b", np.zeros(len(w), np.int32), scale * np.float32(x_scale))):
            zeros = np.zeros(len(w), value.dtype)
            names = [self.constant(name + part, value), self.constant(name + part + "s", s.astype(np.float32)),
                     self.constant(name + part + "z", zeros)]
            inputs.append(self.node("DequantizeLinear", names, axis=0))
        return inputs


def smallcnn(graph):
    weights = make_weights()
    conv = dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    pool = dict(kernel_shape=[2, 2], strides=[2, 2])
    x = graph.activation("images", "image")
    for i, scale in (("1", 2 / 255), ("2", 0.02)):
        x = graph.node("Conv", [x] + graph.weight("conv" + i, weights["conv" + i], scale), **conv)
        x = graph.activation(graph.node("Relu", [x]), "relu" + i)
        x = graph.activation(graph.node("MaxPool", [x], **pool), "pool" + i)
    x = graph.activation(graph.node("Flatten", [x]), "flat")
    x = graph.node("Gemm", [x] + graph.weight("classifier", weights["classifier"], 0.03), transB=1)
    return graph.bytes(graph.activation(x, "scores"))


def make_session(precision, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    model = smallcnn({"fp32": Float, "int8": Quantised}[precision]())
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def measure(call, images):
    """Median seconds per image of 15 samples, each of as many calls as last 2 ms."""
    call()
    start = time.perf_counter()
    call()
    calls = 1 + int(2e-3 / max(time.perf_counter() - start, 1e-9))
    samples = []
    for _ in range(15):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        samples.append((time.perf_counter() - start) / calls / images)
    return sorted(samples)[7]


def main():
    threads = int(sys.argv[1])
    sessions = {}
    print("ready onnxruntime", onnxruntime.__version__, flush=True)
    for line in sys.stdin:
        try:
            what, precision, batch = line.split()
            if what != "infer" or precision not in ("fp32", "int8"):
                print("error not offered", flush=True)
                continue
            if precision not in sessions:
                sessions[precision] = make_session(precision, threads)
            feed = {"images": rng.uniform(-1, 1, (int(batch), 1, 28, 28)).astype(np.float32)}
            print(measure(lambda: sessions[precision].run(None, feed), int(batch)), flush=True)
        except Exception as e:
            print("error", str(e).replace("\n", " ")[:120], flush=True)


main()
