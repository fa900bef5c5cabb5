"""Shampoo (Gupta et al. 2018, arXiv 1802.09568; practice: Anil et al., arXiv 2002.09018).

    S_i <- S_i + G_(i) G_(i)^T               per axis i; from 1e-12 I ("sum", AdaGrad)
    S_i <- (1 - rho) S_i + rho G_(i) G_(i)^T, divided by 1 - (1 - rho)^updates ("ema")
    X_i = (S_i + l lmax(S_i) I)^(-1/p),  p = 2 * axes;  an axis of size 1: X = 1
    P(G) = G x_1 X_1 x_2 X_2 ...             every tensor of two or more axes; others plain

Options: exponent p; grafting "sgd" (P(G) scaled to |G| per tensor); blockSize (axes cut into pieces
of at most that, each block a tensor of its own); variant "asdl" (the ridge stays in S_i).
"""

import itertools
import sys

import numpy as np

from common import momentum_state, pipeline, trajectory, write
from kfac import keeps_inverses
from kronecker import due


def inverse_root(s, p, damping):
    """(S + damping * lmax(S) * I)^(-1/p), by eigendecomposition."""
    values, vectors = np.linalg.eigh(s)
    ridge = damping * max(float(values[-1]), 0.0)
    return (vectors * (np.maximum(values, 0) + ridge) ** (-1 / p)) @ vectors.T


def unfold_gram(g, axis):
    flat = np.moveaxis(g, axis, 0).reshape(g.shape[axis], -1)
    return flat @ flat.T


def multiply(g, x, axis):
    """g x_axis x, for symmetric x."""
    return np.moveaxis(np.tensordot(x, g, axes=(1, axis)), 0, axis)


def pieces(shape, block_size):
    """Slices of the blocks of a tensor, last axis fastest."""
    cuts = []
    for d in shape:
        size = block_size or d
        cuts.append([slice(at, min(at + size, d)) for at in range(0, d, size)])
    return list(itertools.product(*cuts))


def blocks(name, tensor, hp):
    """(state prefix, slices) of each block; an unblocked tensor is one block of its own name."""
    found = pieces(tensor.shape, hp.get("blockSize"))
    if len(found) == 1:
        return [(name, found[0])]
    return [(f"{name}.block{i}", cut) for i, cut in enumerate(found)]


def init(model, parameters, hp):
    state = momentum_state(parameters)
    for name, theta in parameters.items():
        if theta.ndim < 2:
            continue
        for prefix, cut in blocks(name, theta, hp):
            state[f"{prefix}.updates"] = 0
            for axis, d in enumerate(theta[cut].shape):
                state[f"{prefix}.S{axis}"] = 1e-12 * np.eye(d, dtype=theta.dtype)
                if keeps_inverses(hp):
                    state[f"{prefix}.X{axis}"] = np.eye(d, dtype=theta.dtype)
    return state


def observe(state, prefix, g, hp):
    state[f"{prefix}.updates"] += 1
    for axis in range(g.ndim):
        name, rho = f"{prefix}.S{axis}", hp.get("emaRate")
        gram = unfold_gram(g, axis)
        if hp["statistics"] == "sum":
            state[name] = state[name] + gram
        else:
            state[name] = (1 - rho) * state[name] + rho * gram


def refresh(state, prefix, g, hp):
    p = hp.get("exponent") or 2 * g.ndim
    for axis, d in enumerate(g.shape):
        s = state[f"{prefix}.S{axis}"]
        if hp.get("variant") == "asdl":
            s = s + hp["damping"] * float(np.linalg.eigvalsh(s)[-1]) * np.eye(d, dtype=s.dtype)
            state[f"{prefix}.S{axis}"] = s
            root = inverse_root(s, p, 0.0)
        else:
            if hp["statistics"] == "ema":
                s = s / (1 - (1 - hp["emaRate"]) ** state[f"{prefix}.updates"])
            root = inverse_root(s, p, hp["damping"])
        state[f"{prefix}.X{axis}"] = np.eye(1, dtype=s.dtype) if d == 1 else root


def apply(state, prefix, g, hp):
    out = g
    for axis in range(g.ndim):
        out = multiply(out, state[f"{prefix}.X{axis}"], axis)
    if hp.get("grafting") == "sgd":
        out = out * float(np.linalg.norm(g.ravel()) / (np.linalg.norm(out.ravel()) + 1e-16))
    return out


