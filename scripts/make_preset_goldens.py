"""Configs as timm and transformers keep them beside weights, and what they make of a picture.

    python3 -m venv --system-site-packages FOLDER && FOLDER/bin/pip install --no-deps timm==1.0.31 \\
        transformers==4.40.2 tokenizers==0.19.1 safetensors huggingface_hub==0.36.0 regex packaging requests tqdm
    FOLDER/bin/python scripts/make_preset_goldens.py examples/images tests/data/presets

Needs torch, torchvision and Pillow; made with PyTorch 1.13, torchvision 0.14, Pillow 9.4, timm 1.0.31 and
transformers 4.40.2 (5.23.0 gives the same). No weights are fetched: timm's configs come from its registry, by its own
`save_config_for_hf`; transformers' are written here as they stand beside microsoft's weights.

It writes repositories.json, one entry for each; timm.json, the configs of all of timm's weights of
networks that this package has; pixels.f32, digests (those of make_node_goldens.py, [1, 3, S, S]) of
what the transforms make of pictures.

Of a repository there are `files` by name with their JSON, `arch` in the words of `ArchRow`, `default` and `test` (timm's
`use_test_size=True`; transformers has one only) as `Preset`, and `pixels` of each: the picture, where
its digest begins, SHA-256 of the crop's RGB bytes. `cropRounds` says how the crop's corner is
rounded where the difference is odd: "half to even" (torchvision, timm) or "down" (transformers).
`refused` has words for what the preset or the row can't say.
"""
import hashlib
import json
import re
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import timm
import torch
from make_node_goldens import digest
from PIL import Image
from timm.data import create_transform, resolve_data_config
from timm.models import get_pretrained_cfg
from timm.models._hub import load_model_config_from_path, save_config_for_hf
from torchvision.models._meta import _IMAGENET_CATEGORIES
from transformers import ConvNextImageProcessor

warnings.simplefilter("ignore")
images, out = (Path(argument) for argument in sys.argv[1:])
PICTURES = ["chelsea.png", "coffee.png", "rocket.jpg"]
files = {}
pixels = []
offset = 0
made = {}

BASIC, BOTTLENECK = dict(block="BasicBlock"), dict(block="Bottleneck")
DEPTHS = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3]}
# What timm's names mean here. `d` is ResNet-D: a deep stem, and an average pool in the shortcut.
NETWORKS = re.compile(r"(wide_)?(resnet|resnext)(18|34|50|101|152)(d)?(?:_(\d+)x?(\d+)?d?)?\.")


