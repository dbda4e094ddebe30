"""``deeplake-labelbox export``: export a project to an NDJSON file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.running import check_free, running
from deeplake_labelbox._cli.spelling import options_of
from deeplake_labelbox._cli.summary import command_line, readable_size
from deeplake_labelbox._counts import counted

_FILTERS = "Which data rows (all conditions must hold)"
_DETAILS = "Details of each data row"
RANGES = {
    "last_activity_at": "--since/--until",
    "label_created_at": "--labeled-since/--labeled-until",
}


def export(
    project_id: Annotated[
        str,
        typer.Argument(
            metavar="PROJECT_ID",
            help="Id of a Labelbox video project, as in its URL.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The NDJSON file to write, one data row per line. It has signed URLs: keep it as "
            "private as the videos.",
        ),
    ],
    *,
    overwrite: options.OverwriteFile = False,
    workflow_status: Annotated[
        Literal["ToLabel", "InReview", "InRework", "Done"] | None,
        typer.Option(
            "--status",
            rich_help_panel=_FILTERS,
            help="Their workflow status.",
        ),
    ] = None,
    batch_ids: Annotated[
        list[str] | None,
        typer.Option(
            "--batch", metavar="ID", rich_help_panel=_FILTERS, help="In this batch. Repeatable."
        ),
    ] = None,
    data_row_ids: Annotated[
        list[str] | None,
        typer.Option(
            "--data-row", metavar="ID", rich_help_panel=_FILTERS, help="With this id. Repeatable."
        ),
    ] = None,
    global_keys: Annotated[
        list[str] | None,
        typer.Option(
            "--global-key",
            metavar="KEY",
            rich_help_panel=_FILTERS,
            help="With this global key. Repeatable.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            rich_help_panel=_FILTERS,
            help="Last activity since then: 2024-01-31, '2024-01-31 12:00:00' or ISO 8601.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="DATE", rich_help_panel=_FILTERS, help="Last activity until then."),
    ] = None,
    labeled_since: Annotated[
        str | None,
        typer.Option(metavar="DATE", rich_help_panel=_FILTERS, help="Labeled since then."),
    ] = None,
    labeled_until: Annotated[
        str | None,
        typer.Option(metavar="DATE", rich_help_panel=_FILTERS, help="Labeled until then."),
    ] = None,
    interpolated_frames: Annotated[
        bool,
        typer.Option(
            "--interpolated-frames/--key-frames",
            rich_help_panel=_DETAILS,
            help="Every frame of each object, or only key frames, in a file many times smaller; "
            "the dataset is the same.",
        ),
    ] = False,
    attachments: Annotated[
        bool, typer.Option(rich_help_panel=_DETAILS, help="Its attachments.")
    ] = True,
    metadata: Annotated[bool, typer.Option(rich_help_panel=_DETAILS, help="Its metadata.")] = True,
    embeddings: Annotated[
        bool, typer.Option(rich_help_panel=_DETAILS, help="Its embeddings.")
    ] = False,
    performance: Annotated[
        bool,
        typer.Option(
            rich_help_panel=_DETAILS, help="Times and scores of its labels, and which are skipped."
        ),
    ] = True,
    timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            rich_help_panel=options.LABELBOX,
            help="How long Labelbox may take to prepare the export.",
        ),
    ] = 7200.0,
    lb_api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    fail_on_error: options.FailOnError = False,
    verbose: options.Verbose = False,
) -> None:
    """Export a Labelbox video project to an NDJSON file, with its labels and ontology ids.

    `create` and `annotate` take the file instead of the project id, and export nothing again.

    [bold]Examples[/]

    deeplake-labelbox export cl9y0xd2m00 -o project.ndjson

    deeplake-labelbox export cl9y0xd2m00 -o done.ndjson --status Done --since 2024-01-31
    """
    with options_of(RANGES), running(verbose=verbose) as run:
        from deeplake_labelbox._labelbox.client import connect  # noqa: PLC0415 - not needed for --help
        from deeplake_labelbox._labelbox.exporter import ProjectExporter  # noqa: PLC0415 - the same
        from deeplake_labelbox._labelbox.filters import ExportFilters, ExportParams  # noqa: PLC0415 - the same

        filters = ExportFilters(
            data_row_ids=data_row_ids or None,
            global_keys=global_keys or None,
            batch_ids=batch_ids or None,
            workflow_status=workflow_status,
            last_activity_at=_range(since, until),
            label_created_at=_range(labeled_since, labeled_until),
        )
        params = ExportParams(
            attachments=attachments,
            metadata_fields=metadata,
            embeddings=embeddings,
            performance_details=performance,
            interpolated_frames=interpolated_frames,
        )
        check_free(output, overwrite=overwrite)
        exporter = ProjectExporter(connect(lb_api_key, endpoint=endpoint), project_id)
        run.step(f"Exporting project {project_id}")
        exported = exporter.export(
            output,
            filters=filters,
            params=params,
            timeout=timeout,
            progress=run.progress,
            fail_on_error=fail_on_error,
        )
        name = exported.project_name(exporter.project_id) or exporter.project_id
        rows = counted(len(exported), "data row")
        size = readable_size(exported.path.stat().st_size)
        run.result(f"{output}: {rows} of {name}, {size}")
        run.step(f"Next: {command_line('create', str(output), output.stem)}")


def _range(start: str | None, end: str | None) -> tuple[str | None, str | None] | None:
    return None if start is None and end is None else (start, end)
