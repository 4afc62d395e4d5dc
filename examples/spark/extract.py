"""Extracts the features of very many pictures with Apache Spark.

    deno task bundle layertap-worker.tar.gz
    spark-submit --archives layertap-worker.tar.gz#layertap --py-files layertap_worker.py \\
        extract.py --input hdfs:///photos --output hdfs:///features --layer avgpool --pool avg

To use your own weights, pass `--files resnet50.pth` to spark-submit, and `--arch resnet50 --weights
resnet50.pth` to the job.

The output has two tables of Parquet files. `features/model=<model>/round=<n>` has `path` and a list
of floats for each node, the schema of `layertap extract --out x.parquet`. `errors/…` has `path` and
`error` for pictures that can't be read. A round is committed by renaming its folder, so it is there
completely or not at all. A restarted run does what is missing. `_staging` holds what a killed run
had not committed; you may delete it. If two runs try to commit the same round, the second one
fails. <model> names the network and a hash of its weights, layers and options.

Prints its totals as JSON. They are also Spark's observed metrics: listeners receive them with each
round's query.

Needs PySpark 4 and PyArrow on the driver and the executors, and a file system that renames folders
atomically, such as HDFS.
"""

import argparse
import functools
import hashlib
import json
import os
import re
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import layertap_worker
from pyspark import AccumulatorParam, SparkFiles
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DoubleType, FloatType, StringType, StructField, StructType

PICTURES = "*.{[jJ][pP][gG],[jJ][pP][eE][gG],[pP][nN][gG],[wW][eE][bB][pP]}"

ERRORS = StructType([StructField("path", StringType()), StructField("error", StringType())])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--input", required=True, help="folder or glob of pictures, or a table")
    parser.add_argument("--output", required=True, help="folder for the tables")
    parser.add_argument("--layer", required=True, help="nodes, e.g. layer4,avgpool")
    parser.add_argument("--pool", default="none", choices=["none", "avg", "max", "catavgmax", "gem"])
    parser.add_argument("--normalize", action="store_true", help="scale vectors to length 1")
    parser.add_argument("--arch", default="mlnet_resnet18")
    parser.add_argument("--weights", help="a file passed to spark-submit with --files")
    parser.add_argument("--memory", default="fast", choices=["fast", "small"], help="of a worker")
    parser.add_argument(
        "--input-format",
        default="binaryFile",
        help="binaryFile (default) for pictures, or a table format, e.g. parquet",
    )
    parser.add_argument("--path-column", default="path")
    parser.add_argument(
        "--content-column",
        default="content",
        help="bytes of the pictures; a table without it names files by path (default: content)",
    )
    parser.add_argument("--partition-bytes", type=int, default=64 << 20, help="size of a task")
    parser.add_argument("--commit-every", type=int, default=50_000, help="pictures per round")
    parser.add_argument("--max-errors", type=int, default=1000, help="more fail the job")
    return parser.parse_args()


# On the executors.


def shipped(name: str) -> str:
    """The path on this machine of a file or archive passed to spark-submit."""
    path = SparkFiles.get(name)
    return path if os.path.exists(path) else os.path.abspath(name)


def command(args: argparse.Namespace) -> list[str]:
    """The command line of a worker on this machine, with one thread for one core."""
    line = [shipped("layertap") + "/layertap", "worker", "--threads", "1", "--layer", args.layer]
    line += ["--arch", args.arch, "--pool", args.pool, "--memory", args.memory]
    line += ["--normalize"] if args.normalize else []
    return line + (["--weights", shipped(args.weights)] if args.weights else [])


class Union(AccumulatorParam):
    """Errors by path."""

    def zero(self, value):
        return {}

    def addInPlace(self, a, b):
        a.update(b)
        return a


class Span(AccumulatorParam):
    """The earliest and the latest time."""

    def zero(self, value):
        return (float("inf"), 0.0)

    def addInPlace(self, a, b):
        return (min(a[0], b[0]), max(a[1], b[1]))


