"""Writes small checkpoints for the tests, with the values that PyTorch reads from them.

    python3 -m pip install --target FOLDER safetensors
    PYTHONPATH=FOLDER python3 scripts/make_checkpoints.py tests/data/weights

Made with PyTorch 1.13, NumPy 1.24 and safetensors 0.8. `expected.npz` holds tensors as float32 under
"<file>:<tensor>"; files with the same tensors as another are left out. `arrays.npz` has one array of
each kind for the .npy reader, `arrays.json` their values.
"""
import argparse
import io
import json
import os
import sys
import types
import zipfile
from collections import Counter, OrderedDict, defaultdict

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from old_checkpoints import OldParameter, Python2Pickler, Python3Pickler, save_legacy, save_tar

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
torch.manual_seed(0)
expected = {}


def path(name):
    return os.path.join(folder, name)


def save(name, saved, tensors, **options):
    torch.save(saved, path(name), **options)
    for key, tensor in tensors.items():
        # A copy, since a tensor from outside a state dict may be a view.
        expected[f"{name}:{key}"] = tensor.detach().clone().float().contiguous().numpy()


def check(loaded, tensors):
    """Checks that PyTorch reads the same tensors from a file."""
    for key, tensor in tensors.items():
        same = torch.allclose(loaded[key], tensor, rtol=0, atol=0, equal_nan=True)
        assert same and loaded[key].dtype == tensor.dtype, key


class Block(nn.Module):
    """A few values under names like torchvision's."""

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

# Must be rejected.
class Malicious:
    def __reduce__(self):
        return os.system, ("echo this must never run",)


torch.save({"weight": torch.zeros(1), "payload": Malicious()}, path("malicious.pth"))
torch.save(block, path("whole_module.pth"))
torch.save({"epoch": 1, "best": 0.5}, path("no_tensors.pth"))


def rewrite(source, target, change):
    """Copies an archive, passing each entry through `change(name, content)`."""
    with zipfile.ZipFile(path(source)) as old, zipfile.ZipFile(path(target), "w") as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name)
            new.writestr(info, change(name, old.read(name)))
        return new


def swapped(name, content):
    if "/data/" not in name:
        return content
    return np.frombuffer(content, "<f4").byteswap().tobytes()


# PyTorch 2.1 and later store the byte order in a separate entry.
floats = {"weight": torch.randn(2, 3), "bias": torch.randn(3)}
save("little_endian.pth", floats, floats)
rewrite("little_endian.pth", "big_endian.pth", swapped)
for name, order in [("little_endian", "little"), ("big_endian", "big")]:
    with zipfile.ZipFile(path(f"{name}.pth"), "a") as archive:
        archive.writestr(zipfile.ZipInfo("little_endian/byteorder"), order)
for key, tensor in floats.items():
    expected[f"big_endian.pth:{key}"] = tensor.numpy()

swap = {key: tensor for key, tensor in typed.items() if key != "bfloat16"}
save("big_endian_dtypes.pth", swap, swap)
sizes = [tensor.element_size() for tensor in swap.values()]
rewrite(
    "big_endian_dtypes.pth",
    "swapped.pth",
    lambda name, content: np.frombuffer(content, f"<i{sizes[int(os.path.basename(name))]}").byteswap().tobytes()
    if "/data/" in name
    else content,
)
os.replace(path("swapped.pth"), path("big_endian_dtypes.pth"))
with zipfile.ZipFile(path("big_endian_dtypes.pth"), "a") as archive:
    archive.writestr(zipfile.ZipInfo("big_endian_dtypes/byteorder"), "big")

# Other protocols, and an archive that the tests also write themselves, byte for byte.
for protocol in [3, 4, 5]:
    torch.save(state, path(f"protocol_{protocol}.pth"), pickle_protocol=protocol)
archive = io.BytesIO()
torch.save(OrderedDict(state), archive)
with open(path("archive.pth"), "wb") as file:
    file.write(archive.getvalue())

# The format before 1.6, as PyTorch 1.13 writes it and as 0.1 did.
torch.save(state, path("legacy.pth"), _use_new_zipfile_serialization=False)
torch.save(typed, path("legacy_dtypes.pth"), _use_new_zipfile_serialization=False)
torch.save(views, path("legacy_views.pth"), _use_new_zipfile_serialization=False)
torch.save(state, path("legacy_protocol_4.pth"), _use_new_zipfile_serialization=False, pickle_protocol=4)
root = torch.arange(40, dtype=torch.float32)
old = OrderedDict(state)
old["piece"] = root[8:20].clone()
old["column"] = old["fc.weight"][:, 1]
old["parameter" * 30] = nn.Parameter(torch.randn(2, 2)).data.t()
for key in ["piece", "column", "parameter" * 30]:
    expected[f"old:{key}"] = old[key].contiguous().numpy()
