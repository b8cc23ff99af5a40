"""What a draft of a policy would have done with the last messages."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from chat.selectors import judged_messages
from gateway import errors
from moderation import rulebook, whatif
from moderation.policy import Action
from moderation.services.rules import draft_by_id, draft_of
from moderation.whatif import Change, Outcome

_EXAMPLES = 10


class Command(BaseCommand):
    """Nothing is changed, stored or sent. It ends with 1 when there is no such draft or its levels are none."""

    help = "Replay the last messages under a draft of a policy, and print what it would treat otherwise."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help='JSON such as {"levels": {"hate": 4}, "stream": 7}')
        parser.add_argument("--draft", type=int, help="a draft in the admin, by its id")
        parser.add_argument("--last", type=int, default=1000, help="how many messages are replayed (default: 1000)")
        parser.add_argument("--stream", type=int, help="those of this stream alone, by its id")
        parser.add_argument("--show-text", action="store_true", help="show what was written in the examples")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if (options["file"] is None) == (options["draft"] is None):
            raise CommandError("Give a file, or a draft by --draft.")
        try:
            draft = draft_by_id(options["draft"]) if options["draft"] else draft_of(_read(options["file"]))
        except errors.CommandError as error:
            raise CommandError(error.message) from error
        now, then = rulebook.refresh(), rulebook.with_draft(draft)
        messages = judged_messages(last=options["last"], stream_id=options["stream"])
        outcome = Outcome()
        batches = list(whatif.batches(messages))
        for batch in track(batches, "replaying", console=Console(stderr=True), disable=options["json"]):
            whatif.compare(batch, now, then, outcome)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(outcome, options["show_text"])))
        else:
            self._print(outcome, options["show_text"])

    def _print(self, outcome: Outcome, show_text: bool) -> None:
        console = Console(file=self.stdout)  # type: ignore[arg-type]
        console.print(f"{len(outcome.changes)} of {outcome.messages} messages would be treated otherwise.")
        actions = Table("Action", "Now", "Then")
        for action in Action:
            actions.add_row(action, str(outcome.now[action]), str(outcome.then[action]))
        console.print(actions)
        categories = Table("Category", "More strictly", "More mildly")
        for category, counts in outcome.by_category().items():
            categories.add_row(category, str(counts["stricter"]), str(counts["milder"]))
        console.print(categories)
        examples = Table("Example", "Now", "Then", "Categories", *(["Text"] if show_text else []))
        for change in outcome.changes[:_EXAMPLES]:
            said = change.said
            row = [
                Text(f"{said.kind} {said.id}"),
                Text(change.now),
                Text(change.then),
                Text(", ".join(change.categories)),
            ]
            examples.add_row(*row, *([Text(said.text)] if show_text else []))
        console.print(examples)


def _read(name: str) -> dict[str, Any]:
    try:
        values = json.loads(Path(name).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise CommandError(f"{name} holds no JSON object.")
    return values


def _as_json(outcome: Outcome, show_text: bool) -> dict[str, Any]:
    return {
        "messages": outcome.messages,
        "changed": len(outcome.changes),
        "actions": {action.value: {"now": outcome.now[action], "then": outcome.then[action]} for action in Action},
        "categories": {
            category: {"stricter": counts["stricter"], "milder": counts["milder"]}
            for category, counts in outcome.by_category().items()
        },
        "examples": [_example(change, show_text) for change in outcome.changes[:_EXAMPLES]],
    }


def _example(change: Change, show_text: bool) -> dict[str, Any]:
    said = change.said
    told = {"kind": said.kind, "id": said.id, "now": change.now, "then": change.then}
    return {**told, "categories": change.categories, **({"text": said.text} if show_text else {})}
