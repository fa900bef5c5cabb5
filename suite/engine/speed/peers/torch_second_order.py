"""The paper's second-order methods in PyTorch, on an MLP without biases: the peer of `optimizers/`.

The same mathematics and defaults, everything renewed at every step, by the fastest routines that
`torch.linalg` has: Cholesky for inverses, eigenvectors for Shampoo's roots.
"""
import torch
from torch import nn
from torch.nn import functional as F

CLIP = 10


def spd_inverse(matrix, ridge):
    shifted = matrix.clone()
    shifted.diagonal().add_(ridge)
    return torch.cholesky_inverse(torch.linalg.cholesky(shifted))


class Average:
    """An exponential moving average of matrices, corrected for its start."""

    def __init__(self, order, rate=0.05):
        self.value, self.rate, self.missing = torch.zeros(order, order), rate, 1.0

    def add(self, matrix):
        self.value.lerp_(matrix, self.rate)
        self.missing *= 1 - self.rate
        return self.value / (1 - self.missing)


class Kfac:
    damping, averaged = 1e-3, True

    def __init__(self, layers):
        self.weights = [layer.weight for layer in layers]
        self.a = [Average(layer.in_features) for layer in layers]
        self.b = [Average(layer.out_features) for layer in layers]

    def directions(self, inputs, outputs, logits, loss):
        gradients = torch.autograd.grad(loss, self.weights, retain_graph=True)
        drawn = torch.multinomial(logits.detach().softmax(1), 1).flatten()
        errors = torch.autograd.grad(F.cross_entropy(logits, drawn, reduction="sum"), outputs)
        return [self.direction(i, *three) for i, three in enumerate(zip(inputs, errors, gradients))]

    def direction(self, i, h, e, g):
        a, b = h.T @ h / len(h), e.T @ e / len(e)
        if self.averaged:
            a, b = self.a[i].add(a), self.b[i].add(b)
        pi = ((a.trace() / len(a)) / (b.trace() / len(b))).sqrt()
        root = self.damping**0.5
        return spd_inverse(b, root / pi) @ g @ spd_inverse(a, root * pi)


class KfacLocal(Kfac):
    averaged = False


class Foof:
    damping = 1e-3

    def __init__(self, layers):
        self.weights = [layer.weight for layer in layers]
        self.a = [Average(layer.in_features) for layer in layers]

    def directions(self, inputs, outputs, logits, loss):
        gradients = torch.autograd.grad(loss, self.weights)
        return [
            g @ spd_inverse(average.add(h.T @ h / len(h)), self.damping)
            for average, h, g in zip(self.a, inputs, gradients)
        ]


class Shampoo:
    ridge = 1e-6

    def __init__(self, layers):
        self.weights = [layer.weight for layer in layers]
        self.sums = [[1e-12 * torch.eye(n) for n in weight.shape] for weight in self.weights]

    def directions(self, inputs, outputs, logits, loss):
        gradients = torch.autograd.grad(loss, self.weights)
        return [self.direction(*pair) for pair in zip(self.sums, gradients)]

    def direction(self, sums, g):
        left, right = sums
        left.addmm_(g, g.T)
        right.addmm_(g.T, g)
        return self.root(left) @ g @ self.root(right)

    def root(self, matrix):
        values, vectors = torch.linalg.eigh(matrix)
        top = values[-1]
        powers = (values.clamp(min=0) + self.ridge * top) ** -0.25
        return (vectors * powers) @ vectors.T


class Psgd:
    rate = 0.01

    def __init__(self, layers):
        self.weights = [layer.weight for layer in layers]
        self.q = [[torch.eye(n) for n in weight.shape] for weight in self.weights]

    def directions(self, inputs, outputs, logits, loss):
        gradients = torch.autograd.grad(loss, self.weights, create_graph=True)
        probes = [torch.randn_like(weight) for weight in self.weights]
        products = torch.autograd.grad(gradients, self.weights, probes)
        with torch.no_grad():
            for factors, dx, dg in zip(self.q, probes, products):
                self.fit(factors, dx, dg)
            return [l.T @ (l @ g @ r.T) @ r for (l, r), g in zip(self.q, gradients)]

    def fit(self, factors, dx, dg):
        left, right = factors
        balance = (left.diagonal().max() / right.diagonal().max()).sqrt()
        left /= balance
        right *= balance
        a = left @ dg @ right.T
        b = torch.linalg.solve_triangular(left.T, dx, upper=False)
        b = torch.linalg.solve_triangular(right, b, upper=True, left=False)
        for factor, x, y in ((left, a, b), (right, a.T, b.T)):
            slope = (x @ x.T - y @ y.T).triu()
            factor -= self.rate / (slope.abs().max() + 1e-30) * (slope @ factor)


