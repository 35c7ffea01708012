#!/usr/bin/python3
"""Goldens of learning in graphs: whole networks with images and targets, and PyTorch's loss, gradients and weights
after some steps of SGD, into graph_learn.json. Needs python3-torch and python3-onnx; run with /usr/bin/python3."""
import io
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
RATE, MOMENTUM, DECAY, STEPS = 0.02, 0.9, 5e-4, 4


def hexed(tensor):
    return np.ascontiguousarray(tensor.detach().numpy() if isinstance(tensor, torch.Tensor) else tensor,
                                np.float32).tobytes().hex()


def losses(kind, logits, targets):
    """Of each image; Barsoum et al.'s multi-target takes the most probable of the classes with a target."""
    log_p = torch.log_softmax(logits, 1)
    if kind == "cross-entropy":
        return -(targets * log_p).sum(1)
    return -torch.where(targets > 0, log_p, torch.full_like(log_p, -torch.inf)).max(1).values


def learn(name, model, forward, parameters, images, targets, kind="cross-entropy", logits=True):
    """parameters: (tensor, whether it decays), in the order of their use."""
    tensors = [t for t, _ in parameters]
    sgd = torch.optim.SGD([{"params": [t], "weight_decay": DECAY if decays else 0} for t, decays in parameters], RATE,
                          momentum=MOMENTUM, nesterov=True)
    case = {"name": name, "model": model.SerializeToString().hex(), "images": hexed(images), "targets": hexed(targets),
            "count": len(images), "multi_target": kind != "cross-entropy", "logits": logits, "rate": RATE,
            "momentum": MOMENTUM, "decay": DECAY, "losses": [], "gradients": [], "values": []}
    for step in range(STEPS):
        sgd.zero_grad()
        loss = losses(kind, forward(images), targets).mean()
        loss.backward()
        case["losses"].append(loss.item())
        if step == 0:
            case["gradients"] = [hexed(t.grad) for t in tensors]
            case["decays"] = [decays for _, decays in parameters]
        sgd.step()
    case["values"] = [hexed(t) for t in tensors]
    print(name, len(tensors), "parameters", sum(t.numel() for t in tensors), "floats, losses", case["losses"])
    return case


def soft_targets(count, classes, first=0):
    t = torch.zeros(count, classes)
    t[:, first:first + 8] = torch.softmax(2 * torch.randn(count, 8), 1)
    return t


def export(net, x, **options):
    file = io.BytesIO()
    torch.onnx.export(net, x, file, opset_version=13, input_names=["image"], output_names=["scores"],
                      dynamic_axes={"image": {0: "n"}, "scores": {0: "n"}}, **options)
    model = onnx.load_from_string(file.getvalue())
    model.graph.doc_string = ""
    for n in model.graph.node:
        n.doc_string = ""
    return model


def settle(net, x):
    """Statistics and affine maps that are not the initial ones."""
    with torch.no_grad():
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.weight.uniform_(0.5, 1.5)
                m.bias.uniform_(-0.3, 0.3)
        net(x)
    return net.eval()


class Residual(nn.Module):
    """Strides, dilation, groups, a residual, a gate, odd sizes."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 6, 5, 2, 2, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.block = nn.Sequential(nn.Conv2d(6, 6, 3, 1, 1, groups=6, bias=False), nn.BatchNorm2d(6), nn.LeakyReLU(0.1),
                                   nn.Conv2d(6, 6, 3, 1, 2, dilation=2, groups=2), nn.BatchNorm2d(6))
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(6, 3, 1), nn.Hardswish(), nn.Conv2d(3, 6, 1),
                                  nn.Sigmoid())
        self.last = nn.Linear(12, 8)

    def forward(self, x):
        x = self.first(x)
        y = self.block(x)
        x = F.relu(x + y * self.gate(y))
        x = F.avg_pool2d(F.max_pool2d(x, 3, 2, 1), 3)
        return self.last(torch.cat([x.mean((2, 3)), x[:, :, 0, 0]], 1))


def residual():
    """Exported so that BatchNormalization stays: learnt as an affine map with the stored statistics."""
    torch.manual_seed(11)
    net = settle(Residual(), torch.randn(32, 1, 21, 21))
    x = torch.randn(7, 1, 21, 21)
    model = export(net, x, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    kinds = {n.op_type for n in model.graph.node}
    assert "BatchNormalization" in kinds and "Conv" in kinds, kinds
    parameters = [(p, p.dim() > 1) for p in net.parameters()]
    return learn("residual", model, net, parameters, x, soft_targets(7, 8))


class Colour(nn.Module):
    """Three channels, ten classes in an order of their own, probabilities."""

    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU6(), nn.Conv2d(8, 8, 1),
                                  nn.BatchNorm2d(8), nn.Hardswish(), nn.AdaptiveAvgPool2d(1))
        self.last = nn.Linear(8, 10)

    def forward(self, x):
        return self.last(torch.flatten(self.maps(x), 1))


class Probabilities(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return torch.softmax(self.net(x), 1)


def colour():
    """PyTorch's exporter folds the normalisation into the convolution: what is learnt are those weights."""
    torch.manual_seed(12)
    net = settle(Colour(), torch.randn(32, 3, 17, 17))
    x = torch.randn(6, 3, 17, 17)
    model = export(Probabilities(net).eval(), x)
    assert "BatchNormalization" not in {n.op_type for n in model.graph.node}
    maps = net.maps
    fuse = torch.nn.utils.fuse_conv_bn_eval
    fused = Colour()
    fused.maps = nn.Sequential(fuse(maps[0], maps[1]), nn.ReLU6(), fuse(maps[3], maps[4]), nn.Hardswish(),
                               nn.AdaptiveAvgPool2d(1))
    fused.last = net.last
    parameters = [(p, p.dim() > 1) for p in fused.parameters()]
    return learn("colour", model, fused, parameters, x, soft_targets(6, 10, 1), logits=False)


