"""Writes digests of the included network's features of two example pictures, in float64.

    python3 scripts/make_contract_goldens.py weights/mlnet_resnet18.npz examples/images \\
        tests/data/contract/golden.json

The included weights are unpacked first. Digests are those of `make_node_goldens.py`. `logits` come
from a head by formula, with 10 classes. Needs torch, torchvision 0.14 and Pillow.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from make_node_goldens import digest, uniform
from PIL import Image
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.transforms._presets import ImageClassification

NODES = ["maxpool", "layer1.1.conv2", "layer2.0.downsample.1", "layer3", "layer4", "flatten"]
PICTURES = ["chelsea.png", "rocket.jpg"]
CLASSES = 10

weights, pictures, output = sys.argv[1:4]
packed = np.load(weights)
state = {}
for entry in packed.files:
    if entry == "metadata.json" or entry.endswith(".scale"):
        continue
    values = packed[entry].astype(np.float64)
    if f"{entry}.scale" in packed.files:
        scale = packed[f"{entry}.scale"].astype(np.float64)
        values *= scale.reshape(-1, *[1] * (values.ndim - 1))
    state[entry] = torch.from_numpy(values)
net = ResNet(BasicBlock, [2, 2, 2, 3])
net.fc = torch.nn.Identity()
net.load_state_dict(state)
for module in net.modules():
    if isinstance(module, torch.nn.ReLU):
        module.inplace = False
net = net.eval().double()

head = uniform("head.weight", CLASSES * 512).astype(np.float32).reshape(CLASSES, 512)
bias = uniform("head.bias", CLASSES).astype(np.float32)
transform = ImageClassification(crop_size=224)
extract = create_feature_extractor(net, NODES)
golden = {}
for name in PICTURES:
    image = Image.open(Path(pictures) / name).convert("RGB")
    with torch.no_grad():
        values = extract(transform(image)[None].double())
    golden[name] = {
        "nodes": {
            node: {
                "shape": list(values[node].shape),
                "digest": [float(f"{v:.7g}") for v in digest(values[node])],
            }
            for node in NODES
        },
        "logits": [
            float(f"{v:.7g}")
            for v in head.astype(np.float64) @ values["flatten"].numpy()[0] + bias
        ],
    }
Path(output).write_text(json.dumps(golden) + "\n")
