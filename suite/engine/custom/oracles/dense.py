"""Factors of small matrices in float64, for dense.test.ts.

    python dense.py > dense.json        # numpy 2, scipy 1.17
"""
import json

import numpy as np
import scipy.linalg

random = np.random.default_rng(7)


def flat(x):
    return [float(f"{v:.15g}") for v in np.asarray(x, dtype=float).reshape(-1)]


def positive_signs(q, r):
    signs = np.where(np.diag(r) < 0, -1.0, 1.0)
    return q * signs, r * signs[:, None]


a = np.round(random.standard_normal((6, 9)), 3)
spd = np.round(a @ a.T / 9, 4)
spd = (spd + spd.T) / 2
tall = np.round(random.standard_normal((6, 4)), 3)
rhs = np.round(random.standard_normal((6, 3)), 3)
triangle = np.round(random.standard_normal((6, 6)), 3) + 3 * np.eye(6)
values, vectors = np.linalg.eigh(spd)
largest = np.abs(vectors).argmax(0)
vectors = vectors * np.sign(vectors[largest, np.arange(6)])
q, r = positive_signs(*np.linalg.qr(tall))


def solve(lower, transpose, right):
    t = np.tril(triangle) if lower else np.triu(triangle)
    op = t.T if transpose else t
    return np.linalg.solve(op.T, rhs).T if right else np.linalg.solve(op, rhs)


print(
    json.dumps(
        {
            "spd": flat(spd),
            "cholesky": flat(np.linalg.cholesky(spd)),
            "inverse": flat(np.linalg.inv(spd)),
            "values": flat(values),
            "vectors": flat(vectors),
            "root4": flat((vectors * (values + 0.01) ** -0.25) @ vectors.T),
            "tall": flat(tall),
            "q": flat(q),
            "r": flat(r),
            "triangle": flat(triangle),
            "rhs": flat(rhs),
            "solutions": [
                {
                    "lower": lower,
                    "transpose": transpose,
                    "side": "right" if right else "left",
                    "x": flat(solve(lower, transpose, right)),
                }
                for lower in (True, False)
                for transpose in (True, False)
                for right in (True, False)
            ],
        },
        indent=1,
    )
)
