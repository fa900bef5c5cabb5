"""K-FAC (Martens & Grosse 2015, arXiv 1503.05671; convolutions: arXiv 1602.01407).

    A = h^T h / rows,  B = e^T e / N         e: summed loss, labels drawn from the model
    pi = sqrt((tr A / dIn) / (tr B / dOut)),  lA = sqrt(l) pi,  lB = sqrt(l) / pi
    P(G) = (A + lA I)^-1 G (B + lB I)^-1     G [dIn, dOut];  bias: g_b (B + lB I)^-1

bias "homogeneous": A of [h, 1] and the bias as the last row of G. variant "asdl": A and B of token
layers both divided by the number of sequences, averages not corrected for their start.
"""

import sys

import numpy as np

from common import from_homogeneous, homogeneous, momentum_state, pipeline, trajectory, with_ones, write
from kronecker import (
    average,
    damped_inverse,
    diagonal_input,
    due,
    estimate,
    factored_damping,
    input_factor,
    output_factor,
    times,
    zero_factors,
)


def joined(layer, hp):
    return layer.bias and hp.get("bias") == "homogeneous"


def keeps_inverses(hp):
    return hp["curvatureInterval"] > 1 or hp["inverseInterval"] > 1


def init(model, parameters, hp):
    state = {**momentum_state(parameters), **zero_factors(model, parameters)}
    dtype = next(iter(parameters.values())).dtype
    for layer in model.layers:
        if joined(layer, hp):
            state[f"{layer.name}.A"] = np.zeros((layer.d_in + 1, layer.d_in + 1), dtype)
        if keeps_inverses(hp):
            a, b = state[f"{layer.name}.A"], state[f"{layer.name}.B"]
            one = np.ones_like(a) if diagonal_input(layer) else np.eye(len(a), dtype=dtype)
            state[f"{layer.name}.inverseA"] = one
            state[f"{layer.name}.inverseB"] = np.eye(len(b), dtype=dtype)
    return state


def inverses(a, b, damping):
    ridge_a, ridge_b = factored_damping(a, b, damping)
    return damped_inverse(a, ridge_a), damped_inverse(b, ridge_b)


def step(problem, parameters, state, hp):
    asdl = hp.get("variant") == "asdl"
    state = dict(state)
    _, grads = problem.gradient(parameters)
    if due(problem, hp["curvatureInterval"]):
        seen = problem.observe(parameters, "sampled")
        for layer in problem.model.layers:
            h, e = seen[layer.name]
            token_layer = asdl and problem.model.tokens
            h = with_ones(h, layer) if joined(layer, hp) else h
            rows, terms = (problem.n, problem.n) if token_layer else (len(h), problem.terms)
            average(state, f"{layer.name}.A", input_factor(layer, h, rows), hp)
            average(state, f"{layer.name}.B", output_factor(e, terms), hp)
    directions = dict(grads)
    for layer in problem.model.layers:
        a = estimate(state, f"{layer.name}.A", hp, not asdl)
        b = estimate(state, f"{layer.name}.B", hp, not asdl)
        if due(problem, hp["inverseInterval"]):
            inverse_a, inverse_b = inverses(a, b, hp["damping"])
            if keeps_inverses(hp):
                state[f"{layer.name}.inverseA"] = inverse_a
                state[f"{layer.name}.inverseB"] = inverse_b
        else:
            inverse_a, inverse_b = state[f"{layer.name}.inverseA"], state[f"{layer.name}.inverseB"]
        if joined(layer, hp):
            g = inverse_a @ homogeneous(layer, grads) @ inverse_b
            directions.update(from_homogeneous(layer, g, grads))
            continue
        g = grads[layer.weight].reshape(-1, layer.d_out)
        directions[layer.weight] = (times(inverse_a, g) @ inverse_b).reshape(grads[layer.weight].shape)
        if layer.bias:
            directions[layer.bias_name] = grads[layer.bias_name] @ inverse_b
    return pipeline(parameters, directions, state, hp)


def precondition(a, b, g, damping):
    """P(G) for G [dIn, dOut]."""
    inverse_a, inverse_b = inverses(np.array(a), np.array(b), damping)
    return times(inverse_a, np.array(g)) @ inverse_b


def golden(name, a, b, g, damping, specification=None):
    ridge_a, ridge_b = factored_damping(np.array(a), np.array(b), damping)
    expected = precondition(a, b, g, damping)
    out = {"name": name, "A": a, "B": b, "gradient": g, "damping": damping}
    out |= {"dampingA": ridge_a, "dampingB": ridge_b, "expected": expected}
    if specification is not None:
        gap = float(np.max(np.abs(expected - specification)))
        out["specificationDeviation"] = float(f"{gap:.1e}")
        print(f"  {name:28s} specification {gap:.1e}")
    return out


