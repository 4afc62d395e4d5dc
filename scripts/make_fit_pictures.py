"""Makes tests/data/fit/pictures: five classes, five pictures each to learn from and five to test.

    pip download --no-deps scikit-image==0.19.3 && unzip scikit_image-*.whl 'skimage/data/*'
    python3 scripts/make_fit_pictures.py skimage/data tests/data/fit/pictures

Crops of 96x96 pixels, halved, of pictures in scikit-image: brick and gravel (CC0Textures) and grass
(Linolafett on DeviantArt), all three CC0; retina (Häggström, CC0); space, the Hubble Deep Field (NASA,
public domain). Those to learn from are of the left half, those to test of the right one, up to 10 %
brighter or darker. The same seed gives the same pictures. Needs NumPy and Pillow.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

SOURCES = {
    "brick": "brick.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "retina": "retina.jpg",
    "space": "hubble_deep_field.jpg",
}
SIDE = 96

source, target = map(Path, sys.argv[1:])
rng = np.random.default_rng(5)
for name, file in SOURCES.items():
    picture = np.asarray(Image.open(source / file).convert("RGB")).astype(np.float64)
    height, width, _ = picture.shape
    # The corners of the retina's picture are black.
    margin = width // 5 if name == "retina" else 0
    for part, start in [("train", margin), ("test", width // 2)]:
        folder = target / part / name
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(5):
            x = rng.integers(start, start + width // 2 - margin - SIDE + 1)
            y = rng.integers(margin, height - margin - SIDE + 1)
            crop = picture[y : y + SIDE, x : x + SIDE] * rng.uniform(0.9, 1.1)
            image = Image.fromarray(np.clip(crop, 0, 255).astype(np.uint8))
            image = image.resize((SIDE // 2, SIDE // 2), Image.BICUBIC)
            image.save(folder / f"{i}.jpg", quality=90)
