"""Runs a worker, and kills it and itself when a picture with certain bytes arrives, as if it ran out
of memory.

    python3 fragile.py <worker's command line>
"""

import os
import signal
import subprocess
import sys

MARK = b"the end of a worker"

if __name__ == "__main__":
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
    before = b""
    while chunk := os.read(0, 1 << 16):
        if MARK in before + chunk:
            child.kill()
            os.kill(os.getpid(), signal.SIGKILL)
        child.stdin.write(chunk)
        child.stdin.flush()
        before = chunk[-len(MARK) :]
    child.stdin.close()
    sys.exit(child.wait())
