"""Which recipe did the paper train its MLP on MNIST with? Its methods under candidate recipes.

    python calibrate.py FOLDER [QUEUE]

FOLDER holds MNIST's four IDX files (or the .gz). QUEUE is a file of JSON lines, each the keywords of
`run`; without it all runs of CALIBRATION.md. Results go to standard output, one JSON line a run.
Products are in bfloat16 with float32 weights: a screening, in a quarter of the time. The factors of K-FAC
and FOOF are in float32, from the first 2,048 digits of the batch. "seng-asdl" is G/damping: what SENG
is in the paper's library but for a term of order 1/batch. Needs torch, numpy.
"""
import gzip
import json
import math
import pathlib
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

RUNS = [
    {"batch": 16384},
    {"batch": 16384, "augment": True},
    {"batch": 16384, "partial": "keep"},
    {"batch": 16384, "schedule": "step"},
    {"batch": 16384, "partial": "keep", "size": 45_056, "augment": True},
    {"batch": 8192, "partial": "keep", "size": 45_056, "augment": True},
    {"batch": 8192},
    {"batch": 8192, "augment": True},
    {"batch": 4096},
    {"batch": 4096, "augment": True},
    {"batch": 4096, "partial": "keep", "size": 45_056, "augment": True},
    {"batch": 16384, "init": "he", "augment": True},
    {"batch": 16384, "schedule": "constant", "augment": True},
    *(
        {"batch": 16384, "method": "kfac", "damping": damping, "rate": rate, "augment": augment}
        for damping, rate, augment in (
            (1e-3, 0.1, False), (1e-3, 0.1, True), (1e-3, 0.3, True), (1e-1, 0.3, False), (1e-1, 0.3, True)
        )
    ),
    *(
        {"batch": 16384, "method": "foof", "damping": damping, "rate": rate, "augment": True, **more}
        for damping, rate, more in (
            (1e-3, 0.1, {}), (1e-3, 0.1, {"average": 1}), (1e-3, 0.3, {}), (1, 0.3, {})
        )
    ),
    *(
        {"batch": 16384, "method": "adamw", "rate": rate, "augment": augment}
        for rate in (1e-3, 3e-3)
        for augment in (False, True)
    ),
    {"batch": 16384, "method": "adamw", "rate": 3e-3, "epsilon": 1e-6, "augment": True},
    *(
        {"batch": 16384, "method": "adamw", "rate": rate, "epsilon": 1e-3, "augment": True}
        for rate in (3e-3, 1e-2, 3e-2)
    ),
    {"batch": 16384, "method": "adamw", "rate": 1e-3, "partial": "keep", "augment": True},
    {"batch": 4096, "method": "adamw", "rate": 1e-3, "augment": True},
    {"batch": 16384, "method": "foof", "rate": 0.1, "partial": "keep", "augment": True},
    *({"batch": 16384, "augment": True, "seed": seed} for seed in (2, 3)),
    *({"batch": 16384, "partial": "keep", "augment": True, "seed": seed} for seed in (1, 2, 3)),
    *(
        {"batch": batch, "size": 49_152, "schedule": "step", "augment": True, **more}
        for batch, more in (
            (16384, {}), (16384, {"method": "adamw", "rate": 1e-3}), (16384, {"method": "foof", "rate": 0.1}),
            (8192, {}), (4096, {}), (16384, {"seed": 2}), (16384, {"seed": 3}),
            (16384, {"method": "adamw", "rate": 1e-3, "seed": 2}), (4096, {"method": "adamw", "rate": 3e-3}),
            (8192, {"method": "adamw", "rate": 3e-3}),
        )
    ),
    *(
        {"batch": batch, "method": "seng-asdl", "rate": rate, "size": 49_152, "schedule": "step", "augment": True}
        for batch in (16384, 8192, 4096)
        for rate in (0.3, 0.1, 0.03)
    ),
]


def read(folder, name):
    for path in (folder / name, folder / f"{name}.gz"):
        if path.exists():
            data = path.read_bytes()
            return gzip.decompress(data) if path.suffix == ".gz" else data
    raise SystemExit(f"{folder} has no {name} (or {name}.gz)")


def images(folder, name):
    return torch.from_numpy(np.frombuffer(read(folder, name), np.uint8, offset=16).reshape(-1, 784).copy())


def labels(folder, name):
    return torch.from_numpy(np.frombuffer(read(folder, name), np.uint8, offset=8).astype(np.int64))


def standardised(x):
    return (x.float() / 255 - 0.1307) / 0.3081


def affine(x):
    """Rotations of up to 15 degrees, scales of 0.8 to 1.2, nearest pixel: as the paper's library."""
    rows = []
    for part in x.split(10_000):
        n = len(part)
        angle = (2 * torch.rand(n) - 1) * math.radians(15)
        scale = 0.8 + 0.4 * torch.rand(n)
        c, s, zero = torch.cos(angle) / scale, torch.sin(angle) / scale, torch.zeros(n)
        theta = torch.stack([torch.stack([c, -s, zero], 1), torch.stack([s, c, zero], 1)], 1)
        grid = F.affine_grid(theta, (n, 1, 28, 28), align_corners=False)
        picture = part.reshape(n, 1, 28, 28).float()
        rows.append(F.grid_sample(picture, grid, mode="nearest", align_corners=False))
    return torch.cat(rows).reshape(len(x), 784)


