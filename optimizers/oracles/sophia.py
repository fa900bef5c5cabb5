"""Sophia (Liu et al. 2023, arXiv 2305.14342), Gauss-Newton-Bartlett (G) and Hutchinson (H).

every k steps, from step 0 on, before the parameters:
  G: g' gradient of the mean NLL of labels drawn from the model;  h <- b2 h + (1 - b2) g'^2
  H: u ~ N(0, I);  h <- b2 h + (1 - b2) u * (H u)
g <- clip(g) (g' is not clipped);  m <- b1 m + (1 - b1) g;  theta <- theta (1 - eta w)
G: theta <- theta - eta sign(m) min(1, |m| / (rho B h + 1e-15))       B terms of the mean loss
H: theta <- theta - eta clip(m / (1 - b1^t) / max(gamma h, eps), -1, 1)
"""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import optax
from optax.contrib._sophia import scale_by_sophia

import peers  # noqa: F401  (puts jax in float64)
from common import clip, trajectory, write
from kronecker import due
from models import MODELS


def init(model, parameters, hp):
    state = {"t": 0}
    for k, v in parameters.items():
        state[f"{k}.m"], state[f"{k}.h"] = np.zeros_like(v), np.zeros_like(v)
    return state


def moments(problem, parameters, state, hp, curvature):
    """(m, h) by parameter after this step's gradient and, when due, its curvature."""
    _, grads = problem.gradient(parameters)
    fresh = curvature() if due(problem, hp["curvatureInterval"]) else None
    b1, b2 = hp["beta1"], hp["beta2"]
    m, h = {}, {}
    for k, g in clip(grads, hp["clipNorm"]).items():
        m[k] = b1 * state[f"{k}.m"] + (1 - b1) * g
        h[k] = state[f"{k}.h"] if fresh is None else b2 * state[f"{k}.h"] + (1 - b2) * fresh[k]
    return m, h


def moved(parameters, m, h, state, hp, direction):
    rate, new, after = hp["learningRate"], {}, {"t": state["t"] + 1}
    for k, theta in parameters.items():
        new[k] = theta * (1 - rate * hp["weightDecay"]) - rate * direction(m[k], h[k])
        after[f"{k}.m"], after[f"{k}.h"] = m[k], h[k]
    return new, after


def step_g(problem, parameters, state, hp):
    def curvature():
        return {k: g * g for k, g in problem.sampled_gradient(parameters).items()}

    m, h = moments(problem, parameters, state, hp, curvature)

    def direction(m, h):
        return np.sign(m) * np.minimum(1, np.abs(m) / (hp["rho"] * problem.terms * h + 1e-15))

    return moved(parameters, m, h, state, hp, direction)


def step_h(problem, parameters, state, hp):
    def curvature():
        u = problem.probe(parameters)
        hu = problem.hessian_vector(parameters, u)
        return {k: u[k] * hu[k] for k in u}

    m, h = moments(problem, parameters, state, hp, curvature)

    def direction(m, h):
        corrected = m / (1 - hp["beta1"] ** (state["t"] + 1))
        return np.clip(corrected / np.maximum(hp["gamma"] * h, hp["epsilon"]), -1, 1)

    return moved(parameters, m, h, state, hp, direction)


SOPHIA_G = SimpleNamespace(init=init, step=step_g)
SOPHIA_H = SimpleNamespace(init=init, step=step_h)


def optax_direction(m, h, hp, t):
    """The t-th direction of optax.contrib.sophia for m after its average; it averages g in itself,
    and takes h as it stood before the step."""
    peer = scale_by_sophia(
        b1=hp["beta1"], b2=0.99, eps=hp["epsilon"], gamma=hp["gamma"], update_interval=1000,
        hessian_diagonal_fn=optax.identity(),
    )  # fmt: skip
    g = jnp.array(m)
    state = peer.init(g)._replace(count=jnp.array(t - 1, jnp.int32), mu=g, nu=jnp.array(h))
    return np.array(peer.update(g, state, g)[0])


def golden_directions():
    """One parameter update from given m (after its average) and h, no decay."""
    m = np.array([0.3, -0.02, 0.001, -0.5, 0.0, 0.04])
    h = np.array([0.5, 0.01, 0.2, 0.0, 0.3, -0.1])
    g = np.sign(m) * np.minimum(1, np.abs(m) / (0.04 * 8 * h.clip(0) + 1e-15))
    corrected = m / (1 - 0.965**3)
    hutchinson = np.clip(corrected / np.maximum(0.01 * h, 1e-8), -1, 1)
    theirs = optax_direction(m, h, {"beta1": 0.965, "epsilon": 1e-8, "gamma": 0.01}, 3)
    assert np.max(np.abs(theirs - hutchinson)) < 1e-14
    return [
        {"name": "sophia-g", "m": m, "h": h.clip(0), "rho": 0.04, "terms": 8, "expected": g},
        {"name": "sophia-h", "m": m, "h": h, "gamma": 0.01, "epsilon": 1e-8, "beta1": 0.965, "t": 3}
        | {"expected": hutchinson, "peerDeviation": float(np.max(np.abs(theirs - hutchinson)))},
    ]


BASE = {
    "learningRate": 0.02,
    "beta1": 0.965,
    "beta2": 0.99,
    "weightDecay": 0.1,
    "clipNorm": 10,
    "curvatureInterval": 10,
}

if __name__ == "__main__":
    key_bias = {"qkv.bias": (4, 8)}
    g, h = {**BASE, "rho": 10}, {**BASE, "gamma": 3, "epsilon": 1e-8}
    often = {"curvatureInterval": 3, "beta2": 0.9}
    runs = [
        (SOPHIA_G, "sophia-g", "mlp", g, None),
        (SOPHIA_G, "sophia-g", "mlp-no-bias", {**g, **often, "rho": 0.5}, None),
        (SOPHIA_G, "sophia-g", "conv", g, None),
        (SOPHIA_G, "sophia-g", "attention", {**g, "rho": 3}, key_bias),
        (SOPHIA_H, "sophia-h", "mlp", h, None),
        (SOPHIA_H, "sophia-h", "mlp-no-bias", {**h, **often}, None),
        (SOPHIA_H, "sophia-h", "conv", h, None),
        (SOPHIA_H, "sophia-h", "attention", h, key_bias),
    ]
    write(
        "sophia",
        notes=[
            "golden: the direction that the learning rate multiplies, from m after its average",
            "probes: step t uses probes[t mod 7], over all parameters; sampledLabels at steps due",
            "undetermined: the gradient of the key bias is exactly zero, its direction rounding's",
        ],
        golden=golden_directions(),
        trajectories=[
            trajectory(
                method,
                id,
                model,
                hp,
                name=f"{id}, {model}",
                undetermined=free,
                checkpoints=(0, 1, 10, 20) if "mlp" in model else (0, 1, 10),
                probes=(7, list(MODELS[model].shapes)) if id == "sophia-h" else None,
            )  # fmt: skip
            for method, id, model, hp, free in runs
        ],
    )
