"""Makes tests/data/image: small pictures of every kind, and how PIL and torchvision read them.

    python3 scripts/make_image_goldens.py examples/images tests/data/image

Needs Pillow 9, torch and torchvision (made with Pillow 9.4, torch 1.13, torchvision 0.14). For files
that Pillow can't write, needs cjpeg and jpegtran of libjpeg-turbo (Debian: libjpeg-turbo-progs).

Writes the pictures; decoded.rgb, their RGB bytes, concatenated; goldens.json, which lists them with
SHA-256 hashes and some samples of the resized and transformed pixels; and bicubic.json, the same for
the bicubic filter.
"""

import hashlib
import io
import json
import pathlib
import struct
import subprocess
import sys
import zlib

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F
from torchvision.transforms._presets import ImageClassification

images, out = (pathlib.Path(argument) for argument in sys.argv[1:])
coffee = Image.open(images / "coffee.png").convert("RGB")
astronaut = Image.open(images / "astronaut.png").convert("RGB")
# 37 x 23: not a multiple of JPEG blocks in either direction. Colourful, with edges.
small = astronaut.resize((64, 64)).crop((15, 5, 52, 28))
ramp = Image.fromarray(np.tile(np.linspace(0, 255, 37).astype(np.uint8), (23, 1)))
rgba = Image.merge("RGBA", [*small.split(), ramp])


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def piped(data, *command):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


# --- JPEG ---------------------------------------------------------------------------------------


def jpegs():
    for name, subsampling in [("444", 0), ("422", 1), ("420", 2)]:
        yield f"{name}.jpg", saved(small, "JPEG", quality=85, subsampling=subsampling)
        yield f"progressive_{name}.jpg", saved(
            small, "JPEG", quality=85, subsampling=subsampling, progressive=True
        )
    yield "optimised.jpg", saved(small, "JPEG", optimize=True)
    yield "grey.jpg", saved(small.convert("L"), "JPEG")
    yield "one_pixel.jpg", saved(small.crop((5, 5, 6, 6)), "JPEG")
    ppm = saved(small, "PPM")
    yield "440.jpg", piped(ppm, "cjpeg", "-sample", "1x2")
    yield "411.jpg", piped(ppm, "cjpeg", "-sample", "4x1")
    yield "rgb.jpg", piped(ppm, "cjpeg", "-rgb")
    yield "restarts.jpg", piped(ppm, "cjpeg", "-restart", "2B")

    cmyk = small.convert("CMYK")
    # PIL inverts the inks when it writes them, so Y, Cb and Cr are inverted here.
    black = Image.new("L", small.size, 40)
    ycck = Image.merge("CMYK", [*map(ImageOps.invert, small.convert("YCbCr").split()), black])
    for name, subsampling in [("444", 0), ("422", 1), ("420", 2)]:
        for progressive in [False, True]:
            options = dict(quality=85, subsampling=subsampling, progressive=progressive)
            kind = "progressive_" if progressive else ""
            yield f"cmyk_{kind}{name}.jpg", saved(cmyk, "JPEG", **options)
            yield f"ycck_{kind}{name}.jpg", as_ycck(saved(ycck, "JPEG", **options))
    yield "cmyk_restarts.jpg", piped(saved(cmyk, "JPEG"), "jpegtran", "-restart", "3B")
    yield "cmyk_scans.jpg", piped(
        saved(cmyk, "JPEG", subsampling=0), "jpegtran", "-scans", scan_script("0; 1 2; 3;")
    )
    yield "cmyk_no_adobe.jpg", without_adobe(saved(cmyk, "JPEG"))


def as_ycck(data):
    at = data.index(b"Adobe") + 11
    return data[:at] + b"\2" + data[at + 1 :]


def without_adobe(data):
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 16 :]


def scan_script(text):
    path = out / "scans.txt"
    path.write_text(text)
    return str(path)


# --- PNG ----------------------------------------------------------------------------------------


