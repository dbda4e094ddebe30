"""``deeplake-labelbox stats``: show statistics of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.reading import open_to_read
from deeplake_labelbox._cli.running import Run, check_free, running
from deeplake_labelbox._cli.tables import WIDE, table_of
from deeplake_labelbox._counts import counted

if TYPE_CHECKING:
    from deeplake_labelbox._pictures.statistics import DatasetStatistics

_SPARKS = " ▁▂▃▄▅▆▇█"
_SPARK_WIDTH = 16  # blocks; fewer in a terminal of less than 64 columns
_LENGTHS = "#frames per track:\nmin/median/max"
_CLASS_COLUMNS = ("class", "kind", "#objects", "#frames", "#tracks", _LENGTHS)


def stats(
    dataset: options.Dataset,
    *,
    videos: options.Videos = None,
    annotator: options.Annotator = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Also draw the numbers to this .png file.",
        ),
    ] = None,
    overwrite: options.OverwriteFile = False,
    branch: options.ReadBranch = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    as_json: options.JsonResult = False,
    verbose: options.Verbose = False,
) -> None:
    """Count the frames, objects, tracks and answers of a dataset, per class and over time.

    [bold]Examples[/]

    deeplake-labelbox stats ./clips -o clips.png

    deeplake-labelbox stats ./clips --json
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._files import check_suffix, replacing_file  # noqa: PLC0415 - not needed for --help

        if output is not None:
            check_suffix(output, ".png")
        check_free(output, overwrite=overwrite)
        opened = open_to_read(dataset, deeplake_creds, deeplake_token, branch)
        from deeplake_labelbox._pictures.statistics import dataset_statistics  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._pictures.statistics_plot import draw_statistics  # noqa: PLC0415 - imports Pillow

        found = dataset_statistics(
            opened, videos=videos or None, annotator=annotator, progress=run.progress
        )
        if as_json:
            run.result_json(found.to_dict())
        else:
            _show(run, found)
        if output is not None:
            from deeplake_labelbox._pictures.frame_annotations import AnnotationReader  # noqa: PLC0415 - imports deeplake

            colors = AnnotationReader(opened, annotator).class_colors
            with replacing_file(output) as part:
                draw_statistics(found, colors=colors).save(part, "PNG", optimize=True)
            run.step(f"Picture written to {output}")


def _show(run: Run, found: DatasetStatistics) -> None:
    run.out.print(Text(found.title, style="bold"))
    run.result(
        f"{counted(len(found.videos), 'video')}, {found.labeled_videos:,} of them labeled, "
        f"{counted(found.frames, 'frame')}"
    )
    if found.classes:
        is_narrow = run.out.width < WIDE
        for places in ((0, 1, 2), (0, 3, 4, 5)) if is_narrow else (range(6),):
            shown = table_of(*(_CLASS_COLUMNS[place] for place in places))
            for item in found.classes:
                low, median, high = item.track_length
                length = f"{low}/{median:g}/{high}" if item.tracks else ""
                numbers = (f"{item.objects:,}", f"{item.frames:,}", f"{item.tracks:,}", length)
                cells = (Text(item.name), Text(item.kind), *numbers)
                shown.add_row(*(cells[place] for place in places))
            run.out.print(shown)
    shown = table_of("video", "#frames", "#objects", "#tracks")
    shown.add_column("over time", no_wrap=True)
    blocks = min(_SPARK_WIDTH, max(8, run.out.width - 48))
    for video in found.videos:
        over_time = _spark(video.density, blocks) if video.is_labeled else "not labeled"
        counts = (f"{video.frames:,}", f"{video.objects:,}", f"{video.tracks:,}")
        shown.add_row(Text(video.name), *counts, Text(over_time))
    run.out.print(shown)
    if found.answers:
        shown = table_of("question", "answer", "#frames")
        for question, answers in found.answers.items():
            for number, (answer, count) in enumerate(sorted(answers.items(), key=lambda a: -a[1])):
                shown.add_row(Text("" if number else question), Text(answer), f"{count:,}")
        run.out.print(shown)


def _spark(values: tuple[float, ...], blocks: int) -> str:
    """Draw objects per frame over time as a line of blocks."""
    most = max([*values, 1e-9])
    places = [index * len(values) // blocks for index in range(blocks)]
    return "".join(_SPARKS[round(values[place] / most * (len(_SPARKS) - 1))] for place in places)
