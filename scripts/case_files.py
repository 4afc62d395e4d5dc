"""Networks, writers and the table of make_case_files.py.

Weights repeat a few numbers by formula, and in most files the filters are views of small storages, which
overlap: so files are small. Each number has 7 bits, so that float16 and bfloat16 hold it too. The input is `uniform("input", …)` as [1, 3, 32, 32].
"""
import functools
import gzip
import io
import json
import os
import pickle
import struct
import sys
import tempfile
import types
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from make_node_goldens import digest, hash_name, uniform
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

ONE = [1, 1, 1, 1]
PERIOD = 61
ROWS = {
    "small": dict(name="small", block="BasicBlock", layers=ONE),
    "bottleneck": dict(name="small_bottleneck", block="Bottleneck", layers=ONE),
    "head": dict(name="small_head", block="BasicBlock", layers=ONE, numClasses=7),
    "segmentation": dict(name="small_segmentation", block="Bottleneck", layers=[1, 1, 2, 1]),
    "bottleneck_eps_0": dict(name="small_eps_0", block="Bottleneck", layers=ONE, normEps=0),
    "bottleneck_stride_in_conv1": dict(name="small_caffe", block="Bottleneck", layers=ONE, strideInConv1=True),
}
BLOCKS = {"BasicBlock": BasicBlock, "Bottleneck": Bottleneck}
LAYERS = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc"]


# --- Networks -----------------------------------------------------------------------------------


def periodic(seed, name, shape, scale, base=0.0):
    """A few numbers of 7 bits over and over, in base - scale..base + scale, from a start by name. `scale` is a power of two."""
    table = np.round(uniform(seed, PERIOD if len(shape) > 1 else 13) * 63) / 64 * scale + base
    table = np.roll(table, hash_name(name) % len(table))
    return torch.from_numpy(np.resize(table.astype(np.float32), int(np.prod(shape))).reshape(shape))


def weights(seed, row="small", last="layer1", variance=0.5, frozen=False):
    """A state dict up to a layer, as torchvision names it. `frozen` has no num_batches_tracked."""
    row = ROWS[row]
    net = ResNet(BLOCKS[row["block"]], row["layers"], num_classes=row.get("numClasses", 1000))
    state = OrderedDict()
    for name, tensor in net.state_dict().items():
        if LAYERS.index(name.split(".")[0]) > LAYERS.index(last):
            continue
        shape = tuple(tensor.shape)
        if name.endswith("num_batches_tracked"):
            if frozen:
                continue
            state[name] = torch.tensor(7)
        elif name.endswith("running_var"):
            state[name] = periodic(seed, name, shape, variance, 2 * variance)
        elif name.endswith(("running_mean", "bias")):
            state[name] = periodic(seed, name, shape, 0.25)
        elif len(shape) == 1:
            state[name] = periodic(seed, name, shape, 0.5, 1)
        else:
            state[name] = periodic(seed, name, shape, 2.0 ** np.floor(np.log2(np.sqrt(3 / np.prod(shape[1:])))))
    return state


def strided(seed, row="small", last="layer1", **options):
    """The same state dict in two storages, so that a whole network is a small file: filters are views that overlap."""
    state = weights(seed, row, last, **options)
    parts = []
    for tensor in state.values():
        steps = [int(np.prod(tensor.shape[axis + 1 :])) % PERIOD for axis in range(tensor.ndim)]
        if tensor.ndim == 1:
            steps = [1]
        length = 1 + sum((n - 1) * step for n, step in zip(tensor.shape, steps))
        parts.append((steps, tensor.reshape(-1)[:length]))
    floats = torch.cat([numbers for _, numbers in parts if numbers.is_floating_point()])
    counters = torch.full((len(parts),), 7)
    offset = 0
    for i, (name, (steps, numbers)) in enumerate(zip(state, parts)):
        if numbers.is_floating_point():
            view = floats.as_strided(state[name].shape, steps, offset)
            offset += len(numbers)
        else:
            view = counters[i]
        assert torch.equal(view, state[name])
        state[name] = view
    return state


def dense(state):
    """The same values, each tensor in a storage of its own, as training leaves them."""
    return OrderedDict((name, tensor.contiguous().clone()) for name, tensor in state.items())


def flat(value, row="small", last="layer1"):
    """A state dict of one number in all filters: another network, in few bytes."""
    state = weights("flat", row, last)
    for name, tensor in state.items():
        if tensor.ndim == 4:
            state[name] = torch.full_like(tensor, value)
        elif name.endswith("running_var"):
            state[name] = torch.ones_like(tensor)
        elif tensor.ndim:
            state[name] = torch.full_like(tensor, 0.25)
    return state


