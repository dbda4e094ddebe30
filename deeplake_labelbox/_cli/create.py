"""``deeplake-labelbox create``: the whole job."""

from __future__ import annotations

from typing import Annotated

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import (
    read_creds,
    read_details,
    read_groups,
    read_ontology,
    read_ranges,
    read_size,
)
from deeplake_labelbox._cli.one_writer import one_writer
from deeplake_labelbox._cli.project_source import open_source
from deeplake_labelbox._cli.running import check_writable, running
from deeplake_labelbox._cli.summary import finish, show_dataset, show_opening
from deeplake_labelbox._cli.whole_job import FrameOptions, LabelOptions, make_dataset
from deeplake_labelbox._store.frames.registry import DEFAULT, STORAGES, FrameStorage

_FRAMES = "Frames"
_KINDS = ", ".join(f"{name} {storage.summary}" for name, storage in STORAGES.items())


def create(
    source: options.Source,
    dataset: options.Dataset,
    *,
    no_labels: Annotated[
        bool,
        typer.Option("--no-labels", rich_help_panel=options.LABELS, help="Write the frames alone."),
    ] = False,
    group: options.Group = None,
    labeled_by: options.LabelChoice = "selected",
    row_detail: options.RowDetails = None,
    ontology: options.OntologyFile = None,
    frames: Annotated[
        FrameStorage,
        typer.Option("--frames", rich_help_panel=_FRAMES, help=f"How frames are stored: {_KINDS}."),
    ] = DEFAULT,
    jpeg_quality: Annotated[
        int,
        typer.Option(
            "--jpeg-quality", min=1, max=100, rich_help_panel=_FRAMES, help="Quality of jpg."
        ),
    ] = 95,
    stride: Annotated[
        int,
        typer.Option(
            "--stride", min=1, rich_help_panel=_FRAMES, help="Only every n-th frame of a video."
        ),
    ] = 1,
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps",
            show_default=False,
            rich_help_panel=_FRAMES,
            help="At most so many frames a second.",
        ),
    ] = None,
    frame_range: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="FIRST-LAST",
            show_default=False,
            rich_help_panel=_FRAMES,
            help="Only these frames, counted from 1, like 1-250. May be given several times.",
        ),
    ] = None,
    only_labeled: Annotated[
        bool,
        typer.Option(
            "--only-labeled",
            rich_help_panel=_FRAMES,
            help="Only frames inside a labeled segment.",
        ),
    ] = False,
    resize: Annotated[
        str | None,
        typer.Option(
            "--resize",
            metavar="SIDE|WxH",
            show_default=False,
            rich_help_panel=_FRAMES,
            help="Scale frames, and their labels alike: to this longest side in pixels, or to "
            "exactly WIDTHxHEIGHT.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            rich_help_panel=options.STORAGE,
            help="Replace a dataset at the path, once the new one is complete.",
        ),
    ] = False,
    creds: options.Creds = None,
    token: options.DeepLakeToken = None,
    project: options.Project = None,
    api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    fail_on_error: options.FailOnError = False,
    report: options.ReportFile = None,
    verbose: options.Verbose = False,
) -> None:
    """Make a Deep Lake dataset of a Labelbox video project: export, decode, annotate, commit.

    Called again after an interruption, it goes on where it stopped: with the videos that are not
    there yet, or with the labels.

    [bold]Examples[/]

    deeplake-labelbox create cl9y0xd2m00 ./clips --group raster-segmentation=mask

    deeplake-labelbox create project.ndjson s3://datasets/clips --frames jpg

    deeplake-labelbox create cl9y0xd2m00 ./small --only-labeled --fps 5 --resize 640
    """
    with running(verbose=verbose) as run, one_writer(dataset):
        check_writable(report)
        groups, storage = read_groups(group), read_creds(creds)
        ranges, size = read_ranges(frame_range), read_size(resize)
        known, details = read_ontology(ontology), read_details(row_detail)
        labels = LabelOptions(groups, known, fail_on_error, labeled_by, details)
        found = open_source(source, project=project, api_key=api_key, endpoint=endpoint)
        made, outcome = make_dataset(
            run,
            found,
            dataset,
            None if no_labels else labels,
            creds=storage,
            token=token,
            overwrite=overwrite,
            fail_on_error=fail_on_error,
            frames=FrameOptions(
                storage=frames,
                jpeg_quality=jpeg_quality,
                stride=stride,
                fps=fps,
                ranges=ranges,
                only_labeled=only_labeled,
                resize=size,
            ),
        )
        show_dataset(run, made, dataset, outcome)
        show_opening(run, dataset, made, has_creds=storage is not None)
        finish(run, outcome, report)