class Extraction:
    """What a task does with its pictures; if it succeeds, its errors and times are counted."""

    def __init__(self, context, args: argparse.Namespace):
        self.args = args
        self.nodes = list(dict.fromkeys(args.layer.split(",")))
        self.errors = context.accumulator({}, Union())
        self.span = context.accumulator((float("inf"), 0.0), Span())

    def __call__(self, batches):
        """Maps Arrow batches of pictures to batches of answers."""
        layertap = command(self.args)
        layertap_worker.shared_worker(layertap)  # Starts it before the clock.
        start = time.time()
        failed = 0
        for answer in layertap_worker.answer(layertap, batches):
            bad = answer.filter(answer.column("error").is_valid())
            if bad.num_rows > 0:
                paths, reasons = bad.column("path").to_pylist(), bad.column("error").to_pylist()
                self.errors.add(dict(zip(paths, reasons)))
                failed += bad.num_rows
                if failed > self.args.max_errors:
                    raise RuntimeError(f"more than {self.args.max_errors} errors: {reasons[-1]}")
            yield answer
        self.span.add((start, time.time()))

    def schema(self) -> StructType:
        values = ArrayType(FloatType(), containsNull=False)
        return StructType(
            [StructField("path", StringType(), False)]
            + [StructField(node, values, True) for node in self.nodes]
            + [StructField("error", StringType(), True)]
            + [StructField(f"{work}_seconds", DoubleType(), False) for work in ("decode", "compute")]
        )


# On the driver.


def model_name(args: argparse.Namespace) -> str:
    """The network and a hash of everything its features depend on; exits if no worker starts."""
    if args.weights is None and args.arch != "mlnet_resnet18":
        raise SystemExit(f"--weights: the bundle has none for {args.arch}")
    try:
        worker = layertap_worker.Worker(command(args))
    except RuntimeError as error:
        raise SystemExit(f"{error}, for the reason above") from error
    about = worker.answers.schema.metadata[b"layertap"]
    worker.close()
    weights = shipped(args.weights or "layertap/weights/mlnet_resnet18.npz")
    with open(weights, "rb") as file:
        digest = hashlib.sha256(file.read()).digest()
    # `--memory small` rounds the weights.
    options = about + args.memory.encode()
    return f"{args.arch}-{hashlib.sha256(options + digest).hexdigest()[:12]}"


class Output:
    """The two tables of one model, and how rounds are committed to them."""

    def __init__(self, spark: SparkSession, folder: str, model: str):
        self.spark, self.folder = spark, folder.rstrip("/")
        self.tables = {t: f"{self.folder}/{t}/model={model}" for t in ("features", "errors")}
        jvm, conf = spark._jvm, spark._jsc.hadoopConfiguration()
        self.path = jvm.org.apache.hadoop.fs.Path
        self.fs = self.path(self.folder).getFileSystem(conf)
        self.context = jvm.org.apache.hadoop.fs.FileContext.getFileContext(self.fs.getUri(), conf)
        self.no_options = spark._sc._gateway.new_array(jvm.org.apache.hadoop.fs.Options.Rename, 0)
        for table in self.tables.values():
            self.fs.mkdirs(self.path(table))

    def rounds(self, table: str) -> list[int]:
        found = self.fs.listStatus(self.path(self.tables[table]))
        return [int(status.getPath().getName().split("=")[1]) for status in found]

    def next_round(self) -> int:
        return max(self.rounds("features") + self.rounds("errors"), default=-1) + 1

    def done(self) -> DataFrame | None:
        """The paths in both tables."""
        reader = self.spark.read.schema("path string").option("recursiveFileLookup", "true")
        tables = [reader.parquet(self.tables[table]) for table in self.tables if self.rounds(table)]
        return functools.reduce(DataFrame.union, tables) if tables else None

    def error_count(self) -> int:
        if not self.rounds("errors"):
            return 0
        return self.spark.read.parquet(self.tables["errors"]).count()

    def staging(self) -> str:
        """A new folder for a round that is not committed yet."""
        return f"{self.folder}/_staging/{uuid.uuid4()}"

    def commit(self, number: int, staging: str, errors: dict[str, str]) -> None:
        """Commits a round whose features are in the subfolder `features` of the staging folder.

        Features are renamed first. If the job ends before the errors are renamed, the failed pictures
        are in neither table, and the next run tries them again.
        """
        if errors:
            rows = self.spark.createDataFrame(sorted(errors.items()), ERRORS).coalesce(1)
            rows.write.parquet(f"{staging}/errors")
        for table in ["features", "errors"] if errors else ["features"]:
            # FileContext's rename, unlike FileSystem's, fails if another run was faster.
            source, target = f"{staging}/{table}", f"{self.tables[table]}/round={number:06}"
            self.context.rename(self.path(source), self.path(target), self.no_options)
        self.fs.delete(self.path(staging), True)


