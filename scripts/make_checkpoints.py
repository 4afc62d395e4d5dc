"""Writes the small checkpoints that the tests read, with the values that PyTorch sees in them.

    python3 scripts/make_checkpoints.py tests/data/weights

Made with PyTorch 1.13 and NumPy 1.24. `expected.npz` holds each tensor as float32 under
"<file>:<tensor>"; `arrays.npz` one array of each kind for the .npy reader, `arrays.json` their
values.
"""
import io
import json
import os
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import torch
from torch import nn

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
torch.manual_seed(0)
expected = {}


def path(name):
    return os.path.join(folder, name)


def save(name, saved, tensors, **options):
    torch.save(saved, path(name), **options)
    for key, tensor in tensors.items():
        # A copy: what is no state dict's own may be a view.
        expected[f"{name}:{key}"] = tensor.detach().clone().float().contiguous().numpy()


class Block(nn.Module):
    """Names like torchvision's, few values."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 5)


block = Block()
block.bn1.num_batches_tracked += 7
block.bn1.running_mean += torch.randn(4)
state = block.state_dict()
save("state_dict.pth", state, state)

# Every element type, extremes included.
halves = torch.tensor([0.0, -0.0, 1.0, -1.5, 65504.0, 6e-8, 6.1e-5, 1 / 3, float("inf"), float("nan")])
typed = {
    "float32": torch.randn(3, 2),
    "float16": halves.half(),
    "bfloat16": torch.cat([halves, torch.tensor([3e38, 1e-39])]).bfloat16(),
    "float64": torch.tensor([1 / 3, 1e300, -1e-300], dtype=torch.float64),
    "int64": torch.tensor([0, -1, 2**40, -(2**53) - 1]),
    "int32": torch.tensor([2**31 - 1, -(2**31)], dtype=torch.int32),
    "int16": torch.tensor([[-32768], [32767]], dtype=torch.int16),
    "int8": torch.tensor([-128, 127], dtype=torch.int8),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
}
save("dtypes.pth", typed, typed)

base = torch.arange(600, dtype=torch.float32)
views = {
    "base": base,
    "offset": base[100:160].view(6, 10),
    "transposed": base[100:160].view(6, 10).t(),
    "strided": base.view(20, 30)[3::4, 5:25:3],
    "channels_last": torch.randn(4, 3, 2, 5).to(memory_format=torch.channels_last),
    "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 9),
    "scalar": base[577],
    "empty": base[5:5],
    "half": base[:64].half().view(8, 8)[1:3, 6:],
}
save("views.pth", views, views)

optimizer = torch.optim.SGD(block.parameters(), lr=0.1, momentum=0.9)
sum(p.sum() for p in block.parameters()).backward()
optimizer.step()
state = block.state_dict()
save("wrapped_state_dict.pth", {"state_dict": state, "best_acc1": torch.tensor(71.5), "arch": "resnet18"}, state)
save(
    "wrapped_model.pth",
    {"model": state, "optimizer": optimizer.state_dict(), "epoch": 300, "ema": None, "done": False},
    state,
)
save("wrapped_model_state_dict.pth", {"epoch": -70000, "model_state_dict": OrderedDict(state)}, state)
parameters = dict(block.named_parameters())
save("parameters.pth", parameters, parameters)

# What must be refused.
class Malicious:
    def __reduce__(self):
        return os.system, ("echo this must never run",)


torch.save({"weight": torch.zeros(1), "payload": Malicious()}, path("malicious.pth"))
torch.save(block, path("whole_module.pth"))
torch.save(state, path("protocol_4.pth"), pickle_protocol=4)
torch.save({"epoch": 1, "best": 0.5}, path("no_tensors.pth"))
torch.save(state, path("legacy.pth"), _use_new_zipfile_serialization=False)


def rewrite(source, target, change):
    """Copies an archive, each entry through `change(name, content)`."""
    with zipfile.ZipFile(path(source)) as old, zipfile.ZipFile(path(target), "w") as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name)
            new.writestr(info, change(name, old.read(name)))
        return new


def swapped(name, content):
    if "/data/" not in name:
        return content
    return np.frombuffer(content, "<f4").byteswap().tobytes()


# PyTorch 2.1 and later say the byte order in an entry of its own.
floats = {"weight": torch.randn(2, 3), "bias": torch.randn(3)}
save("little_endian.pth", floats, floats)
rewrite("little_endian.pth", "big_endian.pth", swapped)
for name, order in [("little_endian", "little"), ("big_endian", "big")]:
    with zipfile.ZipFile(path(f"{name}.pth"), "a") as archive:
        archive.writestr(zipfile.ZipInfo("little_endian/byteorder"), order)
for key, tensor in floats.items():
    expected[f"big_endian.pth:{key}"] = tensor.numpy()

# Plain archives of a state dict, as NumPy writes them.
arrays = {key: tensor.numpy() for key, tensor in state.items()}
np.savez(path("plain.npz"), **arrays)
np.savez_compressed(path("plain_compressed.npz"), **arrays)
for name in ["plain.npz", "plain_compressed.npz"]:
    for key, array in arrays.items():
        expected[f"{name}:{key}"] = np.asarray(array, np.float32)
np.savez_compressed(path("expected.npz"), **expected)

# One array of each kind for the .npy reader.
kinds = {
    code: np.array([[0, 1, 2], [3, 4, 100]]).astype(code)
    for code in ["|b1", "|i1", "|u1"]
    + [order + code for order in "<>" for code in ["i2", "u2", "i4", "u4", "i8", "f2", "f4", "f8"]]
}
kinds["scalar"] = np.array(2.5)
kinds["vector"] = np.arange(3, dtype="<f4")
kinds["empty"] = np.zeros((2, 0, 3), "<f4")
kinds["fortran"] = np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4))
with zipfile.ZipFile(path("arrays.npz"), "w") as archive:
    for name, array in kinds.items():
        for version in [(1, 0), (2, 0), (3, 0)] if name == "vector" else [None]:
            file = io.BytesIO()
            np.lib.format.write_array(file, array, version=version)
            label = name if version in (None, (1, 0)) else f"{name}_version_{version[0]}"
            archive.writestr(zipfile.ZipInfo(label.strip("|") + ".npy"), file.getvalue())
with open(path("arrays.json"), "w") as file:
    json.dump(
        {
            name.strip("|"): {
                "dtype": str(array.dtype.newbyteorder("=")),
                "shape": array.shape,
                "values": [float(v) for v in array.flatten()],
            }
            for name, array in kinds.items()
        },
        file,
        indent=1,
    )
    file.write("\n")
