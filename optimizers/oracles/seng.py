"""SENG (Yang et al., J. Sci. Comput. 2022): per layer the empirical Fisher, inverted through its Gram.

    F = sum_i u_i u_i^T / N,  u_i = sum over the positions s of example i of h~_is e_is^T
    K_ij = sum_{s,t} (h~_is . h~_jt)(e_is . e_jt) / N        [n, n];  h~ = [h, 1] where there is a bias
    v_i = sum_s e_is^T (G/l) h~_is;   w = (K + l I)^-1 v
    P(G) = G/l - 1/N sum_i w_i u_i = (F + l I)^-1 G            G [dIn (+ 1), dOut]
    gradient and curvature of one batch: P(G) = 1/N sum_i [(K + l I)^-1 1]_i u_i

True labels; e: gradient of the summed loss; N terms of the mean (tokens: n T, one sequence is one
example). Embeddings and norms keep the plain gradient. correction "rankOne": the sum over i becomes
(sum w_i h_i / sum sqrt|w_j|)(sum sqrt|w_i| e_i)^T. variant "asdl": N^2 in place of N before it, the
bias left out of K and v.
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
from kronecker import due
from models import MODELS, SEEDS
from problem import Problem


def treated(model):
    return [layer for layer in model.layers if layer.kind != "embedding"]


def per_example(rows, n):
    """[n * S, d] -> [n, S, d]."""
    return rows.reshape(n, -1, rows.shape[-1])


def truncate(h, e, rank):
    """The leading `rank` singular directions of each example's e, over positions."""
    if h.shape[1] <= rank:
        return h, e
    short_h, short_e = [], []
    for hi, ei in zip(h, e):
        u, s, vt = np.linalg.svd(ei.T, full_matrices=False)
        short_e.append((u[:, :rank] * s[:rank]).T)
        short_h.append(vt[:rank] @ hi)
    return np.stack(short_h), np.stack(short_e)


def gram(h, e, terms):
    inputs = np.einsum("isa,jta->isjt", h, h)
    outputs = np.einsum("isb,jtb->isjt", e, e)
    return (inputs * outputs).sum((1, 3)) / terms


def weighted(w, h, e, terms):
    """1/N sum_i w_i u_i, [dIn, dOut]."""
    return np.einsum("i,isa,isb->ab", w, h, e) / terms


def rank_one(w, h, e, terms):
    root = np.sqrt(np.abs(w))
    inputs = np.einsum("i,isa->sa", w / root.sum(), h)
    outputs = np.einsum("i,isb->sb", root, e)
    return inputs.T @ outputs / terms


def projections(g, h, e):
    """v_i = sum_s e_is^T g h_is for g [dIn, dOut]."""
    return np.einsum("isa,ab,isb->i", h, g, e)


def damped_gram_inverse(k, damping):
    return np.linalg.inv(k + damping * np.eye(len(k), dtype=k.dtype))


def init(model, parameters, hp):
    state = momentum_state(parameters)
    if hp["curvatureInterval"] > 1:
        dtype = next(iter(parameters.values())).dtype
        for layer in treated(model):
            state[f"{layer.name}.h"] = np.zeros((8, layer.d_in + layer.bias), dtype)
            state[f"{layer.name}.e"] = np.zeros((8, layer.d_out), dtype)
            state[f"{layer.name}.Kinv"] = np.eye(8, dtype=dtype)
    return state


def precondition(g, h, e, inverse, terms, damping, hp):
    """Step 4, for g [dIn (+ 1), dOut], h and e [n, S, .]."""
    asdl = hp.get("variant") == "asdl"
    d = hp["dIn"] if asdl else len(g)
    w = inverse @ projections(g[:d] / damping, h[..., :d], e)
    combine = rank_one if hp.get("correction") == "rankOne" else weighted
    return g / damping - combine(w, h, e, terms**2 if asdl else terms)


