"""Writes digests of every node of torchvision's ResNets, in float64, with weights by formula.

    python3 scripts/make_node_goldens.py tests/data/nodes

Each case is one network, one input size and one batch. The digest of a node's value (NCHW) has the
largest absolute value, 64 samples, and the sums over all but one axis: by image, channel (folded to
64, weighted to tell them apart), row and column. Samples catch wrong values; sums catch wrong places,
such as a missing last row.

Weights and inputs follow a formula (a hash of name and index), also in tests/support/formula.ts, so
full-size networks need no files. Needs torch and torchvision 0.14.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

SAMPLES = 64
FOLD = 64


def hash_name(name):
    h = 0x811C9DC5
    for c in name.encode():
        h = ((h ^ c) * 0x01000193) & 0xFFFFFFFF
    return h


def uniform(name, count):
    """Numbers in -1..1, from murmur3's finalizer over seed and index."""
    with np.errstate(over="ignore"):
        h = np.uint32(hash_name(name)) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return h.astype(np.float64) / 2**32 * 2 - 1


def formula_tensor(name, shape):
    u = uniform(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        v = 1 + 0.5 * u
    elif name.endswith(("running_mean", "bias")):
        v = 0.1 * u
    elif len(shape) == 1:
        v = 1 + 0.5 * u
        if name == "layer1.0.bn1.weight":
            v[3], v[5] = 0, 1e-20  # Scales that can't be divided out of a folded filter.
    else:
        v = u * np.sqrt(3 / np.prod(shape[1:]))
    return torch.from_numpy(v.astype(np.float32).reshape(shape))


def build(case):
    block = {"BasicBlock": BasicBlock, "Bottleneck": Bottleneck}[case["block"]]
    net = ResNet(
        block,
        case["layers"],
        groups=case.get("groups", 1),
        width_per_group=case.get("widthPerGroup", 64),
        num_classes=case.get("numClasses", 1000),
        replace_stride_with_dilation=case.get("replaceStrideWithDilation"),
    )
    if "inChannels" in case:
        net.conv1 = torch.nn.Conv2d(case["inChannels"], 64, 7, stride=2, padding=3, bias=False)
    state = net.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            state[name] = formula_tensor(name, tuple(tensor.shape))
    net.load_state_dict(state)
    # The hooks below need each node's value before an in-place ReLU overwrites it.
    for module in net.modules():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
    return net.eval().double()


def digest(value):
    value = value.numpy()
    if value.ndim == 2:
        value = value[:, :, None, None]
    flat = value.reshape(-1)
    at = (np.arange(SAMPLES, dtype=np.float64) * 0.6180339887498949 % 1 * flat.size).astype(np.int64)
    images, channels, rows, columns = (
        value.sum(axis=tuple(a for a in range(4) if a != axis)) for axis in range(4)
    )
    folded = np.zeros(min(channels.size, FOLD))
    for c, total in enumerate(channels):
        folded[c % FOLD] += total * (1 + c // FOLD)
    return np.concatenate([[np.abs(flat).max()], flat[at], images, folded, rows, columns]).astype(np.float32)


FULL = {
    "resnet18": dict(block="BasicBlock", layers=[2, 2, 2, 2]),
    "resnet50": dict(block="Bottleneck", layers=[3, 4, 6, 3]),
}
ONE = [1, 1, 1, 1]
CASES = {
    "resnet18": dict(**FULL["resnet18"], input=[1, 224, 224]),
    "resnet50": dict(**FULL["resnet50"], input=[1, 224, 224]),
    "resnet18_225": dict(**FULL["resnet18"], input=[2, 225, 225]),
    "resnet50_190x257": dict(**FULL["resnet50"], input=[1, 190, 257]),
    # The ten architectures with fewer blocks, but their own block types, groups and widths.
    "small_resnet18": dict(block="BasicBlock", layers=ONE, input=[5, 40, 56]),
    "small_resnet34": dict(block="BasicBlock", layers=[1, 2, 2, 1], input=[2, 33, 47]),
    "small_resnet50": dict(block="Bottleneck", layers=ONE, input=[5, 33, 65]),
    "small_resnet101": dict(block="Bottleneck", layers=[1, 1, 3, 1], input=[1, 64, 64]),
    "small_resnet152": dict(block="Bottleneck", layers=[1, 2, 3, 1], input=[1, 47, 33]),
    "small_resnext50_32x4d": dict(block="Bottleneck", layers=ONE, groups=32, widthPerGroup=4, input=[2, 65, 33]),
    "small_resnext101_32x8d": dict(block="Bottleneck", layers=[1, 1, 2, 1], groups=32, widthPerGroup=8, input=[1, 64, 48]),
    "small_resnext101_64x4d": dict(block="Bottleneck", layers=[1, 1, 2, 1], groups=64, widthPerGroup=4, input=[1, 48, 64]),
    "small_wide_resnet50_2": dict(block="Bottleneck", layers=ONE, widthPerGroup=128, input=[2, 33, 33]),
    "small_wide_resnet101_2": dict(block="Bottleneck", layers=[1, 1, 2, 1], widthPerGroup=128, input=[1, 34, 62]),
    # Output strides of 16 and 8; one input channel.
    "dilated_16": dict(block="Bottleneck", layers=[1, 1, 2, 2], replaceStrideWithDilation=[False, False, True], input=[1, 65, 97]),
    "dilated_8": dict(block="Bottleneck", layers=[1, 2, 2, 2], groups=32, widthPerGroup=4, numClasses=7, replaceStrideWithDilation=[False, True, True], input=[2, 49, 64]),
    "dilated_4": dict(block="Bottleneck", layers=[1, 1, 1, 2], inChannels=1, replaceStrideWithDilation=[True, True, True], input=[1, 40, 33]),
    "one_pixel": dict(block="BasicBlock", layers=ONE, numClasses=10, input=[1, 1, 1]),
}


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    index = {}
    for name, case in CASES.items():
        net = build(case)
        n, h, w = case["input"]
        c = case.get("inChannels", 3)
        x = torch.from_numpy(uniform("input", n * c * h * w).astype(np.float32).reshape(n, c, h, w)).double()
        nodes = [node for node in get_graph_node_names(net)[1] if node != "x"]
        with torch.no_grad():
            values = create_feature_extractor(net, nodes)(x)
        digests = [digest(values[node]) for node in nodes]
        np.concatenate(digests).tofile(folder / f"{name}.f32")
        index[name] = {
            **case,
            "nodes": {node: list(values[node].shape) for node in nodes},
        }
        print(name, len(nodes), sum(d.size for d in digests) * 4, flush=True)
    (folder / "index.json").write_text(json.dumps(index) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
