"""Makes tests/data/fit/*.json with scikit-learn 1.7.2: PCA.

    python3 -m venv --system-site-packages venv
    venv/bin/pip install scikit-learn==1.7.2
    venv/bin/python scripts/make_fit_goldens.py tests/data/fit
"""

import json
import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn.decomposition import PCA

assert sklearn.__version__ == "1.7.2", sklearn.__version__


def plain(array, digits=9):
    return [float(f"{v:.{digits}g}") for v in np.ravel(array)]


def features(seed, n, c):
    """Like a network's: not negative, correlated, of different sizes."""
    random = np.random.default_rng(seed)
    mixed = random.normal(size=(n, c)) @ random.normal(size=(c, c))
    x = np.maximum(mixed * random.uniform(0.2, 3, c), 0)
    return np.round(x, 4).astype(np.float32)


def pca(seed, n, c, components, whiten):
    x = features(seed, n, c)
    fit = PCA(components, svd_solver="full", whiten=whiten).fit(x.astype(np.float64))
    other = features(seed + 100, 3, c)
    return {
        "shape": [n, c],
        "components": components,
        "whiten": whiten,
        "features": plain(x),
        "other": plain(other),
        "want": {
            "mean": plain(fit.mean_),
            "components": plain(fit.components_),
            "explainedVariance": plain(fit.explained_variance_),
            "explainedVarianceRatio": plain(fit.explained_variance_ratio_),
            "singularValues": plain(fit.singular_values_),
            "transformed": plain(fit.transform(other.astype(np.float64))),
        },
    }


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
cases = [
    pca(1, 40, 8, 3, False),
    pca(2, 40, 8, 8, True),
    pca(3, 12, 30, 5, True),
    pca(4, 12, 30, 11, False),
    pca(5, 50, 10, 0.9, False),
    pca(6, 15, 20, 0.5, True),
]
(folder / "pca.json").write_text(json.dumps(cases) + "\n")
