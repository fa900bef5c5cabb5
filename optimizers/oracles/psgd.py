"""PSGD, Kronecker factors on the Lie group (Li, arXiv 1512.04202, 1809.10232).

Per layer, upper triangular Ql [dOut, dOut] and Qr [dIn (+ 1), dIn (+ 1)], from I. On update steps,
with v ~ N(0, I) and Hv as matrices dX, dG [dOut, dIn (+ 1)], the bias last:
    r = sqrt(max diag Ql / max diag Qr);  Ql <- Ql / r;  Qr <- r Qr
    A = Ql dG Qr^T,   B = Ql^-T dX Qr^-1
    Dl = triu(A A^T - B B^T),   Dr = triu(A^T A - B^T B)
    Ql <- Ql - mu / (max|Dl| + 1e-30) Dl Ql,   Qr alike
    P(G) = Ql^T Ql G Qr^T Qr                              G [dOut, dIn (+ 1)]
Norm parameters and embeddings keep the plain gradient; v is zero there. An update is skipped where
Hv is all zero or not finite. variant "asdl": B = Ql^-1 dX Qr^-T.
"""

import math
import sys

import numpy as np
from scipy.linalg import solve_triangular

from common import from_homogeneous, homogeneous, momentum_state, pipeline, trajectory, write
from kronecker import due
from models import MODELS

TINY = 1e-30


def treated(model):
    return [layer for layer in model.layers if layer.kind != "embedding"]


def init(model, parameters, hp):
    state = momentum_state(parameters)
    for layer in treated(model):
        dtype = parameters[layer.weight].dtype
        state[f"{layer.name}.Ql"] = np.eye(layer.d_out, dtype=dtype)
        state[f"{layer.name}.Qr"] = np.eye(layer.d_in + layer.bias, dtype=dtype)
    return state


def whitened(ql, qr, dx, dg, asdl=False):
    """A and B of the update and of the criterion |A|^2 + |B|^2."""
    a = ql @ dg @ qr.T
    if asdl:
        left = solve_triangular(ql, dx)
        return a, solve_triangular(qr, left.T).T
    left = solve_triangular(ql, dx, trans="T")
    return a, solve_triangular(qr, left.T, trans="T").T


def update(ql, qr, dx, dg, rate, asdl=False):
    if not np.any(dg) or not np.all(np.isfinite(dg)):
        return ql, qr
    r = math.sqrt(float(np.max(np.diag(ql))) / float(np.max(np.diag(qr))))
    ql, qr = ql / r, qr * r
    a, b = whitened(ql, qr, dx, dg, asdl)
    dl, dr = np.triu(a @ a.T - b @ b.T), np.triu(a.T @ a - b.T @ b)
    ql = ql - rate / (float(np.max(np.abs(dl))) + TINY) * (dl @ ql)
    qr = qr - rate / (float(np.max(np.abs(dr))) + TINY) * (dr @ qr)
    return ql, qr


def precondition(ql, qr, g):
    """P(G) for G [dOut, dIn (+ 1)]."""
    return ql.T @ (ql @ g @ qr.T) @ qr


def criterion(ql, qr, dx, dg):
    a, b = whitened(ql, qr, dx, dg)
    return float(np.sum(a * a) + np.sum(b * b))


def step(problem, parameters, state, hp):
    state = dict(state)
    _, grads = problem.gradient(parameters)
    layers = treated(problem.model)
    if due(problem, hp["curvatureInterval"]):
        names = [n for layer in layers for n in (layer.weight, layer.bias_name) if n in parameters]
        v = problem.probe({n: parameters[n] for n in names})
        hv = problem.hessian_vector(parameters, v)
        for layer in layers:
            left, right = f"{layer.name}.Ql", f"{layer.name}.Qr"
            dx, dg = homogeneous(layer, v).T, homogeneous(layer, hv).T
            state[left], state[right] = update(
                state[left], state[right], dx, dg, hp["precondLearningRate"], hp.get("variant") == "asdl"
            )
    directions = dict(grads)
    for layer in layers:
        g = homogeneous(layer, grads).T
        g = precondition(state[f"{layer.name}.Ql"], state[f"{layer.name}.Qr"], g).T
        directions.update(from_homogeneous(layer, g, grads))
    return pipeline(parameters, directions, state, hp)


def golden(name, ql, qr, dx, dg, rate, specification=None):
    ql, qr, dx, dg = (np.array(x, np.float64) for x in (ql, qr, dx, dg))
    new_l, new_r = update(ql, qr, dx, dg, rate)
    out = {"name": name, "Ql": ql, "Qr": qr, "v": dx, "hv": dg, "precondLearningRate": rate}
    out |= {"criterion": criterion(ql, qr, dx, dg), "expectedQl": new_l, "expectedQr": new_r}
    out["preconditionedHv"] = precondition(new_l, new_r, dg)
    if specification is not None:
        gap = max(float(np.max(np.abs(x - y))) for x, y in zip((new_l, new_r), specification))
        out["specificationDeviation"] = float(f"{gap:.1e}")
        print(f"  {name:28s} specification {gap:.1e}")
    return out


