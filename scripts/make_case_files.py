"""Checkpoints as people have them, small, and what is right for each.

    python3 -m venv --system-site-packages FOLDER && FOLDER/bin/pip install --no-deps timm==1.0.31 \\
        safetensors huggingface_hub==0.36.0
    FOLDER/bin/python scripts/make_case_files.py tests/data/cases

Needs torch and torchvision; made with PyTorch 1.13, torchvision 0.14, NumPy 1.24, timm 1.0.31 (for the names
of other networks' tensors). Each file is packed, as `<kind>/<file>.gz`. cases.json has

- `rows`: architectures by key, in the words of `ArchRow`.
- `goldens`: by key the NCHW shape and the digest (make_node_goldens.py's) of what torch makes, in
  float64, of the input `uniform("input", 3 * 32 * 32)` as [1, 3, 32, 32].
- `files`: each with its kind, what it is, files that belong to it (`beside`), whether it is one of those first
  reported (`given`), and `tries`. A try has `arch` (a key of rows, a name of the package's table, or null for none),
  `outputLayer`, `options`, and what is right: `golden` (null where only opening counts), `took` (the prefix
  that is taken: keys and indices joined by dots, wrappers' segments dropped), `notes` (words that
  must be in the notes); or `error` (words that must be in the message, and `longest`, its length).
  With both `golden` and `error`, either is right.
"""
import sys
import warnings

import torch
from case_archives import archives, shards, types, unusual
from case_files import Table, flat, output, strided
from case_formats import formats
from case_networks import beside, caffe, detectors, encoders, ensembles, inside, segmentation, where
from case_objects import bombs, evil, foreign, whole
from case_other_networks import others

warnings.simplefilter("ignore")
torch.set_num_threads(1)
sys.setrecursionlimit(20000)
torch.manual_seed(0)
table = Table(sys.argv[1])

a, b = strided("a"), flat(0.0625)
table.golden("a", output(a), "The network that most files hold")
table.golden("b", output(b), "Another network of the same shape")
frozen = strided("detector", "bottleneck", variance=2.0**-12, frozen=True)
table.golden("detector", output(frozen, "bottleneck"), "A detector's backbone, eps 1e-5")
table.golden("detector_eps_0", output(frozen, "bottleneck", eps=0.0), "The same, eps 0")
stride = strided("caffe", "bottleneck", "layer2")
table.golden("caffe", output(stride, "bottleneck", "layer2", stride_in_conv1=True), "Stride in conv1")
table.golden("caffe_torchvision", output(stride, "bottleneck", "layer2"), "The same, stride in conv2")
seg = strided("segmentation", "segmentation", "layer3")
table.golden("segmentation", output(seg, "segmentation", "layer3"), "A segmentation network's backbone, undilated")
table.golden("segmentation_dilated", output(seg, "segmentation", "layer3", dilate=[False, True, True]), "The same, dilated")
head = strided("head", "head", "fc")
table.golden("head", output(head, "head", "fc"), "Logits of seven classes")
table.golden("head_layer4", output({k: v for k, v in head.items() if k[:2] != "fc"}, "head", "layer4"), "The same network's layer4")

archives(table, a)
types(table, a)
unusual(table, a)
shards(table, a)
foreign(table, a)
whole(table, a)
formats(table, a)
evil(table, a)
bombs(table, a)
beside(table, a, b)
inside(table, a)
where(table, a, b)
encoders(table, a, b)
detectors(table)
caffe(table)
segmentation(table)
ensembles(table, a, b)
others(table)
table.write()
for kind, size in table.sizes.items():
    print(f"{kind}: {sum(f['kind'] == kind for f in table.files)} files, {size} bytes")
print(len(table.files), "files", sum(table.sizes.values()), "bytes")
