"""Where networks stand in checkpoints, for make_case_files.py."""
import argparse
from collections import OrderedDict

import torch
import torchvision
from case_files import constants, dense, either, flat, legacy, loads, prefixed, refuses, renamed, safetensors, saved, strided

SEQUENTIAL = [("conv1.", "0."), ("bn1.", "1."), *((f"layer{i}.", f"{i + 3}.") for i in range(1, 5))]


def to_transformers(state, start="resnet."):
    """transformers' names of a network of BasicBlocks with one block a stage."""
    result = OrderedDict()
    for name, tensor in state.items():
        stem, _, last = name.rpartition(".")
        stage, *rest = stem.split(".")
        if stage in ("conv1", "bn1"):
            to = "embedder.embedder." + ("convolution" if stage == "conv1" else "normalization")
        else:
            kind = "convolution" if rest[1].startswith("conv") or rest[-1] == "0" and rest[1] == "downsample" else "normalization"
            layer = "shortcut" if rest[1] == "downsample" else f"layer.{int(rest[1][-1]) - 1}"
            to = f"encoder.stages.{int(stage[-1]) - 1}.layers.{rest[0]}.{layer}.{kind}"
        result[f"{start}{to}.{last}"] = tensor
    return result


def optimizer_of(state):
    return {
        "state": {i: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(()).expand(v.shape)} for i, v in enumerate(state.values()) if v.ndim},
        "param_groups": [{"lr": 0.1, "params": list(range(12))}],
    }


def buffers_apart(a):
    return OrderedDict((k, v) for k, v in a.items() if k.endswith(("weight", "bias")))


