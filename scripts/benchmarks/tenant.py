"""The upstream as a process: its address while it runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .measure import environment


@contextmanager
def running(rows: int = 0, wait: float = 0.0) -> Iterator[str]:
    """The URL of a tenant that takes `wait` seconds a page; with `rows`, of a fleet with so many of each thing."""
    program = str(Path(__file__).with_name("upstream.py"))
    command = [sys.executable, program, "--rows", str(rows), "--wait", str(wait)]
    scripts = str(Path(__file__).parent.parent)
    settings = environment()
    settings["PYTHONPATH"] = f"{scripts}:{settings['PYTHONPATH']}"
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=settings)  # noqa: S603 - ours
    assert process.stdin
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
