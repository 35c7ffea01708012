#!/usr/bin/python3
"""Golden of a loss curve: 300 steps of a small network by PyTorch in double precision (Debian: python3-torch), whose
convolutions are direct. curve.txt holds the mean loss of every ten steps.

    make_curve_golden.py      # rewrites it beside this script

Images, targets and first weights come from formulas that test_nn_curve.c repeats; weights are in ferlab's layout,
[out][ky][kx][in].
"""
import math, os
import torch, torch.nn as nn, torch.nn.functional as F

SIDE, CLASSES, IMAGES, BATCH, STEPS = 12, 4, 320, 32, 300
WIDTHS = (8, 12, "P", 16)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def noise(i):
    """In -0.5 to 0.5 (Knuth's multiplicative hash)."""
    return (i * 2654435761 % 2**32) / 2**32 - 0.5


def image(n):
    k = n % CLASSES + 1
    return [math.cos(0.5 * k * x) * math.cos(0.4 * k * y) + 3 * noise(n * SIDE * SIDE + y * SIDE + x)
            for y in range(SIDE) for x in range(SIDE)]


def weights(which, count, fan_in):
    deviation = math.sqrt(2.0 / fan_in)
    return torch.tensor([deviation * math.sqrt(12) * noise(1000003 * (which + 1) + i) for i in range(count)])


def network():
    layers, channels, which = [], 1, 0
    for width in WIDTHS:
        if width == "P":
            layers.append(nn.MaxPool2d(2))
            continue
        conv = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        w = weights(which, width * 9 * channels, 9 * channels).reshape(width, 3, 3, channels)
        conv.weight = nn.Parameter(w.permute(0, 3, 1, 2).contiguous())
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
        channels, which = width, which + 1
    dense = nn.Linear(channels, CLASSES)
    dense.weight = nn.Parameter(weights(which, CLASSES * channels, channels).reshape(CLASSES, channels))
    nn.init.zeros_(dense.bias)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), dense)


net = network()
x = torch.tensor([image(n) for n in range(IMAGES)]).reshape(IMAGES, 1, SIDE, SIDE)
y = torch.tensor([n % CLASSES for n in range(IMAGES)])
decays = [p for p in net.parameters() if p.dim() > 1]
others = [p for p in net.parameters() if p.dim() == 1]
sgd = torch.optim.SGD([dict(params=decays, weight_decay=5e-4), dict(params=others)], 0.05, momentum=0.9, nesterov=True)
losses = []
for step in range(STEPS):
    at = step * BATCH % IMAGES
    sgd.zero_grad()
    loss = F.cross_entropy(net(x[at:at + BATCH]), y[at:at + BATCH])
    loss.backward()
    sgd.step()
    losses.append(loss.item())
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "curve.txt"), "w") as f:
    for i in range(0, STEPS, 10):
        f.write(f"{sum(losses[i:i + 10]) / 10:.6f}\n")