def beside(table, a, b):
    kind = "beside_the_network"
    one = torch.ones(2)

    def add(name, state, what, *tries, given=False):
        table.add(kind, f"{name}.pth", saved(f"{name}.pth", state), what, *(tries or [loads()]), given=given)

    add("epoch_tensor", OrderedDict(dense(a), epoch=one), "A tensor named epoch", loads(notes=["epoch"]), given=True)
    add("sequential_head", OrderedDict(a, **{"fc.1.weight": one, "fc.1.bias": one}), "A head of another shape under fc.1", given=True)
    add("with_prefix", prefixed("module.", OrderedDict(a, **{"fc.1.weight": one})), "The same of DataParallel", given=True)
    linear = {"weight": torch.zeros(1).expand(7, 512), "bias": torch.zeros(7)}
    for name, start in [
        ("classifier", "classifier."), ("classifier_sequential", "classifier.1."), ("projection_head", "projection_head.0."),
        ("last_linear", "last_linear."), ("linear", "linear."), ("head", "head.fc."), ("mlp", "mlp.net.3."),
    ]:
        add(name, OrderedDict(a, **prefixed(start, linear)), f"A head under {start}", loads(notes=[start.split(".")[0]]))
    mlp = {**prefixed("fc.0.", linear), **prefixed("fc.2.", linear)}
    add("two_linear", OrderedDict(a, **mlp), "Two linear layers under fc: no head, and none is needed", loads())
    swav = {"prototypes.weight": one, **prefixed("projection_head.0.", linear), "queue": torch.zeros(1).expand(128, 60), "queue_ptr": torch.zeros(1)}
    add("swav", prefixed("module.", OrderedDict(a, **swav)), "SwAV: prototypes, projection head, queue", loads(notes=["prototypes"]))
    add("lightning", {"state_dict": OrderedDict({**prefixed("model.", a), "criterion.weight": one, "val_acc.tp": one, "model.dropout.scale": one}), "epoch": 3}, "Lightning: a loss's and a metric's tensors", loads(took="state_dict.model"))
    add("total_ops", OrderedDict(a, total_ops=one, **{"layer1.total_ops": one, "layer1.0.total_params": one}), "thop's counters, inside too", either("layer1.total_ops"))
    add("counters_only", OrderedDict((k, v) for k, v in a.items() if "tracked" not in k), "No num_batches_tracked: before PyTorch 0.4.1")
    extra = OrderedDict(a, **{"layer1.0.downsample.1.num_batches_tracked": torch.tensor(3)})
    add("counter_too_many", extra, "A num_batches_tracked of a module that isn't there")
    later = OrderedDict(a, **{"layer2.0.se.fc1.weight": one, "layer3.0.conv1.weight": one, "avgpool.p": one})
    add("beyond_the_cut", later, "Unknown tensors behind what is computed", loads(notes=["layer2"]))
    # The same names, but not a network.
    for name, copy in [
        ("gradients", {k: torch.zeros(()).expand(v.shape) for k, v in buffers_apart(a).items()}),
        ("masks", {k: torch.ones((), dtype=torch.bool).expand(v.shape) for k, v in a.items()}),
        ("masks_float", {k: torch.ones(()).expand(v.shape) for k, v in buffers_apart(a).items()}),
        ("momentum", {k: {"exp_avg": torch.zeros(()).expand(v.shape), "step": 3} for k, v in buffers_apart(a).items()}),
        ("integers", {k: torch.ones((), dtype=torch.int64).expand(v.shape) for k, v in a.items()}),
        ("shapes", {k: torch.tensor(v.shape) for k, v in a.items()}),
    ]:
        add(name, OrderedDict([(name, copy), ("net", a)]), f"{name} by the network's names, before the network", loads(took="net"))
    add("optimizer_first", {"optimizer": optimizer_of(a), "scheduler": {"last_epoch": 3}, "model": a}, "The optimiser first", loads(took="model"))
    named = {"state": {k: {"exp_avg": torch.zeros(()).expand(v.shape)} for k, v in buffers_apart(a).items()}}
    add("optimizer_by_name", {"optim": named, "model": a}, "An optimiser whose state is by name, as FSDP keeps it", loads(took="model"))

    # Heads, of whole networks.
    h = strided("head", "head", "fc")
    body = OrderedDict((k, v) for k, v in h.items() if not k.startswith("fc."))
    head = {k: v for k, v in h.items() if k.startswith("fc.")}

    def whole(name, state, what, *tries):
        add(name, state, what, *tries)

    fc = dict(arch="head", layer="fc")
    dropped = OrderedDict(body, **{k.replace("fc.", "fc.1."): v for k, v in head.items()})
    whole("dropout_head", dropped, "fc is Sequential(Dropout, Linear)", loads("head", **fc), loads("head_layer4", arch="head", layer="layer4"))
    three = {**{k.replace("fc.", "fc.3."): v for k, v in head.items()}, "fc.0.weight": torch.ones(512), "fc.0.bias": torch.ones(512)}
    whole("norm_in_head", OrderedDict(body, **three), "fc is Sequential(BatchNorm1d, …, Linear): one linear layer, but not alone", either("fc.0.weight", golden="head", **fc), loads("head_layer4", arch="head", layer="layer4"))
    two = OrderedDict(body, **{k.replace("fc.", "fc.3."): v for k, v in head.items()}, **{"fc.0.weight": torch.zeros(1).expand(512, 512), "fc.0.bias": torch.zeros(512)})
    whole("two_linear_head", two, "fc has two linear layers, and is asked for", refuses("fc.0.weight", "fc.3.weight", **fc), loads("head_layer4", arch="head", layer="layer4"))
    whole("no_head", body, "No head, and it is asked for", refuses("fc", **fc), loads("head_layer4", arch="head", layer="layer4"))
    renamed_head = OrderedDict(body, **{k.replace("fc.", "classifier."): v for k, v in head.items()})
    whole("head_by_another_name", renamed_head, "The head is called classifier, and is asked for", refuses("fc", "classifier", **fc))


