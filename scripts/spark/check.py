"""Checks examples/spark/extract.py against the command line, faults included.

    python3 scripts/spark/check.py <folder> [--short | --speed] [--pictures N] [--seed N]

The folder holds layertap-worker.tar.gz; everything else is written there. Needs PySpark, PyArrow,
Pillow and Java.

--short: 200 pictures, with an executor killed once. Otherwise 5,000: a run without faults; one with
an executor killed at three moments and a worker process at one; one whose driver is killed and
restarted. --speed: pictures per second of the command line and of one and two executors.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import fragile
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from cluster import EXECUTOR, Cluster
from fragile import MARK
from PIL import Image

ROOT = Path(__file__).parents[2]
JOB = ROOT / "examples/spark"
sys.path.append(str(JOB))
import layertap_worker  # noqa: E402
LAYERS = ["layer3", "avgpool"]
ASKED = ["--layer", ",".join(LAYERS), "--pool", "avg"]
WORKER = "layertap.js worker"


def make_pictures(folder: Path, count: int, broken: int) -> None:
    """Writes crops of the shared pictures in many sizes and formats; some are truncated or invalid."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shared = [Image.open(p).convert("RGB") for p in sorted(ROOT.glob("examples/images/*.[jp][pn]g"))]
    rng = random.Random(1)
    for i in range(count):
        picture = shared[i % len(shared)]
        w, h = rng.randint(40, 300), rng.randint(40, 300)
        x, y = rng.randint(0, picture.width - w), rng.randint(0, picture.height - h)
        scale = rng.choice([0.5, 1, 1.5])
        crop = picture.crop((x, y, x + w, y + h)).resize((int(w * scale), int(h * scale)))
        subfolder = folder / f"{i % 7}"
        subfolder.mkdir(exist_ok=True)
        path = subfolder / f"{i:05} [{rng.randint(0, 9)}].{rng.choice(['jpg', 'png', 'webp'])}"
        crop.save(path)
        if i % (count // broken) == 7:
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2] if i % 2 else b"no picture")


def command_line(layertap: Path, pictures: Path, out: Path) -> float:
    """The command line's table, and its seconds."""
    start = time.time()
    line = [layertap, "extract", pictures, *ASKED, "--threads", "2", "--out", out]
    subprocess.run(line, stderr=subprocess.DEVNULL, check=False)
    return time.time() - start


def job(cluster: Cluster, pictures: Path, out: Path, *options: str, conf=()) -> subprocess.Popen:
    archive = cluster.folder / "layertap-worker.tar.gz"
    line = ["--archives", f"{archive}#layertap", "--py-files", JOB / "layertap_worker.py", *conf]
    line += [JOB / "extract.py", "--input", str(pictures), "--output", str(out), *ASKED]
    # Makes more than one task per core.
    line += ["--partition-bytes", str(1 << 20), *options]
    return cluster.submit(list(map(str, line)), cluster.folder / f"{out.name}.log")


def finish(driver: subprocess.Popen) -> dict:
    """The job's totals."""
    stdout, _ = driver.communicate()
    if driver.returncode != 0:
        raise SystemExit(f"spark-submit ended with {driver.returncode}")
    return json.loads(stdout.strip().splitlines()[-1])


def rows_of(folder: Path, columns: list[str]) -> list[tuple]:
    rows = []
    for file in folder.rglob("*.parquet"):
        table = parquet.ParquetFile(file).read(columns)
        rows += zip(*(table.column(name).to_numpy(zero_copy_only=False) for name in columns))
    return rows


def columns_of(file: parquet.ParquetFile) -> str:
    """Parquet's schema without its name."""
    return str(file.schema).split("{", 1)[1]


def compare(want: Path, errors: dict[str, str], out: Path) -> None:
    """Compares rows in any order: none twice or lost, within 2e-5 of a row's largest value."""
    file = parquet.ParquetFile(want)
    table = file.read()
    values = {
        path: [table.column(name)[i].values.to_numpy() for name in LAYERS]
        for i, path in enumerate(table.column("path").to_pylist())
        if path not in errors
    }
    rows = rows_of(out / "features", ["path", *LAYERS])
    files = (out / "features").rglob("*.parquet")
    schemas = {columns_of(parquet.ParquetFile(f)) for f in files}
    assert schemas == {columns_of(file)}, schemas
    paths = [path.removeprefix("file:") for path, *_ in rows]
    assert len(paths) == len(set(paths)), "a row stands there twice"
    assert set(paths) == set(values), f"{len(paths)} rows, not {len(values)}"
    largest = 0.0
    for path, (_, *row) in zip(paths, rows):
        for got, expected in zip(row, values[path]):
            assert got.shape == expected.shape and abs(expected).max() > 0
            largest = max(largest, abs(got - expected).max() / abs(expected).max())
    assert largest < 2e-5, f"values differ by {largest}"
    found = [(p.removeprefix("file:"), e) for p, e in rows_of(out / "errors", ["path", "error"])]
    assert len(found) == len(errors), f"{len(found)} errors, not {len(errors)}"
    assert {p: e.replace('"file:', '"') for p, e in found} == errors, "other errors"
    print(f"ok {out.name}: {len(rows)} rows, within {largest:.1e}, {len(found)} errors", flush=True)


def command_line_errors(layertap: Path, pictures: Path) -> dict[str, str]:
    """The error of every picture; the command line prints only the first five."""
    files = sorted(str(p) for p in pictures.rglob("*.*"))
    line = [layertap, "worker", "--layer", "conv1", "--pool", "avg", "--protocol", "jsonl"]
    text = subprocess.run(line, input="\n".join(files), capture_output=True, text=True, check=True)
    answers = map(json.loads, text.stdout.splitlines())
    return {a["path"]: a["error"] for a in answers if "error" in a}


def check_fragile(layertap: Path, pictures: Path) -> None:
    """Checks that a picture which ends every worker costs no other picture its answer."""
    files = sorted(pictures.rglob("*.jpg"))[:20]
    rows = [{"path": str(i), "content": file.read_bytes()} for i, file in enumerate(files)]
    rows[11]["content"] += MARK  # Bytes after a picture are ignored.
    batches = pa.Table.from_pylist(rows, layertap_worker.REQUEST).to_batches(8)
    worker = [str(layertap), "worker", *ASKED]
    commands = [worker, [sys.executable, fragile.__file__, *worker]]
    want, got = (
        pa.Table.from_batches(layertap_worker.answer(command, iter(batches))).to_pylist()
        for command in commands
    )
    assert len(want) == len(got) == len(files)
    for row, (a, b) in enumerate(zip(want, got)):
        assert a["path"] == b["path"] == str(row)
        if row == 11:
            assert b["avgpool"] is None and b["error"].endswith("ended with -9, twice"), b["error"]
        else:
            x, y = np.array(a["avgpool"]), np.array(b["avgpool"])
            assert x.max() > 0 and abs(x - y).max() <= 2e-5 * x.max(), row
    for command in commands:
        layertap_worker.shared_worker(command).close()
    print("ok a picture that ends workers is answered with its error", flush=True)


def check(cluster: Cluster, pictures: Path, count: int, is_short: bool, rng, same) -> None:
    """Checks that each run gives the same table."""
    folder = cluster.folder
    if not is_short:
        print(json.dumps(finish(job(cluster, pictures, folder / "whole"))), flush=True)
        same(folder / "whole")

    kills = [EXECUTOR] if is_short else [EXECUTOR, WORKER, EXECUTOR, EXECUTOR]
    driver = job(cluster, pictures, folder / "killed")
    for pattern in kills:
        cluster.wait_for(WORKER, 120)
        time.sleep(rng.uniform(0.5, 3 if is_short else 15))
        print("killed" if cluster.kill(pattern, rng.choice) else "missed", pattern, flush=True)
        time.sleep(1)
    print(json.dumps(finish(driver)), flush=True)
    same(folder / "killed")

    if not is_short:
        out = folder / "restarted"
        options = ["--commit-every", str(count // 5)]
        driver = job(cluster, pictures, out, *options)
        cluster.wait_for(WORKER, 120)
        while len(list(out.glob("features/*/*"))) < 2:
            time.sleep(0.2)
        time.sleep(rng.uniform(0, 5))
        os.killpg(driver.pid, signal.SIGKILL)
        driver.communicate()
        committed = len(list(out.glob("features/*/*")))
        print(f"killed the driver after {committed} rounds", flush=True)
        print(json.dumps(finish(job(cluster, pictures, out, *options))), flush=True)
        same(out)


