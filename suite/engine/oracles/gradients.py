"""First and second derivatives in float64, for gradients.test.ts.

For each case y = f(x1, x2, ...) and loss L = sum(u*y) + sum(y*y)/2 with a fixed u: the loss, dL/dx_i,
and the Hessian-vector product with a fixed v, all by PyTorch in float64.

    python gradients.py > gradients.json        # torch 2.13, numpy 2
"""
import json
import math

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
random = np.random.default_rng(20240501)


def normal(*shape):
    """Values away from 0, so that no kink is near."""
    x = random.standard_normal(shape)
    return np.round(np.where(np.abs(x) < 0.1, x + 0.3, x), 4)


def positive(*shape):
    return np.round(random.uniform(0.3, 2.5, shape), 4)


def nhwc(f):
    """A PyTorch function of NCHW images as one of NHWC."""
    return lambda x, *rest: f(x.permute(0, 3, 1, 2), *rest).permute(0, 2, 3, 1)


def layer_norm(x, scale, offset):
    return F.layer_norm(x, (x.shape[-1],), scale, offset, 1e-5)


def batch_norm(x, scale, offset):
    mean = x.mean(0, keepdim=True)
    variance = ((x - mean) ** 2).mean(0, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-3) * scale + offset


def attention(q, k, v):
    weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1)
    return weights @ v


def cross_entropy(logits):
    labels = torch.tensor([0, 2, 1])
    return F.cross_entropy(logits, labels, label_smoothing=0.1)


def segment_sum(x):
    return torch.zeros(3, x.shape[1]).index_add(0, torch.tensor([2, 0, 2, 1]), x)


def hwio(w):
    return w.permute(3, 2, 0, 1)


