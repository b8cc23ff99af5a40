"""`manage.py train_moderation`: make the weights of our own model."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from moderation.blend import WEIGHTS
from moderation.training.corpus import Example, own_examples, read_examples


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
        parser.add_argument(
            "--folds", type=int, default=0, help="write nothing; print how well such models judge lines left out"
        )

    def handle(self, *args: object, data: list[Path], output: Path, seed: int, folds: int, **options: object) -> None:
        # scikit-learn takes seconds to import, and every management command imports this module.
        from moderation.training.fit import fit

        try:
            others = [example for path in data for example in read_examples(path)]
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        own = own_examples(seed)
        self.stdout.write(f"Training on {len(own)} examples of ours and {len(others)} of others ...")
        if folds:
            self._cross_validate(own, others, folds)
            return
        weights = fit(own, others)
        weights.save(output)
        self.stdout.write(f"{weights.version} -> {output}, {output.stat().st_size:,} bytes")

    def _cross_validate(self, own: Sequence[Example], others: Sequence[Example], folds: int) -> None:
        from moderation.training.evaluate import cross_validate

        figures = cross_validate(own, others, folds, settings.MODERATION_STOP_SCORE)
        self.stdout.write(f"Models that have not seen the line, {folds} folds of our lines:")
        self.stdout.write(
            f"ROC AUC {figures.roc_auc:.3f}; stopping at {settings.MODERATION_STOP_SCORE}: "
            f"F1 {figures.stopped.f1:.3f}, recall {figures.stopped.recall:.3f}, "
            f"clean stopped {figures.stopped.clean_stopped:.3f}"
        )