def step(problem, parameters, state, hp):
    state = dict(state)
    _, grads = problem.gradient(parameters)
    directions = dict(grads)
    for name, g in grads.items():
        if g.ndim < 2:
            continue
        directions[name] = np.empty_like(g)
        for prefix, cut in blocks(name, g, hp):
            if due(problem, hp["curvatureInterval"]):
                observe(state, prefix, g[cut], hp)
            if due(problem, hp["inverseInterval"]):
                refresh(state, prefix, g[cut], hp)
            directions[name][cut] = apply(state, prefix, g[cut], hp)
    if not keeps_inverses(hp):
        state = {k: v for k, v in state.items() if ".X" not in k}
    return pipeline(parameters, directions, state, hp)


def accumulate(gradients, hp):
    """P of the last gradient after all of them, starting afresh."""
    hp = {"statistics": "sum", **hp}
    state = {"g.updates": 0}
    gradients = [np.array(g, np.float64) for g in gradients]
    for axis, d in enumerate(gradients[0].shape):
        state[f"g.S{axis}"] = 1e-12 * np.eye(d)
    for g in gradients:
        observe(state, "g", g, hp)
    refresh(state, "g", g, hp)
    return apply(state, "g", g, hp), state


def golden(name, gradients, hp, specification=None):
    expected, state = accumulate(gradients, hp)
    out = {"name": name, "gradients": gradients, "hyperparameters": hp, "expected": expected}
    out["largestEigenvalues"] = [
        float(np.linalg.eigvalsh(state[f"g.S{axis}"])[-1]) for axis in range(np.ndim(gradients[0]))
    ]
    if specification is not None:
        gap = float(np.max(np.abs(expected - specification)))
        out["specificationDeviation"] = float(f"{gap:.1e}")
        print(f"  {name:28s} specification {gap:.1e}")
    return out


def golden_root(name, spectrum, p, damping):
    """A symmetric matrix of given eigenvalues (rounded to 9 decimals) and its damped inverse root."""
    random = np.random.default_rng(len(spectrum) + p)
    q = np.linalg.qr(random.standard_normal((len(spectrum), len(spectrum))))[0]
    s = ((q * spectrum) @ q.T).round(9)
    s = (s + s.T) / 2
    return {"name": name, "S": s, "exponent": p, "damping": damping, "expected": inverse_root(s, p, damping)}


def closed_forms():
    random = np.random.default_rng(41)
    g = random.standard_normal((4, 3))
    u, _, vt = np.linalg.svd(g, full_matrices=False)
    diagonals = [np.diag(d) for d in random.standard_normal((6, 3))]
    adagrad = np.diag(diagonals[-1]) / np.sqrt(sum(np.diag(d) ** 2 for d in diagonals))
    tensor = random.standard_normal((2, 3, 2, 4))
    several = [random.standard_normal((4, 3)) for _ in range(5)]
    dense = dense_kronecker(several, 1e-3)
    scaled = [7 * x for x in several]
    gaps = {
        "first step, damping 0: U V^T of the gradient": accumulate([g], {"damping": 1e-14})[0] - u @ vt,
        "diag(2, .5): identity": accumulate([np.diag([2, 0.5])], {"damping": 0.0})[0] - np.eye(2),
        "diagonal gradients: AdaGrad": np.diag(accumulate(diagonals, {"damping": 0.0})[0]) - adagrad,
        "dense (L^-1/4 (x) R^-1/4) vec G": accumulate(several, {"damping": 1e-3})[0] - dense,
        "7 G takes the same step": accumulate(scaled, {"damping": 1e-3})[0]
        - accumulate(several, {"damping": 1e-3})[0],
        "order of axes is irrelevant": accumulate([tensor], {"damping": 1e-3})[0]
        - accumulate([tensor.transpose(3, 1, 0, 2)], {"damping": 1e-3})[0].transpose(2, 1, 3, 0),
    }
    return {k: float(np.max(np.abs(v))) for k, v in gaps.items()}


