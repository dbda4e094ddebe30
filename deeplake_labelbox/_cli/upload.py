"""``deeplake-labelbox upload``: upload videos to a Labelbox project."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import read_creds, read_metadata, read_normalized
from deeplake_labelbox._cli.running import EXIT_GAPS, SAME_COMMAND, Run, check_writable, running
from deeplake_labelbox._cli.spelling import in_options
from deeplake_labelbox._cli.summary import command_line
from deeplake_labelbox._counts import counted
from deeplake_labelbox._files import write_json

if TYPE_CHECKING:
    from deeplake_labelbox._upload.result import AnnotationProject

_VIDEOS = "Videos"


def upload(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATHS",
            help="Files, URLs, and patterns or prefixes in buckets such as s3://bucket/day/*.mp4 "
            "(quote them), gs://... and az://...",
        ),
    ],
    project: Annotated[
        str,
        typer.Option(
            "--project",
            metavar="NAME",
            rich_help_panel=options.LABELBOX,
            help="Name of the project; it is created if it does not exist.",
        ),
    ],
    *,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="NAME",
            show_default="the name of the project",
            rich_help_panel=options.LABELBOX,
            help="Name of the Labelbox dataset; it is created if it does not exist.",
        ),
    ] = None,
    ontology: Annotated[
        str | None,
        typer.Option(
            "--ontology",
            metavar="ID_OR_FILE",
            rich_help_panel=options.LABELBOX,
            help="Id of an ontology, or a JSON file with its normalized form.",
        ),
    ] = None,
    project_id: Annotated[
        str | None,
        typer.Option(
            "--project-id",
            metavar="ID",
            rich_help_panel=options.LABELBOX,
            help="Project to use, if several have this name.",
        ),
    ] = None,
    dataset_id: Annotated[
        str | None,
        typer.Option(
            "--dataset-id",
            metavar="ID",
            rich_help_panel=options.LABELBOX,
            help="Dataset to use, if several have this name.",
        ),
    ] = None,
    priority: Annotated[
        int,
        typer.Option(
            "--priority",
            min=1,
            max=5,
            metavar="N",
            rich_help_panel=options.LABELBOX,
            help="Priority of the videos, from 1 (labeled first) to 5.",
        ),
    ] = 5,
    iam_integration: Annotated[
        str,
        typer.Option(
            "--iam",
            metavar="ID_OR_NAME",
            rich_help_panel=options.LABELBOX,
            help="IAM integration by which Labelbox reads a new dataset's buckets: DEFAULT is the "
            "organization's, NONE is none.",
        ),
    ] = "DEFAULT",
    duplicates: Annotated[
        Literal["fail", "skip", "all"],
        typer.Option(
            "--duplicates",
            rich_help_panel=_VIDEOS,
            help="What to do with videos that occur several times.",
        ),
    ] = "fail",
    preflight: Annotated[
        Literal["fail", "skip", "warn", "off"],
        typer.Option(
            "--preflight",
            rich_help_panel=_VIDEOS,
            help="What to do with local files that Labelbox does not accept.",
        ),
    ] = "fail",
    metadata: Annotated[
        Path | None,
        typer.Option(
            "--metadata",
            metavar="FILE",
            rich_help_panel=_VIDEOS,
            help="JSON file with the metadata of new data rows: by path, values by field.",
        ),
    ] = None,
    sign: Annotated[
        bool,
        typer.Option(
            "--sign",
            rich_help_panel=_VIDEOS,
            help="Give Labelbox signed URLs of videos in buckets; they are valid for a week.",
        ),
    ] = False,
    deeplake_creds: options.Creds = None,
    lb_api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    fail_on_error: options.FailOnError = False,
    report: options.ReportFile = None,
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
) -> None:
    """Upload videos to Labelbox, into a project that is ready to label.

    Run it again, with the same or more videos, to continue where it stopped; nothing is uploaded
    twice.

    [bold]Examples[/]

    deeplake-labelbox upload day/*.mp4 --project Street --ontology ontology.json

    deeplake-labelbox upload "s3://bucket/street/*.mp4" --project Downtown --iam my-bucket
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._labelbox.client import connect  # noqa: PLC0415 - not needed for --help
        from deeplake_labelbox._upload.create import upload_videos  # noqa: PLC0415 - the same
        from deeplake_labelbox._upload.listing import list_videos  # noqa: PLC0415 - the same

        check_writable(report)
        wanted: Any = ontology
        if ontology is not None and (ontology.endswith(".json") or Path(ontology).exists()):
            wanted = read_normalized(Path(ontology))
        given = read_metadata(metadata)
        client = connect(lb_api_key, endpoint=endpoint)
        storage = read_creds(deeplake_creds)
        found = [
            video
            for path in paths
            for video in list_videos(path, sign_urls=sign, storage_options=storage)
        ]
        run.resume = SAME_COMMAND
        result = upload_videos(
            found,
            project=project,
            dataset=dataset,
            ontology=wanted,
            project_id=project_id,
            dataset_id=dataset_id,
            metadata=given,
            priority=priority,
            iam_integration=None if iam_integration == "NONE" else iam_integration,
            duplicates=duplicates,
            preflight=preflight,
            fail_on_error=fail_on_error,
            lb_client=client,
            progress=run.progress,
        )
        values = _without_paths(asdict(result))
        _show_problems(run, result)
        if as_json:
            run.result_json(values)
        else:
            _show(run, result)
        if report is not None:
            write_json(report, values)
        if any(refused.by != "duplicate" for refused in result.refused):
            raise typer.Exit(EXIT_GAPS)


def _show_problems(run: Run, result: AnnotationProject) -> None:
    for refused in result.refused:
        run.warn(str(refused))
    for warning in result.warnings:
        # Warnings about files were logged when they were found.
        if warning.startswith("The project"):
            run.warn(in_options(warning))


def _show(run: Run, result: AnnotationProject) -> None:
    videos = counted(len(result.data_rows), "video")
    run.result(
        f"{result.project_id}: {videos} in {result.project_name}, {len(result.created):,} new"
    )
    run.result(result.editor_url)
    run.step(f"When they are labeled: {command_line('create', result.project_id, 'dataset')}")


def _without_paths(found: dict[str, Any]) -> dict[str, Any]:
    """Remove the given paths: they may be signed URLs, and the names identify the videos."""
    for part in ("data_rows", "refused"):
        found[part] = [
            {key: value for key, value in entry.items() if key != "path"} for entry in found[part]
        ]
    return found
