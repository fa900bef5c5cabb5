"""The four small models, their data and their initial parameters, shared by every oracle.

Weights are stored as tfjs multiplies them: linear [dIn, dOut], convolution [kh, kw, cIn, cOut],
embedding [entries, dim]. A layer's rows are its inputs [rows, dIn]; a convolution's rows are its
patches in the order (example, y, x), their columns in the order (kh, kw, cIn).

All inputs and initial parameters are multiples of 1/64, so float32 holds them exactly.
Step t trains on the examples from batchSize * (t mod 4) on, batchSize of them.
"""

from dataclasses import dataclass, field

import numpy as np
import torch

BATCH = 8
BATCHES = 4
EXAMPLES = BATCH * BATCHES


@dataclass(frozen=True)
class Layer:
    """A layer with Kronecker structure: its weight gradient is a sum of row outer products."""

    name: str
    kind: str  # "linear" | "convolution" | "embedding"
    d_in: int
    d_out: int
    bias: bool
    place: str = "hidden"  # "first" | "hidden" | "head"

    @property
    def weight(self):
        return f"{self.name}.weight"

    @property
    def bias_name(self):
        return f"{self.name}.bias"


@dataclass
class Taps:
    """What a forward pass showed: per layer its input rows and its pre-activation."""

    rows: dict = field(default_factory=dict)
    preactivations: dict = field(default_factory=dict)


def patches(images, kernel, stride, pad):
    """[n, H, W, C] -> [n, oh, ow, kernel * kernel * C], zero padded."""
    if pad:
        images = torch.nn.functional.pad(images, (0, 0, pad, pad, pad, pad))
    height, width = images.shape[1:3]
    across = range(0, height - kernel + 1, stride)
    along = range(0, width - kernel + 1, stride)
    windows = [
        torch.stack([images[:, y : y + kernel, x : x + kernel].flatten(1) for x in along], 1) for y in across
    ]
    return torch.stack(windows, 1)


def standardise(x, axes):
    centred = x - x.mean(axes, keepdim=True)
    return centred / torch.sqrt((centred**2).mean(axes, keepdim=True) + 1e-5)


def one_hot(ids, entries, dtype):
    return torch.nn.functional.one_hot(ids, entries).to(dtype)


def is_norm(name):
    return name.startswith(("norm", "bn"))


class Model:
    """A model as torch ops; `forward` returns logits [terms, classes]."""

    name: str
    text: str
    layers: list
    shapes: dict
    classes: int
    label_smoothing = 0.1
    tokens = False

    def tap(self, taps, layer, rows, preactivation):
        taps.rows[layer] = rows
        taps.preactivations[layer] = preactivation
        return preactivation

    def linear(self, p, taps, name, x):
        z = x.reshape(-1, x.shape[-1]) @ p[f"{name}.weight"]
        if f"{name}.bias" in p:
            z = z + p[f"{name}.bias"]
        self.tap(taps, name, x.reshape(-1, x.shape[-1]), z)
        return z.reshape(*x.shape[:-1], -1)

    def initial(self, seed):
        random = np.random.default_rng(seed)
        parameters = {}
        for name, shape in self.shapes.items():
            fan_in = shape[-1] if name.startswith(("wte", "wpe")) else int(np.prod(shape[:-1]))
            spread = 0.25 if len(shape) == 1 else 1 / np.sqrt(fan_in)
            centre = 1 if is_norm(name) and name.endswith(".weight") else 0
            parameters[name] = quantise(centre + spread * random.standard_normal(shape))
        return parameters


class Mlp(Model):
    sizes = (6, 5, 4)
    classes = 4
    input_shape = (6,)

    def __init__(self, name, text, bias, activation):
        self.name, self.text, self.bias = name, text, bias
        self.activation = activation
        self.layers = [
            Layer("fc1", "linear", 6, 5, bias, "first"),
            Layer("fc2", "linear", 5, 4, bias, "head"),
        ]
        self.shapes = {}
        for layer in self.layers:
            self.shapes[layer.weight] = (layer.d_in, layer.d_out)
            if bias:
                self.shapes[layer.bias_name] = (layer.d_out,)

    def forward(self, p, inputs, taps):
        hidden = self.activation(self.linear(p, taps, "fc1", inputs))
        return self.linear(p, taps, "fc2", hidden)


