"""Foreign objects, whole modules, other formats, and pickles that do harm, for make_case_files.py."""
import _codecs
import argparse
import collections
import copyreg
import datetime
import decimal
import enum
import fractions
import functools
import ipaddress
import logging
import os
import pathlib
import random
import re
import struct
import types
import uuid
from collections import OrderedDict

import numpy as np
import torch
from case_files import Call, either, legacy, loads, new_class, new_function, pickled, refuses
from case_files import saved, stand_in, zipped
from torchvision.models.resnet import BasicBlock, ResNet


def foreign(table, a):
    kind = "foreign_objects"

    def add(name, extra, what, *tries, given=False, **options):
        value = {"state_dict": a, "extra": extra}
        table.add(kind, f"{name}.pth", saved(f"{name}.pth", value, **options), what, *(tries or [loads()]), given=given)

    def made(module, name, **state):
        """An object of a class that isn't here."""
        cls = new_class(module, name)
        value = cls()
        value.__dict__.update(state)
        return value

    # Given.
    add("numpy_array", np.arange(3), "A NumPy array", given=True)
    add("own_class", made("__main__", "Config"), "An object of an own class", given=True)
    add("partial", functools.partial(print, 1), "functools.partial", given=True)
    add("posix_path_in_args", argparse.Namespace(out=pathlib.PosixPath("/a")), "A path in argparse.Namespace", given=True)

    # NumPy.
    add("numpy_big_array", np.zeros((1000, 1000)), "An array of 8 MB, beyond today's limit of 4 MiB")
    add("numpy_big_array_5", np.zeros((800, 800)), "The same, protocol 5", pickle_protocol=5)
    add("numpy_many_scalars", list(np.zeros(60000, np.int64)), "60,000 scalars, beyond today's limit of 2^18 objects", pickle_protocol=4)
    add("floats_many", [[0.5, 0.25, 0.125, 2]] * 2 + [[0.5, i % 4] for i in range(100000)], "300,000 objects, as a history keeps them: pairs of a loss and a step", pickle_protocol=4)
    multiarray = new_function("numpy._core.multiarray", "_reconstruct")
    array = Call(multiarray, np.ndarray, (0,), Call(_codecs.encode, "b", "latin1"), state=(1, (3,), np.dtype("<f8"), False, b"\0" * 24))
    add("numpy_2_array", array, "An array of NumPy 2, whose module is numpy._core")
    add("numpy_scalars", [np.float64(0.5), np.int64(3), np.float32(1), np.bool_(True), np.str_("a")], "NumPy's scalars")
    add("numpy_objects", np.array([{"a": 1}, None, "x"], dtype=object), "An array of objects")
    add("numpy_record", np.zeros(2, dtype=[("a", "<f4"), ("b", "S3")]), "An array of records")
    add("numpy_dates", np.array(["2024-05-01"], dtype="datetime64[D]"), "An array of dates")
    add("numpy_strings", np.array(["cat", "dog"]), "An array of strings")
    add("numpy_random_state", np.random.RandomState(0).get_state(), "NumPy's random state, as scripts save it to resume")
    add("numpy_generator", np.random.default_rng(0), "NumPy's generator")
    add("random_states", {"torch": torch.ByteTensor([1, 2, 3]), "python": random.Random(0).getstate()}, "The random states of torch and Python")

    # Python's own.
    add("dates", [datetime.datetime(2024, 5, 1, 12, 30), datetime.date(2024, 5, 1), datetime.timedelta(1), datetime.timezone.utc], "Dates")
    add("deque_and_sets", [collections.deque([1, 2], 5), {1, 2}, frozenset([3]), range(3), slice(1, 2), 1j, bytearray(b"ab"), b"cd"], "Containers and numbers of Python")
    add("deque_and_sets_4", [collections.deque([1, 2]), {1, 2}, frozenset([3]), b"cd"], "The same, protocol 4", pickle_protocol=4)
    add("numbers", [decimal.Decimal("0.1"), fractions.Fraction(1, 3), uuid.UUID(int=7), 2**200, -(2**70)], "Numbers that aren't floats")
    color = stand_in("enums", "Split", enum.Enum("Split", "train test"))
    add("enum", {color.train: 1, "split": color.test}, "Members of an enum, one as a key")
    add("enum_by_getattr", Call(getattr, color, "test"), "A member of an enum, as Python 3.11 finds it", loads())
    point = stand_in("tuples", "Point", collections.namedtuple("Point", "x y"))
    add("named_tuple", point(1, 2), "A named tuple")
    add("namespace", types.SimpleNamespace(lr=0.1, nested=argparse.Namespace(a=[1])), "SimpleNamespace")
    add("counters", [collections.Counter("aab"), collections.defaultdict(list, a=[1]), collections.ChainMap({"a": 1})], "Dicts of other classes")
    add("regular_expression", re.compile("a+"), "A regular expression")
    add("logger", logging.getLogger("layertap"), "A logger: the pickle calls logging.getLogger")
    add("function", [os.path.join, len, print, datetime.datetime.now], "Functions, by name")
    add("ip_address", ipaddress.ip_address("127.0.0.1"), "An address")
    add("bound_method", "abc".upper, "A bound method: builtins.getattr")
    add("windows_path", Call(stand_in("pathlib", "WindowsPath", type("WindowsPath", (), {})), "C:\\", "runs"), "A path of Windows")
    add("exception", ValueError("a"), "An exception")

    # torch's own.
    add("torch_values", [torch.float32, torch.device("cuda:0"), torch.Size([1, 2]), torch.strided, torch.qint8], "dtypes, devices, layouts")
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    add("optimizer", optimizer, "An optimiser, whole")
    add("scheduler", torch.optim.lr_scheduler.StepLR(optimizer, 3), "A scheduler, whole: it holds the optimiser, which it holds too")
    add("scaler", torch.cuda.amp.GradScaler(enabled=False), "GradScaler, whole")
    add("loss", torch.nn.CrossEntropyLoss(torch.ones(3)), "A loss module with a tensor of its own")
    add("norm_partial", functools.partial(torch.nn.BatchNorm2d, eps=1e-3), "functools.partial of a module's class")

    # Packages'.
    add("omegaconf", made("omegaconf.dictconfig", "DictConfig", _content={"lr": made("omegaconf.nodes", "AnyNode", _val=0.1)}), "OmegaConf, as Hydra's users save it")
    add("easydict", Call(new_class("easydict", "EasyDict", dict), state={"lr": 0.1}, pairs=[("lr", 0.1)]), "EasyDict")
    add("yacs", Call(new_class("yacs.config", "CfgNode", dict), state={"__immutable__": True}, pairs=[("MODEL", 1)]), "yacs' CfgNode, as detectron2's and fvcore's users save it")
    add("mmcv", Call(new_class("mmcv.utils.config", "ConfigDict", dict), pairs=[("type", "ResNet")]), "mmcv's ConfigDict")
    add("pandas", Call(new_class("pandas.core.frame", "DataFrame"), state={"_mgr": Call(new_function("pandas._libs.internals", "_unpickle_block"), np.zeros((2, 2)), 0, 2)}), "A DataFrame")
    add("fastai", made("fastai.learner", "Learner", opt=None, dls=made("fastai.data.core", "DataLoaders")), "fastai's Learner beside the tensors")
    add("callbacks", {new_class("pytorch_lightning.callbacks", "Early"): {"wait": 3}}, "A class as a key")
    slots = stand_in("slots", "Slots", type("Slots", (), {"__slots__": ("a", "b")}))
    value = slots()
    value.a, value.b = 1, [2]
    add("slots", value, "An object with slots: its state is a pair")
    with_new = new_class("newargs", "Thing")
    add("new_with_keywords", Call(copyreg.__newobj_ex__, with_new, (1,), {"b": 2}), "A class made with keywords: __newobj_ex__")
    add("reconstructor", Call(copyreg._reconstructor, with_new, object, None, state={"a": 1}), "copyreg._reconstructor, as protocols 0 and 1 have it")
    add("list_subclass", Call(new_class("lists", "Names", list), items=["a", "b"]), "A list of an own class")
    add("int_subclass", Call(new_class("ints", "Step", int), 3), "A number of an own class")

    # Cycles.
    cycle = []
    cycle.append(cycle)
    add("cycle_list", cycle, "A list that holds itself")
    loop = made("cycles", "Trainer", epoch=1)
    loop.trainer = loop
    loop.model = {"trainer": loop}
    add("cycle_object", loop, "An object that holds itself")
    outer = {"state_dict": a}
    outer["self"] = outer
    table.add(kind, "cycle_dict.pth", saved("cycle_dict.pth", outer), "A checkpoint that holds itself", loads())

    # The tensors are in an object: a dict that is its attribute.
    for name, value in [
        ("in_object", made("trainers", "Trainer", weights=a, epoch=3)),
        ("in_object_of_dict", Call(new_class("dicts", "State", dict), pairs=list(a.items()))),
        ("in_object_in_list", [made("trainers", "Trainer", nets=[made("trainers", "Net", state=a)])]),
        ("in_named_tuple", stand_in("tuples", "Saved", collections.namedtuple("Saved", "net epoch"))(a, 3)),
    ]:
        table.add(kind, f"{name}.pth", saved(f"{name}.pth", value), "The state dict is an attribute of an object of another class", loads())
    chained = OrderedDict(a)
    chained._metadata = {"": {"version": 1}}
    table.add(kind, "metadata.pth", saved("metadata.pth", {"state_dict": chained}), "An OrderedDict with _metadata", loads())
    broken = OrderedDict(a)
    broken["conv1.weight"] = made("weights", "Lazy", path="a.npy")
    table.add(kind, "object_for_a_tensor.pth", saved("object_for_a_tensor.pth", broken), "An object of another class where a tensor is needed", refuses("conv1.weight", "weights.Lazy"))
    before = legacy({"state_dict": a, "extra": made("__main__", "Config", lr=0.1)})
    table.add(kind, "legacy.pth", before, "Before 1.6's archives, with an object of an own class", loads())


