"""Run the benchmark: `python -m bench [--quick] [--only TEXT]`."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.harness import machine, report, runner
from bench.harness.build import BENCH, BUILD, BuildError, build, check_out
from bench.harness.load import LoadError
from bench.harness.people import create_people
from bench.harness.plot import Panel
from bench.harness.rows import COMPARISONS, Comparison, against_before
from bench.harness.servers import ServerError, add_servers_of
from realtime_project.local_services import local_services

RESULTS = BENCH / "results"
ROUNDS = 5
SECONDS, QUICK_SECONDS = 3.0, 1.0


def main() -> int:
    """Measure, print the table, write the results; 1 when something could not be measured."""
    options = parse()
    console = Console()
    comparisons = [c for c in COMPARISONS if options.only in c.name and (c.quick or not options.quick)]
    if not comparisons:
        console.print("Nothing to measure. There are: " + "; ".join(c.name for c in COMPARISONS))
        return 2
    machine.prepare()
    for name in ("logs", "services"):
        shutil.rmtree(BUILD / name, ignore_errors=True)
    # Whatever database is configured, thousands of invented users do not belong there.
    for variable in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(variable, None)
    os.environ["REALTIME_DATA_DIR"] = str(BUILD / "services")
    # Only a whole run replaces the results that are kept.
    results = BUILD / "results" if options.only or options.quick or options.against else RESULTS
    try:
        build()
        if options.against:
            add_servers_of(check_out(options.against))
            comparisons = [against_before(comparison) for comparison in comparisons]
        with local_services() as services:
            people = create_people()
            pids = [child.process.pid for child in services.children]
            seconds = QUICK_SECONDS if options.quick else SECONDS
            plan = runner.Plan(options.rounds, seconds, people.tokens, people.streams, pids)
            return measure(console, comparisons, plan, results)
    except BuildError as error:
        console.print(f"[red]{error}[/]")
        return 1


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the server against its peers.")
    parser.add_argument("--quick", action="store_true", help="the main rows only, in shorter rounds")
    parser.add_argument("--only", default="", metavar="TEXT", help="only comparisons whose name contains TEXT")
    parser.add_argument("--against", metavar="REVISION", help="compare with ourselves at a git revision instead")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each case (default {ROUNDS})")
    return parser.parse_args()


def measure(console: Console, comparisons: list[Comparison], plan: runner.Plan, results: Path) -> int:
    """Run the comparisons under a progress bar and report them."""
    rows: list[report.Result] = []
    panels: list[Panel] = []
    failures = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Drawn seldom: the bar shares the load generator's core.
    with Progress(*columns, console=console, refresh_per_second=2) as progress:
        task = progress.add_task("", total=sum(runner.turns(c, plan) for c in comparisons))
        for comparison in comparisons:
            progress.update(task, description=comparison.name)
            try:
                samples = runner.run(comparison, plan, lambda: progress.advance(task))
            except (ServerError, LoadError) as error:
                failures.append(f"{comparison.name}: {error}")
                continue
            rows += report.results(comparison, samples)
            panels.append(report.panel(comparison, samples))
    report.show(console, rows)
    for failure in failures:
        console.print(f"[red]not measured: {failure}[/]")
    report.write(results, rows, panels, machine.description())
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
