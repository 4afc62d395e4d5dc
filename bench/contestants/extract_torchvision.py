"""torchvision's side of the extraction benches: a DataLoader with one worker per core.

    python3 extract_torchvision.py <arch> <weights> <draft: 0 or 1> <picture…>
"""

import json
import os
import resource
import sys
import time

import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.transforms._presets import ImageClassification


class Pictures(Dataset):
    def __init__(self, paths, draft):
        self.paths = paths
        self.draft = draft
        self.transform = ImageClassification(crop_size=224)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        image = Image.open(self.paths[i])
        if self.draft:
            image.draft("RGB", (256, 256))
        return self.transform(image.convert("RGB"))


def cpu_seconds():
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, who))


def main(arch, weights, draft, *pictures):
    torch.set_num_threads(os.cpu_count())  # Some builds of torch start with one.
    net = torchvision.models.__dict__[arch](weights=None)
    net.load_state_dict(torch.load(weights))
    net = create_feature_extractor(net.eval(), ["flatten"])

    def extract(paths):
        dataset = Pictures(paths, draft == "1")
        loader = DataLoader(dataset, batch_size=8, num_workers=os.cpu_count())
        with torch.inference_mode():
            return torch.cat([net(batch)["flatten"] for batch in loader])

    extract(pictures[:16])
    cpu = cpu_seconds()
    start = time.perf_counter()
    features = extract(pictures)
    seconds = time.perf_counter() - start
    cpu = cpu_seconds() - cpu
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "last": features[-1].tolist()}))


main(*sys.argv[1:])
