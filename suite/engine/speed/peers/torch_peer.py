"""The benchmark's cases in PyTorch, eager, on the CPU: threads = cores, channels-last for convolutions."""
import os

import torch
from torch import nn
from torch.nn import functional as F

from protocol import Absent, serve
from torch_second_order import CLIP, METHODS, second_order_step

torch.set_num_threads(int(os.environ.get("PEER_THREADS", os.cpu_count())))
torch.manual_seed(0)


def training_step(model, optimizer, inputs, labels, clip=None):
    parameters = list(model.parameters())

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(inputs).flatten(0, -2), labels)
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
        return loss.item()

    return step


def optimizer_of(model, name, rate):
    """The fused implementations: the fastest of the three that torch.optim has."""
    parameters, optim = model.parameters(), torch.optim
    momentum = {"lr": rate, "momentum": 0.9, "weight_decay": 1e-5, "fused": True}
    makers = {
        "sgd": lambda: optim.SGD(parameters, **momentum),
        "nesterov": lambda: optim.SGD(parameters, nesterov=True, **momentum),
        "adam": lambda: optim.Adam(parameters, lr=rate, weight_decay=1e-5, fused=True),
        "adamw": lambda: optim.AdamW(parameters, lr=rate, fused=True),
    }
    if name not in makers:
        raise Absent
    return makers[name]()


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True)


def mlp(inputs, hidden, batch, optimizer=None):
    model = nn.Sequential(
        nn.Linear(inputs, hidden, bias=False),
        nn.ReLU(),
        nn.Linear(hidden, hidden, bias=False),
        nn.ReLU(),
        nn.Linear(hidden, 10, bias=False),
    )
    labels = torch.arange(batch) % 10
    images = torch.randn(batch, inputs)
    if optimizer is None:
        return training_step(model, sgd(model), images, labels)
    if optimizer in METHODS:
        return second_order_step(model, optimizer, 1e-4, images, labels)
    return training_step(model, optimizer_of(model, optimizer, 1e-4), images, labels, CLIP)


def conv(batch, side, optimizer):
    """Three convolutions, of stride 1, 2 and 2, a mean over positions and a linear head."""
    channels = [3, 16, 32, 32]
    layers = []
    for i, (before, after) in enumerate(zip(channels, channels[1:])):
        layers += [nn.Conv2d(before, after, 3, 1 if i == 0 else 2, 1, bias=False), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], 10)]
    model = nn.Sequential(*layers).to(memory_format=torch.channels_last)
    images = torch.randn(batch, 3, side, side).contiguous(memory_format=torch.channels_last)
    labels = torch.arange(batch) % 10
    return training_step(model, optimizer_of(model, optimizer, 1e-4), images, labels, CLIP)


class Block(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.shortcut = nn.Identity()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x):
        y = self.norm2(self.second(F.relu(self.norm1(self.first(x)))))
        return F.relu(y + self.shortcut(x))


def resnet18(width, batch):
    layers = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    channels = width
    for stage in range(4):
        for block in range(2):
            after = width * 2**stage
            layers.append(Block(channels, after, 2 if stage > 0 and block == 0 else 1))
            channels = after
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]
    model = nn.Sequential(*layers).to(memory_format=torch.channels_last)
    images = torch.randn(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    return training_step(model, sgd(model), images, torch.arange(batch) % 10)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def forward(self, x):
        n, t, width = x.shape
        parts = self.qkv(x).view(n, t, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.projection(mixed.transpose(1, 2).reshape(n, t, width))


class Transformer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Gpt(nn.Module):
    def __init__(self, layers, heads, width, block, vocabulary):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.zeros(block, width))
        self.blocks = nn.Sequential(*[Transformer(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids):
        return self.head(self.norm(self.blocks(self.tokens(ids) + self.positions)))


def gpt(layers, heads, width, block, vocabulary, batch, optimizer=None):
    model = Gpt(layers, heads, width, block, vocabulary)
    chosen = optimizer_of(model, optimizer or "adamw", 1e-3)
    ids = torch.randint(vocabulary, (batch, block))
    labels = torch.randint(vocabulary, (batch * block,))
    return training_step(model, chosen, ids, labels, CLIP if optimizer else None)


def spd_inverse(order):
    x = torch.randn(order, 2 * order)
    matrix = x @ x.T / (2 * order) + 1e-3 * torch.eye(order)
    return lambda: torch.cholesky_inverse(torch.linalg.cholesky(matrix))


serve(
    f"PyTorch {torch.__version__.split('+')[0]}",
    {"mlp": mlp, "conv": conv, "resnet18": resnet18, "gpt": gpt, "spd-inverse": spd_inverse},
)
