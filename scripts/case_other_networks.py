"""Other networks than the one that was asked for, for make_case_files.py."""
from collections import OrderedDict

import timm
import torch
import torchvision
from case_files import constants, prefixed, refuses, saved


def others(table):
    """Another network than was asked for, of full size: one number in all its filters."""
    kind = "another_network"

    def add(name, state, what, arch, *words, extension="pth", value=0.5):
        state = constants(state, value)
        data = saved(f"{name}.{extension}", state, pickle_protocol=4)
        table.add(kind, f"{name}.{extension}", data, what, refuses(*words, arch=arch, layer="layer4", longest=400))

    shapes = lambda net: net.state_dict()
    tv = lambda name: shapes(getattr(torchvision.models, name)())
    tm = lambda name, **fields: shapes(timm.create_model(name, pretrained=False, **fields))

    add("resnet50_as_resnet18", tv("resnet50"), "ResNet-50 opened as ResNet-18", "resnet18", "resnet50")
    add("resnet34_as_resnet18", tv("resnet34"), "ResNet-34, which holds all names of ResNet-18 and more", "resnet18", "resnet34")
    add("resnet18_as_resnet34", tv("resnet18"), "ResNet-18 opened as ResNet-34", "resnet34", "resnet18")
    add("resnet101_as_resnet50", tv("resnet101"), "ResNet-101 opened as ResNet-50", "resnet50", "resnet101")
    add("resnet152_as_resnet101", tv("resnet152"), "ResNet-152 opened as ResNet-101", "resnet101", "resnet152")
    add("wide_as_resnet50", tv("wide_resnet50_2"), "Wide ResNet-50-2 opened as ResNet-50", "resnet50", "wide_resnet50_2")
    add("resnext_as_resnet50", tv("resnext50_32x4d"), "ResNeXt-50 opened as ResNet-50", "resnet50", "resnext50_32x4d")
    add("parallel_as_resnet18", prefixed("module.", tv("resnet50")), "The same under module.", "resnet18", "resnet50")
    add("nested_as_resnet18", prefixed("model.backbone.", tv("resnet50")), "The same under a prefix", "resnet18", "resnet50")
    add("resnet50d_as_resnet50", tm("resnet50d"), "ResNet-50-D opened as ResNet-50", "resnet50", "resnet50d")
    add("resnet18d_as_resnet18", tm("resnet18d"), "ResNet-18-D opened as ResNet-18", "resnet18", "resnet18d")
    add("resnet50s_as_resnet50", tm("resnet50s"), "A deep stem without average pools", "resnet50", "conv1.0.weight")
    add("seresnet50_as_resnet50", tm("seresnet50"), "SE-ResNet-50", "resnet50", "layer1.0.se.fc1", "SE")
    add("ecaresnet50d_as_resnet50", tm("ecaresnet50d"), "ECA-ResNet-50-D", "resnet50", "conv1.0.weight")
    add("resnet50_gn_as_resnet50", tm("resnet50_gn"), "Group norms, which keep no statistics", "resnet50", "running_mean")
    add("resnetv2_50_as_resnet50", tm("resnetv2_50"), "ResNet v2 (BiT)", "resnet50", "stem.conv.weight")
    add("res2net50_as_resnet50", tm("res2net50_26w_4s"), "Res2Net-50", "resnet50", "layer1.0.convs.0.weight")
    add("resnest50d_as_resnet50", tm("resnest50d"), "ResNeSt-50", "resnet50", "conv1.0.weight")
    one_channel = OrderedDict(tv("resnet18"))
    one_channel["conv1.weight"] = torch.zeros(64, 1, 7, 7)
    add("one_channel", one_channel, "A stem of one channel", "resnet18", "conv1.weight", "inChannels")
    four = OrderedDict(one_channel, **{"conv1.weight": torch.zeros(64, 4, 7, 7)})
    add("four_channels", four, "A stem of four channels", "resnet18", "conv1.weight", "inChannels")

    cifar = OrderedDict(tv("resnet18"))
    cifar["conv1.weight"] = torch.zeros(64, 3, 3, 3)
    kuangliu = OrderedDict((k.replace("downsample", "shortcut").replace("fc.", "linear."), v) for k, v in cifar.items())
    add("cifar_resnet18", cifar, "ResNet-18 for CIFAR: a stem of 3x3 without a pool", "resnet18", "conv1.weight", "CIFAR")
    add("cifar_kuangliu", kuangliu, "The same with kuangliu's names", "resnet18", "CIFAR")
    resnet20 = cifar_resnet(3)
    add("cifar_resnet20", resnet20, "ResNet-20 for CIFAR: three stages of 16 to 64 channels", "resnet18", "CIFAR")
    weiaicunzai = OrderedDict([("conv1.0.weight", torch.zeros(64, 3, 3, 3)), ("conv2_x.0.residual_function.0.weight", torch.zeros(64, 64, 3, 3)), ("conv2_x.0.residual_function.1.weight", torch.zeros(64))])
    add("cifar_weiaicunzai", weiaicunzai, "weiaicunzai's names", "resnet18", "conv1.weight")
    add("iresnet18", iresnet([2, 2, 2, 2]), "IResNet-18 of insightface: PReLU, three norms a block", "resnet18", "IResNet")
    add("iresnet50", iresnet([3, 4, 14, 3]), "IResNet-50", "resnet50", "IResNet")
    clip = clip_resnet50()
    add("clip_rn50", clip, "CLIP's RN50: visual.conv1 to conv3, average pools, attention pool", "resnet50", "CLIP")
    add("clip_visual", OrderedDict((k[7:], v) for k, v in clip.items() if k.startswith("visual.")), "Its visual part alone", "resnet50", "CLIP")
    add("clip_timm", tm("resnet50_clip"), "timm's resnet50_clip", "resnet50", "conv1.weight")
    vit = OrderedDict((k, v) for k, v in tm("vit_small_patch16_224").items())
    add("dino_vit", {"student." + k: v for k, v in vit.items()} | {"teacher." + k: v for k, v in vit.items()}, "DINO's ViT", "resnet50", "ViT")
    add("vgg16", tv("vgg16"), "VGG-16", "resnet18", "features.0.weight")
    add("densenet121", tv("densenet121"), "DenseNet-121", "resnet18", "features.conv0.weight")
    add("efficientnet_b0", tv("efficientnet_b0"), "EfficientNet-B0", "resnet18", "features.0.0.weight")
    add("mobilenet_v2", tv("mobilenet_v2"), "MobileNet v2", "resnet18", "features.0.0.weight")
    add("convnext_tiny", tm("convnext_tiny"), "ConvNeXt", "resnet18", "stem.0.weight")
    add("video_resnet18", shapes(torchvision.models.video.r3d_18()), "A ResNet of videos: filters of five axes", "resnet18", "stem.0.weight")
    detectron = OrderedDict((f"backbone.bottom_up.res{int(k[5]) + 1}" + k[6:] if k.startswith("layer") else f"backbone.bottom_up.stem.{k}", v) for k, v in tv("resnet50").items() if not k.startswith("fc"))
    add("detectron2", {"model." + k: v for k, v in detectron.items()}, "detectron2's names", "resnet50", "detectron2")
    deep = OrderedDict((("backbone.stem" + k[5:]) if k.startswith("conv1.") else ("backbone.stem.7" + k[3:]) if k.startswith("bn1.") else "backbone." + k, v) for k, v in tm("resnet50d").items())
    add("mmdetection_v1d", deep, "MMDetection's ResNetV1d: backbone.stem", "resnet50", "backbone.stem.0.weight")
    preact = OrderedDict(("layer1.0.bn0.weight" if k == "bn1.weight" else k, v) for k, v in tv("resnet18").items() if not k.startswith("bn1."))
    add("preact", preact, "A pre-activation ResNet: no bn1 behind the stem", "resnet18", "bn1.weight")