def inside(table, a):
    """Unknown tensors inside what is computed: another network, unless `strict` is false."""
    kind = "inside_the_network"
    plain = loads(options={"strict": False})

    def add(name, extra, what, *words, at=""):
        state = prefixed(at, OrderedDict(a, **extra))
        strict = {**plain, "notes": [next(iter(extra))]}
        table.add(kind, f"{name}.pth", saved(f"{name}.pth", state), what, refuses(*words), strict)

    one = torch.ones(2)
    add("squeeze_excitation", {"layer1.0.se.fc1.weight": one, "layer1.0.se.fc2.weight": one}, "SE-ResNet", "layer1.0.se.fc1.weight", "SE")
    add("squeeze_excitation_cadene", {"layer1.0.se_module.fc1.weight": one}, "SE-ResNet of pretrainedmodels", "layer1.0.se_module.fc1.weight", "SE")
    add("cbam", {"layer1.0.ca.fc.0.weight": one, "layer1.0.sa.conv1.weight": one}, "CBAM", "layer1.0.ca.fc.0.weight")
    add("bias", {"layer1.0.conv1.bias": torch.full((64,), 0.5)}, "A convolution with a bias", "layer1.0.conv1.bias")
    add("stem_bias", {"conv1.bias": torch.full((64,), 0.5)}, "The stem with a bias, as torch7's networks have it", "conv1.bias")
    add("lora", {"layer1.0.conv1.lora_A.default.weight": one, "layer1.0.conv1.lora_B.default.weight": one}, "LoRA, not merged", "layer1.0.conv1.lora_A.default.weight")
    add("third_convolution", {"layer1.0.conv3.weight": one, "layer1.0.bn3.weight": one}, "A third convolution in a BasicBlock", "layer1.0.conv3.weight")
    add("second_block", prefixed("layer1.1.", {k[9:]: torch.zeros(()).expand(v.shape) for k, v in a.items() if k.startswith("layer1.0.")}), "A block more than the arch has", "layer1.1")
    add("shortcut", {"layer1.0.downsample.0.weight": torch.zeros(1).expand(64, 64, 1, 1)}, "A shortcut that the arch doesn't have", "layer1.0.downsample.0.weight")
    add("layer_scale", {"layer1.0.gamma": torch.ones(64)}, "A scale of the block", "layer1.0.gamma")
    add("prelu", {"prelu.weight": torch.ones(64), "layer1.0.prelu.weight": torch.ones(64)}, "PReLU for ReLU", "layer1.0.prelu.weight")
    add("blur", {"layer1.0.conv2.0.filt": torch.ones(64, 1, 3, 3)}, "Blur pools", "layer1.0.conv2.0.filt")
    add("deep_with_prefix", {"layer1.0.se.fc1.weight": one}, "The same under a prefix", "layer1.0.se.fc1.weight", at="backbone.")


