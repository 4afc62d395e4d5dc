"""Makes tests/data/fit/pool.json with timm 1.0.31's pooling, and cnnimageretrieval-pytorch's GeM.

Needs PyTorch, and timm without what it depends on:

    pip install --no-deps --target timm timm==1.0.31
    PYTHONPATH=timm python3 scripts/make_pool_goldens.py tests/data/fit
"""

import importlib
import importlib.util
import json
import sys
import types
from pathlib import Path

import torch
import torch.nn.functional as F

# Only timm's file of poolings: the package imports much more.
layers = types.ModuleType("layers")
layers.__path__ = [str(Path(importlib.util.find_spec("timm").origin).parent / "layers")]
sys.modules["layers"] = layers
timm = importlib.import_module("layers.adaptive_avgmax_pool")


def gem(x, p=3, eps=1e-6):
    """As in cirtorch/layers/functional.py; timm 1.0.31 has none for ResNets."""
    return F.avg_pool2d(x.clamp(min=eps).pow(p), (x.size(-2), x.size(-1))).pow(1.0 / p)


torch.manual_seed(1)
x = (torch.randn(2, 5, 3, 4) * 100).round() / 100
x[0, 1] = 0
want = {
    **{kind: timm.select_adaptive_pool2d(x, kind) for kind in ["avg", "max", "catavgmax"]},
    "gem": gem(x),
}
golden = {
    "shape": list(x.shape),
    "maps": [float(f"{v:.9g}") for v in x.flatten().tolist()],
    "want": {
        kind: [float(f"{v:.9g}") for v in y.flatten().tolist()] for kind, y in want.items()
    },
}
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
(folder / "pool.json").write_text(json.dumps(golden) + "\n")