def cntk():
    """As CNTK writes: a batch of one, pixels scaled by the graph, SAME_UPPER, biases by Plus, weights reshaped before
    Times, stored tensors among the inputs, which IR version 3 asks for."""
    rng = np.random.default_rng(13)

    def floats(*dims, scale=0.3):
        return (rng.standard_normal(dims) * scale).astype(np.float32)

    w1, b1, w2, b2 = floats(5, 1, 5, 5), floats(5, 1, 1), floats(4, 5, 3, 3), floats(4, 1, 1)
    m1, c1, m2, c2 = floats(4, 6, 6, 9), floats(9), floats(9, 8), floats(8)
    stored = [("middle", np.array(127.5, np.float32)), ("range", np.full((1, 1, 1), 255, np.float32)), ("Parameter5", w1),
              ("Parameter6", b1), ("Parameter23", w2), ("Parameter24", b2), ("Parameter87", m1), ("Parameter88", c1),
              ("Parameter115", m2), ("Parameter116", c2), ("rows", np.array([1, 144])), ("flat", np.array([144, 9]))]
    same = {"auto_pad": "SAME_UPPER", "dilations": [1, 1], "group": 1}
    nodes = [
        helper.make_node("Reshape", ["Parameter87", "flat"], ["Parameter87_reshape1"], name="Times_reshape"),
        helper.make_node("Sub", ["Input3", "middle"], ["centred"]),
        helper.make_node("Div", ["centred", "range"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "Parameter5"], ["Convolution28"], kernel_shape=[5, 5], strides=[2, 2], **same),
        helper.make_node("Add", ["Convolution28", "Parameter6"], ["Plus30"]),
        helper.make_node("Relu", ["Plus30"], ["ReLU32"]),
        helper.make_node("Conv", ["ReLU32", "Parameter23"], ["Convolution40"], kernel_shape=[3, 3], strides=[1, 1], **same),
        helper.make_node("Add", ["Convolution40", "Parameter24"], ["Plus42"]),
        helper.make_node("Relu", ["Plus42"], ["ReLU44"]),
        helper.make_node("MaxPool", ["ReLU44"], ["Pooling46"], auto_pad="VALID", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Dropout", ["Pooling46"], ["Dropout48", "mask"], ratio=0.5),
        helper.make_node("Reshape", ["Dropout48", "rows"], ["vector"]),
        helper.make_node("MatMul", ["vector", "Parameter87_reshape1"], ["Times90"]),
        helper.make_node("Add", ["Times90", "Parameter88"], ["Plus92"]),
        helper.make_node("Relu", ["Plus92"], ["ReLU94"]),
        helper.make_node("MatMul", ["ReLU94", "Parameter115"], ["Times118"]),
        helper.make_node("Add", ["Times118", "Parameter116"], ["Plus120_Output_0"]),
    ]

    def info(name, a):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT if a.dtype == np.float32 else TensorProto.INT64,
                                             a.shape)

    image = helper.make_tensor_value_info("Input3", TensorProto.FLOAT, (1, 1, 24, 24))
    output = helper.make_tensor_value_info("Plus120_Output_0", TensorProto.FLOAT, (1, 8))
    graph = helper.make_graph(nodes, "CNTKGraph", [image, *(info(n, a) for n, a in stored)], [output],
                              [numpy_helper.from_array(a, n) for n, a in stored])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 8)], producer_name="CNTK")
    model.ir_version = 3
    entry = model.metadata_props.add()
    entry.key, entry.value = "note", "kept as it is"
    onnx.checker.check_model(model)
    t = [torch.tensor(a, requires_grad=True) for a in (w1, b1, w2, b2, m1, c1, m2, c2)]

    def forward(x):
        x = F.pad((x - 127.5) / 255, (1, 2, 1, 2))
        x = F.relu(F.conv2d(x, t[0], None, 2) + t[1])
        x = F.relu(F.conv2d(x, t[2], None, 1, 1) + t[3])
        x = F.max_pool2d(x, 2).reshape(-1, 144)
        x = F.relu(x @ t[4].reshape(144, 9) + t[5])
        return x @ t[6] + t[7]

    images = torch.tensor(np.floor(rng.uniform(0, 256, (5, 1, 24, 24))).astype(np.float32))
    targets = torch.zeros(5, 8)
    for row in targets:
        row[torch.randperm(8)[:3]] = 1
    parameters = [(p, i % 2 == 0) for i, p in enumerate(t)]
    return learn("cntk", model, forward, parameters, images, targets, "multi-target")


def main():
    cases = [residual(), colour(), cntk()]
    text = json.dumps(cases, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n"
    (HERE / "graph_learn.json").write_text(text, encoding="ascii")
    print(len(text), "bytes")


if __name__ == "__main__":
    main()
