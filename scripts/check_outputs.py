"""Reads each format that `layertap extract` writes with that format's own library.

All must hold the arrays that NumPy reads from the .npz: .npy (NumPy), .safetensors (safetensors),
.parquet (PyArrow, Polars, DuckDB) and .jsonl (json). A library that is not installed is skipped with
a note; with LAYERTAP_CI=1 it is a failure. Needs NumPy. Run it from the repository's root; arguments
replace the command that runs layertap:

    python3 scripts/check_outputs.py
    python3 scripts/check_outputs.py deno run --allow-read --allow-write src/cli/mod.ts
"""

import base64
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

LAYERTAP = sys.argv[1:] or ["deno", "task", "-q", "layertap"]
PICTURES = sorted(map(str, Path("examples/images").glob("*.[jp][pn]g")))
MISSING = "examples/images/missing.png"
FILES = [*PICTURES[:2], MISSING, *PICTURES[2:]]
NODES = ["layer2", "avgpool", "flatten"]


def extract(out, *options, layers=NODES):
    """Writes a file, unless it is there; the exit status reports the missing picture."""
    if out.exists():
        return out
    command = ["extract", *FILES, "--layer", ",".join(layers), "--out", str(out)]
    result = subprocess.run([*LAYERTAP, *command, *options], capture_output=True, text=True)
    assert result.returncode == 1, result.stderr
    assert f'cannot open "{MISSING}"' in result.stderr, result.stderr
    return out


def check(got, want):
    """Checks type, shape and bits, and for NaN in the row of the missing picture."""
    got = np.asarray(got)
    assert got.dtype == want.dtype, (got.dtype, want.dtype)
    assert got.shape == want.shape, (got.shape, want.shape)
    assert np.array_equal(got, want, equal_nan=True), "values differ"
    assert np.isnan(got[2]).all() and np.abs(got[-1]).max() > 0


def rows(lists, want):
    """Checks flat lists, one a row; the missing picture's is None."""
    assert lists[2] is None, lists[2]
    shape = want.shape[1:]
    blank = np.full(shape, np.nan, want.dtype)
    stacked = [blank if v is None else np.asarray(v, want.dtype).reshape(shape) for v in lists]
    check(np.stack(stacked), want)


def check_npy(folder, options, arrays):
    path = extract(folder / "f.npy", *options, layers=["layer2"])
    check(np.load(path), arrays["layer2"])


def check_safetensors(folder, options, arrays):
    load = importlib.import_module("safetensors.numpy").load_file
    tensors = load(extract(folder / "f.safetensors", *options))
    assert sorted(tensors) == sorted(NODES)
    for name in NODES:
        check(tensors[name], arrays[name])


def check_pyarrow(folder, options, arrays):
    pyarrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    table = parquet.read_table(extract(folder / "f.parquet", *options))
    table.validate(full=True)
    assert table.column("path").to_pylist() == FILES
    for name in NODES:
        column = table.column(name)
        assert pyarrow.types.is_fixed_size_list(column.type), column.type
        assert column.type.list_size == arrays[name][0].size
        rows(column.to_pylist(), arrays[name])


def check_polars(folder, options, arrays):
    polars = importlib.import_module("polars")
    frame = polars.read_parquet(extract(folder / "f.parquet", *options))
    assert frame["path"].to_list() == FILES
    for name in NODES:
        assert isinstance(frame.schema[name], polars.Array), frame.schema
        rows(frame[name].to_list(), arrays[name])


def check_duckdb(folder, options, arrays):
    duckdb = importlib.import_module("duckdb")
    path = extract(folder / "f.parquet", *options)
    for name in NODES:
        query = duckdb.sql(f"select path, \"{name}\" from '{path}'")
        assert str(query.types[1]) == "FLOAT[]", query.types
        paths, lists = zip(*query.fetchall())
        assert list(paths) == FILES
        rows(lists, arrays[name])
    nearest = duckdb.sql(
        f"""
        with v as (select path, flatten::FLOAT[512] as f from '{path}' where flatten is not null)
        select a.path from v as a, v as b where b.path = '{FILES[0]}'
        order by array_cosine_similarity(a.f, b.f) desc limit 1
        """
    ).fetchall()
    assert nearest == [(FILES[0],)], nearest


def check_jsonl(folder, options, arrays):
    for form in ["base64", "plain"]:
        path = extract(folder / f"{form}.jsonl", *options, "--json-values", form)
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["path"] for line in lines] == FILES
        assert "error" in lines[2] and "error" not in lines[0]
        for name in NODES:
            values = [line[name] for line in lines]
            if form == "base64":
                values = [
                    v and np.frombuffer(base64.b64decode(v["base64"]), v["dtype"])
                    for v in values
                ]
            rows(values, arrays[name])


CHECKS = {
    "numpy": check_npy,
    "safetensors": check_safetensors,
    "pyarrow": check_pyarrow,
    "polars": check_polars,
    "duckdb": check_duckdb,
    "json": check_jsonl,
}

failed = False
with tempfile.TemporaryDirectory() as name:
    for options in [[], ["--dtype", "f16"], ["--layout", "nhwc"], ["--pool", "avg", "--normalize"]]:
        folder = Path(name) / ("-".join(options).strip("-") or "default")
        folder.mkdir()
        with np.load(extract(folder / "f.npz", *options)) as npz:
            assert npz["path"].tolist() == FILES
            arrays = {node: npz[node] for node in NODES}
        assert arrays["layer2"].dtype == ("float16" if "f16" in options else "float32")
        for library, run in CHECKS.items():
            label = f"{library} {' '.join(options)}".strip()
            try:
                importlib.import_module(library)
            except ImportError:
                print(f"skipped {label}: {library} is not installed")
                failed |= os.environ.get("LAYERTAP_CI") == "1"
                continue
            try:
                run(folder, options, arrays)
                print(f"ok {label}")
            except Exception as error:  # Each library has its own exceptions.
                failed = True
                print(f"FAILED {label}: {type(error).__name__}: {error}")
sys.exit(failed)