def where(table, a, b):
    kind = "where_the_state_dict_is"

    def add(name, state, what, *tries, given=False, extension="pth"):
        data = safetensors(state) if extension == "safetensors" else saved(f"{name}.{extension}", state)
        table.add(kind, f"{name}.{extension}", data, what, *(tries or [loads()]), given=given)

    module = lambda state: prefixed("module.", state)
    add("net", {"net": dense(a), "acc": 93.1}, "Under net", given=True)
    add("sequential", renamed(dense(a), *SEQUENTIAL), "nn.Sequential(*children)", given=True)
    add("vissl", {"classy_state_dict": {"base_model": {"model": {"trunk": prefixed("_feature_blocks.", a)}}}}, "VISSL", given=True)
    add("dino", {"student": prefixed("backbone.", b), "teacher": prefixed("backbone.", dense(a)), "epoch": 3}, "DINO: the teacher's", loads(took="teacher.backbone", notes=["student", "teacher"]), loads("b", options={"prefix": "student.backbone"}), given=True)

    # Depths and containers.
    add("deep", {"a": {"b": [None, {"c": (1, {"d": a})}]}}, "Seven containers deep", loads(took="a.b.1.c.1.d"))
    add("list_of_models", [a], "A list of one state dict", loads(took="0"))
    add("tuple", (a, argparse.Namespace(lr=0.1)), "A tuple", loads(took="0"))
    add("dotted_keys", {"runs.best": {"net.0": a}}, "Keys with dots", loads(took="runs.best.net.0"))
    add("number_keys", {3: {0: a}}, "Numbers as keys", loads(took="3.0"))
    add("params_apart", {"params": buffers_apart(a), "buffers": {k: v for k, v in a.items() if k not in buffers_apart(a)}}, "Parameters and buffers apart, as functorch keeps them", either("running_mean"))
    add("tree", {"conv1": {"weight": a["conv1.weight"]}, "bn1": {k[4:]: v for k, v in a.items() if k.startswith("bn1.")}, "layer1": [{m: {k.split(".")[3]: v for k, v in a.items() if k.startswith(f"layer1.0.{m}.")} for m in ["conv1", "bn1", "conv2", "bn2"]}]}, "Dicts and lists by module: keys join with dots", loads(took=""))

    # Wrappers' segments.
    for name, start in [
        ("compiled", "_orig_mod."), ("compiled_parallel", "_orig_mod.module."), ("parallel_compiled", "module._orig_mod."),
        ("twice_parallel", "module.module."), ("lightning_compiled", "model._orig_mod."), ("parallel_inside", "model.module.backbone."),
        ("fsdp", "_fsdp_wrapped_module."), ("fsdp_backbone", "module._fsdp_wrapped_module.backbone._fsdp_wrapped_module."),
    ]:
        add(name, prefixed(start, a), f"Names that start with {start}")
    checkpointed = renamed(a, ("layer1.0.", "layer1.0._checkpoint_wrapped_module."))
    add("checkpoint_wrapped", checkpointed, "Activation checkpoints wrap the blocks")
    fsdp = renamed(a, ("layer1.", "_fsdp_wrapped_module.layer1._fsdp_wrapped_module."), ("", "_fsdp_wrapped_module."))
    add("fsdp_blocks", fsdp, "FSDP around the whole and around layer1")
    compiled_blocks = renamed(a, ("layer1.", "layer1._orig_mod."))
    add("compiled_blocks", compiled_blocks, "torch.compile of layer1 alone")
    add("compiled", prefixed("_orig_mod.", a), "torch.compile, in safetensors", extension="safetensors")

    # Frameworks.
    add("timm", {"epoch": 3, "arch": "resnet18", "state_dict": a, "optimizer": optimizer_of(a), "version": 2, "args": argparse.Namespace(model="resnet18"), "metric": 70.0}, "timm's train.py", loads(took="state_dict"))
    add("torchvision_references", {"model": a, "optimizer": optimizer_of(a), "lr_scheduler": {"last_epoch": 3}, "epoch": 3, "args": argparse.Namespace(model="resnet18")}, "torchvision's references", loads(took="model"))
    add("lightning", {"state_dict": prefixed("model.", a), "pytorch-lightning_version": "1.9.0", "hyper_parameters": {"lr": 0.1}}, "Lightning", loads(took="state_dict.model"), extension="ckpt")
    add("lightning_parallel", {"state_dict": prefixed("model.module.backbone.", a)}, "Lightning around DataParallel", extension="ckpt")
    add("mmcls", {"meta": {"epoch": 3, "CLASSES": ["a", "b"]}, "state_dict": OrderedDict(prefixed("backbone.", a), **{"head.fc.weight": torch.ones(2, 512)})}, "MMClassification", loads(took="state_dict.backbone"))
    add("mmselfsup", {"meta": {}, "state_dict": {**prefixed("backbone.", a), "neck.mlp.0.weight": torch.ones(2), "head.predictor.weight": torch.ones(2)}}, "MMSelfSup", loads(took="state_dict.backbone"))
    add("simclr", {"state_dict": {**prefixed("backbone.", a), "backbone.fc.0.weight": torch.ones(2, 2), "backbone.fc.2.weight": torch.ones(2, 2)}, "epoch": 200}, "SimCLR of sthalles", loads(took="state_dict.backbone"))
    simclr = {**prefixed("encoder.", renamed(a, *SEQUENTIAL)), "projector.0.weight": torch.ones(2)}
    add("simclr_sequential", simclr, "SimCLR whose encoder is a Sequential: f.0.weight", loads(took="encoder"))
    add("simsiam", {"state_dict": {**prefixed("module.encoder.", a), "module.encoder.fc.0.weight": torch.ones(2), "module.predictor.0.weight": torch.ones(2)}}, "SimSiam", loads(took="state_dict.encoder"))
    add("barlow_twins", {"model": {**module(prefixed("backbone.", a)), "module.projector.0.weight": torch.ones(2)}, "optimizer": {}}, "Barlow Twins", loads(took="model.backbone"))
    add("vicreg", {**module(prefixed("backbone.", a)), "module.projector.0.weight": torch.ones(2)}, "VICReg", loads(took="backbone"))
    add("swav", prefixed("module.", OrderedDict(a, **{"prototypes.weight": torch.ones(2)})), "SwAV")
    add("fastai", {"model": {**prefixed("0.", renamed(a, *SEQUENTIAL)), "1.2.weight": torch.ones(2)}, "opt": {}}, "fastai: Sequential(body, head)", loads(took="model.0"))
    add("transformers", to_transformers(a), "transformers' names", extension="bin")
    add("transformers_backbone", to_transformers(a, ""), "transformers' ResNetModel, without resnet.", extension="safetensors")
    add("transformers_deep", to_transformers(a, "model.backbone.model.resnet."), "transformers' names under a prefix")
    layer0 = renamed(a, ("conv1.", "layer0.0."), ("bn1.", "layer0.1."))
    add("layer0", layer0, "layer0 = Sequential(conv1, bn1, relu, maxpool)")
    add("layer0_prefix", prefixed("encoder.", layer0), "The same under encoder.", loads(took="encoder"))
    add("detr", {"model": {**prefixed("backbone.0.body.", OrderedDict((k, v) for k, v in a.items() if "tracked" not in k)), "transformer.encoder.norm.weight": torch.ones(2), "class_embed.weight": torch.ones(2)}}, "DETR: FrozenBatchNorm2d with eps 1e-5", loads(took="model.backbone.0.body"))
    add("unet", {**prefixed("encoder.", a), "decoder.blocks.0.conv1.0.weight": torch.ones(2), "segmentation_head.0.weight": torch.ones(2)}, "segmentation_models_pytorch", loads(took="encoder"))
    add("reid", {**prefixed("base.", a), "bottleneck.weight": torch.ones(2), "classifier.weight": torch.ones(2)}, "Re-identification: base.", loads(took="base"))
    add("siamese", prefixed("embedding_net.convnet.", a), "A siamese network's embedding_net.convnet.", loads(took="embedding_net.convnet"))
    add("byol_pytorch", {**prefixed("online_encoder.net.", a), "online_encoder.projector.net.0.weight": torch.ones(2)}, "BYOL, online encoder alone", loads(took="online_encoder.net"))
    table.add(kind, "legacy.pth", legacy({"net": a, "epoch": 3}), "Before 1.6's archives", loads(took="net"))
    add("incomplete", OrderedDict((k, v) for k, v in a.items() if k != "layer1.0.bn2.running_var"), "A buffer is missing", refuses("layer1.0.bn2.running_var"))
    add("no_network", {"generator": {"fc.weight": torch.ones(2)}, "epoch": 3}, "No network at all", refuses("conv1.weight"))


