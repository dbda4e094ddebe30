"""``deeplake-labelbox compare``: two sets of labels of the same videos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.reading import open_to_read
from deeplake_labelbox._cli.running import Run, check_writable, running
from deeplake_labelbox._cli.spelling import in_options
from deeplake_labelbox._counts import counted
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from deeplake_labelbox import LabelComparison


def compare(
    dataset: options.Dataset,
    *,
    versions: Annotated[
        list[str] | None,
        typer.Option(
            "--version",
            metavar="NAME",
            show_default=False,
            help="Branch, tag or id of the first version, and given again of the second; by "
            "default the second is the dataset as it is.",
        ),
    ] = None,
    videos: options.Videos = None,
    worst: Annotated[
        int, typer.Option("--worst", min=0, metavar="N", help="How many runs of frames to show.")
    ] = 20,
    branch: options.ReadBranch = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            show_default=False,
            rich_help_panel=options.OUTCOME,
            help="Also write an .html page with the worst frames side by side.",
        ),
    ] = None,
    as_markdown: Annotated[
        bool,
        typer.Option(
            "--markdown",
            rich_help_panel=options.OUTCOME,
            help="Print Markdown, for a pull request.",
        ),
    ] = False,
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
) -> None:
    """Compare two versions of the labels: what was added, removed, moved or answered otherwise.

    [bold]Examples[/]

    deeplake-labelbox compare ./clips --version run-6 --version run-7

    deeplake-labelbox compare ./clips --version run-6 -o changes.html
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._compare.compare import compare_labels  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._files import check_suffix  # noqa: PLC0415 - not needed for --help

        if as_json and as_markdown:
            raise ConfigurationError("--json and --markdown cannot be combined; choose one.")
        if output is not None:
            check_suffix(output, ".html")
        check_writable(output)
        found = compare_labels(
            open_to_read(dataset, deeplake_creds, deeplake_token, branch),
            versions=versions or (),
            videos=videos or None,
            progress=run.progress,
        )
        if as_json:
            run.result_json(found.to_dict())
        elif as_markdown:
            run.result(found.to_markdown(worst=worst))
        else:
            _show(run, found, worst)
        if output is not None:
            found.write_page(output, worst=worst, progress=run.progress)
            run.step(f"Page written to {output}")
        for note in () if as_markdown else found.notes:
            run.warn(in_options(note))


def _show(run: Run, found: LabelComparison, worst: int) -> None:
    from deeplake_labelbox._compare.report import HEAD  # noqa: PLC0415 - not needed for --help

    run.out.print(Text(f"{found.first} → {found.second}", style="bold"))
    run.result(found.summary)
    if not found:
        return
    shown = Table(box=box.ROUNDED, padding=(0, 1), header_style="cyan")
    for place, name in enumerate(HEAD):
        shown.add_column(name, no_wrap=place > 0, overflow="fold")
        shown.columns[place].justify = "right" if place > 1 else "left"
    for video in found.videos:
        if video.changed_frames:
            shown.add_row(*(Text(f"{c:,}" if isinstance(c, int) else c) for c in video.row))
    run.out.print(shown)
    runs = Table(box=box.ROUNDED, padding=(0, 1), header_style="cyan")
    for name in ("worst frames of", "frames", "differences"):
        runs.add_column(name, overflow="fold", no_wrap=name == "frames")
    for change in found.changes[:worst]:
        runs.add_row(Text(change.video), change.frames, Text(change.words))
    if worst:
        run.out.print(runs)
    if (more := len(found.changes) - worst) > 0:
        run.result(f"And {counted(more, 'more run')} of frames.")
