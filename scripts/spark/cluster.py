"""A standalone Spark cluster on 127.0.0.1: a master, and one-core workers."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyspark

SPARK = Path(pyspark.__file__).parent
EXECUTOR = "CoarseGrainedExecutorBackend"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def parents() -> dict[int, tuple[int, str]]:
    """The parent and the command line of every process."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            status = (entry / "stat").read_text()
        except OSError:
            continue  # It ended.
        found[int(entry.name)] = (int(re.sub(r".*\)", "", status).split()[1]), line)
    return found


class Cluster:
    """Ends its processes on exit; kills only those that it started."""

    def __init__(self, folder: Path, workers: int):
        self.folder = folder
        self.environment = {
            **os.environ,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(folder / "local"),
            "SPARK_LOG_DIR": str(folder),
            "PYSPARK_PYTHON": sys.executable,
        }
        self.url = f"spark://127.0.0.1:{free_port()}"
        self.workers = workers
        self.processes: list[subprocess.Popen] = []
        self.drivers: list[subprocess.Popen] = []

    def __enter__(self):
        port = self.url.rsplit(":", 1)[1]
        self.start("master", "Master", "--port", port)
        self.wait_for_log("master", "I have been elected leader")
        for i in range(self.workers):
            folder = self.folder / f"worker-{i}"
            options = ["--cores", "1", "--memory", "1g", "--work-dir", str(folder)]
            self.start(f"worker-{i}", "Worker", *options, self.url)
        for i in range(self.workers):
            self.wait_for_log(f"worker-{i}", "Successfully registered with master")
        return self

    def start(self, name: str, role: str, *options: str) -> None:
        line = [SPARK / "bin/spark-class", f"org.apache.spark.deploy.{role.lower()}.{role}"]
        line += ["--host", "127.0.0.1", "--webui-port", "0", *options]
        with open(self.folder / f"{name}.log", "w") as log:
            process = subprocess.Popen(line, env=self.environment, stdout=log, stderr=log)
        self.processes.append(process)

    def __exit__(self, *_):
        for driver in self.drivers:
            if driver.poll() is None:
                os.killpg(driver.pid, signal.SIGKILL)
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait()

    def submit(self, options: list[str], log: Path) -> subprocess.Popen:
        """Starts a driver in a new process group."""
        line = [SPARK / "bin/spark-submit", "--master", self.url]
        line += ["--conf", "spark.ui.enabled=false", "--conf", "spark.executor.memory=600m"]
        with open(log, "w") as file:
            driver = subprocess.Popen(
                line + options,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                start_new_session=True,
            )
        self.drivers.append(driver)
        return driver

    def descendants(self, pattern: str) -> list[int]:
        """Descendants of the cluster's processes whose command line contains the pattern."""
        table, own = parents(), {process.pid for process in self.processes}
        found = []
        for pid, (parent, line) in table.items():
            while parent in table and parent not in own:
                parent = table[parent][0]
            if parent in own and pattern in line:
                found.append(pid)
        return found

    def kill(self, pattern: str, choose) -> bool:
        """Kills one of them, as a failing node does; false if there is none."""
        found = self.descendants(pattern)
        if found:
            os.kill(choose(found), signal.SIGKILL)
        return bool(found)

    def wait_for_log(self, name: str, text: str) -> None:
        deadline = time.time() + 120
        while text not in (self.folder / f"{name}.log").read_text():
            if time.time() > deadline:
                raise TimeoutError(f"{name} does not start: see its log in {self.folder}")
            time.sleep(0.2)

    def wait_for(self, pattern: str, seconds: float) -> None:
        deadline = time.time() + seconds
        while not self.descendants(pattern):
            if time.time() > deadline:
                raise TimeoutError(f"no {pattern} within {seconds} s")
            time.sleep(0.1)
