"""Writes layers.json: each layer's output, gradients and Hessian-vector product by PyTorch, float64.

    pip install torch && python suite/nn/oracles/layers.py

L = sum(cotangent * output). Tensors are written as the suite lays them out: images NHWC, linear
weights [dIn, dOut], convolution weights [kh, kw, cIn, cOut].
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def normal(*shape):
    return torch.randn(*shape).float().double()


def tensor(x):
    digits = [float(f"{v:.9g}") for v in x.detach().reshape(-1).tolist()]
    return {"shape": list(x.shape), "values": digits}


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def oihw(weight):
    return weight.permute(3, 2, 0, 1)


def conv(x, p, stride, padding):
    return nhwc(F.conv2d(nchw(x), oihw(p["layer.weight"]), stride=stride, padding=padding))


def linear(x, p, name="layer"):
    y = x @ p[f"{name}.weight"]
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def attention(x, p, count, tokens, heads, causal):
    width = x.shape[-1]
    qkv = linear(x, p, "qkv").reshape(count, tokens, 3, heads, width // heads)
    q, k, v = qkv.permute(2, 0, 3, 1, 4)
    # Composed: the fused kernel has no second derivative.
    scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)
    if causal:
        hidden = torch.ones(tokens, tokens).triu(1).bool()
        scores = scores.masked_fill(hidden, float("-inf"))
    y = scores.softmax(-1) @ v
    return linear(y.transpose(1, 2).reshape(count * tokens, width), p, "projection")


def tokens_sum(ids, p):
    return (p["wte.weight"][ids] + p["wpe.weight"][: ids.shape[1]]).reshape(ids.numel(), -1)


def norm_params(width):
    return {"layer.weight": 1 + 0.3 * normal(width), "layer.bias": normal(width)}


def attention_params(width):
    return {
        "qkv.weight": normal(width, 3 * width),
        "qkv.bias": normal(3 * width),
        "projection.weight": normal(width, width),
        "projection.bias": normal(width),
    }


def batch_norm(x, p):
    return nhwc(F.batch_norm(nchw(x), None, None, p["layer.weight"], p["layer.bias"], True))


BUFFERS = {"layer.running_mean": normal(4), "layer.running_var": 0.5 + torch.rand(4).float().double()}


def batch_norm_evaluating(x, p):
    mean, variance = BUFFERS["layer.running_mean"], BUFFERS["layer.running_var"]
    return nhwc(F.batch_norm(nchw(x), mean, variance, p["layer.weight"], p["layer.bias"], False))


ids = torch.tensor([[3, 1, 3], [0, 4, 1]])
embedding_params = {"wte.weight": normal(5, 4), "wpe.weight": normal(6, 4)}

CASES = {
    "linear": (normal(5, 4), {"layer.weight": normal(4, 3), "layer.bias": normal(3)}, linear),
    "linear without bias, rank 3": (normal(2, 3, 4), {"layer.weight": normal(4, 3)}, linear),
    "convolution 3x3": (
        normal(2, 5, 4, 3),
        {"layer.weight": normal(3, 3, 3, 4)},
        lambda x, p: conv(x, p, 1, 1),
    ),
    "convolution 3x3 stride 2": (
        normal(2, 6, 5, 3),
        {"layer.weight": normal(3, 3, 3, 4)},
        lambda x, p: conv(x, p, 2, 1),
    ),
    "convolution 1x1 stride 2": (
        normal(2, 4, 4, 3),
        {"layer.weight": normal(1, 1, 3, 4)},
        lambda x, p: conv(x, p, 2, 0),
    ),
    "patch embedding": (
        normal(2, 4, 6, 3),
        {"layer.weight": normal(2, 2, 3, 5), "layer.bias": normal(5)},
        lambda x, p: (conv(x, p, 2, 0) + p["layer.bias"]).reshape(12, 5),
    ),
    "embedding": (ids, embedding_params, tokens_sum),
    "tied head": (
        ids,
        embedding_params,
        lambda x, p: tokens_sum(x, p) @ p["wte.weight"].T,
    ),
    "layer norm": (
        normal(5, 6),
        norm_params(6),
        lambda x, p: F.layer_norm(x, [6], p["layer.weight"], p["layer.bias"], 1e-5),
    ),
    "batch norm": (normal(3, 2, 3, 4), norm_params(4), batch_norm),
    "batch norm, evaluating": (normal(3, 2, 3, 4), norm_params(4), batch_norm_evaluating),
    "gelu": (2 * normal(4, 5), {}, lambda x, p: F.gelu(x)),
    "gelu tanh": (2 * normal(4, 5), {}, lambda x, p: F.gelu(x, approximate="tanh")),
    "attention": (
        normal(6, 4),
        attention_params(4),
        lambda x, p: attention(x, p, 2, 3, 2, False),
    ),
    "causal attention": (
        normal(8, 4),
        attention_params(4),
        lambda x, p: attention(x, p, 2, 4, 2, True),
    ),
    "max pool": (normal(2, 4, 6, 3), {}, lambda x, p: nhwc(F.max_pool2d(nchw(x), 2))),
    "average pool": (normal(2, 4, 6, 3), {}, lambda x, p: nhwc(F.avg_pool2d(nchw(x), 2))),
    "global average pool": (normal(2, 4, 4, 3), {}, lambda x, p: F.avg_pool2d(nchw(x), 4).reshape(2, 3)),
}


def oracle(x, parameters, layer):
    variables = dict(parameters)
    if x.is_floating_point():
        variables["input"] = x
    for value in variables.values():
        value.requires_grad_(True)
    output = layer(x, parameters)
    # Linear in the output, a loss would leave linear layers without curvature: square it.
    cotangent = normal(*output.shape)
    loss = (cotangent * output * output).sum()
    names = list(variables)
    gradients = torch.autograd.grad(loss, [variables[n] for n in names], create_graph=True)
    directions = [normal(*variables[n].shape) for n in names]
    along = sum((g * d).sum() for g, d in zip(gradients, directions))
    products = torch.autograd.grad(along, [variables[n] for n in names])
    by_name = lambda values: {n: tensor(v) for n, v in zip(names, values)}
    return {
        "input": tensor(x),
        "parameters": {n: tensor(v) for n, v in parameters.items()},
        "cotangent": tensor(cotangent),
        "output": tensor(output),
        "gradients": by_name(gradients),
        "directions": by_name(directions),
        "products": by_name(products),
    }


def moving_moments():
    """Running moments of nn.BatchNorm2d after two batches, and their mean as update_bn takes it."""
    batches = [normal(3, 2, 3, 4), 2 + normal(3, 2, 3, 4)]
    module = torch.nn.BatchNorm2d(4)
    cumulative = torch.nn.BatchNorm2d(4, momentum=None)
    for batch in batches:
        module(nchw(batch))
        cumulative(nchw(batch))
    return {
        "batches": [tensor(b) for b in batches],
        "mean": tensor(module.running_mean),
        "variance": tensor(module.running_var),
        "recomputedMean": tensor(cumulative.running_mean),
        "recomputedVariance": tensor(cumulative.running_var),
    }


def cross_entropy():
    logits = (3 * normal(4, 5)).requires_grad_(True)
    labels = torch.tensor([1, 0, 4, 4])
    loss = F.cross_entropy(logits, labels, label_smoothing=0.1)
    (gradient,) = torch.autograd.grad(loss, logits, create_graph=True)
    direction = normal(4, 5)
    (product,) = torch.autograd.grad((gradient * direction).sum(), logits)
    return {
        "logits": tensor(logits),
        "labels": labels.tolist(),
        "smoothing": 0.1,
        "loss": loss.item(),
        "gradient": tensor(gradient),
        "direction": tensor(direction),
        "product": tensor(product),
    }


written = {
    "cases": {name: oracle(*case) for name, case in CASES.items()},
    "buffers": {name: tensor(value) for name, value in BUFFERS.items()},
    "moments": moving_moments(),
    "crossEntropy": cross_entropy(),
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(written, separators=(",", ":")) + "\n")