def arch_of(name):
    wide, kind, depth, deep, first, second = NETWORKS.fullmatch(name + ".").groups()
    row = dict(BASIC if int(depth) < 50 else BOTTLENECK, layers=DEPTHS[int(depth)])
    if kind == "resnext":
        row.update(groups=int(first), widthPerGroup=int(second))
    elif wide:
        row.update(widthPerGroup=64 * int(first))
    if deep:
        row.update(deepStem=True, avgDown=True)
    return row


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def keep(key, transform):
    """The digests of all pictures, once for equal transforms. `transform` gives the crop and its values."""
    global offset
    if key not in made:
        made[key] = []
        for picture in PICTURES:
            crop, values = transform(Image.open(images / picture).convert("RGB"))
            assert crop.dtype == np.uint8 and values.dtype == np.float32 and values.shape[0] == 3
            numbers = digest(torch.from_numpy(values[None]).double())
            made[key].append({
                "picture": picture,
                "offset": offset,
                "length": len(numbers),
                "cropSha256": sha256(crop),
                "middlePixel": crop[crop.shape[0] // 2, crop.shape[1] // 2].tolist(),
            })
            pixels.append(numbers)
            offset += len(numbers)
    return made[key]


# --- timm ---------------------------------------------------------------------------------------


def timm_preset(config, test):
    """What timm makes of a `pretrained_cfg`: the preset, and pictures by its own transform."""
    data = resolve_data_config(pretrained_cfg=config, use_test_size=test)
    transform = create_transform(**data)
    resize, crop = transform.transforms[:2]
    preset = {
        "resizeSize": resize.size,
        "cropSize": crop.size[0],
        "interpolation": data["interpolation"],
        "mean": list(data["mean"]),
        "std": list(data["std"]),
    }
    assert isinstance(resize.size, int) and crop.size[0] == crop.size[1], data
    assert preset["interpolation"] == resize.interpolation.value
    assert tuple(transform.transforms[3].mean.tolist()) == tuple(torch.tensor(data["mean"]).tolist())
    return preset, lambda image: (np.asarray(crop(resize(image))), transform(image).numpy())


def timm_expected(config):
    expected = {}
    for name, test in [("default", False), ("test", True)]:
        preset, transform = timm_preset(config, test)
        expected[name] = {**preset, "pixels": keep(json.dumps(preset), transform)}
    return expected


def write(repository, name, value):
    files.setdefault(repository, {})[name] = value


def read_config(repository):
    """The `pretrained_cfg` as timm reads it from a folder, nested or flat."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(files[repository]["config.json"]))
        return load_model_config_from_path(folder)[0]


def saved_by_timm(name, **arguments):
    """config.json as timm saves it."""
    model = timm.create_model(name, pretrained=False, **arguments)
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        save_config_for_hf(model, file.name)
        return json.loads(Path(file.name).read_text())


READ = """resnet18.a1_in1k resnet34.ra4_e3600_r224_in1k resnet50.a1_in1k resnet50.tv_in1k resnet50.tv2_in1k
resnet18d.ra2_in1k resnet18d.ra4_e3600_r224_in1k resnet34d.ra2_in1k resnet50d.ra2_in1k resnet50d.ra4_e3600_r224_in1k
resnet101d.ra2_in1k resnet152d.ra2_in1k resnext50_32x4d.a1_in1k resnext101_64x4d.c1_in1k
wide_resnet50_2.racm_in1k""".split()
# Other networks, and what the message should say.
REFUSED = {
    "resnetaa50.a1h_in1k": ["resnetaa50"],
    "seresnet50.ra2_in1k": ["seresnet50"],
    "resnetblur50.bt_in1k": ["resnetblur50"],
    "resnet50_gn.a1h_in1k": ["resnet50_gn"],
    "resnet33ts.ra2_in1k": ["resnet33ts"],
    "resnetrs50.tf_in1k": ["resnetrs50"],
    "ecaresnet50d.miil_in1k": ["ecaresnet50d"],
    "resnetv2_50.a1h_in1k": ["resnetv2_50"],
    "convnext_tiny.fb_in1k": ["convnext_tiny"],
}


def timm_repositories():
    for name in READ:
        repository = f"timm/{name}"
        write(repository, "config.json", saved_by_timm(name))
        yield {"name": repository, "arch": arch_of(name.split(".")[0]), **timm_expected(read_config(repository))}
    for name, words in REFUSED.items():
        write(f"timm/{name}", "config.json", saved_by_timm(name))
        yield {"name": f"timm/{name}", "refused": words}

    # As on the hub since 2023: no model_args, null fields, and where it came from.
    config = saved_by_timm("resnet50.a1_in1k")
    config.pop("model_args", None)
    config.pop("global_pool", None)
    config["pretrained_cfg"].update(
        url="", file=None, paper_ids="arXiv:2110.00476", origin_url="https://github.com/huggingface/pytorch-image-models",
        test_pool_size=None, min_input_size=None,
    )
    write("user/timm-2023", "config.json", config)
    yield {"name": "user/timm-2023", "arch": arch_of("resnet50"), **timm_expected(read_config("user/timm-2023"))}

    # The flat form of 2021, with labels of a fine-tuned network.
    old = timm.models.get_pretrained_cfg("resnet50.a1_in1k").to_dict()
    flat = {key: old[key] for key in ("input_size", "pool_size", "crop_pct", "interpolation", "mean", "std")}
    flat.update(num_classes=3, first_conv="conv1", classifier="fc", architecture="resnet50", num_features=2048)
    flat.update(labels=["angular_leaf_spot", "bean_rust", "healthy"])
    write("user/timm-flat", "config.json", flat)
    yield {
        "name": "user/timm-flat",
        "arch": {**arch_of("resnet50"), "numClasses": 3},
        "classes": flat["labels"],
        **timm_expected(read_config("user/timm-flat")),
    }

    # Only the network's name and size: timm takes its own defaults (bicubic, 0.875, ImageNet's mean).
    write("user/timm-bare", "config.json", {"architecture": "resnet18", "pretrained_cfg": {"input_size": [3, 192, 192]}})
    yield {"name": "user/timm-bare", "arch": arch_of("resnet18"), **timm_expected(read_config("user/timm-bare"))}

    # Fine-tuned, with label names.
    config = saved_by_timm("resnet34d.ra2_in1k", num_classes=4)
    config["label_names"] = ["cat", "dog", "fox", "owl"]
    write("user/timm-finetuned", "config.json", config)
    yield {
        "name": "user/timm-finetuned",
        "arch": {**arch_of("resnet34d"), "numClasses": 4},
        "classes": config["label_names"],
        **timm_expected(read_config("user/timm-finetuned")),
    }

    # What a square crop of three channels from the middle can't say.
    base = saved_by_timm("resnet18.a1_in1k")

    def changed(name, words, **fields):
        config = json.loads(json.dumps(base))
        config["pretrained_cfg"].update(fields)
        write(name, "config.json", config)
        return {"name": name, "refused": words}

    yield changed("user/timm-squash", ["squash"], crop_mode="squash")
    yield changed("user/timm-border", ["border"], crop_mode="border")
    yield changed("user/timm-lanczos", ["lanczos"], interpolation="lanczos")
    yield changed("user/timm-oblong", ["224", "320"], input_size=[3, 224, 320])
    yield changed("user/timm-no-number", ["crop_pct"], crop_pct="0.95")
    yield changed("user/timm-zero-std", ["std"], std=[0, 0.2, 0.2])
    yield changed("user/timm-two-means", ["mean"], mean=[0.5, 0.5])
    grey = saved_by_timm("resnet18.a1_in1k", in_chans=1)
    write("user/timm-grey", "config.json", grey)
    yield {"name": "user/timm-grey", "arch": {**arch_of("resnet18"), "inChannels": 1}, "refused": ["1"]}


def timm_table():
    table = {}
    for name in timm.list_pretrained("*resne*"):
        if not NETWORKS.match(name):
            continue
        config = {key: value for key, value in get_pretrained_cfg(name).to_dict().items() if value is not None}
        fields = "input_size test_input_size interpolation crop_pct test_crop_pct crop_mode mean std num_classes"
        row = {key: config[key] for key in fields.split() if key in config}
        for key, test in [("default", False), ("test", True)]:
            preset = timm_preset(config, test)[0]
            row[key] = [preset["resizeSize"], preset["cropSize"], preset["interpolation"]]
        table[name] = row
    return table


# --- transformers -------------------------------------------------------------------------------

IMAGENET = dict(image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
# As beside microsoft's weights, which are of 2022.
EXTRACTOR = dict(
    crop_pct=0.875, do_normalize=True, do_resize=True, feature_extractor_type="ConvNextFeatureExtractor", **IMAGENET,
    resample=3, size=224,
)
# As later versions save it.
PROCESSOR = dict(
    crop_pct=0.875, do_normalize=True, do_rescale=True, do_resize=True, **IMAGENET,
    image_processor_type="ConvNextImageProcessor", resample=3, rescale_factor=1 / 255, size=dict(shortest_edge=224),
)


def transformers_config(depth, **fields):
    basic = depth < 50
    return {
        "architectures": ["ResNetForImageClassification"],
        "depths": DEPTHS[depth],
        "downsample_in_first_stage": False,
        "embedding_size": 64,
        "hidden_act": "relu",
        "hidden_sizes": [64, 128, 256, 512] if basic else [256, 512, 1024, 2048],
        "layer_type": "basic" if basic else "bottleneck",
        "model_type": "resnet",
        "num_channels": 3,
        "torch_dtype": "float32",
        "transformers_version": "4.18.0.dev0",
        **fields,
    }


def labels(names):
    return dict(id2label={str(i): name for i, name in enumerate(names)}, label2id={name: i for i, name in enumerate(names)})


def transformers_expected(processor_config):
    """What transformers makes of a preprocessor_config.json."""
    processor = ConvNextImageProcessor.from_dict(dict(processor_config))
    edge = processor.size["shortest_edge"]
    preset = {
        "resizeSize": int(edge / processor.crop_pct),
        "cropSize": edge,
        "interpolation": {2: "bilinear", 3: "bicubic"}[processor.resample],
        "mean": processor.image_mean if processor.do_normalize else [0.0, 0.0, 0.0],
        "std": processor.image_std if processor.do_normalize else [1.0, 1.0, 1.0],
    }

    def transform(image):
        crop = processor(image, do_rescale=False, do_normalize=False)["pixel_values"][0]
        values = processor(image, return_tensors="np")["pixel_values"][0]
        assert values.shape[1:] == (edge, edge)
        return crop.transpose(1, 2, 0), values.astype(np.float32)

    return {"default": {**preset, "cropRounds": "down", "pixels": keep("transformers" + json.dumps(preset), transform)}}


def transformers_repositories():
    def repository(name, config, processor, **fields):
        write(name, "config.json", config)
        if processor is not None:
            write(name, "preprocessor_config.json", processor)
        if "refused" not in fields:
            fields.update(transformers_expected(processor))
        return {"name": name, **fields}

    def row(depth, **fields):
        return {**arch_of(f"resnet{depth}"), **fields}

    # torchvision's names of 1000 classes; microsoft's are the longer ones of ImageNet's synsets.
    ids = {"id2label": labels(_IMAGENET_CATEGORIES)["id2label"]}
    yield repository("microsoft/resnet-18", transformers_config(18, **ids), EXTRACTOR, arch=row(18))
    bottleneck = transformers_config(50, **ids, downsample_in_bottleneck=False, transformers_version="4.36.0.dev0")
    yield repository("microsoft/resnet-50", bottleneck, PROCESSOR, arch=row(50))
    seven = labels(["a", "b", "c", "d", "e", "f", "g"])
    yield repository(
        "user/downsample-in-bottleneck", transformers_config(50, downsample_in_bottleneck=True, **seven),
        dict(PROCESSOR, resample=2), arch=row(50, strideInConv1=True, numClasses=7), classes=list(seven["label2id"]),
    )
    yield repository("user/crop-0.9", transformers_config(34, **seven), dict(PROCESSOR, crop_pct=0.9, image_mean=[0.5] * 3, image_std=[0.5] * 3), arch=row(34, numClasses=7))
    # 224 / 0.95 is cut to 235, and a crop_pct of null is 224 / 256.
    yield repository("user/crop-0.95", transformers_config(34, **seven), dict(PROCESSOR, crop_pct=0.95), arch=row(34, numClasses=7))
    yield repository("user/crop-null", transformers_config(101, **seven), dict(PROCESSOR, crop_pct=None, size=dict(shortest_edge=160)), arch=row(101, numClasses=7))
    yield repository("user/no-normalize", transformers_config(152, **seven), dict(PROCESSOR, do_normalize=False), arch=row(152, numClasses=7))

    # transformers 4.48's wrapper around timm, which keeps timm's config.
    wrapped = saved_by_timm("resnet18.a1_in1k")
    wrapped.update(
        architectures=["TimmWrapperForImageClassification"], do_pooling=True, initializer_range=0.02,
        model_type="timm_wrapper", torch_dtype="float32", transformers_version="4.48.0",
    )
    write("user/timm-wrapper", "config.json", wrapped)
    yield {
        "name": "user/timm-wrapper", "arch": row(18), "prefix": "timm_model.",
        **timm_expected(wrapped["pretrained_cfg"]),
    }

    refused = lambda name, words, config, processor=PROCESSOR: repository(name, config, processor, refused=words)
    yield refused("user/first-stage", ["downsample_in_first_stage"], transformers_config(50, downsample_in_first_stage=True))
    yield refused("user/gelu", ["gelu"], transformers_config(50, hidden_act="gelu"))
    yield refused("user/hidden-sizes", ["hidden_sizes"], transformers_config(50, hidden_sizes=[128, 256, 512, 1024]))
    yield refused("user/vit", ["vit"], dict(transformers_config(50), model_type="vit"))
    # At 384 and above, transformers squashes the picture into the square.
    yield refused("user/edge-384", ["384"], transformers_config(50), dict(PROCESSOR, size=dict(shortest_edge=384)))
    yield refused(
        "user/vit-processor", ["ViTImageProcessor"], transformers_config(50),
        dict(PROCESSOR, image_processor_type="ViTImageProcessor", size=dict(height=224, width=224)),
    )
    yield refused("user/lanczos", ["resample"], transformers_config(50), dict(PROCESSOR, resample=1))
    yield refused("user/no-resize", ["do_resize"], transformers_config(50), dict(PROCESSOR, do_resize=False))
    yield refused("user/rescale", ["rescale_factor"], transformers_config(50), dict(PROCESSOR, rescale_factor=1 / 127.5))


def main():
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    repositories = [*timm_repositories(), *transformers_repositories()]
    for repository in repositories:
        repository["files"] = files[repository["name"]]
    lines = ",\n".join(json.dumps(repository) for repository in repositories)
    (out / "repositories.json").write_text(f"[\n{lines}\n]\n")
    table = timm_table()
    lines = [f"{json.dumps(name)}: {json.dumps(row)}" for name, row in table.items()]
    (out / "timm.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    np.concatenate(pixels).tofile(out / "pixels.f32")
    print(len(repositories), len(table), len(made), offset * 4)


torch.set_num_threads(1)
main()