class Pictures:
    """Pictures in files, named by a folder, a glob, or a column of a table."""

    def __init__(self, spark: SparkSession, args: argparse.Namespace):
        self.spark, self.args = spark, args

    def keys(self) -> DataFrame:
        """`path`, and `source`: the file to read."""
        if self.args.input_format == "binaryFile":
            reader = self.spark.read.format("binaryFile").option("recursiveFileLookup", "true")
            paths = reader.option("pathGlobFilter", PICTURES).load(self.args.input).select("path")
        else:
            table = self.spark.read.format(self.args.input_format).load(self.args.input)
            paths = table.select(F.col(self.args.path_column).alias("path")).distinct()
        return paths.withColumn("source", F.col("path"))

    def read(self, paths: list[str]) -> tuple[DataFrame, dict[str, str]]:
        """`path` and `content`, and the errors of missing files."""
        if self.args.input_format == "binaryFile":
            return self.load(paths), {}
        with ThreadPoolExecutor(16) as pool:
            found = dict(zip(paths, pool.map(self.qualified, paths)))
        missing = {p: f'cannot open "{p}": there is no such file' for p in paths if not found[p]}
        there = [(p, name) for p, name in found.items() if name]
        if not there:
            return self.spark.createDataFrame([], "path string, content binary"), missing
        # Keeps the table's own names.
        names = F.broadcast(self.spark.createDataFrame(there, "given string, path string"))
        pictures = self.load([name for _, name in there]).join(names, "path")
        return pictures.select(F.col("given").alias("path"), "content"), missing

    def load(self, paths: list[str]) -> DataFrame:
        # By default Spark starts a task per file to get its length, which takes far longer.
        tasks = max(32, 4 * self.spark.sparkContext.defaultParallelism)
        self.spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", tasks)
        plain = [re.sub(r"([\\*?{}\[\]])", r"\\\1", path) for path in paths]
        return self.spark.read.format("binaryFile").load(plain).select("path", "content")

    def qualified(self, path: str) -> str | None:
        """A file's name as Spark writes it; None if there is no such file."""
        path = self.spark._jvm.org.apache.hadoop.fs.Path(path)
        fs = path.getFileSystem(self.spark._jsc.hadoopConfiguration())
        return fs.makeQualified(path).toString() if fs.exists(path) else None


class Table:
    """Pictures in a column of a table; a round is a number of the table's files."""

    def __init__(self, spark: SparkSession, args: argparse.Namespace):
        self.reader = spark.read.format(args.input_format)
        self.columns = [
            F.col(args.path_column).alias("path"),
            F.col(args.content_column).alias("content"),
        ]
        self.input = args.input

    def keys(self) -> DataFrame:
        source = F.input_file_name().alias("source")
        rows = self.reader.load(self.input).select(self.columns[0], source)
        twice = rows.groupBy("path").count().where("count > 1").first()
        if twice:
            raise SystemExit(f'--input: "{twice.path}" is in the table more than once')
        return rows

    def read(self, files: list[str]) -> tuple[DataFrame, dict[str, str]]:
        return self.reader.load(files).select(self.columns), {}


