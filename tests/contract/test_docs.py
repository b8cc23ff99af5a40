"""The generated documentation is true of the code, valid, and the same every time."""

import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command

from gateway.docs.markdown import rows
from gateway.docs.sources import MissingWordsError
from gateway.events import COMMANDS, EVENTS, Event

DOCS = Path(__file__).resolve().parents[2] / "docs"
ASYNCAPI = json.loads((DOCS / "asyncapi.json").read_text())
OPENAPI = json.loads((DOCS / "openapi.json").read_text())


def test_the_generated_pages_are_up_to_date() -> None:
    # The tests' settings raise limits the pages name; the pages are made with the settings of development.
    settings = {"DJANGO_SETTINGS_MODULE": "realtime_project.settings.dev", "PYTHONHASHSEED": "random"}
    command = [sys.executable, "-m", "django", "generate_docs", "--check"]
    result = subprocess.run(
        command, cwd=DOCS.parent, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_rest_schema_has_no_warnings(tmp_path: Path) -> None:
    call_command("spectacular", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"), stdout=StringIO())


def test_a_field_without_a_meaning_is_refused() -> None:
    class Unexplained(Event):
        """Nobody says what its field means."""

        strange_field: str

    with pytest.raises(MissingWordsError, match=r"Unexplained\.strangeField"):
        list(rows(Unexplained, {}))


def test_a_field_may_be_explained_in_the_docstring() -> None:
    class Explained(Event):
        """Its docstring says what its field means.

        Attributes:
            strange_field: what it means.
        """

        strange_field: str

    assert [row.meaning for row in rows(Explained, {})] == ["what it means."]


def test_every_command_and_event_is_on_the_page() -> None:
    page = (DOCS / "events.md").read_text()
    assert {
        name for name in [*COMMANDS, *(spec.name for spec in EVENTS.values())] if f"\n### `{name}`\n" not in page
    } == set()


def test_the_asyncapi_document_has_the_structure_of_version_3() -> None:
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(ASYNCAPI["info"])
    for server in ASYNCAPI["servers"].values():
        assert {"host", "protocol"} <= set(server)
    channel = ASYNCAPI["channels"]["main"]
    for operation in ASYNCAPI["operations"].values():
        assert operation["action"] in ("send", "receive")
        for part in (operation, operation.get("reply", operation)):
            assert resolve(ASYNCAPI, part["channel"]) is channel
            assert all(reference["$ref"].startswith("#/channels/main/messages/") for reference in part["messages"])
    for message in ASYNCAPI["components"]["messages"].values():
        assert {"name", "payload", "examples"} <= set(message)


@pytest.mark.parametrize("document", [ASYNCAPI, OPENAPI], ids=["asyncapi", "openapi"])
def test_every_reference_leads_somewhere_and_every_schema_is_valid(document: dict[str, Any]) -> None:
    for reference in references(document):
        resolve(document, reference)
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", ASYNCAPI["components"]["messages"])
def test_every_example_is_valid_by_its_schema(name: str) -> None:
    message = ASYNCAPI["components"]["messages"][name]
    schema = {**message["payload"], "components": ASYNCAPI["components"]}
    for example in message["examples"]:
        jsonschema.Draft202012Validator(schema).validate(example["payload"])


def test_every_command_and_event_is_a_message_and_an_operation() -> None:
    commands = {spec.type.__name__ for spec in COMMANDS.values()}
    events = {kind.__name__ for kind in EVENTS}
    expected = {f"receive{name}" for name in commands} | {f"send{name}" for name in events} | {"sendError"}
    assert set(ASYNCAPI["operations"]) == expected
    answers = {f"{name}Answer" for name in commands}
    assert set(ASYNCAPI["components"]["messages"]) == commands | answers | events | {"Error"}


def test_the_endpoint_of_commands_is_in_the_rest_schema() -> None:
    operation = OPENAPI["paths"]["/api/events/{name}/"]["post"]
    offered = [spec for spec in COMMANDS.values() if not spec.needs_connection]
    assert operation["parameters"][0]["schema"]["enum"] == [spec.name for spec in offered]
    body = operation["requestBody"]["content"]["application/json"]
    schema = {**body["schema"], "components": OPENAPI["components"]}
    for spec in offered:
        jsonschema.Draft202012Validator(schema).validate(body["examples"][spec.name]["value"])


def references(node: Any) -> list[dict[str, str]]:
    """Every reference in a document."""
    if isinstance(node, list):
        return [found for inner in node for found in references(inner)]
    if not isinstance(node, dict):
        return []
    here = [node] if isinstance(node.get("$ref"), str) else []
    return here + [found for inner in node.values() for found in references(inner)]


def resolve(document: dict[str, Any], reference: dict[str, str]) -> Any:
    """What a reference of the document leads to."""
    node: Any = document
    for step in reference["$ref"].removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def test_links_between_pages_lead_somewhere() -> None:
    pages = [DOCS.parent / "README.md", DOCS.parent / "CHANGELOG.md", *DOCS.glob("*.md"), *DOCS.glob("adr/*.md")]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            if not target.startswith(("http:", "https:")) and not (file.exists() and has_anchor(file, anchor)):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def has_anchor(page: Path, anchor: str) -> bool:
    """Whether a page has the heading an anchor names."""
    if not anchor:
        return True
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