def output(state, row="small", last="layer1", eps=1e-5, stride_in_conv1=False, dilate=None):
    """What torch makes of them, in float64, NCHW."""
    row = ROWS[row]
    net = ResNet(
        BLOCKS[row["block"]], row["layers"], num_classes=row.get("numClasses", 1000),
        replace_stride_with_dilation=dilate,
    )
    missing, unexpected = net.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = eps
        if stride_in_conv1 and isinstance(module, Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, module.conv1.stride
    net = net.eval().double()
    x = torch.from_numpy(uniform("input", 3 * 32 * 32).astype(np.float32).reshape(1, 3, 32, 32)).double()
    with torch.no_grad():
        if last == "fc":
            return net(x)
        for name in ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"]:
            x = getattr(net, name)(x)
            if name == last:
                return x


def constants(state, value=0.5):
    """The same names and shapes; one number in all, so that networks of full size are small files."""
    one = torch.tensor([value])
    return OrderedDict(
        (name, one.expand(shape) if shape or not name.endswith("tracked") else torch.tensor(7))
        for name, shape in ((name, tuple(getattr(tensor, "shape", tensor))) for name, tensor in state.items())
    )


def prefixed(prefix, state):
    return OrderedDict((prefix + name, tensor) for name, tensor in state.items())


def renamed(state, *rules):
    """Each rule is (start, replacement)."""
    result = OrderedDict()
    for name, tensor in state.items():
        for start, replacement in rules:
            if name.startswith(start):
                name = replacement + name[len(start):]
                break
        result[name] = tensor
    return result


# --- Objects of packages that are not here ------------------------------------------------------


def stand_in(module, name, made):
    """Lets a class or function pickle under a module's name, be it installed or not."""
    parts = module.split(".")
    for i in range(len(parts)):
        path = ".".join(parts[: i + 1])
        if path not in sys.modules:
            try:
                __import__(path)
            except Exception:  # It may not be installed, or not run with this Python.
                sys.modules[path] = types.ModuleType(path)
        if i and not hasattr(sys.modules[".".join(parts[:i])], parts[i]):
            setattr(sys.modules[".".join(parts[:i])], parts[i], sys.modules[path])
    made.__module__, made.__qualname__, made.__name__ = module, name, name.split(".")[-1]
    setattr(sys.modules[module], name, made)
    return made


@functools.cache
def new_class(module, name, *bases):
    return stand_in(module, name, type(name, bases, {}))


@functools.cache
def new_function(module, name):
    def made(*arguments):
        raise AssertionError(f"{module}.{name} was called")

    return stand_in(module, name, made)


class Call:
    """Pickles as a call, with what follows it: state, list items, dict items."""

    def __init__(self, function, *arguments, state=None, items=None, pairs=None):
        self.reduced = (function, arguments, state, iter(items) if items else None, iter(pairs) if pairs else None)

    def __reduce__(self):
        return self.reduced


# --- Files --------------------------------------------------------------------------------------


def saved(name, value, **options):
    """The bytes of `torch.save(value, name)`: the archive's folder is the name's stem."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, os.path.basename(name))
        torch.save(value, path, **options)
        return Path(path).read_bytes()


def legacy(value):
    """`torch.save` before 1.6: pickles, then the storages. Keys are numbers in order, not addresses."""
    file, keys, storages, classes = io.BytesIO(), {}, [], set()

    def persistent_id(part):
        if isinstance(part, type) and issubclass(part, torch.nn.Module):
            if part in classes:
                return None
            classes.add(part)
            return "module", part, f"/code/{part.__module__}.py", f"class {part.__name__}(nn.Module):\n    pass\n"
        if not isinstance(part, torch.storage.TypedStorage):
            return None
        key = keys.setdefault(part.data_ptr(), str(94_000_000_000_000 + 64 * len(keys)))
        if len(storages) < len(keys):
            storages.append(part)
        return "storage", getattr(torch, part.pickle_storage_type()), key, "cpu", part.size(), None

    for part in [0x1950A86A20F9469CFC6C, 1001, dict(protocol_version=1001, little_endian=True, type_sizes=dict(short=2, int=4, long=4))]:
        pickle.dump(part, file, 2)
    pickler = pickle.Pickler(file, 2)
    pickler.persistent_id = persistent_id
    pickler.dump(value)
    pickle.dump([*keys.values()], file, 2)
    for storage in storages:
        file.write(struct.pack("<q", storage.size()) + element_bytes(torch.tensor([], dtype=storage.dtype).set_(storage)))
    return file.getvalue()


TYPES = {
    torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64",
    torch.int32: "I32", torch.uint8: "U8", torch.int8: "I8", torch.bool: "BOOL",
}


def element_bytes(tensor):
    tensor = tensor.contiguous()
    if tensor.dtype == torch.bfloat16:
        return (tensor.float().numpy().view(np.uint32) >> 16).astype(np.uint16).tobytes()
    return tensor.numpy().tobytes()


def safetensors(state, metadata=None, sort=True):
    """A safetensors file; with `sort`, by type and name, as its library writes it. Values may be (dtype, shape, bytes)."""
    parts = [
        (name, value if isinstance(value, tuple) else (TYPES[value.dtype], list(value.shape), element_bytes(value)))
        for name, value in state.items()
    ]
    if sort:
        parts.sort(key=lambda part: (-len(part[1][2]) // max(1, int(np.prod(part[1][1]))), part[0]))
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape, data) in parts:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, (_, _, data) in parts)


def unzipped(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def zipped(entries, before=b"", shift=True, comment=b"", method=0, zip64=False, descriptors=False, flags=0):
    """A zip archive of (name, content) or (name, content, method, declared size).

    `before` are bytes in front; the offsets count them with `shift`. `zip64` leaves nothing in the
    fields that zip64 can hold. `descriptors` puts sizes and CRC behind each entry's data.
    """
    out, directory = bytearray(before), bytearray()
    base = 0 if shift else len(before)
    for entry in entries:
        name, content, *rest = entry
        kind = rest[0] if rest else method
        size = rest[1] if len(rest) > 1 else len(content)
        if kind == 8:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = packer.compress(content) + packer.flush()
        else:
            packed = content
        crc, encoded, offset = zlib.crc32(content), name.encode(), len(out) - base
        bits = flags | (8 if descriptors else 0) | (0 if name.isascii() else 0x800)
        sizes = (0, 0, 0) if descriptors else (crc, len(packed), size)
        local_extra = extra = b""
        if zip64:
            local_extra = struct.pack("<HHQQ", 1, 16, size, len(packed))
            extra = struct.pack("<HHQQQ", 1, 24, size, len(packed), offset)
            sizes = (crc, 0xFFFFFFFF, 0xFFFFFFFF)
        # 1980-01-01, as torch's archives have it.
        out += struct.pack("<IHHHHHIIIHH", 0x04034B50, 45 if zip64 else 20, bits, kind, 0, 0x21, *sizes, len(encoded), len(local_extra))
        out += encoded + local_extra + packed
        if descriptors:
            out += struct.pack("<IIII", 0x08074B50, crc, len(packed), size)
        shown = (crc, 0xFFFFFFFF, 0xFFFFFFFF) if zip64 else (crc, len(packed), size)
        directory += struct.pack(
            "<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45 if zip64 else 20, bits, kind, 0, 0x21, *shown, len(encoded),
            len(extra), 0, 0, 0, 0, 0xFFFFFFFF if zip64 else offset,
        ) + encoded + extra
    start, count = len(out) - base, len(entries)
    out += directory
    if zip64:
        end = len(out) - base
        out += struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, len(directory), start)
        out += struct.pack("<IIQI", 0x07064B50, 0, end, 1)
        count, start, length = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    else:
        length = len(directory)
    out += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, length, start, len(comment)) + comment
    return bytes(out)


def pickled(stem, pickle, storages=(), **options):
    """A .pth of a pickle that torch.save would not write."""
    entries = [(f"{stem}/data.pkl", pickle), *((f"{stem}/data/{i}", data) for i, data in enumerate(storages))]
    return zipped([*entries, (f"{stem}/version", b"3\n")], **options)


def packed(data):
    file = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, file, mtime=0) as out:
        out.write(data)
    return file.getvalue()


# --- The table ----------------------------------------------------------------------------------


class Table:
    """The files, and what is right for each."""

    def __init__(self, folder):
        self.folder, self.files, self.goldens, self.sizes = Path(folder), [], {}, {}

    def golden(self, name, value, what):
        self.goldens[name] = {
            "what": what,
            "shape": list(value.shape),
            "digest": [float(f"{number:.9g}") for number in digest(value).tolist()],
        }

    def add(self, kind, name, data, what, *tries, beside=None, given=False):
        """`beside` are other files that belong to this one, by name."""
        for file, content in [(name, data), *(beside or {}).items()]:
            path = self.folder / kind / f"{file}.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(packed(content))
            self.sizes[kind] = self.sizes.get(kind, 0) + path.stat().st_size
        entry = {"file": f"{kind}/{name}", "kind": kind, "what": what, "tries": [dict(t) for t in tries]}
        if beside:
            entry["beside"] = [f"{kind}/{file}" for file in beside]
        if given:
            entry["given"] = True
        for one in entry["tries"]:
            assert one.get("golden") is None or one["golden"] in self.goldens, one
        self.files.append(entry)

    def write(self):
        names = [entry["file"] for entry in self.files]
        assert len(set(names)) == len(names), "a name twice"
        lines = ",\n".join(json.dumps(entry) for entry in self.files)
        goldens = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in self.goldens.items())
        rows = json.dumps(ROWS)
        (self.folder / "cases.json").write_text(
            f'{{"rows": {rows},\n"goldens": {{\n{goldens}\n}},\n"files": [\n{lines}\n]}}\n'
        )


def loads(golden="a", arch="small", layer="layer1", **fields):
    """Opens, and gives that output."""
    return {"arch": arch, "outputLayer": layer, "golden": golden, **fields}


def refuses(*words, arch="small", layer="layer1", **fields):
    """Is refused, and the message has these words."""
    return {"arch": arch, "outputLayer": layer, "error": list(words), **fields}


def either(*words, **fields):
    """Opens and gives the output, or is refused with these words."""
    return {**loads(**fields), "error": list(words)}
