"""Makes tests/data/fit/*.json with scikit-learn 1.7.2: PCA, NearestCentroid, KNeighbors.

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
from sklearn.metrics.pairwise import cosine_distances
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

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


def examples(seed, n, c, classes, ties):
    """With `ties`, small integers: many equal distances, some equal rows of several classes."""
    random = np.random.default_rng(seed)
    labels = np.array(classes)[random.integers(0, len(classes), n)]
    if ties:
        x = random.integers(0, 3, (n, c)).astype(np.float64)
        queries = random.integers(0, 3, (40, c)).astype(np.float64)
    else:
        x = features(seed, n, c).astype(np.float64)
        queries = features(seed + 50, 40, c).astype(np.float64)
    return x, labels, queries


def neighbors(seed, n, c, classes, metric, k, ties):
    x, labels, queries = examples(seed, n, c, classes, ties)
    fit = KNeighborsClassifier(k, metric=metric, algorithm="brute").fit(x, labels)
    return {
        "metric": metric,
        "k": k,
        "shape": [n, c],
        "features": plain(x),
        "labels": labels.tolist(),
        "queries": plain(queries),
        "classes": fit.classes_.tolist(),
        "predicted": fit.predict(queries).tolist(),
        "scores": plain(fit.predict_proba(queries)),
    }


def means(seed, n, c, classes, metric, ties):
    x, labels, queries = examples(seed, n, c, classes, ties)
    fit = NearestCentroid().fit(x, labels)
    if metric == "euclidean":
        predicted = fit.predict(queries)
    else:
        # NearestCentroid took this metric, with the same centroids, up to 1.4.
        nearest = cosine_distances(queries, fit.centroids_).argmin(1)
        predicted = fit.classes_[nearest]
    return {
        "metric": metric,
        "shape": [n, c],
        "features": plain(x),
        "labels": labels.tolist(),
        "queries": plain(queries),
        "classes": fit.classes_.tolist(),
        "centroids": plain(fit.centroids_, 12),
        "predicted": predicted.tolist(),
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
names = ["tabby", "Ärmel", "zebra", "Zebra", "𝒳", "\uffef"]
cases = [
    neighbors(11, 60, 8, names, "euclidean", k, True) for k in [1, 2, 3, 4, 5, 7, 10, 60]
] + [
    neighbors(12, 50, 12, names[:3], "euclidean", 5, False),
    neighbors(13, 50, 12, names[:3], "cosine", 1, False),
    neighbors(14, 50, 12, names[:4], "cosine", 4, False),
]
(folder / "neighbors.json").write_text(json.dumps(cases) + "\n")
cases = [
    means(21, 6, 3, names[:4], "euclidean", True),
    means(22, 50, 12, names, "euclidean", False),
    means(23, 50, 12, names, "cosine", False),
]
(folder / "means.json").write_text(json.dumps(cases) + "\n")
