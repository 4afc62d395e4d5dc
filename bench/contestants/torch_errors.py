"""One random network for bench/accuracy.ts: its weights, an input, and every node in float64.

    python3 torch_errors.py <arch> <seed> <side> <folder>

The folder gets `weights.pth`, `input.f32` (NCHW) and `<node>.f64` (NCHW). Prints a line of JSON: the
nodes in their order, each with its shape and the root mean square of PyTorch's float32 error.
"""

import json
import sys

import torch
import torchvision
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

arch, seed, side, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.manual_seed(seed)
model = getattr(torchvision.models, arch)().eval()
for module in model.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.weight.data.uniform_(0.5, 1.5)
        module.bias.data.normal_(0, 0.1)
        module.running_mean.normal_(0, 0.1)
        module.running_var.uniform_(0.5, 1.5)
x = torch.randn(1, 3, side, side)
torch.save(model.state_dict(), f"{folder}/weights.pth")
x.numpy().tofile(f"{folder}/input.f32")


def values(network, given):
    names = get_graph_node_names(network)[1][1:]
    graph = create_feature_extractor(network, names)
    for module in graph.modules():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
    with torch.inference_mode():
        return graph(given)


single = values(model, x)
double = values(model.double(), x.double())
nodes = []
for name, exact in double.items():
    exact.numpy().tofile(f"{folder}/{name}.f64")
    error = (single[name].double() - exact).square().mean().sqrt().item()
    nodes.append({"name": name, "shape": list(exact.shape), "error": error})
print(json.dumps(nodes))
