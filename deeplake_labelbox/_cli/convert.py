"""``deeplake-labelbox convert``: write a dataset in the format of another tool, with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import read_pairs, read_size
from deeplake_labelbox._cli.reading import open_to_read
from deeplake_labelbox._cli.running import running
from deeplake_labelbox._cli.spelling import in_options
from deeplake_labelbox._formats.registry import FORMATS, TargetFormat, target_formats
from deeplake_labelbox.errors import ConfigurationError

_TARGETS: Final = "; ".join(f"{name}: {FORMATS[name].target}" for name in target_formats())


def convert(
    dataset: options.Dataset,
    *,
    videos: options.Videos = None,
    annotator: options.Annotator = None,
    to: Annotated[
        TargetFormat,
        typer.Option("--to", help=f"The format. {_TARGETS}."),
    ],
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="SHARES",
            help="Shares of the videos for train, val and test, like 0.8,0.1,0.1; each video is in "
            "one part. By default all are in train.",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="N", help="The same seed gives the same split of the same videos."
        ),
    ] = 0,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Folder to write; it must not exist, or be empty.",
        ),
    ],
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME",
            rich_help_panel=options.LABELS,
            help="Column of rectangles, masks or polygons. Repeatable. By default all columns of "
            "rectangles, or if there are none, of masks and polygons; the reverse for youtube-vis "
            "and masks.",
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="CLASS=NAME",
            rich_help_panel=options.LABELS,
            help="Another name for a class; an empty NAME leaves it out. Repeatable.",
        ),
    ] = None,
    where: options.Where = None,
    stride: Annotated[
        int,
        typer.Option(
            "--stride",
            min=1,
            metavar="N",
            rich_help_panel=options.FRAMES,
            help="Only every n-th of the frames that a video has in the dataset.",
        ),
    ] = 1,
    only_labeled: Annotated[
        bool,
        typer.Option(
            "--only-labeled", rich_help_panel=options.FRAMES, help="Only frames with an object."
        ),
    ] = False,
    resize: Annotated[
        str | None,
        typer.Option(
            "--resize",
            metavar="SIDE|WxH",
            rich_help_panel=options.FRAMES,
            help="Scale pictures to a longest side like 640, or to a size like 640x360. Without "
            "it, pictures that are stored as PNG or JPEG are copied.",
        ),
    ] = None,
    branch: options.ReadBranch = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    as_json: options.JsonResult = False,
    verbose: options.Verbose = False,
) -> None:
    """Convert a dataset to pictures and labels as another tool expects them.

    [bold]Examples[/]

    deeplake-labelbox convert ./clips --to yolo -o ./yolo --split 0.8,0.2

    deeplake-labelbox convert ./clips --to coco -o ./coco --column mask --resize 640
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._files import check_free_folder  # noqa: PLC0415 - not needed for --help
        from deeplake_labelbox._jobs.convert import convert_dataset  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._store.labeled_dataset import LabeledDataset  # noqa: PLC0415 - the same

        shares, size, renamed = _shares(split), read_size(resize), read_pairs("--map", mapping)
        check_free_folder(output)
        labeled = LabeledDataset(open_to_read(dataset, deeplake_creds, deeplake_token, branch))
        report = convert_dataset(
            labeled,
            output,
            to,
            split=shares,
            seed=seed,
            columns=columns or None,
            mapping=renamed,
            videos=None if not videos else [labeled.video(name).video_idx for name in videos],
            where=where,
            only_labeled=only_labeled,
            stride=stride,
            annotator=annotator,
            resize=size,
            progress=run.progress,
        )
        if as_json:
            run.result_json({**asdict(report), "path": str(report.path)})
        else:
            run.result(report.summary)
        for note in report.notes:
            run.warn(in_options(note))


def _shares(text: str | None) -> Sequence[float] | None:
    if text is None:
        return None
    try:
        return [float(share) for share in text.split(",")]
    except ValueError as error:
        raise ConfigurationError(
            f"--split {text!r} is not a list of shares like 0.8,0.1,0.1."
        ) from error