def step(problem, parameters, state, hp):
    state = dict(state)
    _, grads = problem.gradient(parameters)
    layers, refresh = treated(problem.model), due(problem, hp["curvatureInterval"])
    seen = problem.observe(parameters, "true") if refresh else {}
    directions = dict(grads)
    for layer in layers:
        names = [f"{layer.name}.{x}" for x in ("h", "e", "Kinv")]
        if refresh:
            rows, e = seen[layer.name]
            h, e = per_example(with_ones(rows, layer), problem.n), per_example(e, problem.n)
            h, e = truncate(h, e, hp["rank"])
            d = layer.d_in if hp.get("variant") == "asdl" else h.shape[-1]
            inverse = damped_gram_inverse(gram(h[..., :d], e, problem.terms), hp["damping"])
            if hp["curvatureInterval"] > 1:
                assert h.shape[1] == 1
                state |= dict(zip(names, (h[:, 0], e[:, 0], inverse)))
        else:
            h, e, inverse = (state[name] for name in names)
            h, e = h[:, None], e[:, None]
        g = homogeneous(layer, grads)
        if refresh and not hp.get("correction") and not hp.get("variant"):
            p = weighted(inverse.sum(1), h, e, problem.terms)
        else:
            options = {**hp, "dIn": layer.d_in}
            p = precondition(g, h, e, inverse, problem.terms, hp["damping"], options)
        directions.update(from_homogeneous(layer, p, grads))
    return pipeline(parameters, directions, state, hp)


def golden(name, h, e, terms, damping, g=None, rank=16, hp=None):
    """g None: the gradient of the same batch."""
    hp = hp or {}
    gradient = weighted(np.ones(len(h)), h, e, terms) if g is None else g
    out = {"name": name, "inputs": h, "outputGradients": e, "terms": terms, "damping": damping}
    out |= {"rank": rank, "gradient": gradient, **hp}
    h, e = truncate(h, e, rank)
    k = gram(h, e, terms)
    out["gram"] = k
    out["expected"] = precondition(gradient, h, e, damped_gram_inverse(k, damping), terms, damping, hp)
    if g is None and not hp:
        out["pushThrough"] = weighted(damped_gram_inverse(k, damping).sum(1), h, e, terms)
    return out


def golden_sketch(random):
    """Columns `inIndices` of h, `outIndices` of e and both of G, each scaled by dim / size per axis.

    K and v then both come out dim / size times too large per axis, on average: the damping is
    divided by that, in effect.
    """
    h, e = random.standard_normal((4, 1, 6)).round(3), random.standard_normal((4, 1, 5)).round(3)
    g, damping = random.standard_normal((6, 5)).round(3), 0.5
    inputs, outputs = np.array([0, 2, 5]), np.array([1, 4])
    sub_h, sub_e = h[..., inputs] * 2, e[..., outputs] * 2.5
    k = gram(sub_h, sub_e, 4)
    v = projections(g[np.ix_(inputs, outputs)] * 5 / damping, sub_h, sub_e)
    w = damped_gram_inverse(k, damping) @ v
    out = {"name": "sketched", "inputs": h, "outputGradients": e, "terms": 4, "damping": damping}
    out |= {"gradient": g, "inIndices": inputs, "outIndices": outputs, "gram": k, "v": v}
    return out | {"expected": g / damping - weighted(w, h, e, 4)}