cases = {
    "matMul": (lambda a, b: a @ b, normal(2, 3), normal(3, 2)),
    "matMul aT": (lambda a, b: a.mT @ b, normal(3, 2), normal(3, 2)),
    "matMul bT": (lambda a, b: a @ b.mT, normal(2, 3), normal(2, 3)),
    "matMul aT bT": (lambda a, b: a.mT @ b.mT, normal(3, 2), normal(2, 3)),
    "matMul batched": (lambda a, b: a @ b, normal(2, 2, 3), normal(2, 3, 2)),
    "matMul batched bT": (lambda a, b: a @ b.mT, normal(2, 2, 3), normal(2, 2, 3)),
    "matMul broadcast": (lambda a, b: a @ b, normal(2, 2, 3), normal(1, 3, 2)),
    "matMul broadcast aT bT": (lambda a, b: a.mT @ b.mT, normal(1, 3, 2), normal(2, 2, 3)),
    "add": (lambda a, b: torch.sin(a + b), normal(2, 3), normal(3)),
    "sub": (lambda a, b: torch.sin(a - b), normal(2, 3), normal(2, 1)),
    "mul": (lambda a, b: a * b, normal(2, 3), normal(3)),
    "div": (lambda a, b: a / b, normal(2, 3), positive(3)),
    "pow": (lambda a, b: a**b, positive(2, 3), normal(2, 3)),
    "pow 3": (lambda a: a**3, normal(2, 3)),
    "squaredDifference": (lambda a, b: (a - b) ** 2, normal(2, 3), normal(3)),
    "square": (lambda x: x**2, normal(2, 3)),
    "sqrt": (torch.sqrt, positive(2, 3)),
    "rsqrt": (torch.rsqrt, positive(2, 3)),
    "reciprocal": (torch.reciprocal, positive(2, 3)),
    "exp": (torch.exp, normal(2, 3)),
    "expm1": (torch.expm1, normal(2, 3)),
    "log": (torch.log, positive(2, 3)),
    "log1p": (torch.log1p, positive(2, 3)),
    "abs": (lambda x: torch.abs(x) ** 3, normal(2, 3)),
    "neg": (lambda x: -(x**3), normal(2, 3)),
    "maximum": (lambda a, b: torch.maximum(a, b) ** 3, normal(2, 3), normal(3)),
    "minimum": (lambda a, b: torch.minimum(a, b) ** 3, normal(2, 3), normal(3)),
    "relu": (lambda x: torch.relu(x) ** 3, normal(2, 3)),
    "relu6": (lambda x: F.relu6(x) ** 3, normal(2, 3) * 4),
    "leakyRelu": (lambda x: F.leaky_relu(x, 0.2) ** 3, normal(2, 3)),
    "elu": (F.elu, normal(2, 3)),
    "selu": (F.selu, normal(2, 3)),
    "clip": (lambda x: torch.clamp(x, -0.7, 0.9) ** 3, normal(2, 4)),
    "erf": (torch.erf, normal(2, 3)),
    "gelu": (F.gelu, normal(2, 3)),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), normal(2, 3)),
    "tanh": (torch.tanh, normal(2, 3)),
    "sigmoid": (torch.sigmoid, normal(2, 3)),
    "softplus": (F.softplus, normal(2, 3)),
    "sin": (torch.sin, normal(2, 3)),
    "cos": (torch.cos, normal(2, 3)),
    "softmax": (lambda x: torch.softmax(x, -1), normal(2, 4)),
    "logSoftmax": (lambda x: torch.log_softmax(x, -1), normal(2, 4)),
    "logSumExp": (lambda x: torch.logsumexp(x, -1), normal(2, 4)),
    "cross-entropy": (cross_entropy, normal(3, 4)),
    "sum all": (lambda x: torch.sum(x) ** 2, normal(2, 3)),
    "sum axis": (lambda x: torch.sum(x, 0) ** 2, normal(2, 3, 2)),
    "sum two axes": (lambda x: torch.sum(x, (0, 2), keepdim=True) ** 2, normal(2, 3, 2)),
    "mean": (lambda x: torch.mean(x, -1) ** 2, normal(2, 3)),
    "max": (lambda x: torch.amax(x, -1) ** 3, normal(2, 4)),
    "max axis 0": (lambda x: torch.amax(x, 0, keepdim=True) ** 3, normal(3, 2)),
    "min": (lambda x: torch.amin(x, -1) ** 3, normal(2, 4)),
    "norm": (lambda x: torch.linalg.vector_norm(x), normal(2, 3)),
    "cumsum axis 0": (lambda x: torch.cumsum(x**2, 0), normal(3, 2)),
    "cumsum axis 1": (lambda x: torch.cumsum(x**2, 1), normal(2, 3)),
    "layer norm": (layer_norm, normal(2, 4), normal(4), normal(4)),
    "batch norm": (batch_norm, normal(4, 3), normal(3), normal(3)),
    "attention": (attention, normal(1, 3, 2), normal(1, 3, 2), normal(1, 3, 2)),
    "mse of tanh": (lambda x, w: (torch.tanh(x @ w) - 0.3) ** 2, normal(2, 3), normal(3, 2)),
    "gather": (lambda x: x[torch.tensor([2, 0, 2])] ** 2, normal(3, 2)),
    "unsortedSegmentSum": (lambda x: segment_sum(x) ** 2, normal(4, 2)),
    "concat": (lambda a, b: torch.cat([a, b], 1) ** 3, normal(2, 1), normal(2, 2)),
    "split": (lambda x: x[:, :1] * x[:, 1:2], normal(2, 3)),
    "slice": (lambda x: x[1:, :2] ** 3, normal(3, 3)),
    "stack": (lambda a, b: torch.stack([a, b], 1) ** 3, normal(2, 2), normal(2, 2)),
    "unstack": (lambda x: x[0] * x[1], normal(2, 3)),
    "pad": (lambda x: F.pad(x, (1, 0, 0, 2)) ** 3, normal(2, 2)),
    "tile": (lambda x: x.tile(2, 3) ** 3, normal(1, 2)),
    "broadcastTo": (lambda x: x.expand(3, 2) ** 3, normal(3, 1)),
    "transpose": (lambda x: x.permute(2, 0, 1) ** 3, normal(2, 1, 3)),
    "reshape": (lambda x: x.reshape(3, 2) ** 3, normal(2, 3)),
    "reverse": (lambda x: x.flip(1) ** 3, normal(2, 3)),
    "where": (lambda x: torch.where(x > 0, x**3, torch.exp(x)), normal(2, 4)),
    "dropout mask": (lambda x: (x**3) * torch.tensor([[2.0, 0, 2], [0, 2, 2]]), normal(2, 3)),
    "conv2d": (
        nhwc(lambda x, w: F.conv2d(x, hwio(w), padding=1)),
        normal(1, 3, 3, 2),
        normal(3, 3, 2, 2),
    ),
    "conv2d stride 2": (
        nhwc(lambda x, w: F.conv2d(x, hwio(w), stride=2)),
        normal(2, 5, 5, 1),
        normal(3, 3, 1, 2),
    ),
    "depthwise": (
        nhwc(lambda x, w: F.conv2d(x, w.permute(2, 3, 0, 1).reshape(2, 1, 2, 2), groups=2)),
        normal(1, 3, 3, 2),
        normal(2, 2, 2, 1),
    ),
    "avgPool": (nhwc(lambda x: F.avg_pool2d(x, 2) ** 2), normal(1, 4, 4, 1)),
    "maxPool": (nhwc(lambda x: F.max_pool2d(x, 2) ** 2), normal(2, 4, 4, 1)),
    "maxPool overlapping": (nhwc(lambda x: F.max_pool2d(x, 3, 2) ** 2), normal(1, 5, 5, 2)),
}


def oracle(f, *arrays):
    inputs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = f(*inputs)
    u = torch.tensor(np.round(random.standard_normal(tuple(y.shape)), 3))
    loss = (u * y).sum() + (y * y).sum() / 2
    gradients = torch.autograd.grad(loss, inputs, create_graph=True)
    vectors = [torch.tensor(np.round(random.standard_normal(a.shape), 3)) for a in arrays]
    slope = sum((g * v).sum() for g, v in zip(gradients, vectors))
    products = torch.autograd.grad(slope, inputs, allow_unused=True)
    zeros = [torch.zeros_like(x) if p is None else p for x, p in zip(inputs, products)]
    return {
        "inputs": [tensor(x) for x in inputs],
        "weights": tensor(u),
        "loss": loss.item(),
        "gradients": [flat(g) for g in gradients],
        "vectors": [flat(v) for v in vectors],
        "products": [flat(p) for p in zeros],
    }


def flat(x):
    return [float(f"{value:.9g}") for value in x.detach().reshape(-1).tolist()]


def tensor(x):
    return {"shape": list(x.shape), "values": flat(x)}


lines = [f"{json.dumps(name)}: {json.dumps(oracle(*case))}" for name, case in cases.items()]
print("{\n" + ",\n".join(lines) + "\n}")