def speed(cluster: Cluster, layertap: Path, pictures: Path, count: int) -> None:
    """Measures pictures per second, from first to last picture."""
    folder = cluster.folder
    one = next(p for p in sorted(pictures.rglob("*.jpg")))
    start_up = command_line(layertap, one, folder / "one.parquet")
    whole = command_line(layertap, pictures, folder / "command-line.parquet")
    seconds = {"command line, 2 threads": whole - start_up}
    for executors in [2, 1]:
        conf = ["--conf", f"spark.cores.max={executors}"]
        report = finish(job(cluster, pictures, folder / f"speed-{executors}", conf=conf))
        print(json.dumps(report), flush=True)
        seconds[f"{executors} executors"] = report["first_to_last_seconds"]
    for name, value in seconds.items():
        print(f"{name}: {count / value:.1f} pictures per second", flush=True)
    rate = seconds["command line, 2 threads"] / seconds["2 executors"]
    print(f"two executors: {rate:.2f} of the command line, ", end="")
    print(f"{seconds['1 executors'] / seconds['2 executors']:.2f} of one")
    print(f"start-up: the command line {start_up:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--pictures", type=int)
    parser.add_argument("--seed", type=int, default=random.randrange(1000))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # Still stops the cluster.
    folder = args.folder.resolve()
    for path in folder.iterdir():
        if path.is_dir() and path.name != "venv":
            shutil.rmtree(path)
    with tarfile.open(folder / "layertap-worker.tar.gz") as archive:
        archive.extractall(folder / "bundle", filter="data")
    layertap = folder / "bundle/layertap"

    count = args.pictures or (200 if args.short else 5000)
    pictures = folder / "pictures"
    make_pictures(pictures, count, 5 if args.short else 25)
    print(f"{count} pictures, seed {args.seed}", flush=True)
    if not args.speed:
        check_fragile(layertap, pictures)
    with Cluster(folder, 2) as cluster:
        if args.speed:
            speed(cluster, layertap, pictures, count)
            return
        want = folder / "command-line.parquet"
        command_line(layertap, pictures, want)
        errors = command_line_errors(layertap, pictures)
        rng = random.Random(args.seed)
        check(cluster, pictures, count, args.short, rng, lambda out: compare(want, errors, out))
    print("the tables are the same")


if __name__ == "__main__":
    main()
