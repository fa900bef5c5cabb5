"""Muon (Jordan et al. 2024): momentum, orthogonalised by Newton-Schulz.

    g <- clip(g);  b <- b + (1 - mu)(g - b);  u = g + mu (b - g)
    X = u / (|u|_F + 1e-7);  5 times: A = X X^T, X <- 3.4445 X + (-4.7750 A + 2.0315 A^2) X
    theta <- theta (1 - eta w) - eta sqrt(max(1, dOut / dIn)) X     convolution: factor 1

For linear weights but the head's, and convolutions but the first, as [kh kw cIn, cOut] matrices; all
else by AdamW with its own learning rate, betas, epsilon and decay.
"""

import math
import sys

import jax.numpy as jnp
import numpy as np
from optax.contrib._muon import orthogonalize_via_newton_schulz

import peers  # noqa: F401  (puts jax in float64)
from adam import adam_direction
from common import clip, matrix, trajectory, write

COEFFICIENTS = 3.4445, -4.7750, 2.0315


def treated(model):
    return [
        layer
        for layer in model.layers
        if layer.kind != "embedding"
        and layer.place != "head"
        and not (layer.kind == "convolution" and layer.place == "first")
    ]


def adam_hp(hp):
    names = {"beta1": "adamBeta1", "beta2": "adamBeta2", "epsilon": "adamEpsilon"}
    return {k: hp[v] for k, v in names.items()}


def orthogonalise(u):
    a, b, c = COEFFICIENTS
    x = u.T if u.shape[0] > u.shape[1] else u
    x = x / (float(np.linalg.norm(x)) + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if u.shape[0] > u.shape[1] else x


def init(model, parameters, hp):
    state, weights = {"t": 0}, {layer.weight for layer in treated(model)}
    for k, v in parameters.items():
        for name in ("momentum",) if k in weights else ("m", "v"):
            state[f"{k}.{name}"] = np.zeros_like(v)
    return state


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    grads, t = clip(grads, hp["clipNorm"]), state["t"] + 1
    new, moved = {}, {"t": t}
    layers = {layer.weight: layer for layer in treated(problem.model)}
    for k, g in grads.items():
        theta = parameters[k]
        if k not in layers:
            u, m, v = adam_direction(g, state[f"{k}.m"], state[f"{k}.v"], t, adam_hp(hp))
            moved[f"{k}.m"], moved[f"{k}.v"] = m, v
            rate = hp["adamLearningRate"]
            new[k] = theta * (1 - rate * hp["adamWeightDecay"]) - rate * u
            continue
        layer, mu = layers[k], hp["momentum"]
        b = state[f"{k}.momentum"] + (1 - mu) * (g - state[f"{k}.momentum"])
        moved[f"{k}.momentum"] = b
        x = orthogonalise(matrix(g + mu * (b - g)))
        ratio = 1.0 if layer.kind == "convolution" else max(1.0, layer.d_out / layer.d_in)
        x = (x * math.sqrt(ratio)).reshape(theta.shape)
        new[k] = theta * (1 - hp["learningRate"] * hp["weightDecay"]) - hp["learningRate"] * x
    return new, moved


def golden(name, g, specification=None):
    expected = orthogonalise(np.array(g, np.float64))
    out = {"name": name, "matrix": g, "expected": expected}
    if specification is not None:
        gap = float(np.max(np.abs(expected - specification)))
        out["specificationDeviation"] = float(f"{gap:.1e}")
        print(f"  {name:28s} specification {gap:.1e}")
    return out


def closed_forms():
    random = np.random.default_rng(81)
    g = random.standard_normal((5, 8))
    coefficients = jnp.tile(jnp.array(COEFFICIENTS, jnp.float64), (5, 1))
    theirs = np.array(orthogonalize_via_newton_schulz(jnp.array(g), coefficients, 5, eps=1e-7))
    u, _, vt = np.linalg.svd(g, full_matrices=False)
    rotated = u.T @ orthogonalise(g) @ vt.T
    spectra = [np.geomspace(1, low, 6) for low in (1, 0.1, 0.01, 0.004)]
    spectra += [random.uniform(0.01, 1, 6) for _ in range(200)]
    ends = []
    for s in spectra:
        s = s / np.linalg.norm(s)
        ends.append(np.linalg.svd(orthogonalise(np.diag(s[s >= 0.003])), compute_uv=False))
    ends = np.concatenate(ends)
    return {
        "optax.contrib.muon's Newton-Schulz": np.max(np.abs(theirs - orthogonalise(g))),
        "singular vectors are kept": np.max(np.abs(rotated - np.diag(np.diag(rotated)))),
        "smallest singular value of the result": ends.min(),
        "largest singular value of the result": ends.max(),
    }


BASE = {
    "learningRate": 0.02,
    "momentum": 0.95,
    "weightDecay": 0.1,
    "clipNorm": 10,
    "adamLearningRate": 0.01,
    "adamBeta1": 0.9,
    "adamBeta2": 0.95,
    "adamEpsilon": 1e-10,
    "adamWeightDecay": 0.0,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    random = np.random.default_rng(82)
    table = [[-0.65917716, 0.19966725, 0.55250446], [0.55836532, 0.31845126, 0.34463033]]
    runs = [
        ("mlp", {}, (0, 1, 2, 5, 10, 20, 49)),
        ("mlp-no-bias", {"adamWeightDecay": 0.1}, (0, 1, 20)),
        ("conv", {}, (0, 1, 10, 49)),
        ("attention", {"adamEpsilon": 1e-3}, (0, 1, 10, 49)),
    ]
    agreement = closed_forms()
    write(
        "muon",
        notes=[
            "golden: five Newton-Schulz iterations of a matrix, no other factor",
            "Muon's: fc1.weight; conv2.weight; qkv.weight and projection.weight; all else AdamW's",
            "attention runs AdamW at epsilon 1e-3: the gradient of the key bias is exactly zero",
        ],
        golden=[
            golden("specification", [[1, 2, 3], [4, 5, 7]], table),
            golden("tall", random.standard_normal((5, 2)).round(3)),
            golden("square, nearly singular", [[1, 0.999], [1, 1.001]]),
        ],
        trajectories=[
            trajectory(method, "muon", model, {**BASE, **hp}, name=model, checkpoints=marks)
            for model, hp, marks in runs
        ],
        agreement=agreement,
    )
    print({k: float(v) for k, v in agreement.items()})
