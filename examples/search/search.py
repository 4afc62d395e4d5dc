"""Finds similar pictures: loads a table of features into LanceDB, indexes and queries it.

    deno task bundle && mkdir layertap && tar xzf out/layertap-worker.tar.gz -C layertap
    layertap/layertap extract photos --layer avgpool --pool avg --out features.parquet
    PYTHONPATH=examples/spark python3 examples/search/search.py features.parquet avgpool \\
        layertap/layertap cat.jpg

The table may also be a folder, such as a Spark job's `features/model=…`. Prints the ten nearest
pictures by cosine, and the index's recall at 10 against exact search. Needs `lancedb` and NumPy.
"""

import sys
import tempfile
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from layertap_worker import Worker

features, node, layertap, picture = sys.argv[1:5]
QUERIES = 200
PROBES = 5  # Partitions to search; there is one per 256 pictures.


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def embed(path: str) -> np.ndarray:
    """The features of a picture file, from the same node."""
    worker = Worker([layertap, "worker", "--layer", node, "--pool", "avg", "--threads", "1"])
    request = pa.RecordBatch.from_pydict({"path": [path], "content": [Path(path).read_bytes()]})
    (answer,) = worker.map([request])
    worker.close()
    if answer["error"][0].is_valid:
        raise SystemExit(answer["error"][0].as_py())
    return answer[node][0].values.to_numpy()


# A null row is a picture that could not be read.
dataset = ds.dataset(features, partitioning=None)
rows = dataset.to_table(["path", node], filter=pc.is_valid(ds.field(node)))
lists = rows[node].combine_chunks()
vectors = unit(lists.flatten().to_numpy().reshape(len(rows), -1))
size = vectors.shape[1]

with tempfile.TemporaryDirectory() as folder:
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), size)
    content = pa.table({"path": rows["path"], "vector": column})
    table = lancedb.connect(folder).create_table("pictures", content)
    if len(rows) >= 256:  # An index needs at least one partition.
        table.create_index(
            metric="cosine",
            vector_column_name="vector",
            index_type="IVF_PQ",
            num_partitions=len(rows) // 256,
            num_sub_vectors=size // 8,
        )

    def nearest(vector: np.ndarray) -> list[str]:
        query = table.search(vector).distance_type("cosine").nprobes(PROBES).refine_factor(5).limit(10)
        return query.to_arrow()["path"].to_pylist()

    for path in nearest(unit(embed(picture))):
        print(path)

    paths = rows["path"].to_numpy(zero_copy_only=False)
    asked = np.random.default_rng(0).choice(len(rows), min(QUERIES, len(rows)), replace=False)
    found = 0
    for i in asked:
        exact = paths[np.argsort(-(vectors @ vectors[i]), kind="stable")[:10]]
        found += len(set(exact) & set(nearest(vectors[i])))
    print(f"recall at 10 of {len(rows)} pictures, {len(asked)} queries: {found / 10 / len(asked):.3f}")
