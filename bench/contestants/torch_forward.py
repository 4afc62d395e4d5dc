"""PyTorch on the weights by formula: torch_forward.py <arch> <batch> <threads>.

Uses the protocol of serve.ts. Needs torch and torchvision.
"""

import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from make_bench_models import ARCHS
from make_node_goldens import build, uniform


def main(arch, batch, threads):
    torch.set_num_threads(threads)
    net = build(ARCHS[arch]).float()
    for module in net.modules():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = True
    x = torch.from_numpy(uniform("input", batch * 3 * 224 * 224)).float().reshape(batch, 3, 224, 224)
    with torch.inference_mode():
        # Folds batch norms, as for the others.
        net = torch.jit.optimize_for_inference(torch.jit.trace(net, x))
        logits = net(x).flatten().tolist()
        print(json.dumps({"name": f"PyTorch {torch.__version__}", "threads": threads, "logits": logits}), flush=True)
        for line in sys.stdin:
            net(x)
            times = []
            for _ in range(int(line.split()[1])):
                start = time.perf_counter()
                net(x)
                times.append(1e3 * (time.perf_counter() - start))
            print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
