"""SOAP (Vyas et al. 2024, arXiv 2409.11321): Adam in the eigenbasis of Shampoo's statistics.

Per axis i of a tensor of two or more axes, S_i [d, d] and an orthogonal basis Q_i:
    first call: S_i <- (1 - b2) G_(i) G_(i)^T,  Q_i eigenvectors, descending; nothing moves
    then: g <- clip(g);  G' = G in the basis;  v <- b2 v + (1 - b2) G'^2;  m <- b1 m + (1 - b1) G
    theta <- theta - eta sqrt(1 - b2^t) / (1 - b1^t) [m' / (sqrt(v) + eps)] back;  theta *= 1 - eta w
    S_i <- b2 S_i + (1 - b2) G_(i) G_(i)^T;  every T updates: sort Q's columns and v's axes by
    diag(Q^T S Q), descending, Q <- qr(S Q)
t counts updates. Tensors of one axis: Adam, the first call skipped too. Axes above maxDimension: Q = I.
"""

import math
import sys

import numpy as np

from common import clip, trajectory, write
from peers import FixedGradients
from shampoo import unfold_gram


def axes(shape, hp):
    """The axes that get a basis."""
    return [i for i, d in enumerate(shape) if len(shape) > 1 and d <= hp["maxDimension"]]


def rotate(g, bases, back=False):
    """Into the basis, or back: along each axis by Q^T, or Q."""
    for axis, q in bases.items():
        g = np.moveaxis(np.tensordot(q if back else q.T, g, axes=(1, axis)), 0, axis)
    return g


def init(model, parameters, hp):
    state = {"t": 0, "calls": 0}
    for k, theta in parameters.items():
        state[f"{k}.m"], state[f"{k}.v"] = np.zeros_like(theta), np.zeros_like(theta)
        for axis in axes(theta.shape, hp):
            state[f"{k}.S{axis}"] = np.zeros((theta.shape[axis],) * 2, theta.dtype)
            state[f"{k}.Q{axis}"] = np.eye(theta.shape[axis], dtype=theta.dtype)
    return state


def eigenbasis(s):
    return np.ascontiguousarray(np.linalg.eigh(s)[1][:, ::-1])


def observe(state, name, g, hp):
    for axis in axes(g.shape, hp):
        s = f"{name}.S{axis}"
        state[s] = hp["beta2"] * state[s] + (1 - hp["beta2"]) * unfold_gram(g, axis)


def refresh(state, name, g, hp):
    v = state[f"{name}.v"]
    for axis in axes(g.shape, hp):
        s, q = state[f"{name}.S{axis}"], state[f"{name}.Q{axis}"]
        order = np.argsort(-np.diag(q.T @ s @ q), kind="stable")
        v = np.take(v, order, axis)
        if hp.get("refresh") == "eigh":
            state[f"{name}.Q{axis}"] = eigenbasis(s)
        else:
            state[f"{name}.Q{axis}"] = np.linalg.qr(s @ q[:, order])[0]
    state[f"{name}.v"] = v


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    grads, state = clip(grads, hp["clipNorm"]), dict(state)
    state["calls"] += 1
    if state["calls"] == 1:
        for k, g in grads.items():
            observe(state, k, g, hp)
            for axis in axes(g.shape, hp):
                state[f"{k}.Q{axis}"] = eigenbasis(state[f"{k}.S{axis}"])
        return parameters, state
    t = state["t"] = state["t"] + 1
    b1, b2, rate, new = hp["beta1"], hp["beta2"], hp["learningRate"], {}
    size = rate * math.sqrt(1 - b2**t) / (1 - b1**t)
    for k, g in grads.items():
        bases = {axis: state[f"{k}.Q{axis}"] for axis in axes(g.shape, hp)}
        m = state[f"{k}.m"] = b1 * state[f"{k}.m"] + (1 - b1) * g
        v = state[f"{k}.v"] = b2 * state[f"{k}.v"] + (1 - b2) * rotate(g, bases) ** 2
        u = rotate(rotate(m, bases) / (np.sqrt(v) + hp["epsilon"]), bases, back=True)
        theta = parameters[k] - size * u
        new[k] = theta - rate * hp["weightDecay"] * theta
        observe(state, k, g, hp)
        if t % hp["inverseInterval"] == 0:
            refresh(state, k, g, hp)
    return new, state


