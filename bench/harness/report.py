"""Turning samples into the table, the picture and the file of results."""

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.harness.plot import Panel, svg
from bench.harness.rows import Comparison, Row
from bench.harness.work import DISTURBED, SATURATED, Sample

Samples = dict[str, list[Sample]]


@dataclass(frozen=True)
class Result:
    """One line of the report: medians of all rounds, with the lowest and the highest round."""

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
    others_share: float
    disturbed: bool


def results(comparison: Comparison, samples: Samples) -> list[Result]:
    """The lines that a comparison's samples give."""
    return [_result(row, samples[row.ours], samples[row.peer] if row.peer else []) for row in comparison.rows]


def panel(comparison: Comparison, samples: Samples) -> Panel:
    """The comparison's first figure for all its cases."""
    row = comparison.rows[0]
    return Panel(comparison.name, row.unit, {name: _median(row, taken) for name, taken in samples.items()})


def _result(row: Row, ours: list[Sample], peer: list[Sample]) -> Result:
    own, other = _median(row, ours), _median(row, peer) if peer else None
    ratio = own / other if other else None
    target = row.target.describe(row.unit)
    sides = [side for side in (ours, peer) if side]
    share = max(statistics.median(sample.load_share for sample in side) for side in sides)
    others = max(statistics.median(sample.others_share for sample in side) for side in sides)
    return Result(
        work=row.work,
        unit=row.unit,
        ours_name=row.ours,
        ours=own,
        ours_range=_range(row, ours),
        peer_name=row.peer,
        peer=other,
        peer_range=_range(row, peer) if peer else None,
        ratio=ratio,
        target=target,
        met=row.target.met(own, ratio) if target else None,
        load_share=share,
        saturated=share > SATURATED,
        others_share=others,
        disturbed=others > DISTURBED,
    )


def _median(row: Row, samples: list[Sample]) -> float:
    return statistics.median(row.figure(sample) for sample in samples)


def _range(row: Row, samples: list[Sample]) -> tuple[float, float]:
    values = [row.figure(sample) for sample in samples]
    return min(values), max(values)


def write(directory: Path, rows: list[Result], panels: list[Panel], machine: dict[str, object]) -> None:
    """Write the results and their picture."""
    directory.mkdir(exist_ok=True)
    text = json.dumps({"rows": [asdict(row) for row in rows], "machine": machine}, indent=2, ensure_ascii=False)
    (directory / "latest.json").write_text(text + "\n")
    (directory / "latest.svg").write_text(svg(panels))


def show(console: Console, rows: list[Result]) -> None:
    """Print the table."""
    table = Table(title="Median of all rounds (lowest–highest)")
    for heading in ("work", "ours", "peer", "ratio", "target", "met", "load", "others"):
        table.add_column(heading, justify="right" if heading == "ratio" else "left")
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    if any(row.saturated for row in rows):
        console.print(f"! load: above {SATURATED:.0%} of its core the load side may be what was measured.")
    if any(row.disturbed for row in rows):
        console.print(
            f"! others: above {DISTURBED:.0%} of the server's core, rates and latencies are not to be believed."
        )


def _cells(row: Result) -> list[str]:
    ours = _value(row.ours, row.ours_range)
    peer = _value(row.peer, row.peer_range) if row.peer is not None and row.peer_range else ""
    return [
        f"{row.work}, {row.unit}",
        ours if row.ours_name == "ours" else f"{row.ours_name}\n{ours}",
        f"{row.peer_name}\n{peer}" if peer else "",
        f"{row.ratio:.3f}" if row.ratio is not None else "",
        row.target,
        {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[row.met],
        f"{row.load_share:.0%}{' !' if row.saturated else ''}",
        f"{row.others_share:.0%}{' !' if row.disturbed else ''}",
    ]


def _value(median: float, between: tuple[float, float]) -> str:
    return f"{median:,.4g} ({between[0]:,.4g}–{between[1]:,.4g})"
