"""Makes tests/data/anomaly: small pictures of bricks, and what PatchCore computes for them.

    python3 scripts/make_anomaly_goldens.py TEXTURES weights/mlnet_resnet18.npz tests/data/anomaly

TEXTURES is as for scripts/anomaly/pictures.py, which tells where the pictures come from. Written after
the paper (Roth et al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022): features by
PyTorch 1.13 and torchvision 0.14, all else by NumPy 1.24, SciPy 1.11 and scikit-learn 1.2.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.ndimage import gaussian_filter
from sklearn.neighbors import NearestNeighbors

sys.path.append(str(Path(__file__).parent / "anomaly"))
from network import embed, load, signs  # noqa: E402
from pictures import crop, faulty, save  # noqa: E402

SIDE, GOOD, CORESET, SEED, NEIGHBORS = 64, 6, 0.1, 7, 9
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@torch.no_grad()
def patches(net, path):
    """`[positions, channels]` of one picture."""
    pixels = np.asarray(Image.open(path)).astype(np.float32) / 255
    x = torch.from_numpy(((pixels - MEAN) / STD).astype(np.float32)).permute(2, 0, 1)[None]
    return embed(net, x)[0].numpy().astype(np.float64)


def coreset(points, count):
    """Greedy k-centre, from the point that is farthest from the mean."""
    chosen = [int(((points - points.mean(0)) ** 2).sum(1).argmax())]
    nearest = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen


def score(found, bank):
    """The score and the map of a picture's patches."""
    search = NearestNeighbors(n_neighbors=NEIGHBORS).fit(bank)
    distances, rows = search.kneighbors(found, 1)
    strangest = distances[:, 0].argmax()
    near = search.kneighbors(bank[rows[strangest]], return_distance=False)[0]
    away = np.exp(np.linalg.norm(found[strangest] - bank[near], axis=1))
    own = np.exp(distances[strangest, 0])
    side = int(len(found) ** 0.5)
    grid = torch.from_numpy(distances.reshape(1, 1, side, side))
    large = F.interpolate(grid, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return (1 - own / away.sum()) * distances[strangest, 0], gaussian_filter(large[0, 0].numpy(), 4)


def main(textures, weights, out):
    rng = np.random.default_rng(10)
    texture = np.asarray(Image.open(textures / "brick.png").convert("L")).astype(float)[::2, ::2]
    texture = np.tile(texture, (2, 2))  # Smaller bricks: some of them in each crop.
    for i in range(GOOD):
        save(crop(texture, rng, True, SIDE, turn=False), out / f"good_{i}.png")
    part, mask = faulty(crop(texture, rng, False, SIDE, turn=False), "scratch", rng)
    save(part, out / "scratched.png")
    save(mask * 255, out / "scratch.png")

    net = load(weights)
    good = np.concatenate([patches(net, out / f"good_{i}.png") for i in range(GOOD)])
    chosen = coreset(good @ signs(good.shape[1], SEED).T, int(CORESET * len(good)))
    bank = good[chosen]
    scores, maps = zip(*(score(patches(net, out / f"{name}.png"), bank) for name in ["good_0", "scratched"]))
    np.savez_compressed(
        out / "goldens.npz",
        chosen=np.int32(chosen),
        bank=np.float32(bank[:, ::16]),
        scores=np.float64(scores),
        maps=np.float32(maps)[:, ::4, ::4],
    )
    print(len(good), "patches,", len(bank), "in the bank; scores", scores)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