def encoders(table, a, b):
    """Several networks: which one is taken."""
    kind = "two_encoders"

    def add(name, state, what, *tries, given=False, extension="pth"):
        data = safetensors(state) if extension == "safetensors" else saved(f"{name}.{extension}", state)
        table.add(kind, f"{name}.{extension}", data, what, *tries, given=given)

    q, k, choose = "encoder_q", "encoder_k", lambda prefix: loads("b", options={"prefix": prefix})
    moco = OrderedDict({**prefixed("module.encoder_q.", dense(a)), **prefixed("module.encoder_k.", b)})
    add("moco", moco, "MoCo", loads(took=q, notes=[q, k]), choose(k), given=True)
    add("moco", moco, "MoCo: safetensors sorts the key encoder to the front", loads(took=q, notes=[q, k]), choose(k), given=True, extension="safetensors")
    queue = {"module.queue": torch.zeros(1).expand(128, 65536), "module.queue_ptr": torch.zeros(1)}
    back = OrderedDict({**prefixed("module.encoder_k.", b), **prefixed("module.encoder_q.", a), **queue})
    add("moco_v2", {"epoch": 200, "arch": "resnet50", "state_dict": back, "optimizer": {}}, "MoCo v2, the key encoder first, with its queue", loads(took=f"state_dict.{q}", notes=[q, k]))
    v3 = {**prefixed("module.base_encoder.", a), **prefixed("module.momentum_encoder.", b), "module.predictor.0.weight": torch.ones(2)}
    add("moco_v3", {"state_dict": v3}, "MoCo v3: base and momentum", loads(took="state_dict.base_encoder", notes=["base_encoder", "momentum_encoder"]))
    solo = {**prefixed("encoder.", a), **prefixed("momentum_encoder.", b)}
    for extension in ["pth", "safetensors"]:
        add("solo_learn", solo, "Momentum encoder beside a plain one", loads(took="encoder", notes=["momentum_encoder"]), extension=extension)
        byol = {**prefixed("online_network.", a), **prefixed("target_network.", b)}
        add("byol", byol, "BYOL: online and target", loads(took="online_network", notes=["online_network", "target_network"]), extension=extension)
        dino = {**prefixed("student.backbone.", b), **prefixed("teacher.backbone.", a)}
        add("dino", dino, "DINO: the teacher", loads(took="teacher.backbone", notes=["student", "teacher"]), extension=extension)
    mm = {**prefixed("online_net.0.", a), **prefixed("target_net.0.", b), **prefixed("backbone.", a)}
    add("mmselfsup_byol", {"state_dict": mm}, "MMSelfSup's BYOL: the backbone is the online network's copy of one storage", either("online_net", "backbone", took="state_dict.backbone"))
    add("mean_teacher", {"state_dict": b, "ema_state_dict": a}, "Mean teacher: EMA", loads(took="ema_state_dict", notes=["state_dict"]))
    add("timm_ema", {"state_dict": b, "state_dict_ema": a, "epoch": 3}, "timm: EMA", loads(took="state_dict_ema", notes=["state_dict"]), choose("state_dict"))
    average = OrderedDict([("n_averaged", torch.tensor(3)), *prefixed("module.", a).items()])
    add("torchvision_ema", {"model": b, "model_ema": average}, "torchvision's references: EMA", loads(took="model_ema", notes=["model"]))
    add("lightning_ema", {"state_dict": {**prefixed("model.", b), **prefixed("ema_model.module.", a)}}, "Lightning with an EMA", loads(took="state_dict.ema_model", notes=["state_dict.model"]))
    four = {"state_dict": {**prefixed("encoder_q.", b), **prefixed("encoder_k.", flat(0.125))}, "state_dict_ema": {**prefixed("encoder_q.", a), **prefixed("encoder_k.", flat(0.25))}}
    add("moco_ema", four, "MoCo with an EMA: the query's average", loads(took="state_dict_ema.encoder_q", notes=["encoder_k"]))
    add("query_words", {**prefixed("query.", a), **prefixed("key.", b)}, "query and key", loads(took="query", notes=["key"]))
    add("target_alone", {**prefixed("target.", a)}, "A target with none beside it", loads(took="target"))
    add("key_alone", prefixed("encoder_k.", a), "The key encoder alone", loads(took="encoder_k"))
    point = {**prefixed("keypoint_net.", a), "momentum_value": torch.ones(1), "monkey.weight": torch.ones(1)}
    add("keypoint", point, "The word key inside keypoint doesn't count", loads(took="keypoint_net"))
    add("keypoint_and_query", {**prefixed("keypoint.", b), **prefixed("teacher.", a)}, "keypoint has no part; the teacher has", either("keypoint", "teacher", took="teacher"))
    shared = {**prefixed("branch1.", a), **prefixed("branch2.", a)}
    add("one_storage", shared, "Two names of one storage: one network", loads())
    add("whole_and_part", {"model": a, "best": {"model": a}}, "The same dict twice", loads())
    add("model_and_list", {"models": [a, a, a]}, "One network three times in a list", loads())


