"""FOOF (Benzing 2022, arXiv 2201.12250): K-FAC without the output factor.

    A = h^T h / rows;   P(G) = (A + l I)^-1 G,  G [dIn, dOut];  biases keep the plain gradient

bias "homogeneous": A of [h, 1] and the bias as the last row of G. With the gradient's own batch in
A, push-through gives the same without inverting A: P(G) = (rows/N) h^T (h h^T + rows l I)^-1 e.
"""

import sys

import numpy as np

from common import (
    deviation,
    from_homogeneous,
    homogeneous,
    momentum_state,
    pipeline,
    trajectory,
    with_ones,
    write,
)
from kfac import keeps_inverses, spd
from kronecker import average, damped_inverse, diagonal_input, due, estimate, input_factor, times
from models import MODELS, SEEDS
from problem import Problem


def joined(layer, hp):
    return layer.bias and hp.get("bias") == "homogeneous"


def init(model, parameters, hp):
    state = momentum_state(parameters)
    dtype = next(iter(parameters.values())).dtype
    for layer in model.layers:
        d = layer.d_in + (1 if joined(layer, hp) else 0)
        diagonal = diagonal_input(layer)
        state[f"{layer.name}.A"] = np.zeros((d,) if diagonal else (d, d), dtype)
        state[f"{layer.name}.A.updates"] = 0
        if keeps_inverses(hp):
            state[f"{layer.name}.inverseA"] = np.ones(d, dtype) if diagonal else np.eye(d, dtype=dtype)
    return state


def step(problem, parameters, state, hp):
    state = dict(state)
    _, grads = problem.gradient(parameters)
    if due(problem, hp["curvatureInterval"]):
        seen = problem.observe(parameters, "true")
        for layer in problem.model.layers:
            h = seen[layer.name][0]
            h = with_ones(h, layer) if joined(layer, hp) else h
            average(state, f"{layer.name}.A", input_factor(layer, h, len(h)), hp)
    directions = dict(grads)
    for layer in problem.model.layers:
        inverse = state.get(f"{layer.name}.inverseA")
        if due(problem, hp["inverseInterval"]):
            inverse = damped_inverse(estimate(state, f"{layer.name}.A", hp), hp["damping"])
            if keeps_inverses(hp):
                state[f"{layer.name}.inverseA"] = inverse
        if joined(layer, hp):
            g = inverse @ homogeneous(layer, grads)
            directions.update(from_homogeneous(layer, g, grads))
        else:
            g = grads[layer.weight].reshape(-1, layer.d_out)
            directions[layer.weight] = times(inverse, g).reshape(grads[layer.weight].shape)
    return pipeline(parameters, directions, state, hp)


def precondition(a, g, damping):
    return damped_inverse(np.array(a), damping) @ np.array(g)


def push_through(h, e, terms, damping):
    """(rows/N) h^T (h h^T + rows l I)^-1 e, [dIn, dOut]."""
    rows = len(h)
    return rows / terms * h.T @ np.linalg.solve(h @ h.T + rows * damping * np.eye(rows), e)


def golden(name, a, g, damping, specification=None):
    expected = precondition(a, g, damping)
    out = {"name": name, "A": a, "gradient": g, "damping": damping, "expected": expected}
    if specification is not None:
        gap = float(np.max(np.abs(expected - specification)))
        out["specificationDeviation"] = float(f"{gap:.1e}")
        print(f"  {name:28s} specification {gap:.1e}")
    return out


def golden_push_through():
    """Rows fewer than dIn, where A is singular: push-through against A's own inverse."""
    random = np.random.default_rng(31)
    h, e = random.standard_normal((3, 5)).round(3), random.standard_normal((3, 4)).round(3)
    expected = push_through(h, e, 3, 1e-3)
    return {"name": "push-through", "inputs": h, "outputGradients": e, "terms": 3, "damping": 1e-3} | {
        "gradient": h.T @ e / 3,
        "expected": expected,
    }


