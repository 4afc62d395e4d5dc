"""Writes src/model/imagenet_categories.ts: the names of ImageNet's classes in torchvision.

    python3 scripts/make_imagenet_categories.py > src/model/imagenet_categories.ts

Made with torchvision 0.14.1 (BSD-3-Clause).
"""
import json
import textwrap

from torchvision.models._meta import _IMAGENET_CATEGORIES

names = textwrap.wrap(
    # Protects spaces within a name from line breaks.
    ", ".join(json.dumps(name).replace(" ", "\0") for name in _IMAGENET_CATEGORIES),
    width=96,
    break_on_hyphens=False,
)
print(
    "/**\n"
    " * Made by scripts/make_imagenet_categories.py from torchvision 0.14.1 (BSD-3-Clause).\n"
    " *\n"
    " * @module\n"
    " */\n\n"
    "/** The names of ImageNet-1k's 1000 classes, in the order of the networks' outputs. */\n"
    "// deno-fmt-ignore\n"
    "export const imagenetCategories: readonly string[] = ["
)
for line in names:
    print("  " + line.replace("\0", " "))
print("];")
