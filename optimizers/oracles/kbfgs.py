"""K-BFGS (Goldfarb, Ren, Bahamou 2020, arXiv 2006.08877): BFGS on both Kronecker factors.

Per layer and step, true labels throughout, h~ = [h, 1] where there is a bias:
    1  A <- .9 A + .1 h~^T h~ / rows (first: the batch's);  Al = A + sqrt(l) I;  first: HA = Al^-1
    2  P(G) = HA G HB, G [dIn (+ 1), dOut]; then the shared pipeline moves the parameters
    3  same batch, new parameters: s <- .9 s + .1 (z' - z),  y <- .9 y + .1 (d' - d), from zero;
       z mean pre-activation over rows, d sum of e over rows / N
    4  q = y^T HB y;  s^T y < .2 q:  t = .8 q / (q - s^T y),  s <- t s + (1 - t) HB y
       a = sqrt(l);  s^T y < a s^T s:  t = (1 - a) s^T s / (s^T s - s^T y),  y <- t y + (1 - t) s
    5  HB <- BFGS(HB, s, y) unless s^T y <= 0, or <= 1e-4 s^T s |d|, or not finite
    6  sA = HA mean(h~),  yA = Al sA,  HA <- BFGS(HA, sA, yA)
A layer with |y| <= 1e-6 rms(e) gets no 4 and 5. Embeddings and norms keep the plain gradient.
"""

import math
import sys

import numpy as np

from common import from_homogeneous, homogeneous, momentum_state, pipeline, trajectory, with_ones, write
from kfac import spd
from kronecker import due

AVERAGE = 0.9  # weight of the past in s and y


def treated(model):
    return [layer for layer in model.layers if layer.kind != "embedding"]


def init(model, parameters, hp):
    state = momentum_state(parameters)
    for layer in treated(model):
        d, dtype = layer.d_in + layer.bias, parameters[layer.weight].dtype
        state[f"{layer.name}.A"] = np.zeros((d, d), dtype)
        state[f"{layer.name}.A.updates"] = 0
        state[f"{layer.name}.HA"] = np.eye(d, dtype=dtype)
        state[f"{layer.name}.HB"] = np.eye(layer.d_out, dtype=dtype)
        state[f"{layer.name}.s"] = np.zeros(layer.d_out, dtype)
        state[f"{layer.name}.y"] = np.zeros(layer.d_out, dtype)
        state[f"{layer.name}.skipped"] = 0
    return state


def dot(a, b):
    return float(a @ b)


def bfgs(h, s, y):
    """The BFGS update of an inverse Hessian estimate: the result maps y to s."""
    hy, sy = h @ y, dot(s, y)
    new = h + (sy + dot(y, hy)) / sy**2 * np.outer(s, s) - (np.outer(hy, s) + np.outer(s, hy)) / sy
    return (new + new.T) / 2


def double_damping(h, s, y, damping):
    q, alpha = dot(y, h @ y), math.sqrt(damping)
    if dot(s, y) < 0.2 * q:
        t = 0.8 * q / (q - dot(s, y))
        s = t * s + (1 - t) * (h @ y)
    if dot(s, y) < alpha * dot(s, s):
        t = (1 - alpha) * dot(s, s) / (dot(s, s) - dot(s, y))
        y = t * y + (1 - t) * s
    return s, y


def updated(h, s, y, norm):
    """BFGS(h, s, y), or None where the pair must be skipped; norm: |d|, 0 for the input factor."""
    if not dot(s, y) > max(0.0, 1e-4 * dot(s, s) * norm):
        return None
    new = bfgs(h, s, y)
    return new if np.all(np.isfinite(new)) else None


def update_output_inverse(state, name, s, y, e, norm, damping):
    """Steps 3 (averages), 4 and 5; e: this batch's, for the scale of its rounding noise."""
    state[f"{name}.s"] = AVERAGE * state[f"{name}.s"] + (1 - AVERAGE) * s
    state[f"{name}.y"] = AVERAGE * state[f"{name}.y"] + (1 - AVERAGE) * y
    s, y, h = state[f"{name}.s"], state[f"{name}.y"], state[f"{name}.HB"]
    if math.sqrt(dot(y, y)) <= 1e-6 * math.sqrt(float(np.mean(e * e))):
        return
    new = updated(h, *double_damping(h, s, y, damping), norm)
    state[f"{name}.skipped"] = state[f"{name}.skipped"] + 1 if new is None else 0
    if state[f"{name}.skipped"] == 20:
        new, state[f"{name}.skipped"] = np.eye(len(h), dtype=h.dtype), 0
    if new is not None:
        state[f"{name}.HB"] = new


def observe_input(state, layer, h, damping):
    """Step 1; returns Al."""
    name = layer.name
    batch = h.T @ h / len(h)
    first = state[f"{name}.A.updates"] == 0
    state[f"{name}.A"] = batch if first else 0.9 * state[f"{name}.A"] + 0.1 * batch
    state[f"{name}.A.updates"] += 1
    damped = state[f"{name}.A"] + math.sqrt(damping) * np.eye(len(batch), dtype=batch.dtype)
    if first:
        inverse = np.linalg.inv(damped)
        state[f"{name}.HA"] = (inverse + inverse.T) / 2
    return damped


