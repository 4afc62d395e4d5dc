"""Writes torchvision's names of the nodes and modules of its ten ResNets.

    python3 scripts/make_node_names.py tests/data/node_names.json.gz

Needs torchvision 0.14.
"""
import gzip
import json
import sys

from torchvision.models import resnet
from torchvision.models.feature_extraction import get_graph_node_names

ARCHS = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
    "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2",
]

names = {}
for arch in ARCHS:
    net = getattr(resnet, arch)()
    train, evaluation = get_graph_node_names(net)
    assert train == evaluation
    names[arch] = {"nodes": evaluation, "modules": [name for name, _ in net.named_modules()]}

with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as file:
    file.write(json.dumps(names).encode())
