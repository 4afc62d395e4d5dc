"""Makes tests/data/compare/goldens.json: RDMs, their correlations and CKA, by NumPy alone.

The formulas are written out after the papers, in float64, without thingsvision's or SciPy's code.
With thingsvision 2.7.3's `core` on the path (numba, torchtyping and matplotlib aren't needed for its
CKA in NumPy), `--check FOLDER` compares with it too.

    python3 scripts/make_compare_goldens.py tests/data/compare
"""

import importlib.util
import json
import sys
import types
from pathlib import Path

import numpy as np


def rdm(x, method):
    n = len(x)
    d = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if method == "euclidean":
                d[i, j] = np.sqrt(((x[i] - x[j]) ** 2).sum())
            elif i != j:
                a, b = x[i], x[j]
                if method == "correlation":
                    a, b = a - a.mean(), b - b.mean()
                d[i, j] = 1 - a @ b / np.sqrt((a @ a) * (b @ b))
    return d


def ranks(v):
    return np.array([(v < x).sum() + ((v == x).sum() + 1) / 2 for x in v])


def correlate(a, b, correlation):
    upper = np.triu_indices(len(a), 1)
    a, b = a[upper], b[upper]
    if correlation == "spearman":
        a, b = ranks(a), ranks(b)
    return np.corrcoef(a, b)[0, 1]


def hsic(x, y, unbiased):
    """Of Gretton et al. (2005), or without bias of Song et al. (2012), HSIC_1."""
    n = len(x)
    k, l = x @ x.T, y @ y.T
    if not unbiased:
        h = np.eye(n) - 1 / n
        return np.trace(k @ h @ l @ h) / (n - 1) ** 2
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))
    one = np.ones(n)
    return (
        np.trace(k @ l)
        + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (one @ k @ l @ one)
    ) / (n * (n - 3))


def cka(x, y, unbiased, batch=None):
    batch = batch or len(x)
    parts = [slice(i, i + batch) for i in range(0, len(x), batch)]
    parts = [part for part in parts if len(x[part]) >= 4]
    mean = lambda a, b: np.mean([hsic(a[part], b[part], unbiased) for part in parts])
    return mean(x, y) / np.sqrt(mean(x, x) * mean(y, y))


def case(seed, n, c, d, ties=False):
    """With ties, of integers: distances that are equal in any arithmetic."""
    random = np.random.default_rng(seed)
    hidden = random.normal(size=(n, 4))
    x = hidden @ random.normal(size=(4, c)) + 0.5 * random.normal(size=(n, c))
    x = np.where(x > 0, x, x / 10)
    y = np.tanh(hidden @ random.normal(size=(4, d))) * random.uniform(0.1, 9, d)
    # Float32 numbers, so that files hold them exactly.
    x, y = (v.astype(np.float32).astype(float) for v in (x, y))
    if ties:
        x, y = np.round(x), np.round(y)
    methods = ["euclidean"] if ties else ["correlation", "cosine", "euclidean"]
    rdms = {m: [rdm(x, m), rdm(y, m)] for m in methods}
    return {
        "x": {"data": x.ravel().tolist(), "shape": [n, c]},
        "y": {"data": y.ravel().tolist(), "shape": [n, d]},
        "rdm": {m: [a.ravel().tolist() for a in rdms[m]] for m in methods},
        "correlation": {
            f"{m} {k}": correlate(*rdms[m], k) for m in methods for k in ["pearson", "spearman"]
        },
        "cka": {
            f"{unbiased} {batch or ''}".lower().strip(): cka(x, y, unbiased, batch)
            for unbiased in [False, True]
            for batch in [None, 4, 5, 9]
        },
    }


def check(cases, folder):
    package = types.ModuleType("cka")
    package.__path__ = [str(Path(folder) / "cka")]
    sys.modules["cka"] = package
    theirs = importlib.import_module("cka.cka_numpy").CKANumPy
    for one in cases:
        x, y = (np.reshape(one[k]["data"], one[k]["shape"]) for k in "xy")
        for unbiased in [False, True]:
            got = theirs(len(x), "linear", unbiased).compare(x, y)
            want = one["cka"][str(unbiased).lower()]
            assert abs(got - want) < 1e-12, (got, want)
    print("thingsvision agrees")


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
cases = [case(1, 12, 7, 5), case(2, 14, 40, 3), case(3, 12, 4, 3, ties=True)]
(folder / "goldens.json").write_text(json.dumps(cases) + "\n")
if "--check" in sys.argv:
    check(cases, sys.argv[sys.argv.index("--check") + 1])
