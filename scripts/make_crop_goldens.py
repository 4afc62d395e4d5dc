"""Makes tests/data/image/crops.json: torchvision's FiveCrop, TenCrop, crops of a region, and whole pictures.

    python3 scripts/make_crop_goldens.py examples/images tests/data/image/crops.json

Needs Pillow 9, torch and torchvision (made with Pillow 9.4, torch 1.13, torchvision 0.14). Of each case it
keeps the shape, and SHA-256 hashes of the crops' RGB bytes and of the normalized float32, NHWC.
"""

import hashlib
import json
import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from torchvision import transforms as T
from torchvision.transforms import functional as F

images, out = (pathlib.Path(argument) for argument in sys.argv[1:])
CROPS = {"five": T.FiveCrop, "ten": T.TenCrop, "center": T.CenterCrop}


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def noise(width, height):
    """As in make_image_goldens.py."""
    i = np.arange(3 * width * height, dtype=np.uint32)
    i = (i ^ i >> 15) * np.uint32(2246822519)
    i = (i ^ i >> 13) * np.uint32(3266489917)
    return Image.fromarray((i >> 24).astype(np.uint8).reshape(height, width, 3))


def case(name, crop, sizes, region=None, interpolation="bilinear"):
    image = Image.open(images / name).convert("RGB") if isinstance(name, str) else noise(*name)
    if region:
        x, y, width, height = region
        image = F.crop(image, y, x, height, width)
    resize_size, crop_size = sizes
    image = T.Resize(resize_size, T.InterpolationMode(interpolation))(image)
    cut = CROPS[crop](crop_size)(image) if crop in CROPS else image
    cut = cut if isinstance(cut, tuple) else (cut,)
    pixels = np.stack([np.asarray(each) for each in cut])
    batch = torch.stack([T.ToTensor()(each) for each in cut])
    batch = T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(batch).permute(0, 2, 3, 1)
    return {
        "image": name,
        "crop": crop,
        "resizeSize": resize_size,
        "cropSize": crop_size,
        "region": region,
        "interpolation": interpolation,
        "shape": list(batch.shape),
        "pixels": sha256(pixels),
        "normalized": sha256(batch.numpy()),
    }


def cases():
    for name in ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]:
        for crop in ["five", "ten", "none"]:
            yield case(name, crop, (256, 224))
        yield case(name, "ten", (235, 224), interpolation="bicubic")
    # Odd differences, where the mirrored centre is another; crops as large as the picture.
    for size in [(37, 23), (23, 37), (1, 1), (99, 100)]:
        for sizes in [(24, 21), (25, 20), (23, 20), (21, 21)]:
            yield case(list(size), "ten", sizes)
            yield case(list(size), "none", sizes, interpolation="bicubic")
    for region in [[120, 20, 200, 180], [0, 0, 451, 300], [450, 299, 1, 1], [7, 100, 333, 51]]:
        for crop in ["center", "ten", "none"]:
            yield case("chelsea.png", crop, (64, 57), region)
    for region in [[201, 3, 411, 301], [0, 0, 17, 400], [639, 0, 1, 427]]:
        for crop in ["center", "none"]:
            yield case("rocket.jpg", crop, (64, 57), region)


torch.set_num_threads(1)
out.write_text("[\n" + ",\n".join(map(json.dumps, cases())) + "\n]\n")
