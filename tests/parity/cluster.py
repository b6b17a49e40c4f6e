"""A standalone Spark cluster of one master and one worker, on this machine only."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark

_HOME = Path(pyspark.__file__).parent
_PATIENCE = 180.0  # seconds for a part of the cluster to come up
_CORES = 2


@contextmanager
def standalone(folder: Path) -> Iterator[str]:
    """The cluster's address (spark://127.0.0.1:...), until the block ends. Logs go to `folder`."""
    master = _start(folder, "master", "--port", "0")
    try:
        address = _told(folder / "master.log", r"Starting Spark master at (spark://\S+)", master)
        worker = _start(folder, "worker", "--cores", str(_CORES), "--memory", "2g", "-d", str(folder), address)
        try:
            _told(folder / "worker.log", r"Successfully registered with master", worker)
            yield address
        finally:
            _stop(worker)
    finally:
        _stop(master)


def _start(folder: Path, part: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Begin a part by its class, not by Spark's shell scripts, which leave it running behind their back."""
    name = f"org.apache.spark.deploy.{part}.{part.capitalize()}"
    command = [_HOME / "bin" / "spark-class", name, "--host", "127.0.0.1", "--webui-port", "0", *arguments]
    own = {"SPARK_HOME": str(_HOME), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    with (folder / f"{part}.log").open("wb") as log:
        return subprocess.Popen(command, env={**os.environ, **own}, stdout=log, stderr=log)


def _told(log: Path, pattern: str, process: subprocess.Popen[bytes]) -> str:
    """The first group (or all) of what the log says, once it says it."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(pattern, log.read_text(errors="replace")):
            return found.group(found.lastindex or 0)
        time.sleep(0.1)
    raise RuntimeError(f"Spark did not come up:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