def png(samples, depth, colour_type, interlaced=False, chunks=()):
    """A PNG file of samples [H, W, C] of any kind, cycling through the row filters."""
    height, width, _ = samples.shape
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4)]
        passes += [(1, 0, 2, 2), (0, 1, 1, 2)]
    data = b"".join(filtered(samples[y::dy, x::dx], depth) for x, y, dx, dy in passes)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced)
    chunks = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def filtered(samples, depth):
    if samples.size == 0:
        return b""
    if depth == 16:
        rows = samples.astype(">u2").reshape(len(samples), -1).view(np.uint8)
    elif depth == 8:
        rows = samples.astype(np.uint8).reshape(len(samples), -1)
    else:
        bits = samples.reshape(len(samples), -1, 1) >> np.arange(depth - 1, -1, -1) & 1
        rows = np.packbits(bits.reshape(len(samples), -1).astype(np.uint8), axis=1)
    step = max(1, samples.shape[2] * depth // 8)
    rows = rows.astype(int)
    result = bytearray()
    for y, row in enumerate(rows):
        up = rows[y - 1] if y else np.zeros_like(row)
        left = np.concatenate([np.zeros(step, int), row])[: len(row)]
        corner = np.concatenate([np.zeros(step, int), up])[: len(row)]
        estimate = left + up - corner
        far = [abs(estimate - x) for x in (left, up, corner)]
        paeth = np.where(
            (far[0] <= far[1]) & (far[0] <= far[2]), left, np.where(far[1] <= far[2], up, corner)
        )
        kind = y % 5
        result.append(kind)
        result += ((row - [0, left, up, (left + up) // 2, paeth][kind]) & 255).astype(np.uint8).tobytes()
    return bytes(result)


def pngs():
    """Files, with the expected pixels where PIL's differ."""
    colour = np.asarray(small)
    grey = np.asarray(small.convert("L"))[:, :, None]
    alpha = np.asarray(ramp)[:, :, None]
    high = lambda samples: samples.astype(np.uint16) << 8 | 255 - samples
    quantised = small.quantize(16)
    index = np.asarray(quantised)[:, :, None]
    palette = bytes(quantised.getpalette())[:48]
    key = lambda *levels: (b"tRNS", struct.pack(f">{len(levels)}H", *levels))

    for interlaced in [False, True]:
        kind = "interlaced_" if interlaced else ""
        for depth in [1, 2, 4, 8]:
            levels = grey >> (8 - depth)
            yield f"{kind}grey{depth}.png", png(levels, depth, 0, interlaced), None
            count = 1 << min(depth, 4)
            chunks = [(b"PLTE", palette[: 3 * count])]
            yield f"{kind}palette{depth}.png", png(index % count, depth, 3, interlaced, chunks), None
        expected = np.repeat(grey, 3, axis=2)
        yield f"{kind}grey16.png", png(high(grey), 16, 0, interlaced), expected
        yield f"{kind}rgb.png", png(colour, 8, 2, interlaced), None
        yield f"{kind}rgb16.png", png(high(colour), 16, 2, interlaced), None
        for depth, to in [(8, np.asarray), (16, high)]:
            name = "" if depth == 8 else "16"
            both = to(np.concatenate([grey, alpha], 2))
            yield f"{kind}grey_alpha{name}.png", png(both, depth, 4, interlaced), None
            both = to(np.concatenate([colour, alpha], 2))
            yield f"{kind}rgba{name}.png", png(both, depth, 6, interlaced), None
    yield "grey_key.png", png(grey, 8, 0, chunks=[key(int(grey[3, 3, 0]))]), None
    yield "rgb_key.png", png(colour, 8, 2, chunks=[key(*map(int, colour[3, 3]))]), None
    chunks = [(b"PLTE", palette), (b"tRNS", bytes(range(0, 160, 10)))]
    yield "palette_alpha.png", png(index, 8, 3, chunks=chunks), None
    yield "one_pixel.png", png(colour[5:6, 5:6], 8, 2), None


# --- WebP ---------------------------------------------------------------------------------------


def webps():
    yield "lossy.webp", saved(small, "WEBP", quality=80)
    yield "lossless.webp", saved(small, "WEBP", lossless=True)
    yield "lossy_alpha.webp", saved(rgba, "WEBP", quality=80)
    yield "lossless_alpha.webp", saved(rgba, "WEBP", lossless=True, exact=True)
    yield "one_pixel.webp", saved(small.crop((5, 5, 6, 6)), "WEBP", lossless=True)


# --- EXIF orientation ---------------------------------------------------------------------------


def exif(orientation, order="<"):
    mark = b"II" if order == "<" else b"MM"
    entries = [(0x010F, 2, 4, b"Cam\0"), (0x0112, 3, 1, struct.pack(order + "HH", orientation, 0))]
    return b"Exif\0\0" + mark + struct.pack(order + "HIH", 42, 8, len(entries)) + b"".join(
        struct.pack(order + "HHI", *entry[:3]) + entry[3] for entry in entries
    ) + struct.pack(order + "I", 0)


def oriented():
    for orientation in range(1, 9):
        yield f"orientation{orientation}.jpg", saved(small, "JPEG", exif=exif(orientation))
    yield "orientation6_big_endian.jpg", saved(small, "JPEG", exif=exif(6, ">"))
    chunk = (b"eXIf", exif(6)[6:])
    yield "orientation6.png", png(np.asarray(small), 8, 2, chunks=[chunk])
    yield "orientation6.webp", saved(small, "WEBP", lossless=True, exif=exif(6))
    yield "orientation0.jpg", saved(small, "JPEG", exif=exif(0))


# --- Resize and transform -----------------------------------------------------------------------


def noise(width, height):
    """A picture of hashed counters, which the tests compute again."""
    i = np.arange(width * height * 3, dtype=np.uint32)
    i = (i ^ i >> 15) * np.uint32(2246822519)
    i = (i ^ i >> 13) * np.uint32(3266489917)
    return Image.fromarray((i >> 24).astype(np.uint8).reshape(height, width, 3))


SIZES = """1x1 1x1, 1x1 7x5, 2x2 3x3, 37x23 37x23, 37x23 37x50, 37x23 80x23, 37x23 37x5, 37x23 8x23,
37x23 64x64, 37x23 9x7, 37x23 1x1, 37x23 38x22, 37x23 36x24, 300x200 256x171, 200x300 150x225,
640x480 341x256, 97x61 1000x7, 61x97 7x1000, 1x500 40x200, 500x1 200x40, 1000x3 3x1000, 5x5 255x255,
255x255 5x5, 4000x2 31x2, 2x4000 2x31, 640x3 224x1, 3x640 1x224"""


def resized(filter):
    for pair in SIZES.replace("\n", " ").split(", "):
        from_size, to_size = (tuple(map(int, size.split("x"))) for size in pair.split())
        pixels = np.asarray(noise(*from_size).resize(to_size, filter)).reshape(-1)
        at = np.linspace(0, len(pixels) - 1, 8).astype(int)
        yield {
            "from": from_size,
            "to": to_size,
            "sha256": sha256(pixels),
            "samples": {str(i): int(pixels[i]) for i in at},
        }


def transformed(name, image, resize_size, crop_size, interpolation=InterpolationMode.BILINEAR):
    crop = F.center_crop(F.resize(image, [resize_size], interpolation), [crop_size])
    preset = ImageClassification(
        crop_size=crop_size, resize_size=resize_size, interpolation=interpolation
    )
    tensor = preset(image)
    values = tensor.permute(1, 2, 0).contiguous().numpy()
    assert values.dtype == np.float32
    middle = crop_size // 2
    return {
        "image": name,
        "resizeSize": resize_size,
        "cropSize": crop_size,
        "decodedSha256": sha256(np.asarray(image)),
        "cropSha256": sha256(np.asarray(crop)),
        "normalizedSha256": sha256(values),
        "middlePixel": np.asarray(crop)[middle, middle].tolist(),
        "lastPixel": np.asarray(crop)[-1, -1].tolist(),
    }


def transforms():
    for name in ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]:
        image = Image.open(images / name).convert("RGB")
        yield transformed(name, image, 256, 224)
        yield transformed(name, image, 232, 224)
    # Odd differences, which Python rounds to even; padding on one and both sides; extremes.
    for size in [(37, 23), (23, 37), (1, 1), (2, 200), (300, 2), (99, 100)]:
        for resize_size, crop_size in [(24, 21), (25, 20), (23, 20), (8, 13), (20, 25), (21, 21)]:
            yield transformed(list(size), noise(*size), resize_size, crop_size)


def bicubic_transforms():
    """timm's transform: the size before the crop is the crop over 0.875, 0.95, 0.965 or 1, rounded down."""
    for name in ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]:
        image = Image.open(images / name).convert("RGB")
        for sizes in [(256, 224), (235, 224), (232, 224), (288, 288)]:
            yield transformed(name, image, *sizes, InterpolationMode.BICUBIC)
    for size in [(37, 23), (1, 1), (2, 200)]:
        yield transformed(list(size), noise(*size), 25, 20, InterpolationMode.BICUBIC)


def main():
    out.mkdir(parents=True, exist_ok=True)
    decoded = []
    rgb = bytearray()

    def add(name, data, pixels, oriented):
        (out / name).write_bytes(data)
        height, width, _ = pixels.shape
        decoded.append(
            {"file": name, "oriented": oriented, "width": width, "height": height, "offset": len(rgb)}
        )
        rgb.extend(pixels.tobytes())

    def by_pil(data):
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    for name, data in [*jpegs(), *webps()]:
        add(name, data, by_pil(data), False)
    for name, data, expected in pngs():
        add(name, data, by_pil(data) if expected is None else expected, False)
    for name, data in oriented():
        turned = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        add(name, data, np.asarray(turned.convert("RGB")), True)
    (out / "scans.txt").unlink()
    (out / "decoded.rgb").write_bytes(rgb)
    goldens = {
        "decoded": decoded,
        "resized": list(resized(Image.BILINEAR)),
        "transformed": list(transforms()),
    }
    bicubic = {
        "resized": list(resized(Image.BICUBIC)),
        "transformed": list(bicubic_transforms()),
    }
    (out / "goldens.json").write_text(json.dumps(goldens, indent=2) + "\n")
    (out / "bicubic.json").write_text(json.dumps(bicubic, indent=2) + "\n")


torch.set_num_threads(1)
main()