def detectors(table):
    kind = "eps_zero"
    d = strided("detector", "bottleneck", variance=2.0**-12, frozen=True)
    counted = strided("detector", "bottleneck", variance=2.0**-12)
    one = torch.zeros(1)
    zero = lambda **fields: loads("detector_eps_0", "bottleneck", **fields)
    plain = lambda **fields: loads("detector", "bottleneck", **fields)

    def add(name, state, what, *tries, given=False, extension="pth"):
        data = safetensors(state) if extension == "safetensors" else saved(f"{name}.{extension}", state)
        table.add(kind, f"{name}.{extension}", data, what, *tries, given=given)

    notes = ["normEps"]
    body = prefixed("backbone.body.", d)
    rpn = {"rpn.head.conv.weight": one, "roi_heads.box_head.fc6.weight": one}
    fpn = {"backbone.fpn.inner_blocks.0.weight": one}
    retina = {"head.classification_head.conv.0.weight": one, "head.regression_head.conv.0.weight": one}
    add("detector", {**prefixed("backbone.body.", dense(d)), "rpn.head.conv.weight": one}, "torchvision's Faster R-CNN", zero(notes=notes), plain(options={"normEps": 1e-5}), given=True)
    add("faster_rcnn", {**body, **fpn, **rpn}, "With its FPN and heads", zero(notes=notes))
    add("faster_rcnn", {**body, **fpn, **rpn}, "In safetensors", zero(notes=notes), extension="safetensors")
    add("mask_rcnn", {**body, **fpn, **rpn, "roi_heads.mask_head.mask_fcn1.weight": one}, "Mask R-CNN", zero(notes=notes))
    add("keypoint_rcnn", {**body, **fpn, **rpn, "roi_heads.keypoint_head.0.weight": one}, "Keypoint R-CNN", zero(notes=notes))
    add("retinanet", {**body, **fpn, **retina}, "RetinaNet", zero(notes=notes))
    add("references", {"model": {**body, **fpn, **rpn}, "optimizer": {}, "epoch": 3}, "As torchvision's references save it", zero(notes=notes, took="model.backbone.body"))
    add("parallel", prefixed("module.", {**body, **fpn, **rpn}), "DistributedDataParallel", zero(notes=notes))
    add("lightning", {"state_dict": prefixed("model.", {**body, **rpn})}, "In Lightning", zero(notes=notes))
    # The same names and eps 1e-5.
    add("v2", {**prefixed("backbone.body.", counted), **fpn, **rpn}, "The V2 detectors have batch norms, which count batches: eps 1e-5", plain())
    add("no_detector", body, "backbone.body. without a detector's head: eps 1e-5", plain())
    add("detr", {**prefixed("backbone.0.body.", d), "transformer.encoder.norm.weight": one}, "DETR's frozen norms have eps 1e-5", plain())
    add("other_head", {**body, "head.cls.weight": one}, "Another head", plain())
    add("row", d, "By the option of the row", plain(), loads("detector_eps_0", "bottleneck_eps_0"))


