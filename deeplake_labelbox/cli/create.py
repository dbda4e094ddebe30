"""``deeplake-labelbox create``: the whole job."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from deeplake_labelbox.cli import options
from deeplake_labelbox.cli.arguments import read_creds, read_groups, read_ontology
from deeplake_labelbox.cli.project_source import open_source
from deeplake_labelbox.cli.running import check_writable, running
from deeplake_labelbox.cli.summary import finish, show_dataset, show_opening
from deeplake_labelbox.cli.whole_job import LabelOptions, make_dataset

_FRAMES = "Frames"


def create(
    source: options.Source,
    dataset: options.Dataset,
    *,
    no_labels: Annotated[
        bool,
        typer.Option("--no-labels", rich_help_panel=options.LABELS, help="Write the frames alone."),
    ] = False,
    group: options.Group = None,
    ontology: options.OntologyFile = None,
    frames: Annotated[
        Literal["png", "jpg"],
        typer.Option(
            "--frames",
            rich_help_panel=_FRAMES,
            help="How frames are stored: png keeps every pixel, jpg is smaller and faster.",
        ),
    ] = "png",
    jpeg_quality: Annotated[
        int,
        typer.Option(
            "--jpeg-quality", min=1, max=100, rich_help_panel=_FRAMES, help="Quality of jpg."
        ),
    ] = 95,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            rich_help_panel=options.STORAGE,
            help="Replace a dataset at the path, once the export is there.",
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

    Called again after an interruption, it goes on where it stopped.

    [bold]Examples[/]

    deeplake-labelbox create cl9y0xd2m00 ./clips --group raster-segmentation=mask

    deeplake-labelbox create project.ndjson s3://bucket/clips --frames jpg
    """
    with running(verbose=verbose) as run:
        check_writable(report)
        groups, storage = read_groups(group), read_creds(creds)
        labels = None if no_labels else LabelOptions(groups, read_ontology(ontology), fail_on_error)
        found = open_source(source, project=project, api_key=api_key, endpoint=endpoint)
        made, outcome = make_dataset(
            run,
            found,
            dataset,
            labels,
            creds=storage,
            token=token,
            overwrite=overwrite,
            fail_on_error=fail_on_error,
            frame_storage=frames,
            jpeg_quality=jpeg_quality,
        )
        show_dataset(run, made, dataset, outcome)
        show_opening(run, dataset, made, has_creds=storage is not None)
        finish(run, outcome, report)
