"""``deeplake-labelbox create``: make a dataset of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import (
    read_creds,
    read_details,
    read_groups,
    read_ontology,
    read_presigner,
    read_ranges,
    read_size,
)
from deeplake_labelbox._cli.one_writer import one_writer
from deeplake_labelbox._cli.running import SAME_COMMAND, check_writable, running
from deeplake_labelbox._cli.summary import command_line, finish, show_dataset, show_opening
from deeplake_labelbox._jobs.project_source import ProjectSource
from deeplake_labelbox._store.frames.registry import DEFAULT, STORAGES, FrameStorage
from deeplake_labelbox.errors import DatasetExistsError

if TYPE_CHECKING:
    from deeplake_labelbox._store.location import DatasetLocation

_KINDS = ", ".join(f"{name} {storage.summary}" for name, storage in STORAGES.items())


def create(
    source: options.Source,
    dataset: options.Dataset,
    *,
    no_labels: Annotated[
        bool,
        typer.Option("--no-labels", rich_help_panel=options.LABELS, help="Write only the frames."),
    ] = False,
    label_selection: options.LabelChoice = "selected",
    group_mapping: options.Group = None,
    row_details: options.RowDetails = None,
    ontology: options.OntologyFile = None,
    ranges: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="FIRST-LAST",
            rich_help_panel=options.FRAMES,
            help="Only these frames, counted from 1, like 1-250. Repeatable.",
        ),
    ] = None,
    stride: Annotated[
        int,
        typer.Option(
            "--stride",
            min=1,
            metavar="N",
            rich_help_panel=options.FRAMES,
            help="Only every n-th frame of a video.",
        ),
    ] = 1,
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps",
            metavar="N",
            rich_help_panel=options.FRAMES,
            help="At most this many frames per second.",
        ),
    ] = None,
    only_labeled: Annotated[
        bool,
        typer.Option(
            "--only-labeled",
            rich_help_panel=options.FRAMES,
            help="Only frames inside a labeled segment.",
        ),
    ] = False,
    resize: Annotated[
        str | None,
        typer.Option(
            "--resize",
            metavar="SIDE|WxH",
            rich_help_panel=options.FRAMES,
            help="Scale frames and their labels: to this longest side in pixels, or to exactly "
            "WIDTHxHEIGHT.",
        ),
    ] = None,
    frame_storage: Annotated[
        FrameStorage,
        typer.Option(
            "--frames", rich_help_panel=options.FRAMES, help=f"How frames are stored: {_KINDS}."
        ),
    ] = DEFAULT,
    jpeg_quality: Annotated[
        int,
        typer.Option(
            "--jpeg-quality",
            min=1,
            max=100,
            metavar="N",
            rich_help_panel=options.FRAMES,
            help="Quality of jpg.",
        ),
    ] = 95,
    verify_frames: options.VerifyFrames = True,
    overwrite: options.Overwrite = False,
    url_presigner: options.Sign = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    project_id: options.Project = None,
    lb_api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    ray_address: options.RayAddress = None,
    ray_cpus: options.RayCpus = 2,
    fail_on_error: options.FailOnError = False,
    report: options.ReportFile = None,
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
) -> None:
    """Make a Deep Lake dataset of a Labelbox video project: export, decode, annotate, commit.

    Run it again after an interruption: it continues with the missing videos or the labels.

    [bold]Examples[/]

    deeplake-labelbox create cl9y0xd2m00 ./clips --group raster-segmentation=mask

    deeplake-labelbox create project.ndjson s3://datasets/clips --frames jpg

    deeplake-labelbox create cl9y0xd2m00 ./clips --frames video

    deeplake-labelbox create cl9y0xd2m00 ./small --only-labeled --fps 5 --resize 640
    """
    with running(verbose=verbose) as run, one_writer(dataset):
        from deeplake_labelbox._jobs.create import create_dataset  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._store.location import DatasetLocation  # noqa: PLC0415 - the same

        check_writable(report)
        storage, groups = read_creds(deeplake_creds), read_groups(group_mapping)
        known, presigner = read_ontology(ontology), read_presigner(url_presigner)
        chosen, size = read_ranges(ranges), read_size(resize)
        found = ProjectSource.of(
            source, project_id=project_id, lb_api_key=lb_api_key or None, endpoint=endpoint
        )
        run.resume = SAME_COMMAND
        try:
            outcome = create_dataset(
                dataset,
                found.project_id if found.export is None else found.export,
                labels=not no_labels,
                project_id=found.project_id,
                group_mapping=groups,
                label_selection=label_selection,
                ontology=known,
                row_details=read_details(row_details),
                frame_storage=frame_storage,
                jpeg_quality=jpeg_quality,
                verify_frames=verify_frames,
                stride=stride,
                fps=fps,
                ranges=chosen,
                only_labeled=only_labeled,
                resize=size,
                overwrite=overwrite,
                fail_on_error=fail_on_error,
                url_presigner=presigner,
                deeplake_creds=storage,
                deeplake_token=deeplake_token,
                lb_client=found.client,
                ray_address=ray_address,
                ray_cpus=ray_cpus,
                progress=run.progress,
            )
        except DatasetExistsError:
            location = DatasetLocation.of(dataset, storage, None, deeplake_token)
            run.hint = _next_command(location, found.project_id)
            raise
        if not (len(outcome.dataset) or outcome.gaps):
            run.warn(
                "No video has a frame that was chosen, so the dataset is empty. Choose other "
                "frames, and pass --overwrite."
            )
        if as_json:
            run.result_json(outcome.to_dict())
        else:
            show_dataset(run, outcome.dataset, dataset, outcome)
            show_opening(run, dataset, outcome.dataset, has_creds=storage is not None)
        finish(run, outcome, report)


def _next_command(location: DatasetLocation, project_id: str) -> str:
    """Return the advice how to continue with an existing dataset of the project."""
    from deeplake_labelbox._store.applied_labels import AppliedLabels  # noqa: PLC0415 - imports deeplake
    from deeplake_labelbox._store.swap import found_meta  # noqa: PLC0415 - the same

    meta = found_meta(location)
    if meta is None or meta.project_id != project_id:
        return ""
    if AppliedLabels.read(location.open()) is None:
        return (
            f"Its frames are complete, but it has no labels: "
            f"`{command_line('annotate', project_id, location.path)}` applies them (add --group, "
            f"if you gave it)."
        )
    return f"`{command_line('sync', location.path)}` updates it from Labelbox."
