"""Checkpoints as PyTorch wrote them up to 2019, for make_checkpoints.py.

PyTorch 0.1.7 saved a tar archive (`save_tar`); 0.1.10 to 1.5 a series of pickles followed by the
storages (`save_legacy`). PyTorch 1.13 reads both. It can still write the second, but without the
views of storages of that time, and not as Python 2 pickled it.
"""
import io
import pickle
import struct
import tarfile
from collections import OrderedDict

import numpy as np
import torch

# Keys were addresses. These are numbers of that size, the same on every run.
ADDRESS = 140_000_000_000_000


class OldParameter:
    """A parameter that pickles as 0.1.7's did, with (data, grad, hooks, requires_grad, volatile)."""

    def __init__(self, data):
        self.data = data


class Python3Pickler(pickle._Pickler):
    """Pickles with protocol 2."""

    dispatch = dict(pickle._Pickler.dispatch)

    def __init__(self, file):
        super().__init__(file, protocol=2)

    def save_parameter(self, parameter):
        self.save(torch.nn.parameter.Parameter)
        self.save(())
        self.write(pickle.NEWOBJ)
        self.memoize(parameter)
        self.save((parameter.data, None, None, True, False))
        self.write(pickle.BUILD)

    dispatch[OldParameter] = save_parameter


class Python2Pickler(Python3Pickler):
    """Pickles as Python 2.7's cPickle does: byte strings, ints as text, an OrderedDict's items as lists."""

    dispatch = dict(Python3Pickler.dispatch)

    def save_str(self, text):
        data = text.encode()
        if len(data) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(data)]) + data)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        self.memoize(text)

    def save_int(self, number):
        if -(2**31) <= number < 2**31 or number >= 2**63:
            self.save_long(number)
        else:
            self.write(b"I%d\n" % number)

    dispatch[str] = save_str
    dispatch[int] = save_int

    def reducer_override(self, value):
        if type(value) is OrderedDict:
            return OrderedDict, ([[key, value[key]] for key in value],)
        return NotImplemented


class Keys:
    """Numbers the storages it meets. `views` has (tensor, root, offset) for views of a root's storage."""

    def __init__(self, views):
        self.known = OrderedDict()
        self.roots = {tensor.data_ptr(): (root.storage(), offset) for tensor, root, offset in views}

    def key(self, storage):
        address = storage.data_ptr()
        return self.known.setdefault(address, (ADDRESS + 96 * len(self.known), storage))[0]

    def root(self, storage):
        """The root storage and the offset of this one in it; None if it is not a view."""
        return self.roots.get(storage.data_ptr(), (storage, None))


def storage_type(storage):
    return getattr(torch, storage.pickle_storage_type())


def elements(storage):
    """Writes the number of elements, then the elements."""
    array = np.array(storage.tolist(), torch.zeros(0, dtype=storage.dtype).numpy().dtype)
    return struct.pack("<q", len(array)) + array.tobytes()


def save_legacy(path, saved, pickler, views=(), little_endian=True):
    """PyTorch 0.1.10's `torch.save`."""
    keys, roots = Keys(views), {}

    def persistent_id(value):
        if not isinstance(value, torch.storage.TypedStorage):
            return None
        root, offset = keys.root(value)
        view = None if offset is None else (str(keys.key(value)), offset, len(value))
        key = str(keys.key(root))
        roots[key] = root
        return "storage", storage_type(value), key, "cpu", len(root), view

    with open(path, "wb") as file:

        def dump(value):
            pickling = pickler(file)
            pickling.persistent_id = persistent_id
            pickling.dump(value)

        dump(0x1950A86A20F9469CFC6C)
        dump(1001)
        sizes = dict(short=2, int=4, long=4)
        dump(dict(protocol_version=1001, little_endian=little_endian, type_sizes=sizes))
        dump(saved)
        dump(sorted(roots))
        for key in sorted(roots):
            file.write(elements(roots[key]))


def save_tar(path, saved, pickler, views=()):
    """PyTorch 0.1.7's `torch.save`."""
    keys, tensors = Keys(views), OrderedDict()

    def persistent_id(value):
        if not isinstance(value, torch.Tensor):
            return None
        key = ADDRESS + 64 * 2**20 + len(tensors)
        tensors[key] = value
        return str(key)

    def write_pickle(file):
        pickling = pickler(file)
        pickling.persistent_id = persistent_id
        pickling.dump(saved)

    def write_tensors(file):
        pickler(file).dump(len(tensors))
        for key, tensor in tensors.items():
            tensor_type = getattr(torch, tensor.type().replace("torch.", ""))
            pickler(file).dump((key, keys.key(tensor.storage()), tensor_type))
            # Four bytes for the number of dimensions, and four arbitrary bytes.
            file.write(struct.pack("<iI", tensor.dim(), 0xDEADBEEF))
            numbers = (*tensor.size(), *tensor.stride(), tensor.storage_offset())
            file.write(struct.pack(f"<{len(numbers)}q", *numbers))

    def write_storages(file):
        seen = list(keys.known.values())
        roots = {keys.key(root): root for _, storage in seen for root in [keys.root(storage)[0]]}
        pickler(file).dump(len(roots))
        for key, root in roots.items():
            pickler(file).dump((key, "cpu", storage_type(root)))
            file.write(elements(root))
        views = [(key, *keys.root(storage), len(storage)) for key, storage in seen]
        pickler(file).dump([(key, keys.key(root), at, n) for key, root, at, n in views if at is not None])

    def write_sys_info(file):
        pickler(file).dump(dict(protocol_version=1000, little_endian=True))

    entries = dict(sys_info=write_sys_info, pickle=write_pickle, tensors=write_tensors, storages=write_storages)
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as archive:
        for name, write in entries.items():
            content = io.BytesIO()
            write(content)
            info = tarfile.TarInfo(name)
            info.size = content.tell()
            info.mtime = 1484000000.5  # A fraction of a second, as files have, needs an extended header.
            archive.addfile(info, io.BytesIO(content.getvalue()))
