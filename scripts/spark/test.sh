#!/usr/bin/env bash
# Runs examples/spark/extract.py on a cluster of two executors and compares its tables with the
# command line's: `deno task test:spark [--short]`. If missing, installs Java (on Debian, as root) and
# PySpark (in out/spark/venv, from PyPI). Needs Deno from npm.
set -eu
cd "$(dirname "$0")/../.."
folder=out/spark
venv=$folder/venv

if ! command -v java >/dev/null; then
  apt-get update -q
  apt-get install -qy --no-install-recommends openjdk-17-jre-headless
fi
if ! "$venv/bin/python" -c 'import pyspark, pyarrow, PIL' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q 'pyspark[sql]==4.3.0' 'pandas<3' 'pillow'
fi
deno run --allow-read --allow-write --allow-run=deno scripts/bundle_worker.ts \
  "$folder/layertap-worker.tar.gz" | tail -1
exec "$venv/bin/python" scripts/spark/check.py "$folder" "$@"
