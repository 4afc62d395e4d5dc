"""Makes pictures of good and of faulty surfaces, with masks of the faults.

    python3 scripts/anomaly/pictures.py TEXTURES OUT

TEXTURES is a folder with `brick.png`, `grass.png` and `gravel.png`, 512x512, of scikit-image 0.24
(`skimage/data` in its wheel; CC0: brick and gravel are from CC0Textures, grass is by Linolafett on
DeviantArt). Writes OUT/<texture>/good, test/<kind> and mask/<kind>: crops of 128x128 pixels at random
places, turns and brightness, good ones from the left three quarters of the texture, those to be tested
from the rest, where scratches, spots and holes are drawn into all but `test/good`. The same seed gives the same
pictures. With `--samples`, writes the sample bricks of examples/anomaly instead. Needs NumPy and Pillow.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 128
KINDS = ["scratch", "spot", "hole"]


def crop(texture, rng, good, side=SIDE, turn=True):
    """A crop of the part for good pictures, or of the rest; turned, mirrored, up to 5 % brighter or darker."""
    split = texture.shape[1] * 3 // 4
    x = rng.integers(0, split - side + 1) if good else rng.integers(split, texture.shape[1] - side + 1)
    y = rng.integers(0, texture.shape[0] - side + 1)
    part = texture[y : y + side, x : x + side]
    if turn:
        part = np.rot90(part, rng.integers(4))[:, :: rng.choice([-1, 1])]
    return np.clip(part * rng.uniform(0.95, 1.05), 0, 255)


def fault(kind, rng, side=SIDE):
    """The mask of a fault, 0..1, and its grey level; it covers the surface."""
    scale = 4  # Drawn larger, for smooth edges.
    mask = Image.new("L", (side * scale, side * scale))
    draw = ImageDraw.Draw(mask)
    x, y = rng.uniform(0.25, 0.75, 2) * side * scale
    level = rng.uniform(0, 255)
    if kind == "scratch":
        angle, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-0.02, 0.02)
        points = [(x, y)]
        for _ in range(int(rng.uniform(0.3, 0.6) * side)):
            points.append((points[-1][0] + scale * np.cos(angle), points[-1][1] + scale * np.sin(angle)))
            angle += bend
        draw.line(points, fill=255, width=int(rng.uniform(2, 4) * scale))
    elif kind == "spot":
        radius = rng.uniform(0.06, 0.12) * side * scale
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(radius / 5))
    else:
        wide, high = rng.uniform(0.04, 0.09, 2) * side * scale
        draw.ellipse([x - wide, y - high, x + wide, y + high], fill=255)
        level = 15
    return np.asarray(mask.resize((side, side), Image.BOX)) / 255, level


def faulty(part, kind, rng):
    """The crop with a fault, and where that is."""
    mask, level = fault(kind, rng, len(part))
    covered = level + rng.normal(0, 4, part.shape)
    return np.clip(part * (1 - mask) + covered * mask, 0, 255), mask > 0.25


def save(values, path):
    """Grey levels as an RGB file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(np.round(values).astype(np.uint8)).convert("RGB")
    picture.save(path, **({"quality": 90} if path.suffix == ".jpg" else {}))


def samples(textures, out):
    """The sample bricks of examples/anomaly, as JPEGs: not turned, all from the same part."""
    rng = np.random.default_rng(11)
    texture = np.asarray(Image.open(textures / "brick.png").convert("L")).astype(float)
    for i in range(12):
        save(crop(texture, rng, True, turn=False), out / "good" / f"{i:02}.jpg")
    save(crop(texture, rng, True, turn=False), out / "test" / "good.jpg")
    for kind in KINDS:
        part, mask = faulty(crop(texture, rng, True, turn=False), kind, rng)
        save(part, out / "test" / f"{kind}.jpg")
        if kind == "scratch":  # Its centre, as shares of width and height, for a test.
            y, x = (np.argwhere(mask).mean(0) + 0.5) / SIDE
            (out / "scratch.json").write_text(f'{{ "x": {x:.3f}, "y": {y:.3f} }}\n')


def main(textures, out, good=200, tested=20):
    for n, name in enumerate(["brick", "grass", "gravel"]):
        rng = np.random.default_rng(n)
        texture = np.asarray(Image.open(textures / f"{name}.png").convert("L")).astype(float)
        for i in range(good):
            save(crop(texture, rng, True), out / name / "good" / f"{i:03}.png")
        for i in range(tested):
            save(crop(texture, rng, False), out / name / "test" / "good" / f"{i:03}.png")
        for kind in KINDS:
            for i in range(tested):
                part, mask = faulty(crop(texture, rng, False), kind, rng)
                save(part, out / name / "test" / kind / f"{i:03}.png")
                save(mask * 255, out / name / "mask" / kind / f"{i:03}.png")


if __name__ == "__main__":
    make = samples if "--samples" in sys.argv else main
    make(Path(sys.argv[1]), Path(sys.argv[2]))
