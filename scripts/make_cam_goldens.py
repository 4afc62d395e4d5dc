"""Writes explanation maps, computed by PyTorch in float64 with weights by formula.

    python3 scripts/make_cam_goldens.py tests/data/cam

Class activation maps, gradients and Grad-CAM at several nodes, occlusion maps, similarity maps, and
maps enlarged by `interpolate`. Weights and inputs are those of make_node_goldens.py, beside this
file. All arrays are NCHW; gradients keep every 97th value. Needs torch and torchvision 0.14.
"""
import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torchvision.models.feature_extraction import create_feature_extractor

from make_node_goldens import build, uniform

ONE = [1, 1, 1, 1]
SAMPLE_EVERY = 97
CASES = {
    "basic": dict(
        block="BasicBlock", layers=[1, 1, 2, 1], numClasses=7, input=[2, 65, 49], channels=[4],
        nodes=["maxpool", "layer1", "layer2.0.conv1", "layer2.0.relu", "layer3.0.bn2", "layer3.0.add",
               "layer3.0.downsample.0", "layer3.0.downsample.1", "layer4", "avgpool"],
    ),
    "bottleneck": dict(
        block="Bottleneck", layers=[1, 2, 1, 1], numClasses=5, input=[1, 64, 48], channels=[3],
        nodes=["layer1.0.conv2", "layer1", "layer2", "layer3.0.relu_1", "layer4"],
    ),
    "groups": dict(
        block="Bottleneck", layers=ONE, groups=32, widthPerGroup=4, numClasses=5, input=[2, 47, 50], channels=[2],
        nodes=["layer1", "layer2.0.conv1", "layer3"],
    ),
    "dilated": dict(
        block="Bottleneck", layers=[1, 1, 2, 2], replaceStrideWithDilation=[False, True, True], numClasses=4,
        input=[1, 49, 64], channels=[1], nodes=["layer1", "layer2", "layer3", "layer4.0.bn2"],
    ),
    # Without a head, the score is the mean of an output channel.
    "no_head": dict(
        block="BasicBlock", layers=ONE, output="flatten", input=[1, 60, 60], channels=[24],
        nodes=["layer2", "layer4"],
    ),
    "cut": dict(
        block="Bottleneck", layers=ONE, output="layer3", input=[2, 33, 57], channels=[200],
        nodes=["layer1", "layer2.0.relu_2", "layer3"],
    ),
    # This batch norm scales channel 3 by 0 and channel 5 by 1e-20.
    "cut_at_conv": dict(
        block="BasicBlock", layers=ONE, output="layer1.0.conv1", input=[1, 40, 40], channels=[3, 5, 6], nodes=["maxpool"],
    ),
    "cut_behind_zero": dict(
        block="BasicBlock", layers=ONE, output="layer1.0.bn2", input=[1, 40, 40], channels=[9],
        nodes=["layer1.0.conv1", "layer1.0.bn1", "maxpool"],
    ),
}


def picture(case):
    n, h, w = case["input"]
    return torch.from_numpy(uniform("input", n * 3 * h * w).astype("float32").reshape(n, 3, h, w)).double()


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().reshape(-1).tolist()]


def gradients(case):
    net = build(case)
    output = case.get("output", "fc")
    values = create_feature_extractor(net, [*case["nodes"], output])(picture(case).requires_grad_())
    result = []
    for channel in case["channels"]:
        score = values[output][:, channel]
        score = score.reshape(score.shape[0], -1).mean(1).sum()
        for node in case["nodes"]:
            (gradient,) = torch.autograd.grad(score, values[node], retain_graph=True)
            cam = (values[node] * gradient.mean((2, 3), keepdim=True)).sum(1).relu()
            result.append({
                "node": node,
                "channel": channel,
                "shape": list(gradient.shape),
                "largest": float(gradient.abs().max()),
                "samples": numbers(gradient.reshape(-1)[::SAMPLE_EVERY]),
                "cam": numbers(cam),
            })
    return {**case, "results": result}


def class_activation(case):
    net = build(case)
    values = create_feature_extractor(net, ["layer4", "fc"])(picture(case))
    channel = case["channels"][-1]
    cam = torch.einsum("c,nchw->nhw", net.fc.weight[channel], values["layer4"])
    logit = values["fc"][:, channel]
    assert torch.allclose(cam.mean((1, 2)) + net.fc.bias[channel], logit)
    return {"class": channel, "shape": list(cam.shape), "map": numbers(cam), "logits": numbers(logit)}


def similarity(case, node, row, column):
    values = create_feature_extractor(build(case), [node])(picture(case))[node]
    units = F.normalize(values, dim=1)
    cosines = torch.einsum("nchw,nc->nhw", units, units[:, :, row, column])
    return {"node": node, "at": [row, column], "shape": list(cosines.shape), "map": numbers(cosines)}


def occlusion(case, size, stride, fill, channel):
    """Squares of `size` with evenly spread centres, clipped at the edges, filled in all channels."""
    net = build(case)
    node = "flatten" if channel is None else "fc"
    run = lambda x: create_feature_extractor(net, [node])(x)[node]
    x = picture(case)
    n, _, height, width = x.shape
    rows, columns = math.ceil(height / stride), math.ceil(width / stride)
    whole = run(x)
    missed = torch.zeros(n, rows, columns, dtype=torch.double)

    def span(index, count, side):
        begin = math.floor((index + 0.5) * side / count - size / 2 + 0.5)
        return slice(max(0, begin), min(side, begin + size))

    for row in range(rows):
        for column in range(columns):
            hidden = x.clone()
            hidden[:, :, span(row, rows, height), span(column, columns, width)] = fill
            part = run(hidden)
            missed[:, row, column] = (
                1 - F.cosine_similarity(whole, part) if channel is None else whole[:, channel] - part[:, channel]
            )
    return {"size": size, "stride": stride, "fill": fill, "class": channel, "shape": list(missed.shape), "map": numbers(missed)}


def enlarged(source, target):
    values = torch.from_numpy(uniform(f"map {source}", math.prod(source)).reshape(1, 1, *source))
    result = F.interpolate(values, target, mode="bilinear", align_corners=False)
    return {"from": source, "to": target, "values": numbers(result)}


def main(folder):
    torch.set_grad_enabled(True)
    basic, groups = CASES["basic"], CASES["groups"]
    with torch.no_grad():
        maps = {
            "classActivation": {name: class_activation(CASES[name]) for name in ["basic", "groups", "dilated"]},
            "similarity": {
                "basic": [similarity(basic, "layer2", 4, 6), similarity(basic, "layer3.0.conv2", 0, 3)],
                "groups": [similarity(groups, "maxpool", 11, 0)],
            },
            "occlusion": {
                "basic": [occlusion(basic, 20, 16, 0, 4), occlusion(basic, 9, 12, 0.5, None)],
            },
            "enlarged": [enlarged([3, 5], [12, 31]), enlarged([7, 7], [224, 3]), enlarged([1, 4], [5, 4])],
        }
    goldens = {"gradients": {name: gradients(case) for name, case in CASES.items()}, **maps}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "goldens.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