class Kbfgs:
    damping, memory = 0.3, 0.9

    def __init__(self, layers):
        self.weights = [layer.weight for layer in layers]
        self.a = [None] * len(layers)
        self.h_a = [None] * len(layers)
        self.h_b = [torch.eye(layer.out_features) for layer in layers]
        self.s = [torch.zeros(layer.out_features) for layer in layers]
        self.y = [torch.zeros(layer.out_features) for layer in layers]

    def directions(self, inputs, outputs, logits, loss):
        both = torch.autograd.grad(loss, self.weights + outputs)
        gradients, errors = both[: len(outputs)], both[len(outputs) :]
        self.before = [(z.detach().mean(0), e.sum(0)) for z, e in zip(outputs, errors)]
        for i, h in enumerate(inputs):
            self.follow_inputs(i, h)
        return [b @ g @ a for b, g, a in zip(self.h_b, gradients, self.h_a)]

    def follow_inputs(self, i, h):
        gram, root = h.T @ h / len(h), self.damping**0.5
        if self.a[i] is None:
            self.a[i], self.h_a[i] = gram, spd_inverse(gram, root)
        else:
            self.a[i].lerp_(gram, 1 - self.memory)
        s = self.h_a[i] @ h.mean(0)
        update(self.h_a[i], s, self.a[i] @ s + root * s)

    def after(self, outputs, loss):
        errors = torch.autograd.grad(loss, outputs)
        for i, (z, e) in enumerate(zip(outputs, errors)):
            mean, error = self.before[i]
            self.s[i].lerp_(z.detach().mean(0) - mean, 1 - self.memory)
            self.y[i].lerp_(e.sum(0) - error, 1 - self.memory)
            s, y = doubly_damped(self.h_b[i], self.s[i], self.y[i], self.damping**0.5)
            if s @ y > 1e-4 * (s @ s) * error.norm():
                update(self.h_b[i], s, y)


def update(h, s, y):
    """BFGS's of the inverse estimate h, in place."""
    hy, sy = h @ y, s @ y
    u = (sy + y @ hy) / (2 * sy**2) * s - hy / sy
    h.addr_(u, s).addr_(s, u)


def doubly_damped(h, s, y, alpha):
    hy = h @ y
    q, sy = y @ hy, s @ y
    if sy < 0.2 * q:
        s = torch.lerp(hy, s, 0.8 * q / (q - sy))
    ss, sy = s @ s, s @ y
    if sy < alpha * ss:
        y = torch.lerp(s, y, (1 - alpha) * ss / (ss - sy))
    return s, y


class Seng:
    damping = 1.0

    def __init__(self, layers):
        self.weights = [layer.weight for layer in layers]

    def directions(self, inputs, outputs, logits, loss):
        errors = torch.autograd.grad(loss, outputs)
        return [self.direction(*pair) for pair in zip(inputs, errors)]

    def direction(self, h, e):
        n = len(h)
        gram = (h @ h.T) * (e @ e.T) * n  # e is of the mean loss: n times too small
        gram.diagonal().add_(self.damping)
        ones = torch.ones(n, 1)
        shares = torch.cholesky_solve(ones, torch.linalg.cholesky(gram))
        return (e * shares).T @ h


METHODS = {
    "kfac": Kfac,
    "kfac-local": KfacLocal,
    "foof": Foof,
    "shampoo": Shampoo,
    "psgd": Psgd,
    "kbfgs": Kbfgs,
    "seng": Seng,
}


def second_order_step(model, name, rate, images, labels):
    """A step of training: the direction, clipped; weight decay and momentum are torch's SGD's."""
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    inputs, outputs = [], []

    def keep(_, arguments, output):
        inputs.append(arguments[0].detach())
        outputs.append(output)

    for layer in layers:
        layer.register_forward_hook(keep)

    def forward():
        inputs.clear()
        outputs.clear()
        logits = model(images)
        return logits, F.cross_entropy(logits, labels)

    method = METHODS[name](layers)
    sgd = torch.optim.SGD(method.weights, lr=rate, momentum=0.9, weight_decay=1e-5, fused=True)

    def step():
        logits, loss = forward()
        directions = method.directions(inputs, outputs, logits, loss)
        for weight, direction in zip(method.weights, directions):
            weight.grad = direction
        nn.utils.clip_grad_norm_(method.weights, CLIP)
        sgd.step()
        if hasattr(method, "after"):
            method.after(outputs, forward()[1])
        return loss.item()

    return step
