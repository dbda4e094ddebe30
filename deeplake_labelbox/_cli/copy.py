"""``deeplake-labelbox copy``: copy a dataset or a part of it, and change how frames are stored."""

from __future__ import annotations

from typing import Annotated

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import read_creds, read_size
from deeplake_labelbox._cli.one_writer import one_writer
from deeplake_labelbox._cli.reading import open_to_read
from deeplake_labelbox._cli.running import running
from deeplake_labelbox._counts import counted
from deeplake_labelbox._store.frames.registry import STORAGES, FrameStorage

_KINDS = ", ".join(STORAGES)


def copy(
    source: options.Dataset,
    dataset: Annotated[str, typer.Argument(metavar="COPY", help="Path of the copy.")],
    *,
    where: options.Where = None,
    resize: Annotated[
        str | None,
        typer.Option(
            "--resize",
            metavar="SIDE|WxH",
            rich_help_panel=options.FRAMES,
            help="Scale frames and their labels; not with --frames video.",
        ),
    ] = None,
    frame_storage: Annotated[
        FrameStorage | None,
        typer.Option(
            "--frames",
            rich_help_panel=options.FRAMES,
            help=f"How frames are stored: {_KINDS}; by default as in the source. Pictures cannot "
            "become a video.",
        ),
    ] = None,
    jpeg_quality: Annotated[
        int | None,
        typer.Option(
            "--jpeg-quality",
            min=1,
            max=100,
            metavar="N",
            rich_help_panel=options.FRAMES,
            help="Quality of frames that are encoded as jpg; by default as in the source, or 95.",
        ),
    ] = None,
    branch: options.ReadBranch = None,
    overwrite: options.Overwrite = False,
    deeplake_creds: options.Creds = None,
    to_creds: Annotated[
        list[str] | None,
        typer.Option(
            "--to-creds",
            metavar="KEY=VALUE",
            rich_help_panel=options.STORAGE,
            help="Credential of the storage of the copy; by default --creds.",
        ),
    ] = None,
    deeplake_token: options.DeepLakeToken = None,
    verbose: options.Verbose = False,
) -> None:
    """Copy a dataset or a part of it, with its labels; the copy can be synced too.

    [bold]Examples[/]

    deeplake-labelbox copy ./clips ./pictures --frames png

    deeplake-labelbox copy ./clips ./rainy --where 'contains(weather, 1)' --resize 640 --frames jpg
    """
    with running(verbose=verbose) as run, one_writer(dataset):
        size = read_size(resize)
        opened = open_to_read(source, deeplake_creds, deeplake_token, branch)
        from deeplake_labelbox._store.labeled_dataset import LabeledDataset  # noqa: PLC0415 - imports deeplake

        copied = LabeledDataset(opened).copy(
            dataset,
            where=where,
            frame_storage=frame_storage,
            jpeg_quality=jpeg_quality,
            resize=size,
            overwrite=overwrite,
            creds=read_creds(to_creds or deeplake_creds),
            token=deeplake_token,
            progress=run.progress,
        )
        videos = counted(len(copied.videos), "video")
        run.result(f"{dataset}: {counted(len(copied), 'frame')} of {videos}")
