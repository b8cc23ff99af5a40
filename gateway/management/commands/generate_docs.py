"""Write the documentation that is made from the code: events.md, asyncapi.json and openapi.json."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings

from gateway.docs.markdown import markdown
from gateway.docs.schemas import asyncapi


def openapi() -> dict[str, Any]:
    """The REST interface as an OpenAPI 3.1 document, the endpoint of commands included."""
    hooks = ["drf_spectacular.hooks.postprocess_schema_enums", "gateway.docs.schemas.describe_commands"]
    with patched_settings({"OAS_VERSION": "3.1.0", "POSTPROCESSING_HOOKS": hooks}):
        document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "events.md": markdown,
    "asyncapi.json": lambda: _json(asyncapi()),
    "openapi.json": lambda: _json(openapi()),
}


class Command(BaseCommand):
    help = "Write docs/events.md, docs/asyncapi.json and docs/openapi.json; --check only says which are out of date."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "docs"
        pages = {folder / name: page() for name, page in PAGES.items()}
        stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
        if options["check"]:
            if stale:
                names = ", ".join(path.name for path in stale)
                raise CommandError(f"{names} out of date; run manage.py generate_docs")
            return
        for path in stale:
            path.write_text(pages[path])
            self.stdout.write(f"wrote {path.relative_to(settings.BASE_DIR)}")
