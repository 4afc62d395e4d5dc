"""Drives `layertap worker` from Python: Arrow batches in, Arrow batches out.

For any engine that passes Arrow batches to Python. Needs PyArrow.
"""

import collections
import subprocess
from collections.abc import Iterator

import pyarrow as pa

REQUEST = pa.schema([("path", pa.string()), ("content", pa.binary())])

BATCH_BYTES = 64 << 20
"""The most bytes of pictures in one request, unless a single picture is larger."""

LIMIT = 999_999_999
"""The most bytes the worker accepts in one request."""


class WorkerEnded(RuntimeError):
    """A worker ended with requests outstanding."""


class Worker:
    """A `layertap worker` process, alive until it is closed or fails."""

    def __init__(self, command: list[str]):
        """Returns when the worker is ready; its messages go to stderr."""
        self.process = subprocess.Popen(
            [*command, "--timings", "--max-bytes", str(LIMIT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.is_idle = True
        self.outstanding: collections.deque[pa.RecordBatch] = collections.deque()
        try:
            self.answers = pa.ipc.open_stream(self.process.stdout)
            self.requests = pa.ipc.new_stream(self.process.stdin, REQUEST)
        except pa.ArrowInvalid as error:
            raise RuntimeError(f"{command} ended with {self.process.wait()}") from error

    @property
    def is_alive(self) -> bool:
        return self.is_idle and self.process.poll() is None

    def map(self, requests: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yields the answer batch of each request, in order.

        Keeps two requests outstanding, one computing and one queued. The worker always accepts the
        second, so sending it needs no thread.
        """
        self.is_idle = False  # Leftover answers would go to the next caller.
        for request in requests:
            self.outstanding.append(request)
            self._send(request)
            if len(self.outstanding) == 2:
                yield self._next_answer()
        while self.outstanding:
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
        self.outstanding.popleft()
        return answer

    def _ended(self) -> WorkerEnded:
        try:
            code = self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # It closed its streams, or wrote something unreadable.
            self.process.kill()
            code = self.process.wait()
        return WorkerEnded(f"layertap worker ended with {code}")

    def close(self) -> None:
        """Stops the worker; kills it if requests are outstanding."""
        if self.is_alive:
            self.requests.close()
        else:
            self.process.kill()
        self.process.communicate()


_workers: dict[tuple[str, ...], Worker] = {}


def shared_worker(command: list[str]) -> Worker:
    """The worker of this Python process: the first call starts it, later calls reuse it."""
    worker = _workers.get(tuple(command))
    if worker is None or not worker.is_alive:
        if worker is not None:
            worker.close()
        worker = _workers[tuple(command)] = Worker(command)
    return worker


def answer(command: list[str], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Answers batches with columns `path` and `content`, in order, through this process's worker.

    If the worker ends, another one gets the outstanding pictures one by one. A picture that ends
    two workers by itself, for example by running out of memory, is answered with that error.
    """
    requests = _pieces(batches)
    while True:
        worker = shared_worker(command)
        try:
            yield from worker.map(requests)
            return
        except WorkerEnded:
            for request in worker.outstanding:
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
    """Splits batches into requests of bounded size."""
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
