"""The house keeps its rules: import-linter's contracts hold, and each goes red when it is broken on purpose."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "realtime_project",
    "gateway",
    "audit",
    "accounts",
    "streams",
    "moderation",
    "chat",
    "og",
    "gifts",
    "collab",
)
MOST_LINES = 350

# (contract, file that breaks it, line that breaks it)
BREACHES = [
    ("1 layers: project, apps, gateway", "gateway/hub.py", "import streams.selectors"),
    ("1 layers: project, apps, gateway", "accounts/services.py", "import realtime_project.urls"),
    ("1 layers: transports, dispatch, the rest of the gateway", "gateway/hub.py", "import gateway.dispatch"),
    (
        "1 layers: transports, dispatch, the rest of the gateway",
        "gateway/dispatch.py",
        "import gateway.transports.rest",
    ),
    ("1 layers: transports, dispatch, the rest of the gateway", "gateway/new_module.py", "import gateway.rooms"),
    ("1 layers: nobody imports the configuration", "gateway/server.py", "import realtime_project.asgi"),
    (
        "2 inside an app: edges, services, events, selectors, models",
        "streams/services/__init__.py",
        "import streams.handlers",
    ),
    ("2 inside an app: edges, services, events, selectors, models", "streams/selectors.py", "import streams.services"),
    ("2 inside an app: edges, services, events, selectors, models", "chat/models.py", "import chat.events"),
    ("2 inside an app: edges, services, events, selectors, models", "chat/api.py", "import chat.handlers"),
    (
        "3 between apps: chat, gifts, collab; og, moderation; streams; accounts; audit",
        "streams/services/__init__.py",
        "import chat.services",
    ),
    (
        "3 between apps: chat, gifts, collab; og, moderation; streams; accounts; audit",
        "accounts/selectors.py",
        "import streams.selectors",
    ),
    ("3 between apps: the models of audit are its own", "chat/services.py", "import audit.models"),
    ("3 between apps: the models of streams are its own", "chat/services.py", "import streams.models"),
    ("3 between apps: the models of moderation are its own", "chat/services.py", "import moderation.models"),
    (
        "3 between apps: chat, gifts, collab; og, moderation; streams; accounts; audit",
        "gifts/tasks.py",
        "import chat.services",
    ),
    (
        "3 between apps: chat, gifts, collab; og, moderation; streams; accounts; audit",
        "og/services.py",
        "import gifts.services",
    ),
    ("3 between apps: the models of og are its own", "gifts/services/tiers.py", "import og.models"),
    ("3 between apps: the models of gifts are its own", "realtime_project/asgi.py", "import gifts.models"),
    ("3 between apps: the models of chat are its own", "realtime_project/asgi.py", "import chat.models"),
    ("3 between apps: the models of collab are its own", "realtime_project/asgi.py", "import collab.models"),
    ("4 one door out: only services and tasks publish", "chat/handlers.py", "import gateway.publish"),
    ("4 one door out: nobody but the gateway writes to the outbox", "chat/services.py", "import gateway.outbox"),
    ("5 libraries: socketio and engineio only in the bridge", "chat/services.py", "import socketio"),
    ("5 libraries: socketio and engineio only in the bridge", "gateway/transports/websocket.py", "import engineio"),
    ("5 libraries: channels only in the consumer, the bus and the configuration", "gateway/hub.py", "import channels"),
    (
        "5 libraries: Django REST framework only in api.py and the REST transport",
        "chat/services.py",
        "import rest_framework.response",
    ),
]


def test_the_contracts_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


def test_every_contract_is_broken_by_some_breach() -> None:
    names = re.findall(r"^name = (.+)$", (ROOT / ".importlinter").read_text(), re.MULTILINE)
    assert {contract for contract, _, _ in BREACHES} == set(names)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages, where they may be broken."""
    root = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / ".importlinter", root)
    for package in PACKAGES:
        for source in sources(package):
            target = root / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return root


@pytest.mark.parametrize(("contract", "file", "line"), BREACHES)
def test_a_breach_turns_its_contract_red(copy: Path, contract: str, file: str, line: str) -> None:
    broken = copy / file
    before = broken.read_text() if broken.exists() else None
    broken.write_text(f"{before or ''}\n{line}\n")
    try:
        result = lint(copy)
    finally:
        if before is None:
            broken.unlink()
        else:
            broken.write_text(before)
    assert result.returncode == 1, result.stdout
    assert f"{contract} BROKEN" in result.stdout


def test_no_domain_flow_hangs_on_signals() -> None:
    found = [str(path.relative_to(ROOT)) for path in all_sources() if listens_to_signals(path)]
    assert found == []


def test_no_module_is_called_utils() -> None:
    assert [path for path in all_sources() if path.stem in ("util", "utils", "helpers", "common", "misc")] == []


def test_no_module_outgrows_a_reader() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in all_sources()}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages in `directory`."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run([*command, "--no-cache"], cwd=directory, capture_output=True, text=True, check=False)


def sources(package: str) -> Iterator[Path]:
    """The modules of a package, without migrations."""
    return (path for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts)


def all_sources() -> Iterator[Path]:
    """The modules of the whole program."""
    for package in PACKAGES:
        yield from sources(package)


def listens_to_signals(path: Path) -> bool:
    """Whether a module connects to a signal of Django's, by decorator or by call."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(("dispatch", "signals")):
            if node.module != "gateway.dispatch":
                return True
        elif isinstance(node, ast.Import) and any("signals" in alias.name for alias in node.names):
            return True
    return False
