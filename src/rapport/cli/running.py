"""serve and worker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer

from rapport.cli.administrator import Access, ensure_administrator
from rapport.cli.exit_codes import OK
from rapport.cli.shown import console, said
from rapport.cli.starting import start_workspace
from rapport.engine.errors import DefinitionError

LOCAL = "127.0.0.1"
PORT = 8000
_TRIED = 50
_GRACE_SECONDS = 20.0


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; behind a proxy or on this machine only.")] = LOCAL,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = PORT,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Also run background jobs.")] = True,
) -> int:
    """Serve the workspace in the home folder (RAPPORT_HOME, `var` by default) until Ctrl+C."""
    chosen = free_port(host, near=False) if port == 0 else port
    if not _is_free(host, chosen):
        raise DefinitionError(
            "Something else listens there.",
            where="--port",
            received=chosen,
            next_step="Choose another, or 0 for a free one.",
        )
    start_workspace()
    return run_server(host, chosen, access=ensure_administrator(), with_worker=with_worker)


def worker(
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Stop when no job is waiting.")] = False,
) -> int:
    """Run background jobs (imports, refreshes, backtests) and what is scheduled, until Ctrl+C."""
    start_workspace()
    from rapport.workspace.queue.worker import run_worker
    from rapport.workspace.schedule import SCHEDULES

    with _nothing() if until_idle else _beside("realtime"):
        count = run_worker(stop_when_idle=until_idle, schedules=SCHEDULES)
    said(f"{count:,} jobs run.")
    return OK


def realtime() -> int:
    """Score what happens as it happens, until Ctrl+C; `rapport worker` runs it beside its jobs."""
    stop, parent = threading.Event(), os.getppid()
    start_workspace()
    from rapport.workspace.actions.realtime.loop import run_real_time

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_stop_with, args=(parent, stop), daemon=True).start()
    count = run_real_time(stop)
    said(f"{count:,} batches scored.")
    return OK


def run_server(host: str, port: int, *, access: Access, with_worker: bool) -> int:
    """Serve until told to stop; the worker beside it stops too."""
    import uvicorn

    config = uvicorn.Config(
        "rapport.workspace.asgi:application", host=host, port=port, log_level="warning", lifespan="off", ws="none"
    )
    with _beside("worker") if with_worker else _nothing():
        _welcome(host, port, access)
        with _stopped_quietly():
            uvicorn.Server(config).run()
    said("Stopped.")
    return OK


def free_port(host: str = LOCAL, *, near: bool = True) -> int:
    """The usual port or the next free one; with `near` off any free one."""
    for port in range(PORT, PORT + _TRIED) if near else ():
        if _is_free(host, port):
            return port
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


@contextmanager
def _stopped_quietly() -> Iterator[None]:
    """uvicorn raises the signal that stopped it once more; a second one must not keep the worker from being stopped."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop_with(parent: int, stop: threading.Event) -> None:
    """Set `stop` once the process that started this one is gone."""
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()


@contextmanager
def _beside(command: str) -> Iterator[None]:
    """Another command in a process of its own, while the block runs."""
    process = subprocess.Popen([sys.executable, "-m", "rapport.cli", command], stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _welcome(host: str, port: int, access: Access) -> None:
    shown = f"[{host}]" if ":" in host else host
    password = access.password or "as shown when it was made (`rapport demo --reset-password` makes a new one)"
    out = console()
    out.print(f"\n  Address   http://{shown}:{port}/", style="bold", markup=False)
    out.print(f"  User      {access.username}", markup=False)
    out.print(f"  Password  {password}\n", markup=False)
    out.print("  Ctrl+C stops it.\n", style="dim", markup=False)