def caffe(table):
    kind = "stride_in_conv1"
    c = strided("caffe", "bottleneck", "layer2")
    right = dict(arch="bottleneck_stride_in_conv1", layer="layer2")
    plain = loads("caffe_torchvision", "bottleneck", "layer2")

    def add(name, state, what, *tries, given=False, extension="pth"):
        data = safetensors(state) if extension == "safetensors" else saved(f"{name}.{extension}", state)
        table.add(kind, f"{name}.{extension}", data, what, *tries, given=given)

    add("caffe_style", c, "The stride stands in conv1; the tensors are the same", loads("caffe", **right), plain, loads("caffe", "bottleneck", "layer2", options={"strideInConv1": True}), given=True)
    add("parallel", prefixed("module.", c), "DataParallel", loads("caffe", **right))
    add("caffe_style", c, "In safetensors", loads("caffe", **right), plain, extension="safetensors")
    add("backbone", {"state_dict": prefixed("backbone.", c)}, "MMDetection with style='caffe'", loads("caffe", **right))
    add("frozen", OrderedDict((k, v) for k, v in c.items() if "tracked" not in k), "Frozen norms", loads("caffe", **right))
    add("float16_norms", OrderedDict((k, v.half() if v.ndim == 1 else v) for k, v in c.items()), "Norms in float16", loads("caffe", **right))
    bottleneck = OrderedDict()
    for name, tensor in c.items():
        stem, _, last = name.rpartition(".")
        stage, *rest = stem.split(".")
        if rest and rest[1] == "downsample":
            to = f"encoder.stages.{int(stage[-1]) - 1}.layers.0.shortcut." + ("convolution" if rest[2] == "0" else "normalization")
        elif rest:
            to = f"encoder.stages.{int(stage[-1]) - 1}.layers.0.layer.{int(rest[1][-1]) - 1}." + ("convolution" if rest[1].startswith("conv") else "normalization")
        else:
            to = "embedder.embedder." + ("convolution" if stage == "conv1" else "normalization")
        bottleneck[f"resnet.{to}.{last}"] = tensor
    add("transformers", bottleneck, "transformers with downsample_in_bottleneck, which stands in config.json alone", loads("caffe", **right), plain, extension="safetensors")


def segmentation(table):
    """torchvision's segmentation networks dilate layer3 and layer4."""
    kind = "segmentation"
    s = strided("segmentation", "segmentation", "layer3")
    one = torch.ones(1)
    body = prefixed("backbone.", s)
    dilated = dict(arch="segmentation", layer="layer3", notes=["replaceStrideWithDilation"])

    def add(name, state, what, *tries):
        table.add(kind, f"{name}.pth", saved(f"{name}.pth", state, pickle_protocol=4), what, *tries)

    fcn = {"classifier.0.weight": one, "classifier.4.weight": one, "aux_classifier.0.weight": one}
    add("fcn", {**body, **fcn}, "FCN", loads("segmentation_dilated", **dilated), loads("segmentation", "segmentation", "layer3", options={"replaceStrideWithDilation": [False, False, False]}))
    add("deeplab", {**body, "classifier.0.convs.0.0.weight": one, "aux_classifier.0.weight": one}, "DeepLab v3", loads("segmentation_dilated", **dilated))
    add("lightning", {"state_dict": prefixed("model.", {**body, **fcn})}, "In Lightning", loads("segmentation_dilated", **dilated))
    add("references", {"model": {**body, **fcn}, "optimizer": {}, "epoch": 3}, "As torchvision's references save it", loads("segmentation_dilated", **dilated))
    add("parallel", prefixed("module.", {**body, **fcn}), "DistributedDataParallel", loads("segmentation_dilated", **dilated))
    plain = loads("segmentation", "segmentation", "layer3")
    add("no_auxiliary", {**body, "classifier.1.weight": one}, "backbone. beside a classifier alone: not a segmentation network", plain)
    add("other_prefix", {**prefixed("encoder.", s), **fcn}, "Another prefix", plain)