def quadratic(seed, asdl=False, updates=300):
    """Fits P to H = R (x) L; returns ((criterion / 2 tr H) at start and end, |mean P H - I| / 2)."""
    random = np.random.default_rng(seed)
    left, right = np.array([[2, 0.5], [0.5, 1]]), np.array([[0.5, 0.2], [0.2, 1.5]])
    hessian = np.kron(right, left)
    ql, qr, mean = np.eye(2), np.eye(2), np.zeros((4, 4))

    def preconditioner():
        return np.kron(qr.T @ qr, ql.T @ ql)

    def share():
        p = preconditioner()
        expected = np.trace(hessian @ p @ hessian) + np.trace(np.linalg.inv(p))
        return expected / (2 * np.trace(hessian))

    first = share()
    for t in range(updates):
        v = random.standard_normal((2, 2))
        ql, qr = update(ql, qr, v, left @ v @ right, 0.01, asdl)
        if t >= updates - 150:
            mean += preconditioner() / 150
    assert np.all(np.diag(ql) > 0) and np.allclose(ql, np.triu(ql)) and np.allclose(qr, np.triu(qr))
    single = np.linalg.norm(preconditioner() @ hessian - np.eye(4)) / 2
    return first, share(), np.linalg.norm(mean @ hessian - np.eye(4)) / 2, single


def closed_forms():
    random = np.random.default_rng(51)
    runs = np.array([quadratic(seed) for seed in range(40)])
    wrong = np.array([quadratic(seed, asdl=True) for seed in range(10)])
    ql = np.triu(random.standard_normal((3, 3))) + 3 * np.eye(3)
    qr = np.triu(random.standard_normal((4, 4))) + 3 * np.eye(4)
    g = random.standard_normal((3, 4))
    dense = np.kron(ql.T @ ql, qr.T @ qr) @ g.ravel()
    hv = random.standard_normal((3, 4))
    p = np.kron(ql.T @ ql, qr.T @ qr)
    direct = hv.ravel() @ p @ hv.ravel() + g.ravel() @ np.linalg.solve(p, g.ravel())
    return {
        "P(G) is the dense (Ql^T Ql) (x) (Qr^T Qr)": np.max(np.abs(precondition(ql, qr, g).ravel() - dense)),
        "criterion is Hv^T P Hv + v^T P^-1 v": abs(criterion(ql, qr, g, hv) / direct - 1),
        "quadratic: criterion / 2 tr H at I": runs[0, 0],
        "quadratic: the same after 300, worst of 40": runs[:, 1].max(),
        "quadratic: |mean P H - I| / 2, worst of 40": runs[:, 2].max(),
        "quadratic: |P H - I| / 2, worst of 40": runs[:, 3].max(),
        "quadratic: asdl's |P H - I| / 2, best of 10": wrong[:, 3].min(),
    }


BASE = {
    "learningRate": 0.03,
    "momentum": 0.9,
    "weightDecay": 1e-3,
    "clipNorm": 10,
    "precondLearningRate": 0.1,
    "curvatureInterval": 1,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    random = np.random.default_rng(52)
    table = [[0.99, 0.00375], [0, 1.000625]], [[0.99, -0.00909091], [0, 0.99636364]]
    upper = [np.triu(random.standard_normal((d, d))).round(2) + 2 * np.eye(d) for d in (3, 4)]
    dx, dg = random.standard_normal((2, 3, 4)).round(3)
    runs = [
        ("mlp", "mlp", {}, 50, (0, 1, 2, 10, 49)),
        ("mlp-no-bias", "mlp-no-bias, interval 2", {"curvatureInterval": 2}, 50, (0, 1, 3, 20)),
        ("conv", "conv", {}, 50, (0, 1, 20)),
        ("attention", "attention", {}, 50, (0, 1, 10, 49)),
        ("mlp", "mlp, asdl", {"variant": "asdl"}, 3, (0, 1, 2)),
    ]

    def probed(model_name):
        model = MODELS[model_name]
        names = [n for layer in treated(model) for n in (layer.weight, layer.bias_name)]
        return 10, [n for n in names if n in model.shapes]

    agreement = closed_forms()
    write(
        "psgd",
        notes=[
            "golden: v, hv, Ql, Qr as in the specification: [dOut, dIn]; criterion before the update",
            "state NAME.Ql [dOut, dOut], NAME.Qr [dIn (+ 1), dIn (+ 1)] with the bias last; a "
            "convolution's dIn runs over (kh, kw, cIn), as tfjs stores it: triangular factors depend on it",
            "probes: step t uses probes[t mod 10], in the parameters' shapes",
        ],
        golden=[
            golden(
                "specification", np.eye(2), np.eye(2), [[1, 0], [0.5, -1]], [[2, 1], [0, -1]], 0.01, table
            ),
            golden("random", *upper, dx, dg, 0.05),
        ],
        trajectories=[
            trajectory(
                method,
                "psgd",
                model,
                {**BASE, **hp},
                name=name,
                steps=steps,
                checkpoints=marks,
                probes=probed(model),
            )
            for model, name, hp, steps, marks in runs
        ],
        agreement=agreement,
    )
    print({k: float(v) for k, v in agreement.items()})
