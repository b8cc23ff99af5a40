"""`manage.py train_moderation`: make the weights of our own model."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from moderation.blend import WEIGHTS


class Command(BaseCommand):
    """Train on our own lines and on the given files, and write the weights. The same input gives the same weights."""

    help = "Train the moderation model on this project's lines and on labelled CSV files."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("data", nargs="*", type=Path, help="CSV files of labelled comments")
        parser.add_argument(
            "--output", type=Path, default=WEIGHTS, help="where the weights go (default: the shipped ones)"
        )
        parser.add_argument("--seed", type=int, default=0, help="fills the slots of our own lines (default: 0)")

    def handle(self, *args: object, data: list[Path], output: Path, seed: int, **options: object) -> None:
        # scikit-learn takes seconds to import, and every management command imports this module.
        from moderation.training.corpus import own_examples, read_examples
        from moderation.training.fit import fit

        try:
            others = [example for path in data for example in read_examples(path)]
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        own = own_examples(seed)
        self.stdout.write(f"Training on {len(own)} examples of ours and {len(others)} of others ...")
        weights = fit(own, others)
        weights.save(output)
        self.stdout.write(f"{weights.version} -> {output}, {output.stat().st_size:,} bytes")