pieces = [(old["piece"], root, 8)]
save_legacy(path("legacy_views_of_storages.pth"), old, Python3Pickler, pieces, little_endian=False)
save_legacy(path("legacy_python_2.pth"), old, Python2Pickler, pieces)
parameters = OrderedDict(
    (key, OldParameter(tensor) if key.startswith(("conv", "fc")) else tensor) for key, tensor in old.items()
)
save_tar(path("tar.pth"), parameters, Python3Pickler, pieces)
save_tar(path("tar_python_2.pth"), parameters, Python2Pickler, pieces)
for name, tensors in [
    ("legacy.pth", state),
    ("legacy_dtypes.pth", typed),
    ("legacy_views.pth", views),
    ("legacy_protocol_4.pth", state),
    ("legacy_views_of_storages.pth", old),
    ("legacy_python_2.pth", old),
    ("tar.pth", old),
    ("tar_python_2.pth", old),
]:
    check(torch.load(path(name)), tensors)

# safetensors.
save_file(typed, path("dtypes.safetensors"))
save_file(state, path("state_dict.safetensors"), metadata={"format": "pt"})
check(load_file(path("state_dict.safetensors")), state)


class Residual(nn.Module):
    """A block with torchvision's names."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 3, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(3)
        self.conv2 = nn.Conv2d(3, 3, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(3)
        self.downsample = nn.Sequential(nn.Conv2d(2, 3, 1, bias=False), nn.BatchNorm2d(3))


class Tiny(nn.Module):
    """A network with torchvision's names."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(2)
        self.layer1 = nn.Sequential(Residual())
        self.fc = nn.Linear(3, 7)


tiny = Tiny()
network = tiny.state_dict()
save("tiny.pth", network, network)
torch.save(nn.DataParallel(tiny).state_dict(), path("data_parallel.pth"))

# As torchvision's references/classification/train.py saves.
optimizer = torch.optim.SGD(tiny.parameters(), lr=0.5, momentum=0.9)
warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=5)
cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=85)
scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[5])
average = torch.optim.swa_utils.AveragedModel(tiny)
args = argparse.Namespace(
    data_path="/data", model="resnet18", lr=0.5, lr_steps=[30, 60], amp=False, weights=None, device=torch.device("cpu")
)
for protocol in [2, 4]:
    torch.save(
        {
            "model": network,
            "optimizer": optimizer.state_dict(),
            "lr_scheduler": scheduler.state_dict(),
            "epoch": 89,
            "args": args,
            "model_ema": average.state_dict(),
            "best": np.float64(76.1),
        },
        path(f"train_script_{protocol}.pth"),
        pickle_protocol=protocol,
    )


def stand_in(module, name, *bases):
    """Makes a class of a package that is not installed, so that its objects can be pickled."""
    made = type(name, bases, {"__module__": module})
    for part in [module.split(".")[0], module]:
        sys.modules.setdefault(part, types.ModuleType(part))
    setattr(sys.modules[module], name, made)
    return made


# As Lightning saves: a network under an attribute's name, with a custom head.
AttributeDict = stand_in("pytorch_lightning.utilities.parsing", "AttributeDict", dict)
ModelCheckpoint = stand_in("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")
steps = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[30, 60])
assert isinstance(steps.state_dict()["milestones"], Counter)
lightning = OrderedDict((f"model.backbone.{key}", tensor) for key, tensor in network.items())
lightning["model.projection.0.weight"] = torch.randn(2, 3)
lightning["criterion.scale"] = torch.randn(1)
torch.save(
    {
        "epoch": 3,
        "global_step": 400,
        "pytorch-lightning_version": "1.4.9",
        "state_dict": lightning,
        "callbacks": {ModelCheckpoint: {"best_model_score": torch.tensor(0.7), "dirpath": "/runs"}},
        "loops": defaultdict(dict, fit_loop={"state_dict": {}}),
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [steps.state_dict()],
        "hyper_parameters": AttributeDict(lr=0.1, classes=["cat", "dog"]),
        "hparams_type": AttributeDict,
    },
    path("lightning.ckpt"),
)

# As transformers saves its ResNetForImageClassification.
block = "resnet.encoder.stages.0.layers.0"
renamed = {
    "conv1": "resnet.embedder.embedder.convolution",
    "bn1": "resnet.embedder.embedder.normalization",
    "layer1.0.conv1": f"{block}.layer.0.convolution",
    "layer1.0.bn1": f"{block}.layer.0.normalization",
    "layer1.0.conv2": f"{block}.layer.1.convolution",
    "layer1.0.bn2": f"{block}.layer.1.normalization",
    "layer1.0.downsample.0": f"{block}.shortcut.convolution",
    "layer1.0.downsample.1": f"{block}.shortcut.normalization",
    "fc": "classifier.1",
}
save_file(
    {
        f"{renamed[module]}.{parameter}": tensor
        for module, _, parameter, tensor in (*(key.rpartition(".") + (tensor,) for key, tensor in network.items()),)
    },
    path("transformers.safetensors"),
)

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
