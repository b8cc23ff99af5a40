"""`manage.py moderate_text`: what moderation would say of a text, and why."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import TextIO

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from moderation import rulebook
from moderation.assess import Assessment, explain
from moderation.policy import Action

_COLOURS = {Action.ALLOW: "green", Action.HOLD: "yellow", Action.STOP: "red", Action.BAN: "bold red"}


class Command(BaseCommand):
    """Judge texts as chat would and print the verdicts. Nothing is stored, sent or held against anyone."""

    help = "Judge texts as chat would. Each argument, or each line of standard input, is one message."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", nargs="*", help="a message; without one, standard input is read")
        parser.add_argument("--stream", default="", help="by the lists and the policy of this stream, by its id")

    def handle(self, *args: object, text: list[str], stream: str, **options: object) -> None:
        messages = text or _lines(sys.stdin)
        if not messages:
            raise CommandError("No text: give messages as arguments or lines on standard input.")
        console = Console(file=self.stdout)  # type: ignore[arg-type]
        rules = rulebook.refresh().of(stream)
        console.print(_table(zip(messages, explain(messages, [rules] * len(messages)), strict=True)))


def _lines(stream: TextIO) -> list[str]:
    return [line for line in stream.read().splitlines() if line.strip()]


def _table(judged: Iterable[tuple[str, Assessment]]) -> Table:
    table = Table("Message", "Score", "Action", "Categories", "Read as")
    for message, assessment in judged:
        table.add_row(*_row(message, assessment))
    return table


def _row(message: str, assessment: Assessment) -> tuple[Text, ...]:
    verdict = assessment.verdict
    categories = sorted(verdict.categories.items(), key=lambda found: -found[1])
    return (
        Text(message),
        Text(f"{verdict.score:.4f}"),
        Text(verdict.action, style=_COLOURS[verdict.action]),
        Text(", ".join(f"{category} {score:.2f}" for category, score in categories)),
        Text(f"{assessment.readings[0].text} ({assessment.readings[0].score:.2f})"),
    )
