"""`manage.py evaluate_moderation`: how good moderation is on labelled texts, and how fast."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from moderation.training.corpus import Example, held_out_examples, read_examples

if TYPE_CHECKING:
    from moderation.training.evaluate import Report

_BAR_CELLS = 20


class Command(BaseCommand):
    """Judge labelled texts as chat would, under the settings in force, and print the figures."""

    help = "Evaluate moderation on a CSV file of labelled texts, or on this project's held-out lines."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "data", nargs="?", type=Path, help="a CSV file of labelled texts; without, the held-out lines"
        )
        parser.add_argument("--plot", type=Path, help="write what every threshold would mean to this SVG file")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, data: Path | None, plot: Path | None, **options: object) -> None:
        # scikit-learn takes seconds to import, and every management command imports this module.
        from moderation.training.evaluate import evaluate

        try:
            report = evaluate(_examples(data))
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        if plot is not None:
            _write_plot(plot, report)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report)))
            return
        console = Console(file=self.stdout)  # type: ignore[arg-type]
        console.print(f"{report.texts} texts, {report.toxic} toxic; model {report.model_version}")
        console.print(f"ROC AUC {report.roc_auc:.4f}")
        console.print(
            f"{report.batch_microseconds:.0f} µs a message in a batch, {report.single_microseconds:.0f} µs one alone"
        )
        thresholds = [
            (row.threshold, row.precision, row.recall, row.f1, row.clean_stopped) for row in report.thresholds
        ]
        console.print(_threshold_table(thresholds))
        console.print(_category_table([(row.category.value, row.found, row.toxic) for row in report.categories]))


def _write_plot(path: Path, report: "Report") -> None:
    from moderation.training.plot import plot

    title = f"{report.texts} texts, {report.toxic} toxic, ROC AUC {report.roc_auc:.3f}; {report.model_version}"
    try:
        path.write_text(plot(report.curve, settings.MODERATION_STOP_SCORE, title), "utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error}") from error


def _examples(data: Path | None) -> list[Example]:
    return read_examples(data) if data else held_out_examples()


def _threshold_table(rows: Sequence[tuple[float, float, float, float, float]]) -> Table:
    table = Table("Threshold", "Precision", "Recall", "F1", "Clean stopped", "Recall ▓ clean stopped ░")
    for threshold, precision, recall, f1, clean_stopped in rows:
        bars = f"{_bar(recall, '▓')}\n{_bar(clean_stopped, '░')}"
        figures = (f"{figure:.3f}" for figure in (precision, recall, f1, clean_stopped))
        table.add_row(f"{threshold:.1f}", *figures, bars)
    return table


def _bar(part: float, cell: str) -> str:
    return cell * round(part * _BAR_CELLS)


def _category_table(rows: Sequence[tuple[str, int, int]]) -> Table:
    table = Table("Category", "Found", "Toxic", "Precision")
    for category, found, toxic in rows:
        table.add_row(category, str(found), str(toxic), f"{toxic / found:.3f}" if found else "-")
    return table
