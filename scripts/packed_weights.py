"""Packed weights (`.npz`) in PyTorch. Needs torch."""

import numpy as np
import torch


def state_dict(path):
    """The tensors of a packed file, float32, by name."""
    packed = np.load(path)
    state = {}
    for name in packed.files:
        if name == "metadata.json" or name.endswith(".scale"):
            continue
        values = torch.from_numpy(packed[name].astype(np.float32))
        if f"{name}.scale" in packed.files:
            scale = packed[f"{name}.scale"]
            values *= torch.from_numpy(scale.reshape(-1, *[1] * (values.dim() - 1)))
        state[name] = values
    return state
