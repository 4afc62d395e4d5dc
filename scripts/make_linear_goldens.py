"""Makes tests/data/linear/goldens.json: ridge and softmax regressions in float64.

Ridge regressions are solved by normal equations, softmax regressions by Newton's method until the
gradient vanishes. Needs NumPy.

    python3 scripts/make_linear_goldens.py tests/data/linear
"""

import json
import sys
from pathlib import Path

import numpy as np


def ridge(x, y, l2):
    """Returns weights [K, C] and bias [K]; the bias is not penalized."""
    mx, my = x.mean(0), y.mean(0)
    xc, yc = x - mx, y - my
    w = np.linalg.solve(xc.T @ xc + l2 * np.eye(x.shape[1]), xc.T @ yc).T
    return w, my - w @ mx


def softmax(x, y, l2):
    """The same for cross-entropy summed over the samples, and l2 / 2 |W|^2."""
    n, c = x.shape
    k = y.shape[1]
    ones = np.hstack([x, np.ones((n, 1))])
    penalty = np.tile(np.r_[np.full(c, l2), 0.0], k)
    theta = np.zeros(k * (c + 1))
    for _ in range(100):
        z = ones @ theta.reshape(k, -1).T
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        gradient = ((p - y).T @ ones).ravel() + penalty * theta
        if np.abs(gradient).max() < 1e-12:
            break
        hessian = np.diag(penalty)
        for i in range(n):
            s = np.diag(p[i]) - np.outer(p[i], p[i])
            hessian += np.kron(s, np.outer(ones[i], ones[i]))
        # The sum of the biases is free; the pseudoinverse doesn't change it.
        theta -= np.linalg.pinv(hessian) @ gradient
    assert np.abs(gradient).max() < 1e-9
    theta = theta.reshape(k, -1)
    return theta[:, :-1], theta[:, -1]


def case(seed, n, c, k, l2):
    random = np.random.default_rng(seed)
    labels = random.integers(0, k, n)
    x = random.normal(size=(n, c)) + random.normal(size=(k, c))[labels]
    x = np.maximum(x, 0).astype(np.float32).astype(np.float64)
    y = np.eye(k)[labels]
    fits = {}
    for kind, fit in {"ridge": ridge, "softmax": softmax}.items():
        weight, bias = fit(x, y, l2)
        fits[kind] = {"weight": weight.ravel().tolist(), "bias": bias.tolist()}
    return {
        "shape": [n, c],
        "classes": k,
        "l2": l2,
        "features": [float(f"{v:.9g}") for v in x.ravel()],
        "labels": labels.tolist(),
        **fits,
    }


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
# More samples than features, then fewer.
cases = [case(1, 50, 6, 3, 1.0), case(2, 12, 20, 4, 0.5)]
(folder / "goldens.json").write_text(json.dumps(cases) + "\n")
