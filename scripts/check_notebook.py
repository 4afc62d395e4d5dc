"""Runs examples/notebook.ipynb with Deno's kernel, and checks what it shows.

    python3 scripts/check_notebook.py [executed.ipynb]

Needs jupyter_client, and deno on the PATH. Each cell runs twice, then all of them once more: they must
show the same, and leave no more tensors. With an argument, it writes the executed notebook.
"""

import base64
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty

from jupyter_client.manager import start_new_kernel

examples = Path(__file__).parent.parent / "examples"
SECONDS = 120


def run(client, source):
    """The outputs of a cell, in the form of notebooks."""
    request = client.execute(source)
    outputs, idle, end = [], None, time.monotonic() + SECONDS
    # A result may come a moment after the kernel says that it is idle.
    while idle is None or time.monotonic() < idle + (0.1 if outputs else 5):
        assert time.monotonic() < end, f"no answer after {SECONDS} s: {source}"
        try:
            message = client.get_iopub_msg(timeout=0.1)
        except Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            idle = time.monotonic()
        elif kind in ("execute_result", "display_data", "stream", "error"):
            outputs.append({"output_type": kind, **content})
    assert not any(each["output_type"] == "error" for each in outputs), outputs
    assert len(outputs) == 1, f"{len(outputs)} outputs of: {source}"
    return outputs[0]


def shown(output):
    """What a reader sees: text, or a MIME type and its value."""
    if output["output_type"] == "stream":
        return "text/plain", output["text"]
    kind = next(k for k in ["image/png", "text/html", "text/plain"] if k in output["data"])
    return kind, re.sub("\x1b\\[\\d+m", "", output["data"][kind])


def size(png):
    data = base64.b64decode(png)
    assert data.startswith(b"\x89PNG") and len(data) > 20_000, len(data)
    return struct.unpack(">II", data[16:24])


def check(results):
    """The results of the cells, in order."""
    backend, photo, model, summary, layers, hook, grid, overlay, head, report, tensors = results
    assert "threads" in backend[1], backend
    assert size(photo[1]) == (451, 300) and size(overlay[1]) == (224, 224)
    width, height = size(grid[1])
    assert width > 600 and height > 400, (width, height)
    assert re.fullmatch(r'ResNet mlnet_resnet18 up to "\w+", \d+\.\d MB', model[1]), model
    assert summary[0] == "text/html" and "157,504" in summary[1]
    assert "layer2: 1 x 28 x 28 x 128\n" in layers[1], layers
    assert 0.5 < float(hook[1].split()[-1]) < 0.95, hook
    assert re.fullmatch(r"rocket: [6-9]\d\.\d %\n", head[1]), head
    assert report[0] == "text/html" and report[1].startswith("<iframe sandbox srcdoc=")
    assert "&lt;title&gt;chelsea.png" in report[1] and "<html" not in report[1]
    assert int(tensors[1]) > 0, tensors


def main():
    notebook = json.loads((examples / "notebook.ipynb").read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder  # Deno installs its kernel below, Jupyter finds it there.
        subprocess.run(["deno", "jupyter", "--install"], check=True)
        manager, client = start_new_kernel(kernel_name="deno", cwd=str(examples))
        try:
            results = []
            for number, cell in enumerate(cells, 1):
                source = "".join(cell["source"])
                seen, left = [], []
                for _ in range(2):
                    output = run(client, source)
                    seen.append(shown(output))
                    count = run(client, "console.log(tf.memory().numTensors);")
                    left.append(shown(count))
                assert seen[0] == seen[1], f"the second run shows something else: {source}"
                assert left[0] == left[1], f"{left[1]} tensors, after {left[0]}: {source}"
                output.pop("execution_count", None)
                if output["output_type"] == "execute_result":
                    output["execution_count"] = number
                cell.update(outputs=[output], execution_count=number)
                results.append(seen[0])
            check(results)
            again = [shown(run(client, "".join(cell["source"]))) for cell in cells]
            assert again == results, "all of it once more: something else is shown or left"
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(notebook))
    print(f"{len(cells)} cells ran twice: the same outputs, no tensor left")


main()
