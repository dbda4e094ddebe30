"""Run the benchmarks, and print a table of medians and ratios."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bench import Bench, Row
from benchmarks.cases import CASES
from benchmarks.plot import plot
from deeplake_labelbox._video.cores import usable_cores
from deeplake_labelbox.sandbox import Sandbox


def main() -> None:
    """Run the cases that were asked for, print the table, and write it with its plot if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "case", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; default: all"
    )
    parser.add_argument("--quick", action="store_true", help="short clips, fewer labels")
    parser.add_argument("--repeats", type=int, default=3, help="how often each side runs")
    parser.add_argument("--output", type=Path, help="folder for results.json and results.png")
    arguments = parser.parse_args()
    for case in arguments.case:
        if case not in CASES:
            parser.error(f"there is no case {case!r}; the cases are {', '.join(CASES)}")
    console = Console()
    rows: list[Row] = []
    with Sandbox() as box, tempfile.TemporaryDirectory() as folder:
        bench = Bench(box, Path(folder), arguments.repeats, arguments.quick)
        for case in arguments.case or CASES:
            for row in CASES[case](bench):
                rows.append(row)
                console.print(f"{case}: {row.what}: {_value(row.ours, row.unit)}", style="dim")
    console.print(_table(rows))
    if arguments.output is None:
        return
    arguments.output.mkdir(parents=True, exist_ok=True)
    results = {
        "machine": f"{platform.machine()}, {usable_cores()} cores, Python "
        f"{platform.python_version()}",
        "repeats": arguments.repeats,
        "rows": [{**asdict(row), "ratio": row.ratio} for row in rows],
    }
    (arguments.output / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    if plot(rows, arguments.output / "results.png"):
        console.print(f"Written: {arguments.output / 'results.png'}")


def _table(rows: list[Row]) -> Table:
    table = Table(title="Medians; ratio: how many times better")
    for column in ("what", "deeplake-labelbox", "deeplake.integrations", "ratio"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for row in rows:
        theirs = "" if row.theirs is None else _value(row.theirs, row.unit)
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
        table.add_row(row.what, _value(row.ours, row.unit), theirs, ratio)
    return table


def _value(value: float, unit: str) -> str:
    return f"{value:,.{0 if value >= 100 else 2}f} {unit}".strip()


if __name__ == "__main__":
    main()