def cifar_resnet(blocks):
    state = OrderedDict([("conv1.weight", (16, 3, 3, 3)), *norm("bn1", 16).items()])
    inputs = 16
    for stage, width in enumerate([16, 32, 64]):
        for block in range(blocks):
            stem = f"layer{stage + 1}.{block}."
            state[f"{stem}conv1.weight"] = (width, inputs, 3, 3)
            state.update(norm(f"{stem}bn1", width))
            state[f"{stem}conv2.weight"] = (width, width, 3, 3)
            state.update(norm(f"{stem}bn2", width))
            inputs = width
    return OrderedDict(state, **{"linear.weight": (10, 64), "linear.bias": (10,)})


def norm(name, width):
    names = ["weight", "bias", "running_mean", "running_var"]
    return {**{f"{name}.{key}": (width,) for key in names}, f"{name}.num_batches_tracked": ()}


def iresnet(layers):
    state = OrderedDict([("conv1.weight", (64, 3, 3, 3)), *norm("bn1", 64).items(), ("prelu.weight", (64,))])
    inputs = 64
    for stage, blocks in enumerate(layers):
        width = 64 << stage
        for block in range(blocks):
            stem = f"layer{stage + 1}.{block}."
            state.update(norm(f"{stem}bn1", inputs))
            state[f"{stem}conv1.weight"] = (width, inputs, 3, 3)
            state.update(norm(f"{stem}bn2", width))
            state[f"{stem}prelu.weight"] = (width,)
            state[f"{stem}conv2.weight"] = (width, width, 3, 3)
            state.update(norm(f"{stem}bn3", width))
            if block == 0:
                state[f"{stem}downsample.0.weight"] = (width, inputs, 1, 1)
                state.update(norm(f"{stem}downsample.1", width))
            inputs = width
    state.update(norm("bn2", 512))
    state.update({"fc.weight": (512, 25088), "fc.bias": (512,), **norm("features", 512)})
    return state


def clip_resnet50():
    state = OrderedDict()
    for i, (inputs, width) in enumerate([(3, 32), (32, 32), (32, 64)]):
        state[f"visual.conv{i + 1}.weight"] = (width, inputs, 3, 3)
        state.update(norm(f"visual.bn{i + 1}", width))
    for name, tensor in torchvision.models.resnet50().state_dict().items():
        if name.startswith("layer"):
            state["visual." + name] = tuple(tensor.shape)
    state["visual.attnpool.positional_embedding"] = (50, 2048)
    for part, width in [("q_proj", 2048), ("k_proj", 2048), ("v_proj", 2048), ("c_proj", 1024)]:
        state[f"visual.attnpool.{part}.weight"], state[f"visual.attnpool.{part}.bias"] = (width, 2048), (width,)
    for i in range(12):
        state[f"transformer.resblocks.{i}.attn.in_proj_weight"] = (1536, 512)
        state[f"transformer.resblocks.{i}.mlp.c_fc.weight"] = (2048, 512)
    state.update({"positional_embedding": (77, 512), "text_projection": (512, 1024), "token_embedding.weight": (49408, 512)})
    return state
