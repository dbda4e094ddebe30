"""``deeplake-labelbox preview``: show a dataset as a picture, a video or a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.reading import open_to_read
from deeplake_labelbox._cli.running import check_free, running
from deeplake_labelbox.errors import ConfigurationError


def _bytes(megabytes: float) -> float:
    return megabytes * 1e6


def preview(
    dataset: options.Dataset,
    *,
    videos: options.Videos = None,
    annotator: options.Annotator = None,
    frames: Annotated[
        str | None,
        typer.Option(
            "--frames",
            metavar="FIRST-LAST",
            help="Only these frames, counted from 1, like 1-250.",
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            "--width",
            min=16,
            metavar="PIXELS",
            help="Width of the contact sheet, of the video's frames, or of the page's pictures.",
        ),
    ] = None,
    max_bytes: Annotated[
        float,
        typer.Option(
            "--max-mb",
            min=0.05,
            metavar="MB",
            callback=_bytes,
            help="Maximum size of an .html page; its pictures become coarser to stay below it.",
        ),
    ] = 24.0,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write: .png is a contact sheet, .mp4 a video with labels drawn in, .html "
            "a page that plays every frame with its labels and a timeline.",
        ),
    ],
    overwrite: options.OverwriteFile = False,
    branch: options.ReadBranch = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    verbose: options.Verbose = False,
) -> None:
    """Show a dataset and its labels as a picture, a video, or a page for the browser.

    [bold]Examples[/]

    deeplake-labelbox preview ./clips -o clips.html

    deeplake-labelbox preview ./clips -o crossing.mp4 --video crossing.mp4 --frames 1-250
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._pictures.dataset_preview import check_preview_path, write_preview  # noqa: PLC0415 - imports deeplake

        check_preview_path(output, videos or None)
        check_free(output, overwrite=overwrite)
        between = _read_range(frames)
        opened = open_to_read(dataset, deeplake_creds, deeplake_token, branch)
        written = write_preview(
            opened,
            output,
            videos=videos or None,
            frames=between,
            width=width,
            max_bytes=round(max_bytes),
            annotator=annotator,
            progress=run.progress,
        )
        run.result(f"{output}: {written}")


def _read_range(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", text)
    if found is None:
        raise ConfigurationError(
            f"--frames {text!r} is not a range of frames like 1-250, counted from 1."
        )
    return int(found[1]), int(found[2] or found[1])
