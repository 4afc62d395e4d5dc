"""The other server of the bench: FastAPI, uvicorn and torchvision, one picture per request.

    python3 serve_torchvision.py <arch> <weights>
"""

import asyncio
import io
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import torch
import torchvision
import uvicorn
from fastapi import FastAPI, Request
from PIL import Image
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.transforms._presets import ImageClassification


def main(arch, weights):
    # All logical cores, as for Layertap; by default, torch counts physical ones.
    torch.set_num_threads(os.cpu_count())
    net = torchvision.models.__dict__[arch](weights=None)
    net.load_state_dict(torch.load(weights))
    net = create_feature_extractor(net.eval(), ["flatten"])
    transform = ImageClassification(crop_size=224)
    app = FastAPI()
    # One thread for torch's threads; several would compete.
    executor = ThreadPoolExecutor(1)

    def features(body):
        picture = transform(Image.open(io.BytesIO(body)).convert("RGB"))
        with torch.inference_mode():
            return net(picture[None])["flatten"][0].tolist()

    @app.post("/features")
    async def post_features(request: Request):
        body = await request.body()
        loop = asyncio.get_running_loop()
        values = await loop.run_in_executor(executor, features, body)
        return {"pictures": [{"features": {"flatten": values}}]}

    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
    config = uvicorn.Config(app, log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


main(*sys.argv[1:])
