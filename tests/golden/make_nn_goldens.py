#!/usr/bin/python3
"""Goldens of the engine's tests, from PyTorch in float32 (Debian: python3-torch python3-onnx):
nn.json (layers, losses, one small network trained for three steps) and nn_*.onnx (models of other writers).

    make_nn_goldens.py      # rewrites them beside this script

Everything is stored in ferlab's layouts: activations NHWC, convolution weights [out][ky][kx][in].
"""
import json, os
import numpy as np, onnx, torch, torch.nn as nn, torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(7)
torch.set_num_threads(1)


def numbers(t):
    """The floats of a tensor as the shortest decimals that read back to the same bits."""
    return [float(np.format_float_positional(v, unique=True, trim="0")) for v in
            t.detach().contiguous().numpy().astype(np.float32).ravel()]


def nhwc(t):
    return t.permute(0, 2, 3, 1) if t.dim() == 4 else t


def conv_case(name, count, height, width, cin, cout, kernel, bias):
    x = torch.randn(count, cin, height, width, requires_grad=True)
    w = torch.randn(cout, cin, kernel, kernel, requires_grad=True)
    b = torch.randn(cout, requires_grad=True) if bias else None
    y = F.conv2d(x, w, b, padding=kernel // 2)
    dy = torch.randn_like(y)
    y.backward(dy)
    case = dict(name=name, count=count, height=height, width=width, channels=cin, out=cout, kernel=kernel,
                x=numbers(nhwc(x)), weight=numbers(nhwc(w)), y=numbers(nhwc(y)), dy=numbers(nhwc(dy)),
                dx=numbers(nhwc(x.grad)), dweight=numbers(nhwc(w.grad)))
    if bias:
        case.update(bias=numbers(b), dbias=numbers(b.grad))
    return case


def norm_case(count, height, width, channels, relu):
    x = (torch.randn(count, channels, height, width) * 2 + torch.arange(channels)[None, :, None, None])
    x.requires_grad_()
    bn = nn.BatchNorm2d(channels)
    with torch.no_grad():
        bn.weight.copy_(torch.rand(channels) + 0.5), bn.bias.copy_(torch.randn(channels) * 0.3)
        bn.running_mean.copy_(torch.randn(channels)), bn.running_var.copy_(torch.rand(channels) + 0.5)
    case = dict(count=count, height=height, width=width, channels=channels, relu=relu, x=numbers(nhwc(x)),
                scale=numbers(bn.weight), bias=numbers(bn.bias), mean=numbers(bn.running_mean),
                variance=numbers(bn.running_var))
    y = F.relu(bn(x)) if relu else bn(x)
    dy = torch.randn_like(y)
    y.backward(dy)
    bn.eval()
    case.update(y=numbers(nhwc(y)), dy=numbers(nhwc(dy)), dx=numbers(nhwc(x.grad)), dscale=numbers(bn.weight.grad),
                dbias=numbers(bn.bias.grad), mean_after=numbers(bn.running_mean),
                variance_after=numbers(bn.running_var),
                y_eval=numbers(nhwc(F.relu(bn(x)) if relu else bn(x))))
    return case


def pool_case(count, height, width, channels, average):
    x = torch.randn(count, channels, height, width, requires_grad=True)
    y = F.adaptive_avg_pool2d(x, 1) if average else F.max_pool2d(x, 2)
    dy = torch.randn_like(y)
    y.backward(dy)
    return dict(count=count, height=height, width=width, channels=channels, x=numbers(nhwc(x)), y=numbers(nhwc(y)),
                dy=numbers(nhwc(dy)), dx=numbers(nhwc(x.grad)))


def dense_case(count, cin, cout):
    x, w, b = torch.randn(count, cin), torch.randn(cout, cin), torch.randn(cout)
    for t in (x, w, b):
        t.requires_grad_()
    y = F.linear(x, w, b)
    dy = torch.randn_like(y)
    y.backward(dy)
    return dict(count=count, channels=cin, out=cout, x=numbers(x), weight=numbers(w), bias=numbers(b), y=numbers(y),
                dy=numbers(dy), dx=numbers(x.grad), dweight=numbers(w.grad), dbias=numbers(b.grad))


def loss_of(logits, targets, multi):
    logp = F.log_softmax(logits, 1)
    if not multi:
        return -(targets * logp).sum(1)
    return -logp.masked_fill(targets <= 0, -1e30).max(1).values


def loss_case(multi):
    logits = (torch.randn(6, 8) * 3).requires_grad_()
    targets = torch.rand(6, 8) * (torch.rand(6, 8) < 0.4)
    targets[:, 3] += 0.1
    targets = (targets > 0).float() if multi else targets / targets.sum(1, keepdim=True)
    losses = loss_of(logits, targets, multi)
    losses.mean().backward()
    return dict(count=6, classes=8, multi=multi, logits=numbers(logits), targets=numbers(targets),
                probabilities=numbers(F.softmax(logits, 1)), losses=numbers(losses), dlogits=numbers(logits.grad))


class Small(nn.Module):
    """ferlab's "6,10x1,P,9b,P,G,F7" on 9x9 images and 5 classes."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.conv2, self.bn2 = nn.Conv2d(6, 10, 1, bias=False), nn.BatchNorm2d(10)
        self.conv3 = nn.Conv2d(10, 9, 3, padding=1)
        self.dense1, self.dense2 = nn.Linear(9, 7), nn.Linear(7, 5)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        x = F.max_pool2d(F.relu(self.conv3(x)), 2)
        x = torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)
        return self.dense2(F.relu(self.dense1(x)))

    def tensors(self):
        """ferlab's names, in its file order."""
        for name, m in self.named_children():
            yield f"{name}.{'scale' if name.startswith('bn') else 'weight'}", m.weight
            if m.bias is not None:
                yield f"{name}.bias", m.bias
            if name.startswith("bn"):
                yield f"{name}.mean", m.running_mean
                yield f"{name}.variance", m.running_var


def network_case():
    net = Small()
    x, targets = torch.randn(6, 1, 9, 9), torch.softmax(torch.randn(6, 5) * 2, 1)
    case = dict(arch="6,10x1,P,9b,P,G,F7", size=9, classes=5, count=6, x=numbers(x), targets=numbers(targets),
                before={k: numbers(nhwc(v)) for k, v in net.tensors()}, momentum=0.9, decay=5e-4, rate=0.1, losses=[])
    weights = [p for n, p in net.named_parameters() if n.endswith("weight") and not n.startswith("bn")]
    others = [p for n, p in net.named_parameters() if not (n.endswith("weight") and not n.startswith("bn"))]
    optimiser = torch.optim.SGD([dict(params=weights, weight_decay=5e-4), dict(params=others)], 0.1, momentum=0.9,
                                nesterov=True)
    for step in range(3):
        optimiser.zero_grad()
        loss = loss_of(net(x), targets, False).mean()
        loss.backward()
        case["losses"].append(loss.item())
        if step == 0:
            case["gradients"] = {k: numbers(nhwc(v.grad)) for k, v in net.tensors() if v.grad is not None}
        optimiser.step()
    net.eval()
    case.update(after={k: numbers(nhwc(v)) for k, v in net.tensors()}, probabilities=numbers(F.softmax(net(x), 1)))
    return case, net, x


def export_torch(net, x):
    """PyTorch's exporter folds batch normalisation into the convolutions and writes no Softmax."""
    path = os.path.join(HERE, "nn_torch.onnx")
    torch.onnx.export(net, x[:1], path, opset_version=13, input_names=["pixels"], output_names=["logits"],
                      dynamic_axes={"pixels": {0: "n"}, "logits": {0: "n"}})


def export_others():
    """What other exporters write: float_data, tensors in any order and also listed as inputs, Constant, Reshape, MatMul
    and Add, Dropout and Identity, another epsilon, a convolution with bias before BatchNormalization."""
    rng = np.random.default_rng(3)
    f = lambda *s: rng.standard_normal(s).astype(np.float32)
    size, c, classes = 6, 5, 4
    tensors = dict(w=f(c, 1, 3, 3), b=f(c), g=f(c), be=f(c), m=f(c), v=np.abs(f(c)) + 0.1, fc=f(c * 9, classes),
                   fb=f(classes))
    inits = [helper.make_tensor(k, TensorProto.FLOAT, v.shape, v.ravel().tolist()) for k, v in
             reversed(list(tensors.items()))]
    nodes = [
        helper.make_node("Identity", ["in"], ["i"]),
        helper.make_node("Conv", ["i", "w", "b"], ["c"], auto_pad="SAME_UPPER", kernel_shape=[3, 3]),
        helper.make_node("BatchNormalization", ["c", "g", "be", "m", "v"], ["n"], epsilon=1e-3),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Dropout", ["p"], ["d"]),
        helper.make_node("Constant", [], ["shape"], value=numpy_helper.from_array(np.array([-1, c * 9]))),
        helper.make_node("Reshape", ["d", "shape"], ["f"]),
        helper.make_node("MatMul", ["f", "fc"], ["mm"]),
        helper.make_node("Add", ["mm", "fb"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["out"], axis=-1),
    ]
    value = lambda n, s: helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
    graph = helper.make_graph(nodes, "g", [value("in", ["n", 1, size, size])] +
                              [value(k, v.shape) for k, v in tensors.items()], [value("out", ["n", classes])], inits)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, os.path.join(HERE, "nn_others.onnx"))
    t = {k: torch.tensor(v) for k, v in tensors.items()}
    x = torch.tensor(f(3, 1, size, size))
    y = F.relu(F.batch_norm(F.conv2d(x, t["w"], t["b"], padding=1), t["m"], t["v"], t["g"], t["be"], eps=1e-3))
    y = torch.flatten(F.max_pool2d(y, 2), 1) @ t["fc"] + t["fb"]
    return dict(arch="5,P,V", size=size, classes=classes, count=3, x=numbers(x), probabilities=numbers(F.softmax(y, 1)))


def main():
    network, net, x = network_case()
    export_torch(net, x)
    golden = dict(
        conv=[conv_case("first", 2, 7, 5, 1, 20, 3, False), conv_case("odd", 2, 5, 7, 3, 5, 3, True),
              conv_case("wide", 1, 6, 6, 8, 16, 3, False), conv_case("pointwise", 2, 4, 3, 6, 9, 1, True),
              conv_case("column", 2, 5, 1, 4, 3, 3, False)],
        norm=[norm_case(3, 4, 5, 6, False), norm_case(2, 9, 7, 3, True)],
        pool=[pool_case(2, 6, 4, 5, False), pool_case(2, 7, 5, 3, False)],
        average=[pool_case(2, 3, 4, 5, True)],
        dense=[dense_case(3, 10, 4)],
        loss=[loss_case(False), loss_case(True)],
        network=network, others=export_others())
    with open(os.path.join(HERE, "nn.json"), "w") as out:
        json.dump(golden, out, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