def dense_kronecker(gradients, damping):
    """The same step through scipy-free dense powers: (L (x) R)^(-1/4) applied to vec G."""
    left = sum(g @ g.T for g in gradients) + 1e-12 * np.eye(4)
    right = sum(g.T @ g for g in gradients) + 1e-12 * np.eye(3)
    left = left + damping * np.linalg.norm(left, 2) * np.eye(4)
    right = right + damping * np.linalg.norm(right, 2) * np.eye(3)
    values, vectors = np.linalg.eigh(np.kron(left, right))
    return (vectors @ (values**-0.25 * (vectors.T @ gradients[-1].ravel()))).reshape(4, 3)


BASE = {
    "learningRate": 0.1,
    "momentum": 0.9,
    "weightDecay": 1e-3,
    "clipNorm": 10,
    "damping": 1e-3,
    "statistics": "sum",
    "curvatureInterval": 1,
    "inverseInterval": 1,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    random = np.random.default_rng(42)
    ema = {"statistics": "ema", "emaRate": 0.1, "learningRate": 0.02}
    runs = [
        ("mlp", "mlp, sum", {}, 50, (0, 1, 2, 10, 49)),
        ("mlp", "mlp, ema", ema, 50, (0, 1, 20)),
        (
            "mlp-no-bias",
            "mlp-no-bias, intervals 2 and 6",
            {"curvatureInterval": 2, "inverseInterval": 6},
            50,
            (0, 1, 3, 6, 20),
        ),
        ("conv", "conv, sum", {"learningRate": 0.03}, 50, (0, 1, 10, 49)),
        ("attention", "attention, ema", ema, 50, (0, 1, 10, 49)),
        ("mlp", "mlp, grafting sgd", {"grafting": "sgd"}, 10, (0, 1)),
        ("mlp", "mlp, exponent 2", {"exponent": 2, "learningRate": 0.01}, 10, (0, 1)),
        ("mlp", "mlp, blocks of 4", {"blockSize": 4}, 10, (0, 1)),
        ("mlp", "mlp, asdl", {"variant": "asdl", "damping": 0.5}, 3, (0, 1, 2)),
    ]
    table = np.array([[0.89264369, -0.44699016], [0.44632184, 0.89398031]]).T
    several = random.standard_normal((3, 4, 3)).round(3)
    agreement = closed_forms()
    write(
        "shampoo",
        notes=[
            "golden: P of the last gradient after all; p = 2 * axes; matrices are [dIn, dOut] (the "
            "specification's transposed); largestEigenvalues: of S per axis, undamped",
            "golden roots: expected = (S + damping * lmax(S) * I)^(-1/exponent)",
            "state NAME.Si, NAME.Xi: per axis i of the tensor; ema: S not yet divided by "
            "1 - (1 - emaRate)^updates; blocks of a tensor in order, last axis fastest; "
            "roots are stored only where an interval above 1 keeps them alive",
            "asdl: every root adds damping * lmax * I to the stored S for good",
        ],
        golden=[
            golden("specification", [[[1, 0.5], [-1, 2]]], {"damping": 1e-3}, table),
            golden("diag(2, .5)", [[[2, 0], [0, 0.5]]], {"damping": 0.0}),
            golden("three gradients", several, {"damping": 1e-3}),
            golden("four axes", random.standard_normal((2, 2, 2, 3, 2)).round(3), {"damping": 1e-2}),
            golden("1x1 convolution", random.standard_normal((1, 1, 1, 3, 2)).round(3), {"damping": 1e-2}),
            golden("grafting", several, {"damping": 1e-3, "grafting": "sgd"}),
            golden_root("condition 1e2, p 4", np.geomspace(1, 1e-2, 6), 4, 0.0),
            golden_root("condition 1e4, p 4", np.geomspace(1, 1e-4, 6), 4, 0.0),
            golden_root("condition 1e9, p 4, damped", np.geomspace(1, 1e-9, 6), 4, 1e-6),
            golden_root("p 8", np.geomspace(30, 0.1, 5), 8, 1e-3),
            golden_root("p 2", np.geomspace(5, 0.01, 4), 2, 0.0),
            golden_root("nearly rank one, p 4", np.array([4.01, 0.01, 0.01, 0.01]), 4, 0.0),
        ],
        trajectories=[
            trajectory(method, "shampoo", model, {**BASE, **hp}, name=name, steps=steps, checkpoints=marks)
            for model, name, hp, steps, marks in runs
        ],
        agreement=agreement,
    )
    print(agreement)