def small_module(state, block=BasicBlock):
    net = ResNet(block, [1, 1, 1, 1])
    del net.layer2, net.layer3, net.layer4, net.avgpool, net.fc
    for name, module in net.named_modules():
        for group in (module._parameters, module._buffers):
            for key in [key for key in group if group[key] is not None]:
                tensor = state[f"{name}.{key}"]
                group[key] = torch.nn.Parameter(tensor) if group is module._parameters else tensor
    return net.eval()


def whole(table, a):
    """Modules pickled whole: their tensors are in _modules, _parameters, _buffers."""
    kind = "whole_module"
    note = ["torchvision"]

    def add(name, value, what, *tries, given=False, **options):
        table.add(kind, f"{name}.pth", saved(f"{name}.pth", value, **options), what, *(tries or [loads(notes=note)]), given=given)

    net = lambda: small_module(a)
    add("whole_module", net(), "torch.save(model)", given=True)
    add("data_parallel", torch.nn.DataParallel(net()), "DataParallel around it")
    add("in_dict", {"model": net(), "epoch": 3, "optimizer": {"state": {}}}, "A module in a dict")
    add("in_list", [net(), 93.5], "A module in a list")
    add("protocol_4", net(), "Protocol 4", pickle_protocol=4)
    table.add(kind, "legacy.pth", legacy(net()), "Before 1.6's archives, with the classes' source code", loads(notes=note))
    children = list(net().children())
    add("sequential", torch.nn.Sequential(*children), "nn.Sequential(*children), whole")
    wrapper = new_class("models", "Classifier", torch.nn.Module)()
    wrapper.backbone = net()
    wrapper.head = torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Linear(64, 3))
    add("own_class", wrapper, "A module of an own class, with the network under backbone")
    compiled = new_class("torch._dynamo.eval_frame", "OptimizedModule", torch.nn.Module)()
    compiled._orig_mod = net()
    add("compiled", compiled, "torch.compile(model), whole")
    named = new_class("resnet", "ResNet", torch.nn.Module)()
    named.__dict__.update(net().__dict__)
    add("copied_class", named, "A ResNet of a copied resnet.py: its forward can't be known")
    hooked = net()
    hooked.layer1.register_forward_hook(print)
    add("hooked", hooked, "A module with a hook")
    teacher = torch.nn.ModuleDict({"student": small_module(a), "teacher": small_module(a)})
    for parameter in teacher["student"].parameters():
        parameter.data = torch.zeros(()).expand(parameter.shape)
    add("module_dict", teacher, "A ModuleDict of student and teacher", loads(notes=["teacher", "student"], took="teacher"))
    squeezed = net()
    squeezed.layer1[0].se = torch.nn.Sequential(torch.nn.Linear(64, 4), torch.nn.Linear(4, 64))
    add("squeeze_excitation", squeezed, "A block with more in it", refuses("layer1.0.se"))
    script = net()
    table.add(kind, "bias.pth", saved("bias.pth", with_bias(script, a)), "A convolution with a bias", refuses("conv1.bias"))
    quantised = torch.quantization.quantize_dynamic(torch.nn.Sequential(OrderedDict(net=net(), fc=torch.nn.Linear(3, 3))), {torch.nn.Linear})
    add("quantised_head", quantised, "quantize_dynamic's head beside the network", loads(notes=note))


