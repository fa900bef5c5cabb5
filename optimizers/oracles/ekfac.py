"""EKFAC (George et al. 2018, arXiv 1806.03884): K-FAC's eigenbasis, its own variances in it.

A, B: K-FAC's, of [h, 1] where there is a bias, labels drawn from the model
U_A, U_B = eigenvectors of A, B, ascending, every inverseInterval;  G^ = U_A^T G U_B
s = mean over terms of [(h U_A)^2]^T (e U_B)^2     convolution: the square of each example's sum
S <- (1 - rho) S + rho s, divided by 1 - (1 - rho)^updates ("batch": s), also across new bases
P(G) = U_A (G^ / (S + damping)) U_B^T              G [dIn (+ 1), dOut]
"""

import sys

import numpy as np

from common import from_homogeneous, homogeneous, momentum_state, pipeline, trajectory, with_ones, write
from kronecker import average, diagonal_input, due, estimate, input_factor, output_factor
from models import MODELS, SEEDS
from problem import Problem


def init(model, parameters, hp):
    state = momentum_state(parameters)
    for layer in model.layers:
        a, b = layer.d_in + layer.bias, layer.d_out
        dtype = parameters[layer.weight].dtype
        shapes = {"A": (a,) if diagonal_input(layer) else (a, a), "B": (b, b), "S": (a, b)}
        for name, shape in shapes.items():
            state[f"{layer.name}.{name}"] = np.zeros(shape, dtype)
            state[f"{layer.name}.{name}.updates"] = 0
        if not diagonal_input(layer):
            state[f"{layer.name}.UA"] = np.eye(a, dtype=dtype)
        state[f"{layer.name}.UB"] = np.eye(b, dtype=dtype)
    return state


def bases(state, layer):
    """(U_A, U_B); an embedding's A is diagonal already."""
    left = state.get(f"{layer.name}.UA")
    if left is None:
        left = np.eye(layer.d_in, dtype=state[f"{layer.name}.UB"].dtype)
    return left, state[f"{layer.name}.UB"]


def variances(layer, h, e, terms, examples):
    """s [dIn (+ 1), dOut] for h and e already in the basis."""
    if layer.kind != "convolution":
        return (h * h).T @ (e * e) / terms
    per_h, per_e = (x.reshape(examples, -1, x.shape[-1]) for x in (h, e))
    return (np.einsum("isa,isb->iab", per_h, per_e) ** 2).sum(0) / terms


def step(problem, parameters, state, hp):
    state = dict(state)
    _, grads = problem.gradient(parameters)
    seen = problem.observe(parameters, "sampled") if due(problem, hp["curvatureInterval"]) else {}
    directions = dict(grads)
    for layer in problem.model.layers:
        a, b, s = (f"{layer.name}.{x}" for x in "ABS")
        if seen:
            h, e = with_ones(seen[layer.name][0], layer), seen[layer.name][1]
            average(state, a, input_factor(layer, h, len(h)), hp)
            average(state, b, output_factor(e, problem.terms), hp)
        if due(problem, hp["inverseInterval"]):
            if not diagonal_input(layer):
                state[f"{layer.name}.UA"] = np.linalg.eigh(estimate(state, a, hp))[1]
            state[f"{layer.name}.UB"] = np.linalg.eigh(estimate(state, b, hp))[1]
        left, right = bases(state, layer)
        if seen:
            average(state, s, variances(layer, h @ left, e @ right, problem.terms, problem.n), hp)
        g = left.T @ homogeneous(layer, grads) @ right
        g = left @ (g / (estimate(state, s, hp) + hp["damping"])) @ right.T
        directions.update(from_homogeneous(layer, g, grads))
    return pipeline(parameters, directions, state, hp)


def golden():
    """Bases, s and P(G) of one batch of one layer; rows are independent terms."""
    random = np.random.default_rng(111)
    h, e = random.standard_normal((8, 4)).round(3), random.standard_normal((8, 3)).round(3)
    g = random.standard_normal((4, 3)).round(3)
    left, right = np.linalg.eigh(h.T @ h / 8)[1], np.linalg.eigh(e.T @ e / 8)[1]
    s = ((h @ left) ** 2).T @ (e @ right) ** 2 / 8
    expected = left @ (left.T @ g @ right / (s + 1e-3)) @ right.T
    out = {"name": "one batch", "inputs": h, "outputGradients": e, "terms": 8, "gradient": g}
    return out | {"damping": 1e-3, "scales": s, "expected": expected}


def closed_forms():
    gaps = {"s is the diagonal of the exact block in the basis": 0.0}
    worst = -np.inf
    for name in ("mlp", "conv", "attention"):
        model = MODELS[name]
        problem = Problem(model, 0, {})
        seen = problem.observe(model.initial(SEEDS[name]), "sampled")
        for layer in model.layers:
            h, e = with_ones(seen[layer.name][0], layer), seen[layer.name][1]
            a, b = h.T @ h / len(h), e.T @ e / problem.terms
            left, right = np.linalg.eigh(a)[1], np.linalg.eigh(b)[1]
            groups = problem.n if layer.kind == "convolution" else len(h)
            u = np.einsum(
                "isa,isb->iab", h.reshape(groups, -1, h.shape[1]), e.reshape(groups, -1, e.shape[1])
            )
            u = u.reshape(groups, -1)
            fisher, basis = u.T @ u / problem.terms, np.kron(left, right)
            s = variances(layer, h @ left, e @ right, problem.terms, problem.n).ravel()
            exact = np.diag(basis.T @ fisher @ basis)
            key = "s is the diagonal of the exact block in the basis"
            gaps[key] = max(gaps[key], float(np.max(np.abs(s - exact)) / np.max(exact)))
            ekfac = np.linalg.norm(fisher - (basis * s) @ basis.T)
            worst = max(worst, ekfac / np.linalg.norm(fisher - np.kron(a, b)))
    gaps["|F - F_ekfac| / |F - A (x) B|, at most 1"] = float(worst)
    return gaps


BASE = {
    "learningRate": 0.03,
    "momentum": 0.9,
    "weightDecay": 1e-3,
    "clipNorm": 10,
    "damping": 0.1,
    "statistics": "ema",
    "emaRate": 0.05,
    "curvatureInterval": 1,
    "inverseInterval": 10,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    runs = [
        ("mlp", "mlp", {}, 50, (0, 1, 2, 10, 49)),
        ("mlp-no-bias", "mlp-no-bias, bases every step", {"inverseInterval": 1}, 50, (0, 1, 20)),
        ("mlp", "mlp, batch", {"statistics": "batch", "inverseInterval": 1}, 20, (0, 1)),
        ("conv", "conv", {}, 50, (1, 20)),
        ("attention", "attention", {}, 50, (1, 11)),
    ]
    agreement = closed_forms()
    write(
        "ekfac",
        notes=[
            "bases are determined up to the signs of their columns: compare parameters, not bases; "
            "attention's first ones depend on null spaces: its free run starts from step 1's state",
            "state NAME.A, NAME.B, NAME.S: averages from zero, not yet divided by 1 - (1 - emaRate)^updates; "
            "an embedding has no NAME.UA (it is I)",
        ],
        golden=[golden()],
        trajectories=[
            trajectory(
                method,
                "ekfac",
                model,
                {**BASE, **hp},
                name=name,
                steps=steps,
                checkpoints=marks,
                free_from=1 if model == "attention" else 0,
            )  # fmt: skip
            for model, name, hp, steps, marks in runs
        ],
        agreement=agreement,
    )
    print(agreement)
