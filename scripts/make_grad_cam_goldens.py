"""Writes Grad-CAM++ maps of PyPI's grad-cam, with weights by formula.

    python3 -m venv --system-site-packages venv && venv/bin/pip install grad-cam==1.5.7 "numpy<2"
    venv/bin/python scripts/make_grad_cam_goldens.py tests/data/cam

The maps are the package's own, before it scales them to 0..1, in float64; `error` is how far its maps
in float32 are off, as a share of the largest value. Weights and inputs are those of
make_node_goldens.py, beside this file. A value that the network changes in place afterwards, such as bn3, is not what
grad-cam reports. Needs torch and torchvision 0.14.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from pytorch_grad_cam import GradCAMPlusPlus
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from make_node_goldens import build, uniform

CASES = {
    "resnet18": dict(
        block="BasicBlock", layers=[2, 2, 2, 2], input=[1, 224, 224],
        maps=[("layer4", 285), ("layer4", 7), ("layer3", 285), ("layer2", 285)],
    ),
    "bottleneck": dict(
        block="Bottleneck", layers=[1, 2, 1, 1], numClasses=5, input=[2, 96, 64],
        maps=[("layer4", 3), ("layer3.0.conv2", 1), ("layer1", 0)],
    ),
}


def grad_cam(net, x, node, channel):
    targets = [ClassifierOutputTarget(channel)] * len(x)
    with GradCAMPlusPlus(net, [net.get_submodule(node)]) as cam:
        cam(x, targets)
        (values,), (gradients,) = cam.activations_and_grads.activations, cam.activations_and_grads.gradients
        return np.maximum(cam.get_cam_image(x, None, targets, values.numpy(), gradients.numpy()), 0)


def goldens(case):
    net = build(case)
    n, h, w = case["input"]
    x = torch.from_numpy(uniform("input", n * 3 * h * w).astype("float32").reshape(n, 3, h, w))
    results = []
    for node, channel in case.pop("maps"):
        exact = grad_cam(net.double(), x.double(), node, channel)
        rounded = grad_cam(net.float(), x, node, channel)
        results.append({
            "node": node,
            "channel": channel,
            "shape": list(exact.shape),
            "error": float(f"{np.abs(rounded - exact).max() / exact.max():.3g}"),
            "map": [float(f"{v:.9g}") for v in exact.reshape(-1)],
        })
    return {**case, "results": results}


if __name__ == "__main__":
    result = {name: goldens(case) for name, case in CASES.items()}
    Path(sys.argv[1], "grad_cam_plus_plus.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
