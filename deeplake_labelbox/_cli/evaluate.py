"""``deeplake-labelbox evaluate``: score predictions against the labels of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import read_creds, read_data_rows, read_pairs
from deeplake_labelbox._cli.reading import open_to_read
from deeplake_labelbox._cli.running import Run, check_writable, running
from deeplake_labelbox._cli.spelling import in_options
from deeplake_labelbox._cli.tables import table_of
from deeplake_labelbox._counts import counted, tally
from deeplake_labelbox._files import check_free_folder

if TYPE_CHECKING:
    from deeplake_labelbox import Evaluation, EvaluationScore

_WIDE = 110  # terminal columns that all rates and counts need beside names
_COUNTS = ("#objects", "#missed", "#false", "#ID switches")


def evaluate(
    predictions: Annotated[
        str,
        typer.Argument(
            metavar="PREDICTIONS",
            help=options.SOURCES,
        ),
    ],
    dataset: options.Dataset,
    *,
    videos: Annotated[
        list[str] | None,
        typer.Option(
            "--video",
            metavar="NAME",
            help="Video to compare; if the predictions lack it, all of its objects are missed. By "
            "default all labeled videos that the predictions have. Repeatable.",
        ),
    ] = None,
    annotator: options.Annotator = None,
    predictions_annotator: Annotated[
        str | None,
        typer.Option(
            "--predictions-annotator",
            metavar="EMAIL",
            help="The same for PREDICTIONS, a dataset. Give the same dataset twice to measure how "
            "far two annotators agree.",
        ),
    ] = None,
    classes: options.Classes = None,
    worst_frames: Annotated[
        int, typer.Option("--worst", min=0, metavar="N", help="Number of frames to list.")
    ] = 10,
    source_format: options.SourceFormatOption = None,
    frame_step: options.FrameStep = None,
    first_number: options.FirstNumber = None,
    mapping: options.NameMapping = None,
    data_rows: options.DataRows = None,
    branch: options.ReadBranch = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    back_to: Annotated[
        str | None,
        typer.Option(
            "--send-back",
            metavar="PROJECT_ID",
            rich_help_panel=options.LABELBOX,
            help="Send the videos of the listed frames to a Labelbox project: as a batch, or to "
            "rework if they are labeled there.",
        ),
    ] = None,
    lb_api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            "--draw",
            metavar="FOLDER",
            rich_help_panel=options.OUTCOME,
            help="Draw the listed frames as PNG files, with the labels and with the predictions.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            rich_help_panel=options.OUTCOME,
            help="Write all numbers to a JSON file.",
        ),
    ] = None,
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
) -> None:
    """Score predictions, or another annotator, against the labels of a dataset.

    Compares boxes, including those around masks and polygons. Reports mAP (by pycocotools), MOTA
    and IDF1 (by motmetrics) of each class and video, and the frames with most errors.

    [bold]Examples[/]

    deeplake-labelbox evaluate gt.txt ./clips --map pedestrian=person --data-row crossing.mp4

    deeplake-labelbox evaluate ./clips ./clips --json --draw ./worst
    """
    with running(verbose=verbose) as run:
        check_writable(report)
        from deeplake_labelbox._evaluation.evaluate import evaluate as compare  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._evaluation.send_back import read_project, send_back  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._labelbox.client import connect  # noqa: PLC0415 - the same

        if draw is not None:
            check_free_folder(draw)
        client = None if back_to is None else connect(lb_api_key, endpoint=endpoint)
        if client is not None and back_to is not None:
            read_project(client, back_to)  # fails on a wrong id before the work
        opened = open_to_read(dataset, deeplake_creds, deeplake_token, branch)
        found = compare(
            predictions,
            opened,
            annotator=annotator,
            predictions_annotator=predictions_annotator,
            source_format=source_format,
            mapping=read_pairs("--map", mapping),
            data_rows=read_data_rows(data_rows),
            frame_step=frame_step,
            first_number=first_number,
            classes=classes or None,
            videos=videos or None,
            worst_frames=worst_frames,
            deeplake_creds=read_creds(deeplake_creds),
            deeplake_token=deeplake_token,
            progress=run.progress,
        )
        if as_json:
            run.result_json(found.to_dict())
        else:
            _show(run, found)
        if draw is not None:
            drawn = found.draw(opened, draw)
            run.step(f"{counted(len(drawn), 'frame')} drawn to {draw}")
        if back_to is not None and found.worst_frames:
            run.step(str(send_back(found, back_to, lb_client=client)))
        elif back_to is not None:
            run.step("No frame is listed, so nothing was sent back.")
        if report is not None:
            found.save(report)
            run.step(f"All numbers written to {report}")
        for note in found.notes:
            run.warn(in_options(note))


def _show(run: Run, found: Evaluation) -> None:
    run.result(found.extent)
    for name, scores in (("class", (*found.classes, found.overall)), ("video", found.videos)):
        _show_scores(run, name, scores, found)
    if found.worst_frames:
        shown = table_of("worst frame of", "#frame", "missed", "false", "ID switches")
        for each in found.worst_frames:
            errors = (Text(tally(names)) for names in (each.missed, each.false, each.id_switches))
            shown.add_row(Text(each.video), f"{each.frame:,}", *errors)
        run.out.print(shown)


def _show_scores(run: Run, what: str, scores: Sequence[EvaluationScore], found: Evaluation) -> None:
    from deeplake_labelbox._evaluation.evaluation import rate  # noqa: PLC0415 - not needed for --help

    rates = tuple(f"#{name}" for name in found.rates_of(found.overall))
    is_narrow = run.out.width < _WIDE
    for columns in (rates, _COUNTS) if is_narrow else ((*rates, *_COUNTS),):
        shown = table_of(what, *columns)
        for score in scores:
            counts = (score.objects, score.missed, score.false, score.id_switches)
            values = found.rates_of(score).values()
            cells = dict(zip(rates, map(rate, values), strict=True))
            cells |= dict(zip(_COUNTS, (f"{count:,}" for count in counts), strict=True))
            shown.add_row(Text(score.name), *(cells[column] for column in columns))
        run.out.print(shown)