class Round:
    """The features of a round's pictures, with their counts as observed metrics.

    Spark's listeners receive them as `layertap` and `layertap read`.
    """

    def __init__(self, pictures: DataFrame, extraction: Extraction):
        self.read, self.answered = Observation("layertap read"), Observation("layertap")
        none = F.lit(0)
        pictures = pictures.select("path", "content").observe(
            self.read, F.coalesce(F.sum(F.length("content")), none).alias("bytes")
        )
        answers = pictures.mapInArrow(extraction, extraction.schema()).observe(
            self.answered,
            F.count("path").alias("pictures"),
            F.count("error").alias("errors"),
            F.coalesce(F.sum("decode_seconds"), none).alias("decode_seconds"),
            F.coalesce(F.sum("compute_seconds"), none).alias("compute_seconds"),
        )
        nodes = [f"`{node}`" for node in extraction.nodes]
        self.features = answers.where("error is null").select("path", *nodes)

    def metrics(self) -> dict[str, float]:
        """The observed counts, once the features are written."""
        return {**self.read.get, **self.answered.get}


def run(spark: SparkSession, args: argparse.Namespace) -> dict:
    begin = time.time()
    model = model_name(args)
    output = Output(spark, args.output, model)
    extraction = Extraction(spark.sparkContext, args)
    metrics = Counter(pictures=0, bytes=0, decode_seconds=0, compute_seconds=0)
    table = args.input_format != "binaryFile" and args.content_column in (
        spark.read.format(args.input_format).load(args.input).columns
    )
    source = (Table if table else Pictures)(spark, args)

    keys = source.keys()
    done = output.done()
    if done is not None:
        keys = keys.join(done, "path", "left_anti")
    keys.persist()
    counts = keys.groupBy("source").count().sort("source").toLocalIterator()
    errors, number = output.error_count(), output.next_round()
    for sources in rounds(counts, args.commit_every):
        staging = output.staging()
        pictures, found = source.read(sources)
        if table and done is not None:  # Part of a file may be done.
            wanted = keys.where(F.col("source").isin(sources)).select("path")
            pictures = pictures.join(F.broadcast(wanted), "path", "left_semi")
        extraction.errors.value = {}
        this_round = Round(pictures, extraction)
        this_round.features.write.parquet(f"{staging}/features")
        metrics.update(this_round.metrics())
        found.update(extraction.errors.value)
        errors += len(found)
        if errors > args.max_errors:
            reason = next(iter(found.values()))
            raise SystemExit(f"{errors} unreadable pictures, more than --max-errors: {reason}")
        output.commit(number, staging, found)
        number += 1
    first, last = extraction.span.value
    seconds = {"first_to_last_seconds": max(0.0, last - first), "seconds": time.time() - begin}
    report = {name: round(value, 3) for name, value in {**metrics, **seconds}.items()}
    return {"model": model, **report, "errors": errors}


def rounds(counts, size: int):
    """Groups sources, with about `size` pictures each."""
    group, pictures = [], 0
    for row in counts:
        group.append(row.source)
        pictures += row["count"]
        if pictures >= size:
            yield group
            group, pictures = [], 0
    if group:
        yield group


def main() -> None:
    args = arguments()
    spark = (
        SparkSession.builder.appName("layertap")
        .config("spark.sql.files.maxPartitionBytes", args.partition_bytes)
        # By default each small file counts as 4 MB.
        .config("spark.sql.files.openCostInBytes", 16 << 10)
        # The worker runs a batch at once.
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 8)
        .config("spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version", 1)
        .getOrCreate()
    )
    try:
        print(json.dumps(run(spark, args)))
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
