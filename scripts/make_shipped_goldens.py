"""Writes the float32 network's features of the example pictures, to compare the included weights with.

    python3 scripts/make_shipped_goldens.py mlnet_resnet18.pth examples/images \\
        tests/data/weights/mlnet_float32.npz [weights/mlnet_resnet18.npz]

Made with PyTorch 1.13 and torchvision 0.14. The rows are the pictures by file name, then altered
copies that played no part in choosing the quantization: the first mirrored, the second upside down,
the third with red and blue swapped, the fourth transposed. `avgpool` [8, 512] is float32, `layer4`
[8, 512, 7, 7] float16. Given the packed weights too, prints the cosines of their features.
"""
import os
import sys

import numpy as np
import torch
from packed_weights import state_dict
from PIL import Image
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.transforms._presets import ImageClassification

checkpoint, pictures, output = sys.argv[1:4]
names = sorted(name for name in os.listdir(pictures) if name.endswith((".png", ".jpg")))
transform = ImageClassification(crop_size=224)
images = [Image.open(os.path.join(pictures, name)).convert("RGB") for name in names]
alterations = {
    "mirrored": lambda pixels: pixels[:, ::-1],
    "upside down": lambda pixels: pixels[::-1],
    "as BGR": lambda pixels: pixels[:, :, ::-1],
    "transposed": lambda pixels: pixels.transpose(1, 0, 2),
}
for index, (what, alter) in enumerate(alterations.items()):
    names.append(f"{names[index]} {what}")
    images.append(Image.fromarray(np.ascontiguousarray(alter(np.asarray(images[index])))))
batch = torch.stack([transform(image) for image in images])


def features(state):
    """Computes `layer4` and `avgpool` with this state dict."""
    net = ResNet(BasicBlock, [2, 2, 2, 3])
    net.fc = torch.nn.Identity()
    net.load_state_dict(state)
    net.eval()
    seen = {}
    net.layer4.register_forward_hook(lambda module, args, result: seen.update(layer4=result.clone()))
    with torch.no_grad():
        seen["avgpool"] = net(batch)
    return {name: seen[name].numpy() for name in ["avgpool", "layer4"]}


exact = features(torch.load(checkpoint))
np.savez_compressed(output, avgpool=exact["avgpool"], layer4=exact["layer4"].astype(np.float16))
print(output, os.path.getsize(output), "bytes,", ", ".join(names))

if len(sys.argv) > 4:
    for name, near in features(state_dict(sys.argv[4])).items():
        for picture, a, b in zip(names, exact[name], near):
            a, b = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
            cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
            print(f"{name} {picture}: cosine {cosine:.5f}, largest error {abs(a - b).max():.3f} of {abs(a).max():.1f}")
