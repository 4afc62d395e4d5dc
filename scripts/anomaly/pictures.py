"""Makes pictures of good and of faulty surfaces, with masks of the faults.

    python3 scripts/anomaly/pictures.py TEXTURES OUT

TEXTURES is a folder with `brick.png`, `grass.png` and `gravel.png`, 512x512, of scikit-image 0.24
(`skimage/data` in its wheel; CC0: brick and gravel are from CC0Textures, grass is by Linolafett on
DeviantArt). Writes OUT/<texture>/good, test/<kind> and mask/<kind>: crops of 128x128 pixels at random
places and brightness, good ones from the left half of the texture, those to be tested from the right
half, where scratches, spots and holes are drawn into all but `test/good`. The same seed gives the same
pictures. Needs NumPy and Pillow.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 128
KINDS = ["scratch", "spot", "hole"]


def crop(texture, rng, left, side=SIDE):
    """A crop from the left or the right half, up to 5 % brighter or darker."""
    x = rng.integers(0, 256 - side + 1) + (0 if left else 256)
    y = rng.integers(0, 512 - side + 1)
    part = texture[y : y + side, x : x + side] * rng.uniform(0.95, 1.05)
    return np.clip(part, 0, 255)


def fault(kind, rng, side=SIDE):
    """The mask of a fault, 0..1, and its brightness as an offset."""
    scale = 4  # Drawn larger, for smooth edges.
    mask = Image.new("L", (side * scale, side * scale))
    draw = ImageDraw.Draw(mask)
    x, y = rng.uniform(0.25, 0.75, 2) * side * scale
    sign = rng.choice([-1, 1])
    if kind == "scratch":
        angle, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-0.02, 0.02)
        points = [(x, y)]
        for _ in range(int(rng.uniform(0.2, 0.4) * side)):
            points.append((points[-1][0] + scale * np.cos(angle), points[-1][1] + scale * np.sin(angle)))
            angle += bend
        draw.line(points, fill=255, width=int(rng.uniform(1.5, 3) * scale))
        offset = sign * rng.uniform(50, 90)
    elif kind == "spot":
        radius = rng.uniform(0.04, 0.08) * side * scale
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(radius / 4))
        offset = sign * rng.uniform(40, 80)
    else:
        wide, high = rng.uniform(0.04, 0.09, 2) * side * scale
        draw.ellipse([x - wide, y - high, x + wide, y + high], fill=255)
        offset = None  # Dark, without texture.
    return np.asarray(mask.resize((side, side), Image.BOX)) / 255, offset


def faulty(part, kind, rng):
    """The crop with a fault, and where that is."""
    mask, offset = fault(kind, rng, len(part))
    changed = 20 + rng.normal(0, 4, part.shape) if offset is None else part + offset
    return np.clip(part * (1 - mask) + changed * mask, 0, 255), mask > 0.25


def save(values, path):
    """Grey levels as an RGB file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.round(values).astype(np.uint8)).convert("RGB").save(path)


def main(textures, out, good=60, tested=20):
    for n, name in enumerate(["brick", "grass", "gravel"]):
        rng = np.random.default_rng(n)
        texture = np.asarray(Image.open(textures / f"{name}.png").convert("L")).astype(float)
        for i in range(good):
            save(crop(texture, rng, True), out / name / "good" / f"{i:02}.png")
        for i in range(tested):
            save(crop(texture, rng, False), out / name / "test" / "good" / f"{i:02}.png")
        for kind in KINDS:
            for i in range(tested):
                part, mask = faulty(crop(texture, rng, False), kind, rng)
                save(part, out / name / "test" / kind / f"{i:02}.png")
                save(mask * 255, out / name / "mask" / kind / f"{i:02}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