def with_bias(net, a):
    net.conv1 = torch.nn.Conv2d(3, 64, 7, stride=2, padding=3)
    net.conv1.weight.data = a["conv1.weight"]
    net.conv1.bias.data = torch.full((64,), 0.5)
    return net


# --- Pickles that do harm -----------------------------------------------------------------------


def evil(table, a):
    """Nothing is called and nothing imported, wherever the call stands."""
    kind = "evil"
    call = lambda function, *arguments: Call(function, *arguments)
    harm = call(os.system, "touch /tmp/layertap_evil")
    exec_ = call(exec, "open('/tmp/layertap_evil', 'w')")

    def add(name, value, what, *tries, given=False):
        table.add(kind, f"{name}.pth", saved(f"{name}.pth", value), what, *(tries or [loads()]), given=given)

    add("evil", {"state_dict": a, "extra": harm}, "os.system beside the tensors", given=True)
    add("exec", {"state_dict": a, "extra": exec_}, "builtins.exec")
    add("eval", {"state_dict": a, "extra": call(eval, "__import__('os').abort()")}, "builtins.eval")
    nested = new_class("trainers", "Trainer")()
    nested.__dict__.update(hook=functools.partial(os.system, "touch /tmp/layertap_evil"), path=pathlib.PurePosixPath("a"), made=[{"x": harm}])
    add("nested", {"state_dict": a, "extra": nested}, "In an object's attributes")
    add("as_key", {"state_dict": a, call(os.getcwd): 1}, "As a key of the dict")
    add("as_state", {"state_dict": a, "extra": Call(new_class("x", "X"), state=harm)}, "As an object's state")
    add("popen", {"state_dict": a, "extra": Call(os.popen, "id")}, "os.popen")
    getter = call(getattr, call(__import__, "os"), "system")
    apply = new_function("operator", "call")
    add("by_getattr", {"state_dict": a, "extra": call(apply, getter, "touch /tmp/layertap_evil")}, "getattr(__import__('os'), 'system'), then called")
    add("as_dtype", {"state_dict": OrderedDict(a, **{"conv1.weight": Call(torch._utils._rebuild_device_tensor_from_numpy, harm, torch.float32, "cpu", False)})}, "Where a tensor's array should be", refuses("conv1.weight"))
    add("as_tensor", {"state_dict": OrderedDict(a, **{"conv1.weight": harm})}, "Where a tensor is needed", refuses("conv1.weight", "system"))
    add("as_module", OrderedDict(_modules=harm, **{"state_dict": a}), "As _modules")
    whole_module = small_module(a)
    whole_module.__dict__["forward"] = functools.partial(os.system, "touch /tmp/layertap_evil")
    add("whole_module", whole_module, "In a whole module", loads(notes=["torchvision"]))
    table.add(kind, "legacy.pth", legacy({"state_dict": a, "extra": harm}), "Before 1.6's archives", loads())
    for name, pickle_ in [
        ("inst", b"(S'touch /tmp/layertap_evil'\nios\nsystem\n."),
        ("stack_global", b"\x80\4\x8c\2os\x8c\6system\x93\x8c\1x\x85R."),
        ("obj", b"(cos\nsystem\nX\1\0\0\0xo."),
        ("extension", b"\x80\2\x82\1."),
        ("proto_names", b"\x80\2X\t\0\0\0__proto__q\0}q\1X\1\0\0\0aK\1sq\2\x86q\3}q\4h\0h\1sq\5."),
    ]:
        table.add(kind, f"{name}.pth", pickled(name, pickle_), f"A pickle by hand: {name}", refuses())
    polluted = OrderedDict(a)
    polluted["__proto__.polluted"] = torch.ones(1)
    polluted["constructor.prototype.polluted"] = torch.ones(1)
    add("prototype", {"state_dict": polluted, "__proto__": {"polluted": 1}, "constructor": {"prototype": 1}}, "Names that JavaScript's objects have")


