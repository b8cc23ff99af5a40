"""The load generator as seen from Python: a process that takes commands and answers in JSON."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Answer = dict[str, Any]


class LoadError(Exception):
    """The load generator gave up; the text says why."""


class Load:
    """One set of members of one server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def command(self, line: str) -> Answer:
        """Have a command carried out and wait for its answer."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            assert self._process.stderr
            raise LoadError(f"{line}: {self._process.stderr.read().strip()[:500]}")
        return dict(json.loads(answer))


@contextmanager
def running_load(binary: Path, wire: str, port: int, tokens: Path, streams: list[str]) -> Iterator[Load]:
    """Start a load generator and end it with the block."""
    pipe = subprocess.PIPE
    command = [str(binary), wire, str(port), str(tokens), ",".join(streams)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield Load(process)
        finally:
            process.kill()
