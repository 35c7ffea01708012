#!/usr/bin/python3
"""tests/golden/graph.json: models of ONNX operators, inputs, and the outputs they should give.

Small cases come from ONNX's own node tests; what changed between operator sets, whole networks and their outputs
from numpy and PyTorch. Needs python3-onnx, python3-torch. Bytes are hexadecimal digits: tests/unit/graph_case.h.
"""
import io
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "conformance"))

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import torch  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx_nodes import case_of, node_cases  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

# From the node tests: the beginnings of names; cases larger than this many digits stay out.
FAMILIES = {
    "convolution": ["test_basic_conv", "test_conv_with", "test_batchnorm"],
    "pooling": ["test_maxpool_", "test_averagepool_", "test_global"],
    "pointwise": ["test_relu", "test_leakyrelu", "test_clip", "test_sigmoid", "test_tanh", "test_hardswish",
                  "test_hardsigmoid", "test_softmax_", "test_logsoftmax"],
    "arithmetic": ["test_add", "test_sub", "test_mul", "test_div", "test_reduce_sum", "test_reduce_mean"],
    "product": ["test_gemm", "test_matmul"],
    "shape": ["test_flatten", "test_reshape", "test_squeeze", "test_unsqueeze", "test_identity", "test_dropout",
              "test_constant_", "test_constantofshape", "test_shape", "test_cast_"],
    "layout": ["test_concat", "test_transpose", "test_slice", "test_gather_", "test_expand_dim", "test_constant_pad",
               "test_edge_pad", "test_reflect_pad"],
}
DIGITS_MAX = 2600
RNG = np.random.default_rng(8)


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def size_of(case):
    return sum(len(t["data"]) for t in case["inputs"] + case["outputs"]) + len(case["model"])


def model_of(nodes, inputs, outputs, stored=(), opset=13, ir=8):
    """A model; inputs and outputs are (name, array or shape). Before version 4 of the format what is stored is listed
    among the inputs too."""
    def info(name, a):
        kind = TensorProto.INT64 if isinstance(a, np.ndarray) and a.dtype == np.int64 else TensorProto.FLOAT
        return helper.make_tensor_value_info(name, kind, a.shape if isinstance(a, np.ndarray) else a)

    listed = [*inputs, *(stored if ir < 4 else [])]
    graph = helper.make_graph(nodes, "g", [info(*i) for i in listed], [info(*o) for o in outputs],
                              [numpy_helper.from_array(a, n) for n, a in stored])
    m = helper.make_model(graph, ir_version=ir, opset_imports=[helper.make_opsetid("", opset)])
    onnx.checker.check_model(m)
    return m


def one(name, opset, op, x, y, stored=(), **attributes):
    """One node of that operator set that makes y of x and of what is stored."""
    node = helper.make_node(op, ["x", *(n for n, _ in stored)], ["y"], **attributes)
    return case_of(f"{name}_{opset}", model_of([node], [("x", x)], [("y", y)], stored, opset), [x], [y])


def old_forms():
    """What operator sets say in different ways."""
    x = floats(2, 3, 4)
    e = np.exp(x.reshape(2, 12) - x.reshape(2, 12).max(1, keepdims=True))
    yield one("softmax_flat", 9, "Softmax", x, (e / e.sum(1, keepdims=True)).reshape(x.shape).astype(np.float32))
    yield one("clip", 7, "Clip", x, np.clip(x, -0.5, 0.25), min=-0.5, max=0.25)
    yield one("slice", 7, "Slice", x, x[:, 1:3, :-1].copy(), axes=[1, 2], starts=[1, 0], ends=[9, -1])
    yield one("pad", 7, "Pad", x, np.pad(x, ((0, 0), (1, 0), (2, 1)), constant_values=0.5), pads=[0, 1, 2, 0, 0, 1],
              value=0.5)
    yield one("squeeze", 7, "Squeeze", x[:, :1].copy(), x[:, 0].copy(), axes=[1])
    yield one("unsqueeze", 7, "Unsqueeze", x, x[None, :, None].copy(), axes=[0, 2])
    yield one("dropout", 7, "Dropout", x, x, ratio=0.3)
    yield one("reduce_mean", 11, "ReduceMean", x, x.mean((0, 2)), axes=[0, -1], keepdims=0)
    yield one("reduce_sum", 11, "ReduceSum", x, x.sum(1, keepdims=True), axes=[1])
    image = floats(1, 2, 5, 5)
    y = F.avg_pool2d(torch.tensor(image), 3, 2, 1, ceil_mode=True, count_include_pad=False).numpy()
    yield one("average_pool_ceil", 11, "AveragePool", image, y, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4,
              ceil_mode=1)
    w, b = floats(6, 1, 3, 3), floats(6)
    y = F.conv2d(torch.tensor(image), torch.tensor(w), torch.tensor(b), (2, 1), (1, 0), groups=2).numpy()
    yield one("conv_groups", 7, "Conv", image, y, [("w", w), ("b", b)], group=2, strides=[2, 1], pads=[1, 0, 1, 0],
              kernel_shape=[3, 3])
    y = F.conv2d(torch.tensor(image), torch.tensor(w), None, 1, 0, 2, groups=2).numpy()
    yield one("conv_dilated", 7, "Conv", image, y, [("w", w)], group=2, dilations=[2, 2])