def bombs(table, a):
    """Reading must end in bounded time and memory."""
    kind = "bombs"

    def add(name, pickle_, what, *tries):
        table.add(kind, f"{name}.pth", pickled(name, pickle_), what, *(tries or [refuses()]))

    big = struct.pack("<I", 2**31 - 1)
    n = 100000
    add("deep_lists", b"\x80\2" + b"]" * n + b"a" * (n - 1) + b".", "100,000 lists, each in the one before")
    add("deep_tuples", b"\x80\2)" + b"\x85" * n + b".", "100,000 tuples, each in the one before")
    add("deep_dicts", b"\x80\2" + b"}K\0" * n + b"N" + b"s" * n + b".", "100,000 dicts, each in the one before")
    add("deep_marks", b"\x80\2" + b"(" * n + b".", "100,000 marks")
    add("deep_objects", b"\x80\2" + b"cx\nX\n)\x81" * 30000 + b"b" * 29999 + b".", "30,000 objects, each the state of the one before")
    add("exponential_tuples", b"\x80\2K\1" + b"".join(b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(60)) + b".", "Pairs of the pair before: 2^60 in all, read once over")
    add("exponential_lists", b"\x80\2]q\0" + b"".join(b"](h" + bytes([i]) + b"h" + bytes([i]) + b"eq" + bytes([i + 1]) for i in range(60)) + b".", "Lists of the list before, twice each")
    add("exponential_dicts", b"\x80\2}q\0" + b"".join(b"}(X\1\0\0\0ah" + bytes([i]) + b"X\1\0\0\0bh" + bytes([i]) + b"uq" + bytes([i + 1]) for i in range(60)) + b".", "Dicts of the dict before, twice each: 2^60 paths")
    add("exponential_objects", b"\x80\2}q\0" + b"".join(b"cx\nX\n)\x81}(X\1\0\0\0ah" + bytes([i]) + b"X\1\0\0\0bh" + bytes([i]) + b"ubq" + bytes([i + 1]) for i in range(60)) + b".", "Objects of the object before, twice each")
    add("memo_index", b"\x80\2]r" + big + b".", "A memo index of 2^31 - 1")
    add("memo_indices", b"\x80\2]" + b"".join(b"r" + struct.pack("<I", i * 2000000) for i in range(1000)) + b".", "1,000 memo indices, far apart")
    add("memo_text_index", b"]p99999999999999999999\n.", "A memo index as text, beyond all numbers")
    add("memo_growth", b"\x80\4]" + b"\x94" * 200000 + b".", "One list memoised 200,000 times")
    add("memo_missing", b"\x80\2h\7.", "A memo index that isn't there")
    add("string_length", b"\x80\2X" + big + b"abc.", "A string of 2 GiB, declared")
    add("string_length_8", b"\x80\4\x8d" + struct.pack("<Q", 2**62) + b"abc.", "A string of 2^62 bytes, declared")
    add("bytes_length", b"\x80\4\x8e" + struct.pack("<Q", 2**62) + b"abc.", "Bytes of 2^62, declared")
    add("bytearray_length", b"\x80\5\x96" + struct.pack("<Q", 2**62) + b"abc.", "A bytearray of 2^62 bytes, declared")
    add("long_length", b"\x80\2\x8b" + big + b"abc.", "A number of 2 GiB, declared")
    add("long_digits", b"L" + b"9" * 1000000 + b"L\n.", "A number of a million digits")
    add("long_4", b"\x80\2\x8b" + struct.pack("<I", 1000000) + b"\xff" * 1000000 + b".", "A number of a million bytes")
    add("frame_length", b"\x80\4\x95" + struct.pack("<Q", 2**63) + b"N.", "A frame of 2^63 bytes, declared")
    add("many_objects", b"\x80\2]" + b"(" + b"}" * 3000000 + b"e.", "Three million dicts in 3 MB")
    add("many_dup", b"\x80\2]" + b"2" * 3000000 + b"0" * 3000000 + b".", "Three million copies on the stack")
    add("copies_of_a_list", b"\x80\2]q\0(" + b"N" * 100000 + b"e" + b"ccollections\nOrderedDict\nh\0\x85R0" * 20000 + b".", "20,000 dicts made from one list of 100,000")
    add("long_paths", b"\x80\2" + (b"}X\xe8\3\0\0" + b"k" * 1000) * 2000 + b"N" + b"s" * 2000 + b".", "2,000 dicts in one another by keys of 1,000 letters: paths of 2 MB")
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n"
    storage = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" + b"0X\3\0\0\0cpu" + b"\x8a\6\0\0\0\0\0\x10tQ"
    huge = rebuild + b"(" + storage + b"K\0(" + b"J\xff\xff\xff\x7f" * 4 + b"t(K\0K\0K\0K\0t\x89}tR"
    add("huge_shape", b"\x80\2}X\x0c\0\0\0conv1.weight" + huge + b"s.", "A tensor of 2^124 numbers, all one")
    wide = a_with(a, "conv1.weight", torch.zeros(1).expand(64, 3, 2**20, 2**20))
    table.add(kind, "expanded.pth", saved("expanded.pth", wide), "A filter of 2^47 bytes from a storage of four", refuses("conv1.weight"))
    table.add(kind, "expanded_beside.pth", saved("expanded_beside.pth", a_with(a, "scale", torch.zeros(1).expand(2**20, 2**20))), "The same beside the network", loads())
    deep = a
    for _ in range(900):
        deep = {"x": deep}
    table.add(kind, "deep_state_dict.pth", saved("deep_state_dict.pth", deep), "A state dict 900 dicts deep", either("deep"))
    for name, double in [("lists", lambda x: [x, x]), ("dicts", lambda x: {"a": x, "b": x}), ("tuples", lambda x: (x, x)), ("objects", attribute)]:
        value = {}
        for _ in range(60):
            value = double(value)
        table.add(kind, f"exponential_{name}_beside.pth", saved("exponential.pth", {"state_dict": a, "extra": value}), f"2^60 paths of {name} beside the network", either())
        value = a
        for _ in range(60):
            value = double(value)
        table.add(kind, f"exponential_{name}_around.pth", saved("exponential.pth", value), f"2^60 paths of {name} to one network", either())
    many = OrderedDict((f"{i}.{k}", v) for i in range(500) for k, v in list(a.items())[:1])
    many.update(a)
    table.add(kind, "many_prefixes.pth", saved("many_prefixes.pth", many, pickle_protocol=4), "500 prefixes with a conv1.weight and nothing else", loads())
    header = b'{"a":' * 50000
    table.add(kind, "deep_header.safetensors", struct.pack("<Q", len(header)) + header, "A header of 50,000 objects, each in the one before", refuses())
    table.add(kind, "huge_header.safetensors", struct.pack("<Q", 2**62) + b"{}", "A header of 2^62 bytes, declared", refuses())
    table.add(kind, "many_entries.pth", one_entry_often("x/data.pkl", b"\x80\2N.", 30000), "An archive that lists one entry 30,000 times", refuses())


def attribute(value):
    made = new_class("doubles", "Double")()
    made.__dict__.update(a=value, b=value)
    return made


def one_entry_often(name, content, count):
    data = zipped([(name, content)])
    at = data.index(b"PK\1\2")
    listed, end = data[at:-22], bytearray(data[-22:])
    struct.pack_into("<HHII", end, 8, count, count, len(listed) * count, at)
    return data[:at] + listed * count + bytes(end)


def a_with(a, name, tensor):
    return OrderedDict(a, **{name: tensor})
