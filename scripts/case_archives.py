"""Archives, element types, strides and shards, for make_case_files.py."""
import json
from collections import OrderedDict

import numpy as np
import torch
from case_files import Call, dense, either, legacy, loads, new_class, new_function, refuses, safetensors, saved, unzipped, zipped


def archives(table, a):
    kind = "pth_zip64"
    full = dense(a)

    def add(name, data, what, *tries, **fields):
        table.add(kind, name, data, what, *(tries or [loads()]), **fields)

    # The directory's first entry has 46 bytes, the stem and "/data.pkl": 76 with a stem of 21.
    for name in ["resnet18_cifar10_best", "resnet18_cifar10_best2"]:
        add(f"{name}.pth", saved(f"{name}.pth", full), f"A stem of {len(name)} letters", given=True)
    for length in [1, 2, 8, 19, 20, 22, 23, 40, 64, 79, 80]:
        stem = ("stem_of_a_checkpoint_" * 4)[: length - 1] + "x"
        add(f"{stem}.pth", saved(f"{stem}.pth", a), f"A stem of {length} letters")
    add("größe.pth", saved("größe.pth", a), "A stem that isn't ASCII")
    add("best model (1).pth", saved("best model (1).pth", a), "A stem with blanks")

    entries = unzipped(saved("checkpoint.pth", full))
    small = unzipped(saved("checkpoint.pth", a))
    add("deflated.pth", zipped(entries, method=8), "Unpacked and zipped again: deflated")
    add("deflated_zip64.pth", zipped(small, method=8, zip64=True), "Deflated, and every number in zip64 fields")
    mixed = [(name, content, 8 if i % 2 else 0) for i, (name, content) in enumerate(small)]
    add("deflated_in_part.pth", zipped(mixed), "Every other entry deflated")
    add("zip64_needed.pth", zipped(small, zip64=True), "Every number stands in zip64 fields alone")
    add("bytes_before.pth", zipped(small, before=b"#!/bin/sh\nexit 1\n" * 7, shift=False), "Bytes before the archive, which its offsets don't count")
    add("bytes_before_counted.pth", zipped(small, before=b"\0" * 1000), "Bytes before the archive, which its offsets count")
    add("bytes_before_zip64.pth", zipped(small, before=b"PK\3\4 is how an archive starts", shift=False, zip64=True), "Bytes before the archive that look like one, zip64")
    add("comment.pth", zipped(small, comment=b"trained by hand"), "A comment of the archive")
    signature = zipped(small, comment=b"trained by hand. PK\5\6 does not end here")
    add("comment_with_signature.pth", signature, "A comment with an end record's signature, which Python's zipfile refuses", either())
    add("descriptors.pth", zipped(small, descriptors=True), "Sizes behind the data, as a pipe writes them")
    add("descriptors_deflated.pth", zipped(small, method=8, descriptors=True), "The same, deflated")
    folders = [("checkpoint/", b""), ("checkpoint/data/", b""), *small]
    add("folders.pth", zipped(folders), "Entries for the folders")
    mac = [*small, ("__MACOSX/checkpoint/._data.pkl", b"\0\5\x16\7"), ("checkpoint/.DS_Store", b"\0\0\0\1Bud1")]
    add("macos.pth", zipped(mac, method=8), "Zipped by macOS's Finder")
    new = [entries[0], ("checkpoint/.format_version", b"1"), ("checkpoint/.storage_alignment", b"64"), ("checkpoint/byteorder", b"little")]
    new += [*entries[1:], ("checkpoint/.data/serialization_id", b"0" * 40)]
    add("torch_2.pth", zipped(new), "As PyTorch 2 writes it, with entries of its own")
    reverse = [*reversed(small)]
    add("reversed.pth", zipped(reverse), "The entries in reverse order: data.pkl comes last")
    add("checkpoint.zip", zipped(small, method=8), "The archive under another name", loads())

    # Refused.
    add("encrypted.pth", zipped(small, flags=1), "Encrypted small", refuses("encrypt"))
    add("bzip2.pth", zipped([(name, content, 12) for name, content in small]), "A method of compression other than deflate", refuses("bzip2"))
    bomb = [(name, b"\0" * 2**28 if name.endswith("/0") else content) for name, content in entries]
    add("deflate_bomb.pth", zipped(bomb, method=8), "An entry of 256 MiB that inflates from 256 KiB, where 37632 bytes are needed", refuses("data/0"))
    liar = [(name, b"\0" * 2**28, 8, 37632) if name.endswith("/0") else (name, content) for name, content in entries]
    add("deflate_bomb_that_lies.pth", zipped(liar), "The same, declared as 37632 bytes", refuses("data/0"))
    pkl = [(name, b"\x80\2" + b"0" * 2**28 if name.endswith("data.pkl") else content) for name, content in entries]
    add("deflate_bomb_data_pkl.pth", zipped(pkl, method=8), "A data.pkl of 256 MiB", refuses("data.pkl"))
    add("cut.pth", saved("cut.pth", full)[:200000], "A download that broke off", refuses("zip"))
    two = zipped([*small, *[(name.replace("checkpoint", "other"), content) for name, content in small]])
    add("two_folders.pth", two, "Two archives' entries in one", refuses("data.pkl"))


