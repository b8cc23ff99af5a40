"""Building what is not Python: the load generator, the send loop and the Node peer's packages."""

import shutil
import subprocess
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
PROJECT = BENCH.parent
BUILD = PROJECT / ".data" / "bench"


class BuildError(Exception):
    """A tool is missing or failed; the text says which."""


def build() -> None:
    """Build everything that is missing or out of date."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("load", "send_loop"):
        _compile(name)
    _install_node_peer()


def check_out(revision: str) -> Path:
    """The project as it was at a revision, in a directory of its own, with this checkout's environment."""
    directory = BUILD / "before"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    archive = BUILD / "before.tar"
    _run(["git", "-C", str(PROJECT), "archive", "--output", str(archive), revision])
    shutil.unpack_archive(archive, directory, filter="data")
    archive.unlink()
    return directory


def _compile(name: str) -> None:
    binary = BUILD / name
    sources = [BENCH / f"{name}.c", *BENCH.glob("*.h")]
    if _older(binary, sources):
        _run(["cc", "-O2", "-Wall", "-o", str(binary), str(sources[0])])


def _install_node_peer() -> None:
    """Install exactly what the lock file names, in the build directory: the checkout stays as it was."""
    source, target = BENCH / "peers" / "node", BUILD / "node"
    target.mkdir(exist_ok=True)
    installed = target / "node_modules" / ".package-lock.json"
    stale = _older(installed, [source / "package-lock.json"])
    for name in ("package.json", "package-lock.json", "server.js"):
        shutil.copy(source / name, target)
    if stale:
        _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(target)])


def _older(product: Path, sources: list[Path]) -> bool:
    return not product.exists() or product.stat().st_mtime < max(source.stat().st_mtime for source in sources)


def _run(command: list[str]) -> None:
    if not shutil.which(command[0]):
        raise BuildError(f"the benchmark needs `{command[0]}` on the PATH")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)}:\n{done.stderr}")
