"""Digests of every module of timm's ResNet-D networks, computed in float64 on weights by formula.

    python3 -m venv --system-site-packages FOLDER && FOLDER/bin/pip install --no-deps timm==1.0.31 \\
        safetensors huggingface_hub==0.36.0
    FOLDER/bin/python scripts/make_resnetd_goldens.py tests/data/resnetd

Needs torch and torchvision; made with PyTorch 1.13, torchvision 0.14 and timm 1.0.31. No weights are fetched.

Names are those of timm's `named_modules()`. The digests are those of make_node_goldens.py, by
module in the order in which their forward passes end, one after the other in `<case>.f32`.
index.json has of each case the network in the words of timm's `ResNet(...)`, its input `[N, H, W]`,
`nodes` with the NCHW shape of each digest, and `same`: the modules that return what another one
returned (an `Identity`, a container), with its name. `tensors.json.gz` lists the tensors of
resnet18d to resnet152d with their shapes, and what torchvision's network of that depth calls
otherwise.
"""
import gzip
import json
import sys
from pathlib import Path

import numpy as np
import timm
import torch
import torchvision
from make_node_goldens import digest, formula_tensor, uniform
from timm.models.resnet import BasicBlock, Bottleneck, ResNet

BLOCKS = {"BasicBlock": BasicBlock, "Bottleneck": Bottleneck}
DEEP = dict(stem_width=32, stem_type="deep", avg_down=True)
ONE = (1, 1, 1, 1)
CASES = {
    "resnet18d": dict(block="BasicBlock", layers=(2, 2, 2, 2), input=[1, 224, 224]),
    "resnet34d": dict(block="BasicBlock", layers=(3, 4, 6, 3), input=[1, 224, 224]),
    "resnet50d": dict(block="Bottleneck", layers=(3, 4, 6, 3), input=[1, 224, 224]),
    "resnet101d": dict(block="Bottleneck", layers=(3, 4, 23, 3), input=[1, 224, 224]),
    # Odd sides: the average pools round up, and leave out what lies beyond the edge.
    "resnet18d_225": dict(block="BasicBlock", layers=(2, 2, 2, 2), input=[2, 225, 190]),
    "small_resnet18d": dict(block="BasicBlock", layers=ONE, input=[3, 41, 55]),
    "small_resnet50d": dict(block="Bottleneck", layers=ONE, input=[2, 33, 65]),
    "small_resnext50d": dict(block="Bottleneck", layers=ONE, cardinality=32, base_width=4, input=[1, 47, 34]),
    "small_wide_resnet50_2d": dict(block="Bottleneck", layers=ONE, base_width=128, input=[1, 34, 62]),
    "one_pixel": dict(block="BasicBlock", layers=ONE, num_classes=10, input=[1, 1, 1]),
    "one_channel": dict(block="Bottleneck", layers=ONE, in_chans=1, num_classes=7, input=[1, 40, 33]),
    # Where a stage dilates, its shortcut's pool has stride 1 and pads with zeros that count.
    "stride_16": dict(block="Bottleneck", layers=(1, 1, 1, 2), output_stride=16, input=[1, 65, 49]),
    "stride_8": dict(block="Bottleneck", layers=(1, 1, 2, 2), output_stride=8, input=[1, 64, 47]),
}


def load_formula(net):
    """Gives a network its weights by formula, in float64."""
    state = net.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            state[name] = formula_tensor(name, tuple(tensor.shape))
    net.load_state_dict(state)
    # The hooks need each module's own value, not what an in-place ReLU leaves of it.
    for module in net.modules():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
    return net.eval().double()


def build(case):
    options = {key: value for key, value in case.items() if key not in ("block", "input")}
    return load_formula(ResNet(BLOCKS[case["block"]], **DEEP, **options))


def values_of(net, x):
    """What each module returns, in the order in which they return, and which return another's value."""
    values, same = {}, {}

    def keep(name):
        def hook(module, inputs, output):
            for other, value in values.items():
                if value is output:
                    same[name] = other
                    return
            values[name] = output

        return hook

    hooks = [module.register_forward_hook(keep(name)) for name, module in net.named_modules() if name]
    with torch.no_grad():
        net(x)
    for hook in hooks:
        hook.remove()
    return values, same


def write_tensors(path):
    networks = {}
    for depth in (18, 34, 50, 101, 152):
        ours = timm.create_model(f"resnet{depth}d", pretrained=False).state_dict()
        theirs = getattr(torchvision.models, f"resnet{depth}")().state_dict()
        networks[f"resnet{depth}d"] = {
            "tensors": {name: list(tensor.shape) for name, tensor in ours.items()},
            "onlyHere": [name for name in ours if name not in theirs],
            "onlyInTorchvision": [name for name in theirs if name not in ours],
            "otherShape": [name for name in ours if name in theirs and ours[name].shape != theirs[name].shape],
        }
    data = json.dumps(networks, separators=(",", ":")).encode()
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(data)


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    index = {}
    for name, case in CASES.items():
        net = build(case)
        if name in ("resnet18d", "resnet34d", "resnet50d", "resnet101d"):
            # The row is timm's own network of that name.
            with torch.no_grad():
                x = torch.ones(1, 3, 32, 32).double()
                assert torch.equal(net(x), load_formula(timm.create_model(name, pretrained=False))(x))
        n, h, w = case["input"]
        c = case.get("in_chans", 3)
        x = torch.from_numpy(uniform("input", n * c * h * w).astype(np.float32).reshape(n, c, h, w)).double()
        values, same = values_of(net, x)
        digests = [digest(value) for value in values.values()]
        np.concatenate(digests).tofile(folder / f"{name}.f32")
        index[name] = {
            **case,
            "nodes": {node: list(value.shape) for node, value in values.items()},
            "same": same,
        }
        print(name, len(values), len(same), sum(d.size for d in digests) * 4, flush=True)
    (folder / "index.json").write_text(json.dumps(index) + "\n")
    write_tensors(folder / "tensors.json.gz")


if __name__ == "__main__":
    main(sys.argv[1])