def newer_forms():
    """Operator set 18, which this ONNX does not check yet."""
    x = floats(2, 3, 4)
    for op, y in ("ReduceMean", x.mean(1)), ("Pad", np.pad(x, ((0, 0), (0, 0), (1, 2)))):
        stored = [("axes", np.array([1]))] if op == "ReduceMean" else [("pads", np.array([1, 2]))]
        names = ["x", "axes"] if op == "ReduceMean" else ["x", "pads", "", "last"]
        if op == "Pad":
            stored.append(("last", np.array([-1])))
        node = helper.make_node(op, names, ["y"], **({"keepdims": 0} if op == "ReduceMean" else {}))
        graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", 1, x.shape)],
                                  [helper.make_tensor_value_info("y", 1, y.shape)],
                                  [numpy_helper.from_array(a, n) for n, a in stored])
        yield case_of(f"{op}_18", helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), [x], [y])


class Net(nn.Module):
    """What chains cannot say: strides, a residual, groups, squeeze and excitation, ten classes."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 8, 5, 4, 2, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.block = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False), nn.BatchNorm2d(8), nn.LeakyReLU(0.1),
                                   nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8))
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1),
                                  nn.Hardsigmoid())
        self.last = nn.Linear(8, 10)

    def forward(self, x):
        x = self.first(x)
        y = self.block(x)
        x = F.relu(x + y * self.gate(y))
        x = F.avg_pool2d(F.max_pool2d(x, 2), 3)
        return self.last(x.view(x.shape[0], -1))


def torch_net():
    torch.manual_seed(5)
    net = Net()
    net(torch.randn(16, 1, 24, 24))  # statistics that are not the initial ones
    net.eval()
    x = torch.randn(2, 1, 24, 24)
    file = io.BytesIO()
    torch.onnx.export(net, x, file, opset_version=13, input_names=["faces"], output_names=["scores"],
                      dynamic_axes={"faces": {0: "n"}, "scores": {0: "n"}})
    model = onnx.load_from_string(file.getvalue())
    model.graph.doc_string = model.producer_name = ""
    for n in model.graph.node:
        n.doc_string = ""
    case = case_of("torch", model, [x.numpy()], [net(x).detach().numpy()])
    case["operators"] = sorted({n.op_type for n in model.graph.node})
    return case


def ferplus_like():
    """A batch of one 64x64 image in 0 to 255, scaled by the graph, 8 logits: as the public emotion-ferplus."""
    w, m, b = floats(4, 1, 5, 5) * 0.3, floats(4 * 16, 8) * 0.3, floats(1, 8)
    nodes = [
        helper.make_node("Sub", ["Input3", "middle"], ["centred"]),
        helper.make_node("Div", ["centred", "range"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "w"], ["maps"], auto_pad="SAME_UPPER", strides=[4, 4], kernel_shape=[5, 5],
                         dilations=[1, 1], group=1),
        helper.make_node("Relu", ["maps"], ["positive"]),
        helper.make_node("MaxPool", ["positive"], ["pooled"], auto_pad="VALID", kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Dropout", ["pooled"], ["kept", "mask"], ratio=0.5),
        helper.make_node("Reshape", ["kept", "rows"], ["vector"]),
        helper.make_node("MatMul", ["vector", "m"], ["product"]),
        helper.make_node("Add", ["product", "b"], ["Plus692_Output_0"]),
    ]
    stored = [("middle", np.array(127.5, np.float32)), ("range", np.array(255, np.float32)), ("w", w),
              ("rows", np.array([1, 64])), ("m", m), ("b", b)]
    x = np.floor(RNG.uniform(0, 256, (1, 1, 64, 64))).astype(np.float32)
    t = F.pad((torch.tensor(x) - 127.5) / 255, (0, 1, 0, 1))
    y = F.max_pool2d(F.relu(F.conv2d(t, torch.tensor(w), None, 4)), 4).reshape(1, 64).numpy() @ m + b
    model = model_of(nodes, [("Input3", (1, 1, 64, 64))], [("Plus692_Output_0", (1, 8))], stored, 8)
    return case_of("ferplus", model, [x], [y.astype(np.float32)])


def colour_last():
    """Three channels, last; eight probabilities in an order of their own."""
    w, m = floats(6, 3, 4, 4) * 0.2, floats(6, 8)
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "w"], ["maps"], strides=[4, 4]),
        helper.make_node("Tanh", ["maps"], ["bent"]),
        helper.make_node("ReduceMean", ["bent"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["means", "m"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=-1),
    ]
    x = floats(2, 16, 16, 3)
    t = torch.tanh(F.conv2d(torch.tensor(x).permute(0, 3, 1, 2), torch.tensor(w), None, 4)).mean((2, 3))
    y = torch.softmax(t @ torch.tensor(m), 1).numpy()
    return case_of("colour", model_of(nodes, [("x", ("n", 16, 16, 3))], [("y", ("n", 8))], [("w", w), ("m", m)]), [x],
                   [y])


def padded(t, low, high, value=0.0):
    """What auto_pad adds to both sides of height and width."""
    return F.pad(t, (low, high, low, high), value=value)


def cntk():
    """The public emotion-ferplus in small, node by node as CNTK wrote it: operator set 7 of format 3, one raw image,
    biases added to convolutions, weights of the first product reshaped on the way, Dropout left in."""
    w1, w2, w3 = floats(4, 1, 3, 3) * 0.5, floats(4, 4, 3, 3) * 0.3, floats(6, 4, 5, 5) * 0.2
    b1, b2, b3 = floats(4, 1, 1), floats(4, 1, 1), floats(6, 1, 1)
    m1, m2, c1, c2 = floats(6, 8, 8, 8) * 0.1, floats(8, 8), floats(8), floats(8)
    same = {"auto_pad": "SAME_UPPER", "group": 1, "dilations": [1, 1]}
    nodes = [
        helper.make_node("Sub", ["Input3", "Constant339"], ["Minus340_Output_0"]),
        helper.make_node("Div", ["Minus340_Output_0", "Constant343"], ["Block352_Output_0"]),
        helper.make_node("Conv", ["Block352_Output_0", "w1"], ["Convolution362"], kernel_shape=[3, 3], strides=[1, 1],
                         **same),
        helper.make_node("Add", ["Convolution362", "b1"], ["Plus364"]),
        helper.make_node("Relu", ["Plus364"], ["ReLU366"]),
        helper.make_node("Conv", ["ReLU366", "w2"], ["Convolution380"], kernel_shape=[3, 3], strides=[1, 1], **same),
        helper.make_node("Add", ["Convolution380", "b2"], ["Plus382"]),
        helper.make_node("Relu", ["Plus382"], ["ReLU384"]),
        helper.make_node("MaxPool", ["ReLU384"], ["Pooling398"], auto_pad="NOTSET", kernel_shape=[2, 2],
                         pads=[0, 0, 0, 0], strides=[2, 2]),
        helper.make_node("Dropout", ["Pooling398"], ["Dropout408", "Dropout408_mask"], ratio=0.25),
        helper.make_node("Conv", ["Dropout408", "w3"], ["Convolution421"], kernel_shape=[5, 5], strides=[2, 2], **same),
        helper.make_node("Add", ["Convolution421", "b3"], ["Plus423"]),
        helper.make_node("Relu", ["Plus423"], ["ReLU425"]),
        helper.make_node("MaxPool", ["ReLU425"], ["Pooling439"], auto_pad="SAME_UPPER", kernel_shape=[3, 3],
                         strides=[2, 2]),
        helper.make_node("Dropout", ["Pooling439"], ["Dropout612"], ratio=0.25),
        helper.make_node("Reshape", ["Dropout612", "Dropout612_shape"], ["Dropout612_reshape0"]),
        helper.make_node("Reshape", ["Parameter613", "Parameter613_shape"], ["Parameter613_reshape1"]),
        helper.make_node("MatMul", ["Dropout612_reshape0", "Parameter613_reshape1"], ["Times622"]),
        helper.make_node("Add", ["Times622", "c1"], ["Plus624"]),
        helper.make_node("Relu", ["Plus624"], ["ReLU636"]),
        helper.make_node("Dropout", ["ReLU636"], ["Dropout675"], ratio=0.5),
        helper.make_node("MatMul", ["Dropout675", "Parameter1693"], ["Times690"]),
        helper.make_node("Add", ["Times690", "c2"], ["Plus692_Output_0"]),
    ]
    stored = [("Constant339", np.array(127.5, np.float32)), ("Constant343", np.array(255, np.float32)), ("w1", w1),
              ("b1", b1), ("w2", w2), ("b2", b2), ("w3", w3), ("b3", b3), ("Dropout612_shape", np.array([1, 384])),
              ("Parameter613", m1), ("Parameter613_shape", np.array([384, 8])), ("c1", c1), ("Parameter1693", m2),
              ("c2", c2)]
    x = np.floor(RNG.uniform(0, 256, (1, 1, 64, 64))).astype(np.float32)
    t = (torch.tensor(x) - 127.5) / 255
    t = F.relu(F.conv2d(t, torch.tensor(w1), torch.tensor(b1).flatten(), padding=1))
    t = F.max_pool2d(F.relu(F.conv2d(t, torch.tensor(w2), torch.tensor(b2).flatten(), padding=1)), 2)
    t = F.relu(F.conv2d(padded(t, 1, 2), torch.tensor(w3), torch.tensor(b3).flatten(), 2))
    t = F.max_pool2d(padded(t, 0, 1, -np.inf), 3, 2).reshape(1, 384)
    t = F.relu(t @ torch.tensor(m1).reshape(384, 8) + torch.tensor(c1))
    y = (t @ torch.tensor(m2) + torch.tensor(c2)).numpy()
    model = model_of(nodes, [("Input3", (1, 1, 64, 64))], [("Plus692_Output_0", (1, 8))], stored, 7, 3)
    return case_of("cntk", model, [x], [y])


def keras():
    """As tf2onnx writes a Keras classifier of gray faces: channels last, transposed once, means over what were the
    image's sides, batch normalisation behind ReLU."""
    w1, b1, w2, b2 = floats(6, 1, 3, 3) * 0.5, floats(6), floats(8, 6, 3, 3) * 0.3, floats(8)
    norm = {"scale": floats(6), "shift": floats(6), "mean": floats(6), "variance": np.abs(floats(6)) + 0.5}
    m, c = floats(8, 8), floats(8)
    nodes = [
        helper.make_node("Transpose", ["input_1"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "w1", "b1"], ["conv2d"], kernel_shape=[3, 3], strides=[2, 2],
                         auto_pad="SAME_UPPER"),
        helper.make_node("Relu", ["conv2d"], ["activation"]),
        helper.make_node("BatchNormalization", ["activation", *norm], ["normal"], epsilon=1e-3),
        helper.make_node("MaxPool", ["normal"], ["pool"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["pool", "w2", "b2"], ["conv2d_1"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["conv2d_1"], ["activation_1"]),
        helper.make_node("Transpose", ["activation_1"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node("ReduceMean", ["last"], ["global_average_pooling2d"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["global_average_pooling2d", "m"], ["dense_product"]),
        helper.make_node("Add", ["dense_product", "c"], ["dense"]),
        helper.make_node("Softmax", ["dense"], ["predictions"], axis=-1),
    ]
    stored = [("w1", w1), ("b1", b1), *norm.items(), ("w2", w2), ("b2", b2), ("m", m), ("c", c)]
    x = RNG.uniform(0, 1, (2, 24, 24, 1)).astype(np.float32)
    t = F.relu(F.conv2d(padded(torch.tensor(x).permute(0, 3, 1, 2), 0, 1), torch.tensor(w1), torch.tensor(b1), 2))
    scale, shift, mean, variance = (torch.tensor(a) for a in norm.values())
    t = F.max_pool2d(F.batch_norm(t, mean, variance, scale, shift, eps=1e-3), 2)
    t = F.relu(F.conv2d(t, torch.tensor(w2), torch.tensor(b2), padding=1)).mean((2, 3))
    y = torch.softmax(t @ torch.tensor(m) + torch.tensor(c), 1).numpy()
    model = model_of(nodes, [("input_1", ("unk__1", 24, 24, 1))], [("predictions", ("unk__1", 8))], stored)
    return case_of("keras", model, [x], [y])


def main():
    golden = {family: [] for family in FAMILIES}
    for case in node_cases():
        for family, beginnings in FAMILIES.items():
            if "skip" not in case and any(case["name"].startswith(b) for b in beginnings):
                if size_of(case) <= DIGITS_MAX:
                    golden[family].append(case)
    golden["operator sets"] = [*old_forms(), *newer_forms()]
    golden["networks"] = [torch_net(), ferplus_like(), colour_last(), cntk(), keras()]
    text = json.dumps(golden, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n"
    (HERE / "graph.json").write_text(text, encoding="ascii")
    for family, cases in golden.items():
        print(family, len(cases), sum(size_of(c) for c in cases))
    print(golden["networks"][0]["operators"], len(text))


if __name__ == "__main__":
    main()
