"""Turning samples into the table and the file of results."""

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.harness.rows import Comparison, Row
from bench.harness.work import Sample


@dataclass(frozen=True)
class Spread:
    """The median of all rounds, and the rounds furthest from it."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Result:
    """One line of the report."""

    work: str
    unit: str
    ours_name: str
    ours: float
    ours_range: tuple[float, float]
    peer_name: str | None
    peer: float | None
    peer_range: tuple[float, float] | None
    ratio: float | None
    target: str
    met: bool | None
    load_share: float
    saturated: bool


def results(comparison: Comparison, samples: dict[str, list[Sample]]) -> list[Result]:
    """The lines a comparison's samples give."""
    return [_result(row, samples[row.ours], samples[row.peer] if row.peer else None) for row in comparison.rows]


def _result(row: Row, ours: list[Sample], peer: list[Sample] | None) -> Result:
    own, other = _spread(row, ours), _spread(row, peer) if peer else None
    ratio = own.median / other.median if other else None
    target = row.target.describe(row.unit)
    share = max(statistics.median(sample.load_share for sample in side) for side in (ours, peer) if side)
    return Result(
        work=row.work,
        unit=row.unit,
        ours_name=row.ours,
        ours=own.median,
        ours_range=(own.lowest, own.highest),
        peer_name=row.peer,
        peer=other.median if other else None,
        peer_range=(other.lowest, other.highest) if other else None,
        ratio=ratio,
        target=target,
        met=row.target.met(own.median, ratio) if target else None,
        load_share=share,
        saturated=any(sample.saturated for side in (ours, peer) if side for sample in side),
    )


def _spread(row: Row, samples: list[Sample]) -> Spread:
    values = [row.figure(sample) for sample in samples]
    return Spread(statistics.median(values), min(values), max(values))


def write(
    path: Path, rows: list[Result], samples: dict[str, dict[str, list[Sample]]], machine: dict[str, object]
) -> None:
    """Write the results with what they were computed from."""
    path.parent.mkdir(exist_ok=True)
    rounds = {
        name: {case: [asdict(s) for s in taken] for case, taken in cases.items()} for name, cases in samples.items()
    }
    path.write_text(
        json.dumps({"rows": [asdict(row) for row in rows], "machine": machine, "rounds": rounds}, indent=1) + "\n"
    )


def show(console: Console, rows: list[Result]) -> None:
    """Print the table."""
    table = Table(title="Median of all rounds (lowest to highest)")
    for heading, justify in [("work", "left"), ("ours", "right"), ("peer", "right"), ("ratio", "right")]:
        table.add_column(heading, justify=justify)
    for heading in ("target", "met", "load"):
        table.add_column(heading)
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    if any(row.saturated for row in rows):
        console.print(
            "! The load side used more than 85 % of its core: the server may be quicker than the figure says."
        )


def _cells(row: Result) -> list[str]:
    ours = (
        _value(row.ours, row.ours_range)
        if row.ours_name == "ours"
        else f"{row.ours_name}: {_value(row.ours, row.ours_range)}"
    )
    peer = f"{row.peer_name}: {_value(row.peer, row.peer_range)}" if row.peer is not None and row.peer_range else ""
    met = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[row.met]
    load = f"{row.load_share:.0%}{' !' if row.saturated else ''}"
    ratio = f"{row.ratio:.3f}" if row.ratio is not None else ""
    return [f"{row.work}, {row.unit}", ours, peer, ratio, row.target, met, load]


def _value(median: float, between: tuple[float, float]) -> str:
    return f"{median:,.4g} ({between[0]:,.4g}–{between[1]:,.4g})"
