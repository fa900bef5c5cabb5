"""SPlus (Frans, Levine, Abbeel 2025, arXiv 2506.07254): signs in Shampoo's eigenbasis.

    g <- clip(g);  m <- b1 m + (1 - b1) G
    matrices: U = Ql sign(Ql^T m Qr) Qr^T with the stored bases (I at first), rate eta 2 / (dIn + dOut)
    others: U = sign(m), rate eta * 0.001
    L <- b2 L + (1 - b2) G G^T,  R <- b2 R + (1 - b2) G^T G;  theta <- theta - rate U
    average <- r average + (1 - r) theta, evaluated over 1 - r^t;  theta <- theta (1 - rate w)
    after step 1 and every T-th: Ql, Qr = eigenvectors of L + eps I, R + eps I
The sign of an exact zero is rounding's: a softmax layer's basis always holds a direction without
gradient, so the weights of the last layer are not compared.
"""

import sys

import numpy as np

from common import clip, trajectory, write
from peers import FixedGradients


def init(model, parameters, hp):
    state = {"t": 0}
    for k, theta in parameters.items():
        state[f"{k}.m"], state[f"{k}.average"] = np.zeros_like(theta), np.zeros_like(theta)
        if theta.ndim == 2:
            for side, d in zip("LR", theta.shape):
                state[f"{k}.{side}"] = np.zeros((d, d), theta.dtype)
                state[f"{k}.Q{side}"] = np.eye(d, dtype=theta.dtype)
    return state


def rotated(state, name):
    """Ql^T m Qr, or m."""
    m = state[f"{name}.m"]
    return state[f"{name}.QL"].T @ m @ state[f"{name}.QR"] if m.ndim == 2 else m


def direction(state, name):
    signs = np.sign(rotated(state, name))
    return state[f"{name}.QL"] @ signs @ state[f"{name}.QR"].T if signs.ndim == 2 else signs


def average_momentum(parameters, grads, state, hp):
    for k, g in grads.items():
        state[f"{k}.m"] = hp["beta1"] * state[f"{k}.m"] + (1 - hp["beta1"]) * g


def step(problem, parameters, state, hp):
    _, grads = problem.gradient(parameters)
    grads, state, new = clip(grads, hp["clipNorm"]), dict(state), {}
    t = state["t"] = state["t"] + 1
    average_momentum(parameters, grads, state, hp)
    for k, g in grads.items():
        rate = hp["learningRate"] * (2 / sum(g.shape) if g.ndim == 2 else 0.001)
        theta = parameters[k] - rate * direction(state, k)
        past = hp["averageRate"]
        state[f"{k}.average"] = past * state[f"{k}.average"] + (1 - past) * theta
        new[k] = theta * (1 - rate * hp["weightDecay"])
        if g.ndim != 2:
            continue
        for side, gram in zip("LR", (g @ g.T, g.T @ g)):
            s = hp["beta2"] * state[f"{k}.{side}"] + (1 - hp["beta2"]) * gram
            state[f"{k}.{side}"] = s
            if t == 1 or t % hp["inverseInterval"] == 0:
                ridge = hp["epsilon"] * np.eye(len(s), dtype=s.dtype)
                state[f"{k}.Q{side}"] = np.linalg.eigh(s + ridge)[1]
    return new, state


def evaluated(state, hp):
    correction = 1 - hp["averageRate"] ** state["t"]
    return {k.removesuffix(".average"): v / correction for k, v in state.items() if k.endswith(".average")}


def margin_without(skipped):
    def margin(problem, parameters, state, hp):
        state = dict(state)
        grads = clip(problem.gradient(parameters)[1], hp["clipNorm"])
        average_momentum(parameters, grads, state, hp)
        entries = [np.abs(rotated(state, k)) for k in grads if k not in skipped]
        return min(float(x.min() / x.max()) for x in entries)

    return margin


def replay(gradients, hp, start):
    parameters = {"w": start}
    state, path, nearest = init(None, parameters, hp), [], np.inf
    for t, g in enumerate(gradients):
        problem = FixedGradients(t, {"w": g})
        nearest = min(nearest, margin_without(())(problem, parameters, state, hp))
        parameters, state = step(problem, parameters, state, hp)
        path.append(parameters["w"])
    return path, evaluated(state, hp)["w"], nearest


def golden(name, shape, hp, seed, count=30):
    """Full rank gradients of one tensor, where every sign is determined; margin: the nearest to 0."""
    random = np.random.default_rng(seed)
    gradients = random.standard_normal((count, *shape)).round(2)
    start = random.standard_normal(shape).round(2)
    path, average, nearest = replay(gradients, hp, start)
    print(f"  {name:28s} margin {nearest:.0e}")
    out = {"name": name, "start": start, "gradients": gradients, "hyperparameters": hp, "margin": nearest}
    expected = {str(t): path[t] for t in (0, 1, 2, 9, 10, count - 1)}
    return out | {"expected": expected, "evaluated": average}


def closed_forms():
    """G -> U G V rotates the step once the bases are the gradients' own."""
    random = np.random.default_rng(121)
    u, w = (np.linalg.qr(random.standard_normal((4, 4)))[0] for _ in range(2))
    gradients, start = random.standard_normal((10, 4, 4)), np.zeros((4, 4))
    hp = {**BASE, "inverseInterval": 1, "clipNorm": None, "weightDecay": 0.0}
    one = np.diff(np.array(replay(gradients, hp, start)[0]), axis=0)
    two = np.diff(np.array(replay([u @ g @ w for g in gradients], hp, start)[0]), axis=0)
    return {"G -> U G V rotates the step": float(np.max(np.abs(u @ one @ w - two)))}


BASE = {
    "learningRate": 0.1,
    "beta1": 0.9,
    "beta2": 0.999,
    "averageRate": 0.999,
    "epsilon": 1e-30,
    "weightDecay": 0.01,
    "clipNorm": 10,
    "inverseInterval": 10,
}

if __name__ == "__main__":
    method = sys.modules[__name__]
    given = {**BASE, "clipNorm": None}
    last = {"mlp": {"fc2.weight": (0, 5)}, "conv": {"fc.weight": (0, 8)}}
    agreement = closed_forms()
    write(
        "splus",
        notes=[
            "no free run: the last layer takes the sign of rounding; steps from a stored state, without it",
            "state NAME.L, NAME.R [dIn], [dOut] and NAME.QL, NAME.QR of matrices alone; NAME.average not "
            "yet divided by 1 - averageRate^t; golden: after gradient 0, 1, ...; evaluated: at the end",
        ],
        golden=[
            golden("matrix", (4, 3), given, 122),
            golden("square", (3, 3), {**given, "averageRate": 0.9}, 123),
            golden("vector", (4,), given, 124),
        ],
        trajectories=[
            trajectory(
                method,
                "splus",
                model,
                BASE,
                name=model,
                steps=25,
                checkpoints=(0, 1, 2, 9, 10, 20),
                undetermined=undetermined,
                margin=margin_without(undetermined),
                free_from=None,
            )  # fmt: skip
            for model, undetermined in last.items()
        ],
        agreement=agreement,
    )
    print(agreement)
