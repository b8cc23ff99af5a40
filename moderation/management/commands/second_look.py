"""`manage.py second_look`: whether the provider of the settings answers, and what it thinks of a text."""

import json
import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from moderation.second_look import configured_provider
from moderation.second_look.opinion import ProviderFailed


class Command(BaseCommand):
    """Ask the provider once, past the breaker. Nothing is stored, and nothing is done about the answer."""

    help = "Ask the provider of the second look about a text, and print its answer. Ends with 1 when there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", help="what is sent to the provider")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, text: str, **options: object) -> None:
        provider = configured_provider()
        if provider is None:
            raise CommandError("MODERATION_SECOND_LOOK_PROVIDER is not set: there is no second look.")
        began = time.monotonic()
        try:
            (opinion,) = provider.judge([text])
        except ProviderFailed as error:
            raise CommandError(f"{provider.name} gave no answer that can be used: {error}") from error
        answer = {
            "provider": provider.name,
            "model": opinion.model,
            "milliseconds": round((time.monotonic() - began) * 1000),
            "score": opinion.score,
            "categories": {str(category): score for category, score in sorted(opinion.categories.items())},
        }
        self.stdout.write(json.dumps(answer) if options["json"] else _lines(answer))


def _lines(answer: dict[str, object]) -> str:
    return "\n".join(f"{name:12} {value}" for name, value in answer.items())