def types(table, a):
    """Element types, strides and views of tensors that are needed."""
    kind = "types_and_views"
    views_of, a = a, dense(a)

    def add(name, state, what, *tries, **options):
        table.add(kind, f"{name}.pth", saved(f"{name}.pth", state, **options), what, *(tries or [loads()]))

    floats = lambda to: OrderedDict((k, to(v) if v.is_floating_point() else v) for k, v in a.items())
    add("bfloat16", floats(torch.Tensor.bfloat16), "bfloat16")
    add("float16", floats(torch.Tensor.half), "float16")
    add("float64", floats(torch.Tensor.double), "float64")
    mixed = OrderedDict((k, v.bfloat16() if v.ndim == 4 else v) for k, v in a.items())
    add("mixed", mixed, "Convolutions in bfloat16, batch norms in float32")
    for name, to in [("bfloat16", torch.Tensor.bfloat16), ("float16", torch.Tensor.half)]:
        table.add(kind, f"{name}.safetensors", safetensors(floats(to)), f"{name} in safetensors", loads())
    add("channels_last", OrderedDict((k, v.to(memory_format=torch.channels_last) if v.ndim == 4 else v) for k, v in a.items()), "Trained with channels_last: strides of NHWC")
    strided = lambda v: v.permute(*reversed(range(v.ndim))).contiguous().permute(*reversed(range(v.ndim))) if v.ndim else v
    add("transposed", OrderedDict((k, strided(v)) for k, v in a.items()), "All axes stored in reverse order")
    add("every_other", OrderedDict((k, torch.stack([v, -v], -1)[..., 0] if v.is_floating_point() else v) for k, v in a.items()), "Views of every other number of a storage")
    flat = torch.cat([v.reshape(-1) for v in a.values() if v.is_floating_point()])
    views, at = OrderedDict(), 0
    for name, v in a.items():
        if v.is_floating_point():
            views[name] = flat[at : at + v.numel()].view(v.shape)
            at += v.numel()
        else:
            views[name] = v
    add("one_storage", views, "All parameters are views of one storage, as optimisers flatten them")
    before = legacy(floats(torch.Tensor.bfloat16))
    table.add(kind, "legacy_bfloat16.pth", before, "bfloat16 before 1.6's archives", loads())
    add("parameters", OrderedDict((k, torch.nn.Parameter(v) if k.endswith(("weight", "bias")) else v) for k, v in a.items()), "Parameters, not their data")

    # Tensors made by other functions than _rebuild_tensor_v2.
    a, full = views_of, a
    with_state = new_function("torch._utils", "_rebuild_parameter_with_state")
    def parameter(v, state):
        return Call(with_state, v, True, OrderedDict(), state)
    add("rebuild_parameter_with_state", OrderedDict((k, parameter(v, {"_is_frozen": False, "tag": k}) if v.ndim == 4 else v) for k, v in a.items()), "Parameters with attributes: _rebuild_parameter_with_state")
    add("rebuild_parameter_with_slots", OrderedDict((k, parameter(v, ({"a": 1}, {"b": None})) if v.ndim == 4 else v) for k, v in a.items()), "The same, with slots")
    v2, rebuild = torch._tensor._rebuild_from_type_v2, torch._utils._rebuild_tensor_v2
    def arguments(v):
        return v._reduce_ex_internal(2)[1]
    subclass = new_class("tensors", "Weight", torch.Tensor)
    add("rebuild_from_type_v2", OrderedDict((k, Call(v2, rebuild, subclass, arguments(v), {"origin": k}) if v.ndim == 4 else v) for k, v in a.items()), "Tensors of an own class: _rebuild_from_type_v2")
    add("rebuild_from_type_v2_attributes", OrderedDict((k, Call(v2, rebuild, torch.Tensor, arguments(v), ({"name": k}, {})) if v.ndim == 4 else v) for k, v in a.items()), "Tensors with attributes")
    add("rebuild_from_type_v2_parameter", OrderedDict((k, Call(v2, torch._utils._rebuild_parameter, subclass, (v, True, OrderedDict()), {}) if v.ndim == 4 else v) for k, v in a.items()), "A parameter of an own class")
    v1 = new_function("torch._tensor", "_rebuild_from_type")
    add("rebuild_from_type", OrderedDict((k, Call(v1, rebuild, subclass, arguments(v), {"origin": k}) if v.ndim == 4 else v) for k, v in a.items()), "As PyTorch 1.7 to 1.11 wrote them")
    device = torch._utils._rebuild_device_tensor_from_numpy
    def from_numpy(v, dtype=torch.float32, name="xla:0"):
        return Call(device, v.numpy(), dtype, name, False)
    for protocol in [2, 4, 5]:
        add(f"rebuild_device_tensor_from_numpy_{protocol}", OrderedDict((k, from_numpy(v, v.dtype) if v.ndim else v) for k, v in a.items()), f"Of a TPU: tensors made from NumPy's arrays, protocol {protocol}", pickle_protocol=protocol)
    add("rebuild_device_tensor_bfloat16", OrderedDict((k, from_numpy(v, torch.bfloat16, "hpu:0") if v.ndim == 4 else v) for k, v in a.items()), "The same with dtype bfloat16, whose array is float32")
    xla = torch._utils._rebuild_xla_tensor
    add("rebuild_xla_tensor", OrderedDict((k, Call(xla, v.numpy(), v.dtype, "xla:1", False) if v.ndim else v) for k, v in a.items()), "As PyTorch 1.6 to 1.11 wrote them")
    fortran = OrderedDict((k, Call(device, np.asfortranarray(v.numpy()), v.dtype, "mps:0", False) if v.ndim == 4 else v) for k, v in a.items())
    add("rebuild_device_tensor_fortran", fortran, "Arrays in Fortran's order")
    object_array = OrderedDict(a)
    object_array["conv1.weight"] = Call(device, np.array([{}], dtype=object), torch.float32, "xla:0", False)
    add("rebuild_device_tensor_of_objects", object_array, "An array of objects, where numbers are needed", refuses("conv1.weight"))
    a = full
    short = OrderedDict(a)
    short["conv1.weight"] = Call(rebuild, a["conv1.weight"].storage(), 1, (64, 3, 7, 7), (147, 49, 7, 1), False, OrderedDict())
    add("beyond_the_storage", short, "A tensor that ends one number behind its storage", refuses("conv1.weight"))
    meta = OrderedDict(a)
    meta["conv1.weight"] = Call(torch._utils._rebuild_meta_tensor_no_storage, torch.float32, (64, 3, 7, 7), (147, 49, 7, 1), False)
    add("meta", meta, "A tensor on the meta device, without values", refuses("conv1.weight", "meta"))
    sparse = OrderedDict(a)
    sparse["conv1.weight"] = a["conv1.weight"].to_sparse()
    add("sparse_needed", sparse, "A sparse tensor that is needed", refuses("conv1.weight", "sparse"))


