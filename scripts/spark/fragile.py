"""Runs a worker and is killed with it when a picture with certain bytes comes: a stand-in for one
that takes more memory than there is.

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
