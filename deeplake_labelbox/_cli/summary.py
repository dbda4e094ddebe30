"""Print the result of a command, and how to continue."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from deeplake_labelbox._cli.running import EXIT_GAPS, Run, writing
from deeplake_labelbox._cli.spelling import in_options
from deeplake_labelbox._counts import counted
from deeplake_labelbox._store.frames.registry import PICTURES
from deeplake_labelbox.report import Gap, Report

if TYPE_CHECKING:
    import deeplake

    from deeplake_labelbox._sync.report import SyncReport

_GAPS_SHOWN: Final = 20
_URL: Final = re.compile(r"https?://\S+")
_BESIDE: Final = ("_labels", "_track_ids", "_key_frames")


def show_dataset(run: Run, dataset: deeplake.Dataset, path: str, report: Report) -> None:
    """Print a table about a dataset that was created or labeled."""
    from deeplake_labelbox._store.columns import column_names  # noqa: PLC0415 - imports deeplake
    from deeplake_labelbox._store.labelbox_meta import LabelboxMeta  # noqa: PLC0415 - the same

    meta = LabelboxMeta.read(dataset)
    table = Table(box=box.ROUNDED, show_header=False, title_justify="left", padding=(0, 1))
    table.title = Text(f"{meta.project_name} → {path}", style="bold")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    labeled = sum(outcome.labeled for outcome in report)
    table.add_row("videos", f"{len(report.videos):,}, {labeled:,} of them labeled")
    table.add_row("frames", f"{len(dataset):,}")
    objects = [f"{count:,} {kind}" for kind, count in report.objects.items()]
    if objects:
        listed = Text("\n".join([*objects, ""]))
        table.add_row("objects", listed.append("counted once per frame", style="dim"))
    names = column_names(dataset)
    table.add_row("columns", Text(f"{len(names)}: {', '.join(_families(names))}"))
    branch = str(dataset.current_branch.name)
    if branch != "main":
        table.add_row("branch", Text(branch))
    size = _size(path)
    if size:
        table.add_row("size on disk", readable_size(size))
    table.add_row("time", f"{run.seconds:.1f} s")
    run.out.print(table)


def show_opening(run: Run, path: str, dataset: deeplake.Dataset, *, has_creds: bool) -> None:
    """Print the lines of Python that open a dataset, and read a frame and its labels."""
    from deeplake_labelbox._store.columns import column_kind, column_names  # noqa: PLC0415 - imports deeplake

    branch = str(dataset.current_branch.name)
    opening = f"deeplake.open({json.dumps(path)}{', creds={...}' if has_creds else ''})"
    if branch != "main":
        opening += f".branches[{json.dumps(branch)}].open()"
    names = column_names(dataset)
    kinds = {name: column_kind(dataset, name) for name in names}
    labels = [name for name, kind in kinds.items() if kind not in (None, "row metadata")]
    columns = [name for name in (PICTURES, *labels[:1]) if name in names]
    reading = [f"ds[{json.dumps(name)}][0]" for name in columns]
    lines = ["import deeplake", f"ds = {opening}"]
    if PICTURES not in names:
        lines.append("from deeplake_labelbox import LabeledDataset")
        reading.insert(0, "LabeledDataset(ds).frames[0]")
    run.out.print(Text("\nOpen it in Python:\n", style="bold"))
    for line in (*lines, ", ".join(reading)):
        run.result(f"    {line}")


def finish(run: Run, report: Report | SyncReport, report_file: Path | None) -> None:
    """Save the report, and list the gaps.

    Raises:
        typer.Exit: If there are gaps.
    """
    if report_file is not None:
        with writing(report_file):
            report.save(report_file)
        run.step(f"Report written to {report_file}")
    if report.gaps:
        show_gaps(run, report.gaps, report_file)
        raise typer.Exit(EXIT_GAPS)


def show_gaps(run: Run, gaps: Sequence[Gap], report_file: Path | None) -> None:
    """List problems on standard error."""
    table = Table(box=box.ROUNDED, title_justify="left", padding=(0, 1), header_style="yellow")
    table.title = Text(f"Finished, with {counted(len(gaps), 'problem')}:", style="bold yellow")
    table.add_column("video", overflow="fold", ratio=2)
    table.add_column("frame", overflow="fold", ratio=1)
    table.add_column("what", overflow="fold", ratio=5)
    alike: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in gaps:
        # Each mask has a URL of its own; an error of masks is listed once per video.
        key = (gap.name, gap.data_row_id, _URL.sub("", gap.what))
        alike.setdefault(key, []).append(gap)
    for (name, row_id, _), same in list(alike.items())[:_GAPS_SHOWN]:
        video = name if name == row_id else f"{name}\n{row_id}"
        what = same[0].what
        others = len({gap.what for gap in same}) - 1
        if others:
            what += f" (and {others:,} similar)"
        frames = [frame for gap in same for frame in gap.frames]
        table.add_row(Text(video), _spans(frames), Text(in_options(what)))
    run.err.print()
    run.err.print(table)
    if len(alike) > _GAPS_SHOWN:
        where = f"see {report_file}" if report_file else "write all with --report FILE"
        run.err.print(f"and {len(alike) - _GAPS_SHOWN:,} more; {where}")


def readable_size(size: int) -> str:
    """Format a number of bytes."""
    value, unit = float(size), "bytes"
    for larger in ("KB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:,.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:,.1f} {unit}"


def command_line(*words: str) -> str:
    """Format a command that can be pasted into a shell."""
    return shlex.join(["deeplake-labelbox", *words])


def _spans(frames: Iterable[int]) -> str:
    """Format frame numbers: ``3-5, 9``."""
    spans: list[list[int]] = []
    for frame in sorted(set(frames)):
        if spans and spans[-1][-1] == frame - 1:
            spans[-1][1:] = [frame]
        else:
            spans.append([frame])
    return ", ".join("-".join(map(str, span)) for span in spans)


def _families(names: Iterable[str]) -> list[str]:
    """Shorten column names: one for each prefix, and none for the columns beside a geometry."""
    names = list(names)
    shown = dict.fromkeys(
        f"{name.split('/')[0]}/*" if "/" in name else name
        for name in names
        if not any(name.endswith(end) and name.removesuffix(end) in names for end in _BESIDE)
    )
    return [name for name in shown if f"{name}/*" not in shown or name.endswith("/*")]


def _size(path: str) -> int:
    if "://" in path:
        return 0
    return sum(file.stat().st_size for file in Path(path).rglob("*") if file.is_file())
