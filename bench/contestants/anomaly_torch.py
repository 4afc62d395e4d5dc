"""Python's side of the bench of anomaly maps: anomalib's arithmetic, without its data loaders.

    python3 anomaly_torch.py <weights.npz> <pictures.npy> <coreset> <how many to score>

Features by PyTorch, matrix products by NumPy, which must have a fast BLAS, as PyPI's has. Projection,
greedy coreset, nearest neighbours, score and map as anomalib computes them; the projection and the
first patch are Layertap's, so that both choose the same patches. The coreset is chosen twice: with
PyTorch's distances of all patches to the new one in each step, as anomalib does, and with these as
matrix products.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

scripts = Path(__file__).parents[2] / "scripts"
sys.path += [str(scripts), str(scripts / "anomaly")]
from network import embed, load, signs  # noqa: E402

weights, pictures, coreset, scored = sys.argv[1:]
if not any(word in str(np.__config__.__dict__) for word in ("openblas", "mkl")):
    sys.exit("this NumPy has no fast BLAS; use one from PyPI")
torch.set_num_threads(os.cpu_count())
net = load(weights)
batch = torch.from_numpy(np.load(pictures))
kernel = torch.exp(-0.5 * (torch.arange(-16.0, 17) / 4) ** 2)
kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)


def choose(points, count, distances):
    """Greedy k-centre; `distances(points, index)` are those of all points to one."""
    chosen = [int(((points - points.mean(0)) ** 2).sum(1).argmax())]
    nearest = distances(points, chosen[0])
    while len(chosen) < count:
        chosen.append(int(nearest.argmax()))
        nearest = torch.minimum(nearest, distances(points, chosen[-1]))
    return chosen


def as_anomalib(points, index):
    return F.pairwise_distance(points, points[index : index + 1])


def product(a, b):
    return torch.from_numpy(a.numpy() @ b.numpy())


class ByProducts:
    def __call__(self, points, index):
        if not hasattr(self, "squares"):
            self.squares = (points**2).sum(1)
        return self.squares + self.squares[index] - 2 * product(points, points[index])


def fit(x, distances):
    patches = torch.cat([embed(net, x[i : i + 8]).flatten(0, 1) for i in range(0, len(x), 8)])
    points = product(patches, torch.from_numpy(signs(patches.shape[1], 0).T).float())
    return patches[choose(points, int(float(coreset) * len(patches)), distances)]


def euclidean(x, y):
    squares = (x**2).sum(1, keepdim=True) - 2 * product(x, y.T) + (y**2).sum(1)
    return squares.clamp_min_(0).sqrt_()


def score(x, bank):
    patches = embed(net, x)[0]
    distances, rows = euclidean(patches, bank).min(1)
    strangest = distances.argmax()
    near = euclidean(bank[rows[strangest]][None], bank).topk(9, largest=False).indices[0]
    away = euclidean(patches[strangest][None], bank[near])[0]
    weight = 1 - F.softmax(away, 0)[0]
    side = int(len(patches) ** 0.5)
    grid = F.interpolate(distances.view(1, 1, side, side), size=x.shape[2:], mode="bilinear")
    smooth = F.conv2d(F.pad(grid, (16, 16, 16, 16), mode="reflect"), kernel)
    F.conv2d(smooth, kernel.transpose(2, 3))
    return float(weight * distances[strangest])


def timed(work):
    start = time.perf_counter()
    return work(), time.perf_counter() - start


with torch.inference_mode():
    small = fit(batch[:2], ByProducts())
    score(batch[:1], small)
    bank, fit_seconds = timed(lambda: fit(batch, as_anomalib))
    _, product_seconds = timed(lambda: fit(batch, ByProducts()))
    scores, score_seconds = timed(lambda: [score(batch[i : i + 1], bank) for i in range(int(scored))])
print(json.dumps({
    "fit": fit_seconds,
    "fitByProducts": product_seconds,
    "score": score_seconds / int(scored),
    "scores": scores,
    "patches": len(bank),
}))
