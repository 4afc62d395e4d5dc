"""The network that ships, in PyTorch, and what PatchCore makes of its layers. Needs torch and torchvision."""

import numpy as np
import torch
import torch.nn.functional as F
from packed_weights import state_dict
from torchvision.models.resnet import BasicBlock, ResNet

PROJECTED = 128


def load(path):
    """The network of the packed weights, up to layer3."""
    net = ResNet(BasicBlock, [2, 2, 2, 3])
    net.fc = torch.nn.Identity()
    net.load_state_dict(state_dict(path), strict=False)
    return net.eval()


@torch.no_grad()
def embed(net, x):
    """Patches `[N, positions, channels]` of normalized pictures `[N, 3, H, W]`."""
    low = net.layer2(net.layer1(net.maxpool(net.relu(net.bn1(net.conv1(x))))))
    high = net.layer3(low)
    low, high = (F.avg_pool2d(maps, 3, 1, 1) for maps in (low, high))
    high = F.interpolate(high, size=low.shape[2:], mode="bilinear", align_corners=False)
    return torch.cat([low, high], 1).flatten(2).transpose(1, 2)


def signs(channels, seed):
    """The projection: signs of mulberry32's numbers, one after the other."""
    with np.errstate(over="ignore"):
        index = np.arange(1, PROJECTED * channels + 1, dtype=np.uint32)
        state = np.uint32(seed) + index * np.uint32(0x6D2B79F5)
        t = (state ^ state >> np.uint32(15)) * (state | np.uint32(1))
        t ^= t + (t ^ t >> np.uint32(7)) * (t | np.uint32(61))
        t ^= t >> np.uint32(14)
    return np.where(t < 2**31, 1.0, -1.0).reshape(PROJECTED, channels)
