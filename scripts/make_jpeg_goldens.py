"""Makes tests/data/image/jpeg: JPEGs of rarer kinds, and how current Pillow reads them and others.

    python3 scripts/make_jpeg_goldens.py

Needs Pillow 12 or later, whose libjpeg-turbo is 3.x (made with Pillow 13.0), and jpegtran of
libjpeg-turbo (Debian: libjpeg-turbo-progs). Pillow 9.4 with Debian's libjpeg-turbo 2.1.5 reads
dc_only.jpg differently by up to 9 levels: a mistake in its smoothing between blocks, which 3.x mended.

Writes the pictures, and goldens.json: SHA-256 of the RGB bytes of each file at each scale that
Image.draft chooses.
"""

import hashlib
import io
import json
import pathlib
import subprocess

from PIL import Image, features

assert int(features.version("libjpeg_turbo").split(".")[0]) >= 3, "needs libjpeg-turbo 3"
root = pathlib.Path(__file__).parents[1]
data = root / "tests/data/image"
out = data / "jpeg"
photo = root / "examples/images/rocket.jpg"


def jpegtran(path, *options):
    return subprocess.run(["jpegtran", *options, path], stdout=subprocess.PIPE, check=True).stdout


def first_scan(jpeg):
    """A progressive file's first scan alone: blocks have their means only."""
    scans = []
    at = 2
    while jpeg[at + 1] != 0xD9:
        if jpeg[at + 1] == 0xDA:
            scans.append(at)
        at = jpeg.index(b"\xff", at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big"))
        while jpeg[at + 1] in (0, *range(0xD0, 0xD8)):
            at = jpeg.index(b"\xff", at + 2)
    tables = jpeg.index(b"\xff\xc4", scans[0])
    return jpeg[: min(tables, scans[1])] + b"\xff\xd9"


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def part(width, height, **options):
    """Part of the photo, in a size that blocks don't fit."""
    return saved(Image.open(photo).crop((200, 100, 200 + width, 100 + height)), **options)


def main():
    out.mkdir(exist_ok=True)
    pictures = {
        "arithmetic.jpg": jpegtran(data / "420.jpg", "-arithmetic"),
        "arithmetic_progressive.jpg": jpegtran(data / "420.jpg", "-arithmetic", "-progressive"),
        "dc_only.jpg": first_scan(part(107, 100, progressive=True)),
        "dc_only_444.jpg": first_scan(part(75, 90, progressive=True, subsampling=0)),
        # Large enough to be decoded at half its size for a network.
        "photo.jpg": saved(Image.open(photo).resize((780, 520)), quality=50),
    }
    for name, content in pictures.items():
        (out / name).write_bytes(content)
    goldens = []
    files = [*sorted(data.glob("*.jpg")), *(out / name for name in pictures), photo]
    for path in files:
        for denominator in (1, 2, 4, 8):
            image = Image.open(path)
            width, height = image.size
            draft = [max(1, width // denominator), max(1, height // denominator)]
            image.draft(None, draft)
            pixels = image.convert("RGB")
            goldens.append(
                {
                    "file": str(path.relative_to(root)),
                    "draft": draft,
                    "size": list(pixels.size),
                    "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
                }
            )
    (out / "goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")


main()