def unusual(table, a):
    kind = "unusual_dtype"
    raw = lambda dtype, shape, size: (dtype, shape, b"\1" * size)

    def add(name, tensor, what, *tries, given=False):
        state = {"module." + k: v for k, v in a.items()} if given else dict(a)
        table.add(kind, f"{name}.safetensors", safetensors({**state, "scale": tensor}), what, *(tries or [loads()]), given=given)

    add("F8_E4M3", raw("F8_E4M3", [4], 4), "A tensor beside the network of 8-bit floats", given=True)
    for dtype, size in [("F8_E5M2", 4), ("U64", 32), ("U32", 16), ("U16", 8), ("C64", 32), ("F8_E8M0", 4), ("F4", 2), ("F6_E2M3", 3), ("F128", 64)]:
        add(dtype, raw(dtype, [4], size), f"A tensor of {dtype} beside the network")
    needed = dict(a)
    needed["conv1.weight"] = raw("F8_E4M3", [64, 3, 7, 7], 9408)
    table.add(kind, "F8_E4M3_needed.safetensors", safetensors(needed), "The first filter in 8-bit floats", refuses("conv1.weight", "F8_E4M3"))
    needed["conv1.weight"] = ("I32", [64, 3, 7, 7], b"\1" * 37632)
    table.add(kind, "I32_needed.safetensors", safetensors(needed), "The first filter in integers: filters must be floats", refuses("conv1.weight"))

    def pth(name, beside, what, *tries, **options):
        table.add(kind, f"{name}.pth", saved(f"{name}.pth", OrderedDict([*a.items(), ("extra", beside)]), **options), what, *(tries or [loads()]))

    pth("complex64", torch.ones(3, dtype=torch.complex64), "A complex tensor beside the network")
    pth("sparse_coo", torch.eye(3).to_sparse(), "A sparse tensor beside the network")
    pth("sparse_csr", torch.eye(3).to_sparse_csr(), "A sparse tensor beside the network, by rows")
    pth("quantised_beside", torch.quantize_per_tensor(torch.ones(3), 0.1, 3, torch.quint8), "A quantised tensor beside the network")
    pth("quantised_by_channel_beside", torch.quantize_per_channel(torch.ones(2, 2), torch.ones(2), torch.zeros(2), 0, torch.qint8), "A quantised tensor beside the network, by channel")
    pth("meta_beside", Call(torch._utils._rebuild_meta_tensor_no_storage, torch.float32, (3,), (1,), False), "A tensor without values beside the network")
    storage = new_class("torch", "Float8_e4m3fnStorage")
    pth("float8_storage_name", {"storage": storage, "dtype": torch.float32}, "A type of storage that PyTorch 1.13 didn't have")
    v3 = new_function("torch._utils", "_rebuild_tensor_v3")
    untyped = Call(v3, torch.zeros(4, dtype=torch.uint8).storage(), 0, (4,), (1,), False, OrderedDict(), torch.uint8)
    pth("rebuild_tensor_v3", untyped, "As PyTorch 2 keeps types without a storage of their own: _rebuild_tensor_v3")
    nested = new_function("torch._utils", "_rebuild_nested_tensor")
    pth("nested", Call(nested, torch.ones(4), torch.ones(2, 2), torch.ones(2, 2), torch.ones(2)), "A nested tensor beside the network")
    needed = OrderedDict(a)
    needed["layer1.0.conv2.weight"] = torch.zeros(64, 64, 3, 3, dtype=torch.complex64)
    table.add(kind, "complex64_needed.pth", saved("complex64_needed.pth", needed), "A filter of complex numbers", refuses("layer1.0.conv2.weight", "complex"))


