"""Writes the model files for the benches: the networks as .onnx, and two as .pth.

    python3 scripts/make_bench_models.py bench/models

The other runtimes read the .onnx files, which accept any batch size; the benches of memory, load
time and extraction read .pth. Weights follow a formula that Layertap computes by itself (see
make_node_goldens.py), so all contestants compute the same logits. About 630 MB, not committed.

Needs torch and torchvision 0.14.
"""
import sys
from pathlib import Path

import torch
from make_node_goldens import FULL, build


ARCHS = {
    **FULL,
    "resnext50_32x4d": dict(**FULL["resnet50"], groups=32, widthPerGroup=4),
    "wide_resnet50_2": dict(**FULL["resnet50"], widthPerGroup=128),
}


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for arch, case in ARCHS.items():
        net = build(case).float()
        # In evaluation mode the exporter folds each batch norm into its convolution.
        torch.onnx.export(
            net,
            torch.zeros(1, 3, 224, 224),
            folder / f"{arch}.onnx",
            opset_version=13,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
        )
    for arch in ["resnet18", "resnet50"]:
        torch.save(build(FULL[arch]).float().state_dict(), folder / f"{arch}.pth")


if __name__ == "__main__":
    main(sys.argv[1])
