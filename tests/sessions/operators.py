"""What operators type, run as they run it."""

import asyncio
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Refusal(Exception):
    """A command failed; its text is what it said."""


async def manage(*arguments: str) -> str:
    """What `manage.py` with these arguments prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "manage.py", *arguments, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    if process.returncode:
        raise Refusal(errors.decode())
    return output.decode()


async def processes() -> dict[str, int]:
    """How many clients each process has, by its name, as `manage.py drain` lists them."""
    lines = [line.split() for line in (await manage("drain")).splitlines()]
    return {name: int(clients) for name, clients, _ in lines}


async def name_of(pid: int) -> str:
    """The name of the process with this id in the cluster."""
    return next(name for name in await processes() if f".{pid}." in name)
