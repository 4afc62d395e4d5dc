"""Files of other formats, for make_case_files.py."""
import io
import pickle
from collections import OrderedDict

import torch
from case_files import Call, either, new_class, refuses, safetensors, saved, unzipped, zipped
from case_objects import small_module


def formats(table, a):
    """Each is refused by its name, with the call that makes a state dict of it."""
    kind = "formats"

    def add(name, data, what, *words, arch="small"):
        table.add(kind, name, data, what, refuses(*words, arch=arch))

    # TorchScript keeps paths of source files in .debug_pkl, which needn't be there.
    traced = torch.jit.trace(small_module(a).layer1, torch.zeros(1, 64, 8, 8))
    file = io.BytesIO()
    torch.jit.save(traced, file)
    entries = [(name.replace("archive/", "scripted/"), data) for name, data in unzipped(file.getvalue()) if not name.endswith(".debug_pkl")]
    add("torchscript.pt", zipped(entries), "A TorchScript archive", "TorchScript", "torch.jit.load", "state_dict")
    export = [("exported/archive_format", b"pt2"), ("exported/models/model.json", b"{}"), ("exported/data/weights/weight_0", b"\0" * 64), ("exported/byteorder", b"little")]
    add("exported.pt2", zipped(export), "torch.export's archive", "torch.export", "state_dict")

    quantised = OrderedDict()
    for name, tensor in a.items():
        if "conv" in name:
            quantised[name] = torch.quantize_per_channel(tensor, torch.full((64,), 0.01), torch.zeros(64), 0, torch.qint8)
            quantised[name.replace("weight", "bias")] = torch.zeros(64)
            quantised[name.replace("weight", "scale")] = torch.tensor(0.1)
            quantised[name.replace("weight", "zero_point")] = torch.tensor(3)
    quantised["fc._packed_params.dtype"] = torch.qint8
    add("quantised.pth", saved("quantised.pth", quantised), "A quantised state dict, batch norms folded", "quantised", "dequantize")

    def without(*modules):
        return OrderedDict((k, v) for k, v in a.items() if not k.startswith(tuple(modules)) or not k.endswith("weight"))

    conv = without("conv1", "layer1.0.conv")
    filters = [k for k in a if "conv" in k]
    normed, parametrised, spectral, spectral_new, pruned = (OrderedDict(conv) for _ in range(5))
    for name in filters:
        stem, w = name.rpartition(".")[0], a[name]
        normed[f"{stem}.weight_g"], normed[f"{stem}.weight_v"] = w.flatten(1).norm(dim=1).view(-1, 1, 1, 1), w
        parametrised[f"{stem}.parametrizations.weight.original0"] = normed[f"{stem}.weight_g"]
        parametrised[f"{stem}.parametrizations.weight.original1"] = w
        spectral[f"{stem}.weight_orig"], spectral[f"{stem}.weight_u"] = w, torch.ones(64)
        spectral[f"{stem}.weight_v"] = torch.ones(w[0].numel())
        spectral_new[f"{stem}.parametrizations.weight.original"] = w
        spectral_new[f"{stem}.parametrizations.weight.0._u"] = torch.ones(64)
        pruned[f"{stem}.weight_orig"], pruned[f"{stem}.weight_mask"] = w, torch.ones_like(w)
    add("weight_norm.pth", saved("weight_norm.pth", normed), "weight_norm's weight_g and weight_v", "weight norm", "remove_weight_norm")
    add("weight_norm_parametrised.pth", saved("weight_norm_parametrised.pth", parametrised), "The same since PyTorch 2: original0, original1", "weight norm", "remove_parametrizations")
    add("weight_norm.safetensors", safetensors(parametrised), "The same in safetensors", "weight norm", "remove_parametrizations")
    add("spectral_norm.pth", saved("spectral_norm.pth", spectral), "spectral_norm's weight_orig and weight_u", "spectral norm", "remove_spectral_norm")
    add("spectral_norm_parametrised.pth", saved("spectral_norm_parametrised.pth", spectral_new), "The same since PyTorch 1.9", "spectral norm", "remove_parametrizations")
    add("pruned.pth", saved("pruned.pth", pruned), "Pruned: weight_orig and weight_mask", "prun", "prune.remove")
    half = OrderedDict(a)
    del half["layer1.0.conv2.weight"]
    half["layer1.0.conv2.weight_orig"] = a["layer1.0.conv2.weight"]
    half["layer1.0.conv2.weight_mask"] = torch.ones(64, 64, 3, 3)
    add("pruned_in_part.pth", saved("pruned_in_part.pth", half), "One convolution pruned", "prun", "layer1.0.conv2")

    empty = OrderedDict((k, torch.zeros(0) if v.ndim else v) for k, v in a.items())
    shapes = [OrderedDict((k, v.shape) for k, v in a.items() if not k.endswith(("mean", "var", "tracked")))]
    zero = {"module": empty, "buffer_names": [k for k in a if k.endswith(("mean", "var", "tracked"))], "param_shapes": shapes, "ds_version": "0.14.0", "ds_config": {"zero_optimization": {"stage": 3}}}
    add("zero_pp_rank_0_mp_rank_00_model_states.pt", saved("zero_pp_rank_0_mp_rank_00_model_states.pt", zero), "DeepSpeed ZeRO-3: the tensors are elsewhere, of length 0", "ZeRO", "zero_to_fp32")
    dtensor = new_class("torch.distributed.tensor", "DTensor", torch.Tensor)
    mesh = new_class("torch.distributed.device_mesh", "DeviceMesh")()
    sharded = OrderedDict(
        (k, Call(torch._tensor._rebuild_from_type_v2, torch._utils._rebuild_wrapper_subclass, dtensor, (dtensor, v.dtype, tuple(v.size()), v.stride(), 0, v.layout, v.device, False), {"_local_tensor": v[: v.shape[0] // 2].clone(), "_spec": {"mesh": mesh}}) if v.ndim else v)
        for k, v in a.items()
    )
    add("dtensor.pth", saved("dtensor.pth", {"model": sharded}), "DTensors, of which each process has a part", "DTensor", "full_tensor")
    shard_tensor = new_class("torch.distributed._shard.sharded_tensor.api", "ShardedTensor")
    shard = shard_tensor()
    shard.__dict__.update(metadata=None, shards=[])
    add("sharded_tensor.pth", saved("sharded_tensor.pth", OrderedDict((k, shard) for k in a)), "ShardedTensors", "ShardedTensor", "state_dict")
    pieces = b"".join(saved("archive", v) for v in list(a.values())[:3])
    add("__0_0.distcp", pieces, "A shard of torch.distributed.checkpoint: archives one behind the other", "distcp", "dcp_to_torch_save")

    arrays = {k: v.numpy() for k, v in a.items()}
    blobs = {"backbone.bottom_up." + k.replace("layer1", "res2").replace("bn1", "conv1.norm"): v for k, v in arrays.items()}
    add("R-50.pkl", pickle.dumps({"model": blobs, "__author__": "Detectron2 Model Zoo", "matching_heuristics": True}, 2), "detectron2's .pkl of NumPy arrays", "detectron2")
    caffe2 = {"conv1_w": arrays["conv1.weight"], "res_conv1_bn_s": arrays["bn1.weight"], "res2_0_branch2a_w": arrays["layer1.0.conv1.weight"]}
    add("caffe2.pkl", pickle.dumps({"blobs": caffe2}, 2), "Detectron's of 2018", "Detectron")
    table.add(kind, "arrays.pkl", pickle.dumps(arrays, 2), "A pickle of NumPy arrays with torchvision's names", either("NumPy"))
    table.add(kind, "arrays.pth", saved("arrays.pth", arrays), "torch.save of NumPy arrays", either("NumPy"))

    producer = b"\x08\x07\x12\x07pytorch\x1a\x051.13.0:\x0c\x12\x04main\x0a\x04conv"
    add("model.onnx", producer + bytes(64), "ONNX", "ONNX")
    add("model.tflite", b"\x1c\0\0\0TFL3" + bytes(64), "TFLite", "TFLite")
    add("model.gguf", b"GGUF\3\0\0\0" + bytes(64), "GGUF", "GGUF")
    add("model.h5", b"\x89HDF\r\n\x1a\n" + bytes(64), "Keras' HDF5", "HDF5")
    add("model.keras", zipped([("metadata.json", b'{"keras_version": "3.0.0"}'), ("config.json", b"{}"), ("model.weights.h5", b"\x89HDF\r\n\x1a\n")]), "Keras 3's archive", "Keras")
    add("saved_model.pb", b"\x08\1\x12\x10\n\x06\n\4Conv" + bytes(16), "TensorFlow's graph", "TensorFlow")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 46827520\n"
    for name in ["pointer.pth", "pointer.safetensors", "pointer.bin"]:
        add(name, pointer, "A pointer of Git LFS, cloned without its file", "LFS", "git lfs pull")
    page = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body></body></html>\n"
    add("page.pth", page, "A web page, saved in place of the file", "HTML")
    add("page.safetensors", page, "The same under another name", "HTML")
    add("error.pth", b'{"error":"Repository not found"}', "An answer in JSON, saved in place of the file", "JSON")
    add("empty.pth", b"", "An empty file", "empty")
    add("zeros.pth", bytes(4096), "A file of zeros: a download that was not finished", "zero")
    add("archive.tar.gz", b"\x1f\x8b\x08\0" + bytes(30), "A packed archive", "gzip")
