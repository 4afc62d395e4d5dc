"""Makes the photos of bench/photos.ts: three folders of JPEGs, about 160 MB, not committed.

    python3 scripts/make_bench_photos.py bench/models/photos

The four pictures of examples/images, enlarged or reduced, each time another part of one, with a
camera's noise. Quality 85 and halved chroma, as phones write. Needs Pillow and numpy.
"""

import pathlib
import sys

import numpy as np
from PIL import Image

SETS = {"phone": (40, 4032, 3024), "screen": (200, 1024, 768), "small": (500, 500, 375)}
images = pathlib.Path(__file__).parents[1] / "examples/images"
names = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]


def main(out):
    sources = [Image.open(images / name).convert("RGB") for name in names]
    random = np.random.default_rng(1)
    grain = random.normal(0, 4, (4096, 4096, 1)).astype(np.float32)
    for folder, (count, width, height) in SETS.items():
        (out / folder).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            source = sources[i % 4]
            share = random.uniform(0.7, 1)
            part = min(source.width, source.height * width / height) * share
            size = np.array([part, part * height / width])
            left, top = (random.random(2) * (np.array(source.size) - size)).tolist()
            box = (left, top, left + size[0], top + size[1])
            picture = source.resize((width, height), Image.BICUBIC, box)
            y, x = random.integers(0, 4096 - np.array([height, width]) + 1)
            noisy = np.asarray(picture) + grain[y : y + height, x : x + width]
            pixels = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
            pixels.save(out / folder / f"{i:03}.jpg", quality=85, subsampling=2)


main(pathlib.Path(sys.argv[1]))