def closed_forms():
    """The specification's (h), each as the largest deviation between its two sides."""
    random = np.random.default_rng(21)
    h, w = random.standard_normal(5), random.standard_normal((5, 4))
    p = np.exp(h @ w) / np.exp(h @ w).sum()
    each = np.eye(4) - p  # row y: minus the gradient with respect to the logits for label y
    b = sum(p[y] * np.outer(each[y], each[y]) for y in range(4))
    hessian_b = np.diag(p) - np.outer(p, p)
    block = sum(p[y] * np.outer(np.kron(h, each[y]), np.kron(h, each[y])) for y in range(4))
    kron = np.kron(np.outer(h, h), b)
    a, b2 = spd(random, 5), spd(random, 4)
    g = random.standard_normal((5, 4))
    ridge_a, ridge_b = factored_damping(a, b2, 1e-3)
    dense = np.kron(a + ridge_a * np.eye(5), b2 + ridge_b * np.eye(4))
    solved = np.linalg.solve(dense, g.ravel()).reshape(5, 4)
    ridge_1a, ridge_1b = factored_damping(a, np.eye(4), 1e-3)
    foof = np.linalg.solve(a + ridge_1a * np.eye(5), g) / (1 + ridge_1b)
    large = 1e12
    gaps = {
        "linear softmax layer: B = diag(p) - p p^T": b - hessian_b,
        "n = 1: A (x) B is the exact Fisher block": block - kron,
        "P(G) solves the dense (A + lA) (x) (B + lB)": precondition(a, b2, g, 1e-3) - solved,
        "B = I: FOOF with damping lA, over 1 + lB": precondition(a, np.eye(4), g, 1e-3) - foof,
        "damping 1e12: P(G) damping = G": precondition(a, b2, g, large) * large - g,
    }
    return {k: float(np.max(np.abs(v))) for k, v in gaps.items()}


def spd(random, d):
    x = random.standard_normal((2 * d, d))
    return x.T @ x / (2 * d)


BASE = {
    "learningRate": 0.03,
    "momentum": 0.9,
    "weightDecay": 1e-3,
    "clipNorm": 10,
    "damping": 1e-2,
    "statistics": "ema",
    "emaRate": 0.05,
    "curvatureInterval": 1,
    "inverseInterval": 1,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    random = np.random.default_rng(22)
    local = {**BASE, "statistics": "batch"}
    table = np.array([[4.50279370, -9.39230524], [-1.65760355, 7.04456513]]).T
    small = [[2, 0.5], [0.5, 1]], [[0.2, 0.1], [0.1, 0.4]], [[1, 0.5], [-1, 2]]
    a, b, g = spd(random, 4).round(3), spd(random, 3).round(3), random.standard_normal((4, 3)).round(3)
    runs = [
        ("kfac", "mlp", "mlp, global", BASE, 50, (0, 1, 2, 10, 49)),
        ("kfac-local", "mlp", "mlp, local", local, 50, (0, 1, 20)),
        (
            "kfac",
            "mlp-no-bias",
            "mlp-no-bias, intervals 2 and 6",
            {"curvatureInterval": 2, "inverseInterval": 6},
            50,
            (0, 1, 3, 6, 20),
        ),
        ("kfac", "conv", "conv, global", {}, 50, (0, 1, 20)),
        ("kfac-local", "conv", "conv, local", {"statistics": "batch"}, 20, (1,)),
        ("kfac", "attention", "attention, global", {}, 50, (0, 1, 10, 49)),
        ("kfac", "mlp", "mlp, homogeneous", {"bias": "homogeneous"}, 10, (0, 1)),
        ("kfac", "attention", "attention, asdl", {"variant": "asdl", "emaRate": 1e-3}, 3, (0, 1, 2)),
    ]
    write(
        "kfac",
        notes=[
            "golden: P(G) for given factors; G, expected are [dIn, dOut] (the specification's transposed)",
            "state NAME.A, NAME.B: the average from zero, not yet divided by 1 - (1 - emaRate)^updates; "
            "inverses are stored only where an interval above 1 keeps them alive",
            "asdl: token layers' A and B divided by sequences, no correction; embedding A = count/sequences",
        ],
        golden=[
            golden("specification", *small, 1e-3, table),
            golden("random", a, b, g, 1e-2),
            golden("damping 1e-9", a, b, g, 1e-9),
            golden("embedding: A is a diagonal", [0.5, 0.25, 0, 0.25], b, g, 1e-3),
            golden("floor 1e-7", a, b, g, 1e-18),
            golden("B = 0: both dampings are l", a, b * 0, g, 1e-2),
        ],
        trajectories=[
            trajectory(method, id, model, {**BASE, **hp}, name=name, steps=steps, checkpoints=marks)
            for id, model, name, hp, steps, marks in runs
        ],
        agreement=closed_forms(),
    )
    print(closed_forms())