def ensembles(table, a, b):
    """Files of several networks that nothing tells apart, or whose shapes do."""
    kind = "several_networks"
    c = flat(0.25)

    def add(name, state, what, *tries, extension="pth"):
        data = safetensors(state) if extension == "safetensors" else saved(f"{name}.{extension}", state, pickle_protocol=4)
        table.add(kind, f"{name}.{extension}", data, what, *tries)

    first = lambda prefix: loads("a", options={"prefix": prefix})
    second = lambda prefix: loads("b", options={"prefix": prefix})
    add("list", [b, a], "An ensemble as a list", refuses("0", "1"), first("1"), second("0"))
    add("models", {"models": [a, b, c], "epoch": 3}, "An ensemble of three in a list", refuses("models.0", "models.1", "models.2"), first("models.0"))
    add("module_list", {**prefixed("nets.0.", a), **prefixed("nets.1.", b)}, "A ModuleList", refuses("nets.0", "nets.1"), first("nets.0"), second("nets.1"))
    for extension in ["pth", "safetensors"]:
        add("two_branches", {**prefixed("left.", a), **prefixed("right.", b)}, "Two branches with weights of their own", refuses("left", "right"), first("left"), second("right"), extension=extension)
    add("folds", {f"fold{i}": net for i, net in enumerate([a, b, c])}, "A network for each fold", refuses("fold0", "fold1", "fold2"), second("fold1"))
    add("best_and_last", {"best_state_dict": a, "last_state_dict": b}, "The best and the last: no method says which", refuses("best_state_dict", "last_state_dict"), first("best_state_dict"))
    add("generator", {"encoder": a, "discriminator": b}, "An encoder and a discriminator", refuses("encoder", "discriminator"), first("encoder"))
    add("many", {f"net{i:02}": flat((i + 1) / 64) for i in range(12)}, "Twelve networks: three are named, and how many more", refuses("net00", "9 more"))
    add("wrong_prefix", {"left": a, "right": b}, "A prefix that isn't there", refuses("left", "right", options={"prefix": "middle"}))
    add("keypoint_and_body", {**prefixed("keypoint.", b), **prefixed("body.", a)}, "The word key inside keypoint doesn't count", refuses("keypoint", "body"))
    # Shapes tell them apart.
    wide = strided("wide", "bottleneck")
    add("teacher_student", {"teacher": wide, "student": a}, "A teacher of another kind: the arch asked for decides", loads(took="student"), loads(golden=None, arch="bottleneck", took="teacher"))
    depth = OrderedDict(b, **{"conv1.weight": b["conv1.weight"][:, :1].clone()})
    add("rgb_depth", {**prefixed("depth_net.", depth), **prefixed("rgb_net.", a)}, "Encoders of one channel and of three", loads(took="rgb_net"))
    flow = OrderedDict(b, **{"conv1.weight": torch.ones(1).expand(64, 10, 7, 7)})
    add("two_stream", {"spatial": a, "temporal": flow}, "Two-stream: pictures and flow of 10 channels", loads(took="spatial"))
    cifar = OrderedDict(b, **{"conv1.weight": torch.ones(1).expand(64, 3, 3, 3)})
    add("with_cifar", {"small": cifar, "large": a}, "A network with a stem of 3x3 beside it", loads(took="large"))
    big, little = constants(torchvision.models.resnet50().state_dict(), 0.5), constants(torchvision.models.resnet18().state_dict(), 0.25)
    both = {"teacher": big, "student": little}
    add("distilled", both, "ResNet-50 teaches ResNet-18; no arch is given", refuses("teacher", "student", arch=None, layer="layer4"), loads(golden=None, arch="resnet50", layer="layer4", took="teacher"), loads(golden=None, arch="resnet18", layer="layer4", took="student"))
    add("clip_pair", {**prefixed("visual.", a), "text.conv1.weight": torch.ones(2), "text.layer1.0.conv1.weight": torch.ones(2)}, "A text tower with the same two names", loads(took="visual"))
    nan = OrderedDict((k, torch.full_like(v, float("nan")) if v.is_floating_point() else v) for k, v in a.items())
    add("nan", nan, "Training went wrong: every number is NaN", loads(golden=None, notes=["NaN"]))