def network(init):
    widths = [784, 2048, 2048, 10]
    layers = [nn.Linear(a, b, bias=False) for a, b in zip(widths, widths[1:])]
    if init == "he":
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])


class Kfac:
    """Averages of A and B, corrected for their start (`average` 1: of the last batch alone); factored
    damping; inverses every step. FOOF has A alone, damped plainly."""

    FACTOR_ROWS = 2048

    def __init__(self, model, damping, average, foof):
        self.model, self.damping, self.average, self.foof = model, damping, average, foof
        self.missing = 1.0
        self.layers = [layer for layer in model if isinstance(layer, nn.Linear)]
        self.a = [torch.zeros(layer.in_features, layer.in_features) for layer in self.layers]
        self.b = [torch.zeros(layer.out_features, layer.out_features) for layer in self.layers]

    def observe(self, x):
        inputs, outputs = [], []
        for layer in self.model:
            if isinstance(layer, nn.Linear):
                inputs.append(x.detach())
            x = layer(x)
            if isinstance(layer, nn.Linear):
                outputs.append(x)
        drawn = torch.multinomial(x.detach().softmax(1), 1).flatten()
        errors = torch.autograd.grad(F.cross_entropy(x, drawn, reduction="sum"), outputs)
        for means, seen in ((self.a, inputs), (self.b, errors)):
            for mean, rows in zip(means, seen):
                mean.lerp_(rows.T @ rows / len(rows), self.average)
        self.missing *= 1 - self.average

    def precondition(self, x):
        self.observe(x[: self.FACTOR_ROWS])
        for layer, a, b in zip(self.layers, self.a, self.b):
            a, b = a / (1 - self.missing), b / (1 - self.missing)
            weight = layer.weight
            if self.foof:
                weight.grad = weight.grad @ spd_inverse(a, self.damping)
                continue
            pi = ((a.trace() / len(a)) / (b.trace() / len(b))).sqrt()
            root = self.damping**0.5
            weight.grad = spd_inverse(b, root / pi) @ weight.grad @ spd_inverse(a, root * pi)


def spd_inverse(matrix, ridge):
    return torch.cholesky_inverse(torch.linalg.cholesky(matrix + ridge * torch.eye(len(matrix))))


def run(data, batch, method="sgd", damping=1e-3, average=0.05, epsilon=1e-8, rate=0.3, schedule="epoch",
        partial="drop", init="pytorch", size=60_000, augment=False, seed=1, epochs=20):
    """Test accuracy in percent after the last epoch, and the best of all epochs."""
    torch.manual_seed(seed)
    x, y, test_x, test_y = data
    model = network(init)
    kfac = Kfac(model, damping, average, foof=method == "foof") if method in ("kfac", "foof") else None
    if method == "adamw":
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, eps=epsilon, weight_decay=1e-5)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=1e-5)
    chosen = torch.randperm(len(x))[:size]
    x, y = x[chosen], y[chosen]
    per_epoch = size // batch if partial == "drop" else math.ceil(size / batch)
    accuracies, step, began = [], 0, time.time()
    for epoch in range(epochs):
        order = torch.randperm(size)
        inputs = standardised(affine(x) if augment else x)
        for i in range(per_epoch):
            progress = {"epoch": epoch / epochs, "step": step / (per_epoch * epochs), "constant": 0}
            for group in optimizer.param_groups:
                group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * progress[schedule]))
            rows = order[i * batch : (i + 1) * batch]
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(inputs[rows])
            F.cross_entropy(logits.float(), y[rows], label_smoothing=0.1).backward()
            if kfac:
                kfac.precondition(inputs[rows])
            if method == "seng-asdl":
                for weight in model.parameters():
                    weight.grad /= damping
            nn.utils.clip_grad_norm_(model.parameters(), 10)
            optimizer.step()
            step += 1
        with torch.no_grad():
            right = model(standardised(test_x)).argmax(1) == test_y
        accuracies.append(100 * right.float().mean().item())
    return {"final": round(accuracies[-1], 2), "best": round(max(accuracies), 2), "steps": step,
            "seconds": round(time.time() - began)}


def main(folder, queue=None):
    folder = pathlib.Path(folder)
    data = (images(folder, "train-images-idx3-ubyte"), labels(folder, "train-labels-idx1-ubyte"),
            images(folder, "t10k-images-idx3-ubyte"), labels(folder, "t10k-labels-idx1-ubyte"))
    runs = map(json.loads, open(queue)) if queue else RUNS
    for keywords in runs:
        print(json.dumps({**keywords, **run(data, **keywords)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