def step(problem, parameters, state, hp):
    state = dict(state)
    _, grads = problem.gradient(parameters)
    layers = treated(problem.model)
    refresh = due(problem, hp["curvatureInterval"])
    damped = {}
    if refresh:
        seen, z = problem.observe(parameters, "true"), problem.preactivations(parameters)
        for layer in layers:
            h = with_ones(seen[layer.name][0], layer)
            damped[layer.name] = observe_input(state, layer, h, hp["damping"])
    directions = dict(grads)
    for layer in layers:
        g = state[f"{layer.name}.HA"] @ homogeneous(layer, grads) @ state[f"{layer.name}.HB"]
        directions.update(from_homogeneous(layer, g, grads))
    new, state = pipeline(parameters, directions, state, hp)
    if not refresh:
        return new, state
    after, z_after = problem.observe(new, "true"), problem.preactivations(new)
    for layer in layers:
        name, (h, e) = layer.name, seen[layer.name]
        delta, delta_after = (x.sum(0) / problem.terms for x in (e, after[name][1]))
        s = z_after[name].mean(0) - z[name].mean(0)
        norm = math.sqrt(dot(delta, delta))
        update_output_inverse(state, name, s, delta_after - delta, e, norm, hp["damping"])
        mean = with_ones(h, layer).mean(0)
        s = state[f"{name}.HA"] @ mean
        inverse = updated(state[f"{name}.HA"], s, damped[name] @ s, 0.0)
        if inverse is not None:
            state[f"{name}.HA"] = inverse
    return new, state


def golden(name, h, s, y, damping, norm=0.0):
    h, s, y = (np.array(x, np.float64) for x in (h, s, y))
    damped_s, damped_y = double_damping(h, s, y, damping)
    new = updated(h, damped_s, damped_y, norm)
    out = {"name": name, "H": h, "s": s, "y": y, "damping": damping, "dampedS": damped_s, "dampedY": damped_y}
    return out | {"expected": h if new is None else new, "skipped": new is None}


def closed_forms():
    random = np.random.default_rng(61)
    h, y = spd(random, 5), random.standard_normal(5)
    s = spd(random, 5) @ y
    new = bfgs(h, s, y)
    against = -y + 0.1 * random.standard_normal(5)
    powell_s, _ = double_damping(h, against, y, 0.0)
    hessian = spd(random, 6) + 0.1 * np.eye(6)
    # Hessian-conjugate directions, by Gram-Schmidt in the Hessian's product.
    estimate, directions = np.eye(6), []
    for v in random.standard_normal((6, 6)):
        v = v - sum((d @ hessian @ v) / (d @ hessian @ d) * d for d in directions)
        directions.append(v)
    for d in directions:
        estimate = bfgs(estimate, d, hessian @ d)
    a, mean = spd(random, 4) + 0.1 * np.eye(4), random.standard_normal(4)
    inverse = spd(random, 4)
    sa = inverse @ mean
    gaps = {
        "secant: H+ y = s": np.max(np.abs(new @ y - s)),
        "H+ is positive definite: smallest eigenvalue": np.linalg.eigvalsh(new)[0],
        "after damping (i): s^T y - .2 y^T H y": abs(powell_s @ y - 0.2 * y @ h @ y),
        "step 6: HA+ Al sA = sA": np.max(np.abs(bfgs(inverse, sa, a @ sa) @ a @ sa - sa)),
        "6 conjugate pairs recover H^-1": np.max(np.abs(estimate - np.linalg.inv(hessian))),
    }
    return {k: float(v) for k, v in gaps.items()}


BASE = {
    "learningRate": 0.05,
    "momentum": 0.9,
    "weightDecay": 1e-3,
    "clipNorm": 10,
    "damping": 0.09,
    "curvatureInterval": 1,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    random = np.random.default_rng(62)
    h = spd(random, 4).round(3)
    h = (h + h.T) / 2
    s, y = random.standard_normal((2, 4)).round(3)
    runs = [
        ("mlp", "mlp", {}, 50, (0, 1, 2, 10, 49)),
        ("mlp-no-bias", "mlp-no-bias, interval 2", {"curvatureInterval": 2}, 50, (0, 1, 3, 20)),
        ("conv", "conv", {"learningRate": 0.02, "damping": 0.3}, 50, (0, 1, 20)),
        ("attention", "attention", {"learningRate": 0.02, "damping": 0.3}, 50, (0, 1, 10, 49)),
    ]
    agreement = closed_forms()
    write(
        "kbfgs",
        notes=[
            "state NAME.A [dIn (+ 1)]^2 (never corrected: it starts as the first batch's), NAME.HA, "
            "NAME.HB [dOut]^2, NAME.s, NAME.y: averages before damping; NAME.skipped: skips in a row",
            "conv: the mean output gradient before a batch norm is exactly zero, so conv1.HB stays I",
            "golden: double damping, then BFGS of H; |d| = 0 in the skip rule",
        ],
        golden=[
            golden("undamped", h, (0.6 * h @ y + 0.1 * s).round(3), y, 1e-4),
            golden("s^T y < 0: both dampings", h, s if s @ y < 0 else -s, y, 0.3),
            golden("second damping alone", h, (8 * h @ y).round(3), y, 0.25),
        ],
        trajectories=[
            trajectory(method, "kbfgs", model, {**BASE, **hp}, name=name, steps=steps, checkpoints=marks)
            for model, name, hp, steps, marks in runs
        ],
        agreement=agreement,
    )
    print(agreement)
