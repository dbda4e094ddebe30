"""``deeplake-labelbox compare``: compare two sets of labels of the same videos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import read_creds, read_data_rows, read_pairs
from deeplake_labelbox._cli.running import Run, check_free, running
from deeplake_labelbox._cli.spelling import in_options
from deeplake_labelbox._cli.tables import table_of
from deeplake_labelbox._compare.changes import HEAD
from deeplake_labelbox._counts import counted
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from deeplake_labelbox import LabelComparison


def compare(
    dataset: options.Dataset,
    other: Annotated[
        str | None,
        typer.Argument(
            metavar="OTHER",
            help="Another dataset, or predictions as for evaluate; by default DATASET itself.",
        ),
    ] = None,
    *,
    versions: Annotated[
        list[str] | None,
        typer.Option(
            "--version",
            metavar="NAME",
            help="Branch, tag or id of the version of the first labels; give it again for the "
            "second labels. By default the current version.",
        ),
    ] = None,
    videos: options.Videos = None,
    annotators: Annotated[
        list[str] | None,
        typer.Option(
            "--annotator",
            metavar="EMAIL",
            help="Annotator of the first labels, in a dataset that was made with --labels all; "
            "give it again for the second labels. By default the selected labels.",
        ),
    ] = None,
    classes: options.Classes = None,
    moved_below: Annotated[
        float,
        typer.Option(
            "--moved-below",
            min=0.5,
            max=1,
            metavar="IOU",
            help="Overlap of two boxes below which an object counts as moved; between versions, "
            "any difference counts.",
        ),
    ] = 0.75,
    worst: Annotated[
        int, typer.Option("--worst", min=0, metavar="N", help="Number of runs of frames to show.")
    ] = 20,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Also write an .html page with the worst frames side by side.",
        ),
    ] = None,
    overwrite: options.OverwriteFile = False,
    source_format: options.SourceFormatOption = None,
    frame_step: options.FrameStep = None,
    first_number: options.FirstNumber = None,
    mapping: options.NameMapping = None,
    data_rows: options.DataRows = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    as_markdown: Annotated[
        bool,
        typer.Option(
            "--markdown",
            rich_help_panel=options.OUTCOME,
            help="Print Markdown, for a pull request.",
        ),
    ] = False,
    as_json: options.JsonResult = False,
    verbose: options.Verbose = False,
) -> None:
    """Compare labels frame by frame: objects added, removed or moved, and other answers.

    Compares the labels of two versions, of two annotators, or of a dataset and a model.

    [bold]Examples[/]

    deeplake-labelbox compare ./clips --version run-6 --version run-7 -o page.html

    deeplake-labelbox compare ./clips gt.txt --map pedestrian=person --data-row crossing.mp4
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._compare.compare import compare_labels  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._files import check_suffix  # noqa: PLC0415 - not needed for --help

        if as_json and as_markdown:
            raise ConfigurationError("--json and --markdown cannot be combined; choose one.")
        if output is not None:
            check_suffix(output, ".html")
        check_free(output, overwrite=overwrite)
        found = compare_labels(
            dataset,
            other,
            versions=versions or (),
            annotators=annotators or (),
            classes=classes or None,
            videos=videos or None,
            moved_below=moved_below,
            source_format=source_format,
            mapping=read_pairs("--map", mapping),
            data_rows=read_data_rows(data_rows),
            frame_step=frame_step,
            first_number=first_number,
            deeplake_creds=read_creds(deeplake_creds),
            deeplake_token=deeplake_token,
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
    run.out.print(Text(f"{found.first} → {found.second}", style="bold"))
    run.result(found.summary)
    if not found:
        return
    shown = table_of("video", *(f"#{name}" for name in HEAD[1:]))
    for video in found.videos:
        if video.changed_frames:
            shown.add_row(*(Text(f"{c:,}" if isinstance(c, int) else c) for c in video.row))
    run.out.print(shown)
    runs = table_of("worst frames of", "#frames", "differences")
    for change in found.changes[:worst]:
        runs.add_row(Text(change.video), change.frames, Text(change.words))
    if worst:
        run.out.print(runs)
    if (more := len(found.changes) - worst) > 0:
        run.result(f"And {counted(more, 'more run')} of frames.")
