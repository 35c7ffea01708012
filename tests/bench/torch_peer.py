#!/usr/bin/python3
"""What engine.py measures, by PyTorch (Debian: python3-torch): a training step, inference, one image.

    torch_peer.py [--arch default|vgg13] [--batch 128] [--infer-batch 256] [--threads 2] [--seconds 6]

channels_last, which is PyTorch's faster format on processors. A step is forward, soft-label cross-entropy, backward, SGD with
Nesterov momentum. Prints one JSON object.
"""
import argparse, json, time
import torch
import torch.nn as nn
import torch.nn.functional as F

DEFAULT = "32,32,P,64,64,P,128,128,P,256,256,P"


def default_net():
    layers, channels = [], 1
    for item in DEFAULT.split(","):
        if item == "P":
            layers.append(nn.MaxPool2d(2))
        else:
            width = int(item)
            layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(channels, 8)), 48


def vgg13():
    """Barsoum et al. 2016."""
    layers, channels = [], 1
    for width, count in ((64, 2), (128, 2), (256, 3), (256, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    dense = [nn.Flatten(), nn.Linear(4096, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, 1024), nn.ReLU(),
             nn.Dropout(0.5), nn.Linear(1024, 8)]
    return nn.Sequential(*layers, *dense), 64


def seconds_each(work, seconds):
    work()
    work()
    start, rounds = time.time(), 0
    while rounds == 0 or time.time() - start < seconds:
        work()
        rounds += 1
    return (time.time() - start) / rounds


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--arch", default="default", choices=("default", "vgg13"))
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--infer-batch", type=int, default=256)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seconds", type=float, default=6)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    net, size = vgg13() if a.arch == "vgg13" else default_net()
    net = net.to(memory_format=torch.channels_last)

    def images(count):
        return torch.randn(count, 1, size, size).to(memory_format=torch.channels_last)

    x, many, one = images(a.batch), images(a.infer_batch), images(1)
    y = torch.softmax(torch.randn(a.batch, 8), 1)
    sgd = torch.optim.SGD(net.parameters(), 0.001, momentum=0.9, nesterov=True)

    def step():
        sgd.zero_grad()
        loss = -(y * F.log_softmax(net(x), 1)).sum(1).mean()
        loss.backward()
        sgd.step()

    def infer(batch):
        with torch.no_grad():
            F.softmax(net(batch), 1)

    net.train()
    train = seconds_each(step, a.seconds)
    net.eval()
    print(json.dumps({
        "train_img_s": a.batch / train,
        "infer_img_s": a.infer_batch / seconds_each(lambda: infer(many), a.seconds / 2),
        "one_image_ms": 1000 * seconds_each(lambda: infer(one), a.seconds / 4),
    }))


if __name__ == "__main__":
    main()
