#!/usr/bin/python3
"""Goldens of Grad-CAM: whole networks with an image and, for each of some classes, the map that PyTorch's gradients give
(Selvaraju et al. 2017), into cam.json. Needs python3-torch and python3-onnx; run with /usr/bin/python3."""
import io
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent


def hexed(tensor):
    return np.ascontiguousarray(tensor.detach().numpy(), np.float32).tobytes().hex()


def export(net, x):
    file = io.BytesIO()
    torch.onnx.export(net, x, file, opset_version=13, input_names=["image"], output_names=["scores"],
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    model = onnx.load_from_string(file.getvalue())
    model.graph.doc_string = ""
    for n in model.graph.node:
        n.doc_string = ""
    return model


def case(name, net, size, channels=1, batch=1):
    """net(x) gives what the file gives, net.explained(x) the maps looked at and the scores before Softmax."""
    net.eval()
    with torch.no_grad():
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.weight.uniform_(0.5, 1.5), m.bias.uniform_(-0.3, 0.3)
                m.running_mean.uniform_(-0.3, 0.3), m.running_var.uniform_(0.5, 1.5)
    x = torch.randn(1, channels, size, size)
    whole = x.expand(batch, -1, -1, -1).contiguous()
    maps, scores = net.explained(whole)
    found = []
    for k in range(scores.shape[1]):
        gradient, = torch.autograd.grad(scores[0, k], maps, retain_graph=True)
        weight = gradient[0].mean((1, 2), keepdim=True)
        found.append(F.relu((weight * maps[0]).sum(0)))
    filled = [k for k, m in enumerate(found) if m.max() > 0]
    print(name, tuple(maps.shape[1:]), "maps not empty:", filled)
    return {"name": name, "model": export(net, whole).SerializeToString().hex(), "image": hexed(x),
            "height": maps.shape[2], "width": maps.shape[3], "maps": [hexed(m) for m in found]}


class Chain(nn.Module):
    """As ferlab's own: the maps are those of the last convolution behind its activation, before pooling."""

    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
                                  nn.Conv2d(4, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.last = nn.Linear(6, 5)

    def explained(self, x):
        maps = self.maps(x)
        return maps, self.last(torch.flatten(F.adaptive_avg_pool2d(F.max_pool2d(maps, 2), 1), 1))

    def forward(self, x):
        return torch.softmax(self.explained(x)[1], 1)


class Residual(nn.Module):
    """The last convolution of 6 x 6 or more stands before a sum and an activation; smaller ones come after it, and a
    gate of 1 x 1."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU())
        self.block = nn.Sequential(nn.Conv2d(6, 6, 3, 1, 1), nn.BatchNorm2d(6), nn.LeakyReLU(0.1),
                                   nn.Conv2d(6, 6, 3, 1, 1), nn.BatchNorm2d(6))
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(6, 3, 1), nn.ReLU(), nn.Conv2d(3, 6, 1), nn.Sigmoid())
        self.small = nn.Sequential(nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU())
        self.last = nn.Linear(8, 7)

    def explained(self, x):
        x = self.first(x)
        y = self.block(x)
        maps = F.relu(x + y * self.gate(y))
        return maps, self.last(self.small(maps).mean((2, 3)))

    def forward(self, x):
        return self.explained(x)[1]


class Branches(nn.Module):
    """x * sigmoid(x) for an activation, two branches that are joined, all places as one vector, Sigmoid at the end; a
    batch of two in the file."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 3, 3, 1, 1)
        self.left, self.right = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 2, 3, 1, 1)
        self.last = nn.Linear(6 * 7 * 7, 4)

    def explained(self, x):
        x = F.silu(self.first(x))
        maps = torch.cat([F.silu(self.left(x)), F.silu(self.right(x))], 1)
        return maps, self.last(torch.flatten(maps, 1))

    def forward(self, x):
        return torch.sigmoid(self.explained(x)[1])


class Tiny(nn.Module):
    """No convolution has 6 x 6 places: those count that have most."""

    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(1, 5, 3, 4, 1), nn.ReLU6())
        self.small = nn.Sequential(nn.Conv2d(5, 5, 3, 2, 1), nn.ReLU())
        self.last = nn.Linear(5, 3)

    def explained(self, x):
        maps = self.maps(x)
        return maps, self.last(self.small(maps).mean((2, 3)))

    def forward(self, x):
        return torch.log_softmax(self.explained(x)[1], 1)


def main():
    torch.manual_seed(5)
    cases = [case("chain", Chain(), 12), case("residual", Residual(), 13, channels=3),
             case("branches", Branches(), 7, batch=2), case("tiny", Tiny(), 13)]
    (HERE / "cam.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")


main()