class Conv(Model):
    name = "conv"
    text = (
        "images [n,4,4,2] (NHWC) -> conv1 3x3, stride 1, zero padding 1, 2->3, no bias -> batch norm bn1 "
        "(eps 1e-5, the batch's moments) -> ReLU -> conv2 2x2, stride 2, no padding, 3->2, no bias -> "
        "flatten (y,x,c) -> fc 8->3, bias"
    )
    classes = 3
    input_shape = (4, 4, 2)
    layers = [
        Layer("conv1", "convolution", 18, 3, False, "first"),
        Layer("conv2", "convolution", 12, 2, False),
        Layer("fc", "linear", 8, 3, True, "head"),
    ]
    shapes = {
        "conv1.weight": (3, 3, 2, 3),
        "bn1.weight": (3,),
        "bn1.bias": (3,),
        "conv2.weight": (2, 2, 3, 2),
        "fc.weight": (8, 3),
        "fc.bias": (3,),
    }

    def convolution(self, p, taps, name, images, kernel, stride, pad):
        columns = patches(images, kernel, stride, pad)
        weight = p[f"{name}.weight"]
        rows = columns.reshape(-1, columns.shape[-1])
        z = self.tap(taps, name, rows, rows @ weight.reshape(-1, weight.shape[-1]))
        return z.reshape(*columns.shape[:3], -1)

    def forward(self, p, inputs, taps):
        hidden = self.convolution(p, taps, "conv1", inputs, 3, 1, 1)
        hidden = torch.relu(standardise(hidden, (0, 1, 2)) * p["bn1.weight"] + p["bn1.bias"])
        hidden = self.convolution(p, taps, "conv2", hidden, 2, 2, 0)
        return self.linear(p, taps, "fc", hidden.flatten(1))


class Attention(Model):
    name = "attention"
    text = (
        "ids [n,3] -> x = wte 5x4 by token + wpe 3x4 by position -> layer norm (eps 1e-5) norm1 -> qkv "
        "4->12, bias, columns query, key, value of 4 each -> one head, causal softmax(q k^T / 2) v -> "
        "projection 4->4, bias -> x + that -> layer norm norm2 -> head 4->5, no bias, not tied; "
        "loss over n*3 tokens, no label smoothing"
    )
    classes = 5
    input_shape = (3,)
    label_smoothing = 0.0
    tokens = True
    layers = [
        Layer("wte", "embedding", 5, 4, False, "first"),
        Layer("wpe", "embedding", 3, 4, False, "first"),
        Layer("qkv", "linear", 4, 12, True),
        Layer("projection", "linear", 4, 4, True),
        Layer("head", "linear", 4, 5, False, "head"),
    ]
    shapes = {
        "wte.weight": (5, 4),
        "wpe.weight": (3, 4),
        "norm1.weight": (4,),
        "norm1.bias": (4,),
        "qkv.weight": (4, 12),
        "qkv.bias": (12,),
        "projection.weight": (4, 4),
        "projection.bias": (4,),
        "norm2.weight": (4,),
        "norm2.bias": (4,),
        "head.weight": (4, 5),
    }

    def norm(self, p, name, x):
        return standardise(x, (-1,)) * p[f"{name}.weight"] + p[f"{name}.bias"]

    def embed(self, p, taps, inputs):
        n, tokens = inputs.shape
        places = torch.arange(tokens).repeat(n)
        dtype = p["wte.weight"].dtype
        ids, places = one_hot(inputs.flatten(), 5, dtype), one_hot(places, 3, dtype)
        z = ids @ p["wte.weight"] + places @ p["wpe.weight"]
        for name, rows in (("wte", ids), ("wpe", places)):
            self.tap(taps, name, rows, z)
        return z.reshape(n, tokens, 4)

    def forward(self, p, inputs, taps):
        tokens = inputs.shape[1]
        x = self.embed(p, taps, inputs)
        query, key, value = self.linear(p, taps, "qkv", self.norm(p, "norm1", x)).split(4, -1)
        scores = query @ key.transpose(1, 2) / 2
        future = torch.triu(torch.ones(tokens, tokens, dtype=torch.bool), 1)
        mixed = torch.softmax(scores.masked_fill(future, -torch.inf), -1) @ value
        x = x + self.linear(p, taps, "projection", mixed)
        logits = self.linear(p, taps, "head", self.norm(p, "norm2", x))
        return logits.reshape(-1, self.classes)


MODELS = {
    model.name: model
    for model in (
        Mlp("mlp", "inputs [n,6] -> fc1 6->5, bias -> tanh -> fc2 5->4, bias", True, torch.tanh),
        Mlp("mlp-no-bias", "inputs [n,6] -> fc1 6->5 -> ReLU -> fc2 5->4, no biases", False, torch.relu),
        Conv(),
        Attention(),
    )
}
SEEDS = {"mlp": 1, "mlp-no-bias": 2, "conv": 3, "attention": 4}


def quantise(values, unit=64):
    return np.round(np.asarray(values) * unit) / unit


def data(model):
    """Inputs and labels of all examples; labels follow a random rule, so there is much to learn."""
    random = np.random.default_rng(100 + SEEDS[model.name])
    if model.tokens:
        tokens = np.zeros((EXAMPLES, 4), int)
        tokens[:, 0] = random.integers(5, size=EXAMPLES)
        for t in range(1, 4):
            other = random.integers(5, size=EXAMPLES)
            tokens[:, t] = np.where(random.random(EXAMPLES) < 0.7, (2 * tokens[:, t - 1] + 1) % 5, other)
        return tokens[:, :3], tokens[:, 1:]
    inputs = quantise(random.standard_normal((EXAMPLES, *model.input_shape)))
    flat = inputs.reshape(EXAMPLES, -1)
    rule = random.standard_normal((flat.shape[1], model.classes))
    noise = 0.5 * random.standard_normal((EXAMPLES, model.classes))
    return inputs, np.argmax(np.tanh(flat) @ rule + noise, axis=1)
