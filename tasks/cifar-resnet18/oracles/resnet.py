"""Writes resnet.json: ResNet18 for CIFAR as defined in https://github.com/uoguelph-mlrg/Cutout.

    pip install torch numpy && python tasks/cifar-resnet18/oracles/resnet.py

Written anew from that repository's definition: 3x3 stem, stages of 2 basic blocks with 1, 2, 4, 8
times the width, strides 1, 2, 2, 2, 1x1 shortcuts, an average pool of what is left (4x4 of images
32x32), linear head.
"""

import pathlib
import sys

import torch
from torch import nn
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "suite/nn/oracles"))
from seeded import drawn, fill, numbers, oracle, write

torch.set_default_dtype(torch.float64)


def conv(channels_in, channels_out, kernel, stride):
    return nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False)


class Block(nn.Module):
    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        self.conv1 = conv(channels_in, channels_out, 3, stride)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = conv(channels_out, channels_out, 3, 1)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels_in != channels_out:
            projection = conv(channels_in, channels_out, 1, stride)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(channels_out))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = conv(3, width, 3, 1)
        self.bn1 = nn.BatchNorm2d(width)
        stages, channels = [], width
        for index, factor in enumerate([1, 2, 4, 8]):
            stride = 1 if index == 0 else 2
            first = Block(channels, width * factor, stride)
            channels = width * factor
            stages.append(nn.Sequential(first, Block(channels, channels, 1)))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.linear = nn.Linear(channels, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.linear(F.avg_pool2d(x, x.shape[-1]).flatten(1))


def images(count, side):
    return drawn("input", [count, side, side, 3]).permute(0, 3, 1, 2)


def evaluated(width, count, side):
    """Logits with the running moments, as drawn."""
    model = ResNet18(width)
    fill(model.state_dict())
    model.eval()
    return model, numbers(model(images(count, side)))


small, evaluation = evaluated(3, 4, 16)
small.train()
labels = torch.tensor([3, 0, 9, 3])
inputs = images(4, 16)
result = oracle(small, lambda x: small(x), inputs, labels)
result["evaluationLogits"] = evaluation
result["inputShape"] = [4, 16, 16, 3]

full, logits = evaluated(64, 2, 32)
write(
    __file__,
    {
        "small": result,
        "full": {
            "shapes": {n: list(v.shape) for n, v in full.state_dict().items() if v.is_floating_point()},
            "parameterCount": sum(v.numel() for v in full.parameters()),
            "inputShape": [2, 32, 32, 3],
            "evaluationLogits": logits,
        },
    },
)
