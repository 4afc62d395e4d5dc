"""Writes the files that the benches read: the networks as .onnx and, for memory, a .pth.

    python3 scripts/make_bench_models.py bench/models

resnet18.onnx and resnet50.onnx are for the other runtimes, resnet50.pth is for what is measured
while a file is loaded. They hold the weights by formula that Layertap makes up by itself (see
make_node_goldens.py), so all contestants compute the same logits. About 250 MB; not committed.
Needs torch and torchvision 0.14.
"""
import sys
from pathlib import Path

import torch
from make_node_goldens import FULL, build


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for arch, case in FULL.items():
        net = build(case).float()
        # In evaluation mode the exporter folds each batch norm into its convolution.
        torch.onnx.export(
            net, torch.zeros(1, 3, 224, 224), folder / f"{arch}.onnx", opset_version=13, input_names=["x"], output_names=["y"]
        )
    torch.save(build(FULL["resnet50"]).float().state_dict(), folder / "resnet50.pth")


if __name__ == "__main__":
    main(sys.argv[1])