def shards(table, a):
    """`pytorch_model.bin` and sharded files with their index, as transformers names them."""
    kind = "shards"
    table.add(kind, "pytorch_model.bin", saved("archive.bin", a), "transformers' and timm's name for a .pth", loads())
    names = list(a)
    parts = [names[:4], names[4:11], names[11:]]
    total = sum(v.numel() * v.element_size() for v in a.values())

    def index(stem, extension):
        files = [f"{stem}-{i + 1:05}-of-00003.{extension}" for i in range(3)]
        weight_map = {name: files[i] for i, part in enumerate(parts) for name in part}
        return files, json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=2).encode() + b"\n"

    files, text = index("model", "safetensors")
    shard = [safetensors({name: a[name] for name in part}, {"format": "pt"}) for part in parts]
    table.add(kind, "model.safetensors.index.json", text, "Three shards of safetensors, and their index", loads(), beside=dict(zip(files, shard)))
    table.add(kind, "alone-00002-of-00003.safetensors", shard[1], "One shard of three, without its index", refuses("alone.safetensors.index.json"))
    files, text = index("pytorch_model", "bin")
    binary = [saved("archive.bin", OrderedDict((name, a[name]) for name in part)) for part in parts]
    table.add(kind, "pytorch_model.bin.index.json", text, "Three shards of pickles, and their index", loads(), beside=dict(zip(files, binary)))
    missing = json.loads(index("gone", "safetensors")[1])
    table.add(kind, "gone.safetensors.index.json", json.dumps(missing).encode(), "An index whose shards aren't there", refuses("gone-00001-of-00003.safetensors"))
    for name, path in [("up", "../shards/x.safetensors"), ("root", "/etc/passwd"), ("web", "http://127.0.0.1/x.safetensors")]:
        wrong = {"metadata": {}, "weight_map": {n: path for n in names}}
        table.add(kind, f"{name}.safetensors.index.json", json.dumps(wrong).encode(), "An index that names a file outside of its folder", refuses(path))
    for name, value in [("no_map", {"metadata": {}}), ("list_map", {"weight_map": []}), ("number_map", {"weight_map": {"conv1.weight": 3}})]:
        table.add(kind, f"{name}.safetensors.index.json", json.dumps(value).encode(), "An index without a proper weight_map", refuses("weight_map"))