def replay(gradients, hp, start):
    """Parameters after each of the given gradients of one matrix."""
    parameters = {"w": start}
    state, path = init(None, parameters, hp), []
    for t, g in enumerate(gradients):
        parameters, state = step(FixedGradients(t, {"w": g}), parameters, state, hp)
        path.append(parameters["w"])
    return path


def golden(name, shape, hp, seed, count=14):
    """Full rank gradients of one tensor: every basis is determined, up to signs."""
    random = np.random.default_rng(seed)
    gradients, start = random.standard_normal((count, *shape)).round(2), np.zeros(shape)
    path = replay(gradients, hp, start)
    return {
        "name": name,
        "start": start,
        "gradients": gradients,
        "hyperparameters": hp,
        "expected": {str(t): path[t] for t in (0, 1, 2, 10, 11, 12, count - 1)},
    }


def closed_forms():
    random = np.random.default_rng(101)
    gradients, start = random.standard_normal((30, 4, 4)), random.standard_normal((4, 4))
    hp = {**BASE, "epsilon": 1e-12, "weightDecay": 0.0, "clipNorm": None}
    plain = replay(gradients, {**hp, "maxDimension": 1}, start)
    b1, b2, theta, m, v = hp["beta1"], hp["beta2"], start, 0, 0
    adam_gap = 0.0
    for t, g in enumerate(gradients[1:], 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        theta = theta - hp["learningRate"] * (m / (1 - b1**t)) / np.sqrt(v / (1 - b2**t))
        adam_gap = max(adam_gap, np.max(np.abs(theta - plain[t])))
    u, w = (np.linalg.qr(random.standard_normal((4, 4)))[0] for _ in range(2))
    often = {**hp, "epsilon": 1e-3, "inverseInterval": 1, "refresh": "eigh"}
    one = replay(gradients, often, start)
    two = replay([u @ g @ w for g in gradients], often, u @ start @ w)
    return {
        "bases I: Adam without the first call": adam_gap,
        "eigh every step: G -> U G V rotates the step": max(
            np.max(np.abs(u @ a @ w - b)) for a, b in zip(one, two)
        ),
    }


BASE = {
    "learningRate": 0.02,
    "beta1": 0.95,
    "beta2": 0.95,
    "epsilon": 1e-3,
    "weightDecay": 0.01,
    "clipNorm": 10,
    "inverseInterval": 10,
    "maxDimension": 10000,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    runs = [
        ("mlp", "mlp", {}, (0, 1, 2, 10, 11, 20)),
        ("mlp-no-bias", "mlp-no-bias, axes to 5", {"maxDimension": 5}, (1, 10, 20)),
        ("conv", "conv", {}, (1, 10, 11)),
        ("attention", "attention", {}, (1, 10, 11)),
    ]
    agreement = closed_forms()
    write(
        "soap",
        notes=[
            "the first call's bases depend on null spaces: steps start from a stored state, the free run "
            "from step 1's; bases are determined up to the signs of their columns, so compare parameters",
            "state NAME.m: in the tensor's own basis (rotate it with the Qs where m' is kept); NAME.Si, "
            "NAME.Qi: per axis i, columns of Q are basis vectors; t: updates, calls: steps",
            "golden: given gradients of one tensor from zero; expected after gradient 0, 1, ...",
        ],
        golden=[
            golden("matrix", (4, 3), {**BASE, "clipNorm": None}, 102),
            golden("four axes", (2, 2, 2, 3), {**BASE, "clipNorm": None}, 103),
            golden("axes above 3", (5, 3), {**BASE, "clipNorm": None, "maxDimension": 3}, 104),
        ],
        trajectories=[
            trajectory(method, "soap", model, {**BASE, **hp}, name=name, checkpoints=marks, free_from=1)
            for model, name, hp, marks in runs
        ],
        agreement=agreement,
    )
    print({k: float(v) for k, v in agreement.items()})
