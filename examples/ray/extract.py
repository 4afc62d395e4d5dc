"""Extracts the features of a folder of pictures with Ray Data, one worker per core.

    deno task bundle && mkdir layertap && tar xzf out/layertap-worker.tar.gz -C layertap
    PYTHONPATH=examples/spark python3 examples/ray/extract.py photos features layertap/layertap

On a cluster, unpack the bundle to the same path on every node. `error` is null for pictures that
could be read. Needs `ray[data]` and PyArrow.
"""

import os
import sys

import pyarrow as pa
import ray
from layertap_worker import answer, shared_worker

pictures, features, layertap = sys.argv[1:4]


class Layertap:
    def __init__(self, command: list[str]):
        self.command = command

    def __call__(self, table: pa.Table) -> pa.Table:
        batches = table.select(["path", "bytes"]).rename_columns(["path", "content"]).to_batches(8)
        answers = answer(self.command, batches)
        return pa.Table.from_batches(answers, shared_worker(self.command).answers.schema)


command = [os.path.abspath(layertap), "worker", "--threads", "1"]
command += ["--layer", "avgpool", "--pool", "avg"]
ray.init(runtime_env={"env_vars": {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}})
# Starts with one, which leaves cores for the readers.
workers = ray.data.ActorPoolStrategy(min_size=1, max_size=int(ray.cluster_resources()["CPU"]))
ray.data.read_binary_files(pictures, include_paths=True).map_batches(
    Layertap, fn_constructor_args=[command], batch_format="pyarrow", batch_size=64, compute=workers
).write_parquet(features)
