"""``deeplake-labelbox inspect``: what the videos of a project are, before anything is decoded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import read_presigner
from deeplake_labelbox._cli.running import EXIT_GAPS, Run, running
from deeplake_labelbox._cli.spelling import in_options
from deeplake_labelbox._cli.summary import readable_size
from deeplake_labelbox._cli.tables import table_of
from deeplake_labelbox._counts import counted
from deeplake_labelbox._jobs.project_source import ProjectSource
from deeplake_labelbox._store.frames.registry import STORAGES

if TYPE_CHECKING:
    from deeplake_labelbox import ProjectInspection, VideoInspection


def inspect(
    source: options.Source,
    *,
    at_a_time: Annotated[
        int,
        typer.Option(min=1, max=64, metavar="N", help="How many videos are inspected in parallel."),
    ] = 8,
    url_presigner: options.Sign = None,
    project_id: options.Project = None,
    lb_api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    as_json: options.JsonResult = False,
    verbose: options.Verbose = False,
) -> None:
    """Look at every video of a project before anything is decoded or written.

    Shows the format of each video, what is unusual, and which frames or labels will be missing.
    Of a remote MP4 or MOV only the index is fetched. The exit code is 2 if anything will be
    missing.

    [bold]Examples[/]

    deeplake-labelbox inspect cl9y0xd2m00

    deeplake-labelbox inspect project.ndjson --json > videos.json
    """
    with running(verbose=verbose) as run:
        found = replace(
            ProjectSource.of(
                source, project_id=project_id, lb_api_key=lb_api_key or None, endpoint=endpoint
            ),
            url_presigner=read_presigner(url_presigner),
        )
        inspection = _inspect(run, found, at_a_time)
        if as_json:
            run.result_json(inspection.to_dict())
        else:
            _show(run, inspection)
        if inspection.will_miss:
            raise typer.Exit(EXIT_GAPS)


def _inspect(run: Run, found: ProjectSource, at_a_time: int) -> ProjectInspection:
    from deeplake_labelbox._jobs.inspect import inspect_export  # noqa: PLC0415 - not needed for --help

    if found.export is None:
        run.step(f"Exporting project {found.project_id}")
    return inspect_export(
        found.read_export(progress=run.progress),
        found.project_id,
        url_presigner=found.presigner,
        at_a_time=at_a_time,
        progress=run.progress,
    )


def _show(run: Run, inspection: ProjectInspection) -> None:
    table = table_of("video", "format", "#rate", "#frames")
    table.title, table.title_justify = Text(inspection.project_name, style="bold"), "left"
    for name, video in zip(inspection.short_names, inspection, strict=True):
        table.add_row(*_cells(name, video))
    run.out.print(table)
    for name, video in zip(inspection.short_names, inspection, strict=True):
        for finding in video.findings:
            color = "red" if finding.costs else "yellow"
            text = Text.assemble((f"{name}: ", color), in_options(finding.what))
            run.out.print(text, soft_wrap=True)
    sizes = [f"{readable_size(inspection.estimated_bytes(name))} as {name}" for name in STORAGES]
    missing = sum(video.will_miss for video in inspection)
    run.result(
        f"{counted(len(inspection.videos), 'video')}, about {counted(inspection.rows, 'row')} and "
        f"{' or '.join(sizes)}, estimated from their pixels and packets"
    )
    if missing:
        run.result(f"{missing:,} of them will miss frames or labels.")


def _cells(short_name: str, video: VideoInspection) -> tuple[Text | str, ...]:
    name = Text(short_name)
    if video.data_row_id not in short_name:
        name.append(f"\n{video.data_row_id}", style="dim")
    if video.info is None:
        return name, "", "", "0"
    info = video.info
    turned = f"\nturned {info.rotation} degrees" if info.rotation else ""
    rate = f"{info.frame_rate:.6g}" if info.frame_rate else ""
    shape = f"{info.codec}\n{info.width} x {info.height}{turned}"
    return name, shape, rate, f"{video.rows:,}"