def closed_forms():
    random = np.random.default_rng(32)
    h, target = random.standard_normal((20, 5)), random.standard_normal((20, 3))
    w = random.standard_normal((5, 3))

    def one_step(damping):
        """Linear model, loss 1/2 |h W - t|^2 averaged over n; eta 1, no momentum."""
        e = h @ w - target
        return w - precondition(h.T @ h / 20, h.T @ e / 20, damping)

    least = np.linalg.lstsq(h, target, rcond=None)[0]
    ridge = np.linalg.solve(h.T @ h / 20 + 0.3 * np.eye(5), h.T @ target / 20 + 0.3 * w)
    gaps = {
        "linear model, damping 0: one step is least squares": np.max(np.abs(one_step(0.0) - least)),
        "damping .3: argmin of loss + l/2 |W - W0|^2": np.max(np.abs(one_step(0.3) - ridge)),
        "push-through is P(G), conv": conv_push_through(),
    }
    return {k: float(v) for k, v in gaps.items()}


def conv_push_through():
    """On every layer of the conv net, first batch."""
    model = MODELS["conv"]
    parameters = model.initial(SEEDS["conv"])
    problem = Problem(model, 0, {})
    grads, worst = problem.gradient(parameters)[1], 0.0
    for layer in model.layers:
        h, e = problem.observe(parameters, "true")[layer.name]
        g = grads[layer.weight].reshape(-1, layer.d_out)
        direct = precondition(h.T @ h / len(h), g, 1e-2)
        worst = max(worst, deviation({"g": push_through(h, e, problem.n, 1e-2)}, {"g": direct}))
    return worst


BASE = {
    "learningRate": 0.1,
    "momentum": 0.9,
    "weightDecay": 1e-3,
    "clipNorm": 10,
    "damping": 0.1,
    "statistics": "ema",
    "emaRate": 0.05,
    "curvatureInterval": 1,
    "inverseInterval": 1,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    random = np.random.default_rng(33)
    a, g = spd(random, 4).round(3), random.standard_normal((4, 3)).round(3)
    table = np.array([[0.85624595, -1.42669628], [-0.28493994, 2.14032964]]).T
    small = [[2, 0.5], [0.5, 1]], [[1, 0.5], [-1, 2]]
    batch = {"statistics": "batch"}
    runs = [
        ("mlp", "mlp, ema", {}, 50, (0, 1, 2, 10, 49)),
        ("mlp", "mlp, batch", batch, 50, (0, 1, 20)),
        (
            "mlp-no-bias",
            "mlp-no-bias, intervals 2 and 6",
            {"curvatureInterval": 2, "inverseInterval": 6},
            50,
            (0, 1, 3, 6, 20),
        ),
        ("conv", "conv, ema", {"learningRate": 0.03}, 50, (0, 1, 20)),
        ("attention", "attention, ema", {"learningRate": 0.03}, 50, (0, 1, 10, 49)),
        ("attention", "attention, batch", {**batch, "learningRate": 0.03}, 20, (1,)),
        ("mlp", "mlp, homogeneous", {"bias": "homogeneous"}, 10, (0, 1)),
    ]
    agreement = closed_forms()
    write(
        "foof",
        notes=[
            "golden: P(G) for a given A; G, expected are [dIn, dOut] (the specification's transposed)",
            "state NAME.A: the average from zero, not yet divided by 1 - (1 - emaRate)^updates; "
            "inverses are stored only where an interval above 1 keeps them alive",
        ],
        golden=[
            golden("specification", *small, 1e-3, table),
            golden("random", a, g, 1e-2),
            golden_push_through(),
        ],
        trajectories=[
            trajectory(method, "foof", model, {**BASE, **hp}, name=name, steps=steps, checkpoints=marks)
            for model, name, hp, steps, marks in runs
        ],
        agreement=agreement,
    )
    print(agreement)