def closed_forms():
    """Against the dense (F + l I)^-1 g on every layer of the conv and attention models."""
    gaps = {}
    for name in ("mlp", "conv", "attention"):
        model = MODELS[name]
        parameters = model.initial(SEEDS[name])
        problem = Problem(model, 0, {})
        grads, other = problem.gradient(parameters)[1], Problem(model, 1, {}).gradient(parameters)[1]
        seen = problem.observe(parameters, "true")
        dense_gap = push_gap = 0.0
        for layer in treated(model):
            h = per_example(with_ones(seen[layer.name][0], layer), problem.n)
            e = per_example(seen[layer.name][1], problem.n)
            u = np.einsum("isa,isb->iab", h, e).reshape(problem.n, -1)
            fisher = u.T @ u / problem.terms
            inverse = damped_gram_inverse(gram(h, e, problem.terms), 0.1)
            for gradients in (grads, other):
                g = homogeneous(layer, gradients)
                dense = np.linalg.solve(fisher + 0.1 * np.eye(len(fisher)), g.ravel()).reshape(g.shape)
                ours = precondition(g, h, e, inverse, problem.terms, 0.1, {})
                dense_gap = max(dense_gap, deviation({"g": ours}, {"g": dense}))
            push = weighted(inverse.sum(1), h, e, problem.terms)
            g = homogeneous(layer, grads)
            ours = precondition(g, h, e, inverse, problem.terms, 0.1, {})
            push_gap = max(push_gap, deviation({"g": push}, {"g": ours}))
        gaps[f"{name}: dense (F + l I)^-1 g"] = dense_gap
        gaps[f"{name}: push-through"] = push_gap
    random = np.random.default_rng(71)
    h, e = random.standard_normal((1, 1, 4)), random.standard_normal((1, 1, 3))
    scale = 0.1 + np.sum(h * h) * np.sum(e * e)
    one = weighted(damped_gram_inverse(gram(h, e, 1), 0.1).sum(1), h, e, 1)
    gaps["n = 1: G / (l + |e|^2 |h|^2)"] = float(np.max(np.abs(one - h[0].T @ e[0] / scale)))
    return gaps


BASE = {
    "learningRate": 0.1,
    "momentum": 0.9,
    "weightDecay": 1e-3,
    "clipNorm": 10,
    "damping": 0.5,
    "curvatureInterval": 1,
    "rank": 16,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    random = np.random.default_rng(72)
    rows = random.standard_normal((4, 1, 5)).round(3), random.standard_normal((4, 1, 3)).round(3)
    positions = random.standard_normal((3, 6, 4)).round(3), random.standard_normal((3, 6, 5)).round(3)
    g = random.standard_normal((5, 3)).round(3)
    low = {"learningRate": 0.01, "damping": 0.1}
    runs = [
        ("mlp", "mlp", {}, 50, (0, 1, 2, 5, 10, 20, 49)),
        ("mlp-no-bias", "mlp-no-bias, interval 3", {"curvatureInterval": 3}, 50, (0, 1, 2, 3, 20)),
        ("mlp", "mlp, low damping", low, 50, (0, 1, 20)),
        ("conv", "conv", {}, 50, (0, 1, 10, 49)),
        ("attention", "attention", {}, 50, (0, 1, 10, 49)),
        ("mlp", "mlp, rank one", {"correction": "rankOne"}, 10, (0, 1)),
        ("mlp-no-bias", "mlp-no-bias, asdl", {"variant": "asdl", "correction": "rankOne"}, 3, (0, 1, 2)),
        ("mlp", "mlp, asdl", {"variant": "asdl", "correction": "rankOne"}, 3, (0, 1, 2)),
    ]
    agreement = closed_forms()
    write(
        "seng",
        notes=[
            "golden: inputs [n, S, dIn], outputGradients [n, S, dOut], G and expected [dIn, dOut]; "
            "pushThrough differs from expected only where rank truncates: it drops what was cut off, "
            "step 4 keeps it, over the damping",
            "tokens: N = n T throughout, K is [n, n] over sequences",
            "state NAME.h [n, dIn (+ 1)], NAME.e, NAME.Kinv only where the interval is above 1",
        ],
        golden=[
            golden("same batch", *rows, 4, 0.1),
            golden("another batch's gradient", *rows, 4, 0.1, g=g),
            golden("positions", *positions, 3, 0.5),
            golden("positions, rank 2 of 6", *positions, 3, 0.5, rank=2),
            golden("rank one", *rows, 4, 0.1, g=g, hp={"correction": "rankOne"}),
            golden_sketch(random),
        ],
        trajectories=[
            trajectory(method, "seng", model, {**BASE, **hp}, name=name, steps=steps, checkpoints=marks)
            for model, name, hp, steps, marks in runs
        ],
        agreement=agreement,
    )
    print({k: float(v) for k, v in agreement.items()})
