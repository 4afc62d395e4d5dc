"""Drives `layertap worker` from Python: Arrow batches in, Arrow batches out.

For any engine that hands Arrow batches to Python. Needs PyArrow.
"""

import collections
import subprocess
from collections.abc import Iterator

import pyarrow as pa

REQUEST = pa.schema([("path", pa.string()), ("content", pa.binary())])

BATCH_BYTES = 64 << 20
"""Pictures of one request, together; a single one may have more."""

LIMIT = 999_999_999
"""What the worker takes as one request."""


class WorkerEnded(RuntimeError):
    """A worker ended while it had still something to answer."""


class Worker:
    """A `layertap worker` process, which lives until it is closed or fails."""

    def __init__(self, command: list[str]):
        """Returns when the worker is ready; what it has to say goes to stderr."""
        self.process = subprocess.Popen(
            [*command, "--timings", "--max-bytes", str(LIMIT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.is_idle = True
        self.under_way: collections.deque[pa.RecordBatch] = collections.deque()
        try:
            self.answers = pa.ipc.open_stream(self.process.stdout)
            self.requests = pa.ipc.new_stream(self.process.stdin, REQUEST)
        except pa.ArrowInvalid as error:
            raise RuntimeError(f"{command} ended with {self.process.wait()}") from error

    @property
    def is_alive(self) -> bool:
        return self.is_idle and self.process.poll() is None

    def map(self, requests: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Answers requests, each with its own batch, in order.

        Two are under way, one computed, one on the way. The worker always takes a second one, so no
        thread is needed to send it.
        """
        self.is_idle = False  # Until all is answered: what is left would answer the next caller.
        for request in requests:
            self.under_way.append(request)
            self._send(request)
            if len(self.under_way) == 2:
                yield self._next_answer()
        while self.under_way:
            yield self._next_answer()
        self.is_idle = True

    def _send(self, request: pa.RecordBatch) -> None:
        try:
            self.requests.write_batch(request)
            self.process.stdin.flush()
        except (OSError, pa.ArrowInvalid) as error:
            raise self._ended() from error

    def _next_answer(self) -> pa.RecordBatch:
        try:
            answer = self.answers.read_next_batch()
        except (OSError, StopIteration, pa.ArrowInvalid) as error:
            raise self._ended() from error
        self.under_way.popleft()
        return answer

    def _ended(self) -> WorkerEnded:
        try:
            code = self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # It has closed its streams, or wrote what is no answer.
            self.process.kill()
            code = self.process.wait()
        return WorkerEnded(f"layertap worker ended with {code}")

    def close(self) -> None:
        """Lets it end; one that has still something to answer is killed."""
        if self.is_alive:
            self.requests.close()
        else:
            self.process.kill()
        self.process.communicate()


_workers: dict[tuple[str, ...], Worker] = {}


def shared_worker(command: list[str]) -> Worker:
    """The worker of this Python process: started by the first who asks, used by all who follow."""
    worker = _workers.get(tuple(command))
    if worker is None or not worker.is_alive:
        if worker is not None:
            worker.close()
        worker = _workers[tuple(command)] = Worker(command)
    return worker


def answer(command: list[str], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Answers batches with columns `path` and `content`, in order, by this process's worker.

    If the worker ends, another is asked for what was under way, picture by picture. One that ends two
    workers by itself, for want of memory say, is answered with that as its error.
    """
    requests = _pieces(batches)
    while True:
        worker = shared_worker(command)
        try:
            yield from worker.map(requests)
            return
        except WorkerEnded:
            for request in worker.under_way:
                for row in range(request.num_rows):
                    yield _answer_alone(command, request.slice(row, 1))


def _answer_alone(command: list[str], picture: pa.RecordBatch) -> pa.RecordBatch:
    for _ in range(2):
        worker = shared_worker(command)
        try:
            (answered,) = worker.map(iter([picture]))
            return answered
        except WorkerEnded as ended:
            reason = str(ended)
    schema = worker.answers.schema
    row = dict.fromkeys(schema.names) | dict.fromkeys(["decode_seconds", "compute_seconds"], 0.0)
    path = picture.column("path")[0].as_py()
    row |= {"path": path, "error": f'cannot extract "{path}": {reason}, twice'}
    return pa.RecordBatch.from_pylist([row], schema)


def _pieces(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in requests of bounded size."""
    for batch in batches:
        columns = [batch.column(field.name).cast(field.type) for field in REQUEST]
        batch = pa.RecordBatch.from_arrays(columns, schema=REQUEST)
        start = size = 0
        for row, content in enumerate(batch.column("content")):
            length = 0 if content.as_buffer() is None else content.as_buffer().size
            if row > start and size + length > BATCH_BYTES:
                yield batch.slice(start, row - start)
                start, size = row, 0
            size += length
        yield batch.slice(start)
