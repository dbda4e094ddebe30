"""``deeplake-labelbox import``: import annotations into a Labelbox project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import read_creds, read_data_rows, read_groups, read_pairs
from deeplake_labelbox._cli.running import EXIT_GAPS, Run, check_writable, running
from deeplake_labelbox._cli.spelling import in_options
from deeplake_labelbox._cli.summary import show_gaps
from deeplake_labelbox.errors import (
    AlreadyLabeledError,
    AnnotationImportError,
    LabelboxUnavailableError,
)

if TYPE_CHECKING:
    from deeplake_labelbox import ImportResult

_REFUSED_SHOWN = 30


def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help=options.SOURCES,
        ),
    ],
    project_id: Annotated[
        str,
        typer.Argument(
            metavar="PROJECT_ID",
            help="Id of a Labelbox video project that has the videos, and an ontology unless "
            "--make-ontology.",
        ),
    ],
    *,
    source_format: options.SourceFormatOption = None,
    frame_step: options.FrameStep = None,
    first_number: options.FirstNumber = None,
    mapping: options.NameMapping = None,
    data_rows: options.DataRows = None,
    group_mapping: options.Group = None,
    tolerance: Annotated[
        float,
        typer.Option(
            "--tolerance",
            min=0.0,
            metavar="PIXELS",
            rich_help_panel=options.LABELS,
            help="Allowed error of interpolated coordinates; the fewest key frames that stay "
            "within it are sent. 0 leaves out only frames that interpolation restores exactly.",
        ),
    ] = 0.5,
    keep_key_frames: Annotated[
        bool,
        typer.Option(
            "--keep-key-frames/--fewest-key-frames",
            rich_help_panel=options.LABELS,
            help="Keep every frame that a person drew as a key frame, or send the fewest possible.",
        ),
    ] = True,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    import_as: Annotated[
        Literal["ground-truth", "pre-labels"],
        typer.Option(
            "--as",
            rich_help_panel=options.LABELBOX,
            help="Import as labels, or as suggestions for the labeler.",
        ),
    ],
    existing: Annotated[
        Literal["skip", "overwrite", "fail"],
        typer.Option(
            "--existing",
            rich_help_panel=options.LABELBOX,
            help="What to do with data rows that have labels or unused pre-labels; overwrite "
            "replaces the labels, but adds another one in projects with consensus.",
        ),
    ] = "skip",
    make_ontology: Annotated[
        bool,
        typer.Option(
            "--make-ontology",
            rich_help_panel=options.LABELBOX,
            help="Make an ontology of the classes and answers of the source, if the project has "
            "none.",
        ),
    ] = False,
    answer_kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--answer-kind",
            metavar="NAME=KIND",
            rich_help_panel=options.LABELBOX,
            help="With --make-ontology: radio, checklist or text, for a classification whose kind "
            "does not follow from its answers. Repeatable.",
        ),
    ] = None,
    import_name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            rich_help_panel=options.LABELBOX,
            help="Name of the import; with a new name, everything is sent again.",
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            rich_help_panel=options.LABELBOX,
            help="How long Labelbox may take for each import.",
        ),
    ] = 7200.0,
    lb_api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    dry_run: Annotated[
        Path | None,
        typer.Option(
            "--dry-run",
            metavar="FILE",
            rich_help_panel=options.OUTCOME,
            help="Write the lines to this NDJSON file, and send nothing.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            rich_help_panel=options.OUTCOME,
            help="Write the outcome of each annotation to a JSON file; Labelbox deletes it after a "
            "day.",
        ),
    ] = None,
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
) -> None:
    """Import annotations into a Labelbox project, as ground truth or as pre-labels.

    All annotations are checked before any is sent. Run it again after an interruption: it finds in
    Labelbox what was sent, and sends only the rest.

    [bold]Examples[/]

    deeplake-labelbox import ./clips cl9y0xd2m00 --as ground-truth

    deeplake-labelbox import gt.txt cl9y0xd2m00 --as pre-labels --map pedestrian=person --data-row a

    deeplake-labelbox import tracks.xml cl9y0xd2m00 --as ground-truth --dry-run out.ndjson
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._imports.importing import import_annotations  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._labelbox.client import connect  # noqa: PLC0415 - the same

        check_writable(report)
        check_writable(dry_run)
        run.resume = "Run the same command again to continue: nothing is sent twice."
        try:
            result = import_annotations(
                source,
                project_id,
                None,
                import_as=import_as,
                source_format=source_format,
                mapping=read_pairs("--map", mapping),
                group_mapping=read_groups(group_mapping),
                data_rows=read_data_rows(data_rows),
                frame_step=frame_step,
                first_number=first_number,
                make_ontology=make_ontology,
                answer_kinds=read_pairs("--answer-kind", answer_kinds),  # type: ignore[arg-type]  # checked there
                existing=existing,
                tolerance=tolerance,
                keep_key_frames=keep_key_frames,
                dry_run=dry_run,
                save_result=report,
                import_name=import_name,
                timeout=timeout,
                deeplake_creds=read_creds(deeplake_creds),
                deeplake_token=deeplake_token,
                lb_client=connect(lb_api_key, endpoint=endpoint),
                progress=run.progress,
            )
        except AlreadyLabeledError:
            raise  # another import does not change it
        except (AnnotationImportError, LabelboxUnavailableError):
            run.hint = run.resume
            raise
        if as_json:
            run.result_json(asdict(result))
        else:
            run.result(result.summary)
        _show(run, result, dry_run)
        if report is not None:
            run.step(f"Outcome of each annotation written to {report}")
        if result.gaps:
            show_gaps(run, result.gaps, report)
        done = len(result.with_status("not sent" if dry_run is not None else "accepted"))
        if result.gaps or done < len(result.annotations):
            raise typer.Exit(EXIT_GAPS)


def _show(run: Run, result: ImportResult, dry_run: Path | None) -> None:
    from deeplake_labelbox._imports.outcome import grouped_lines  # noqa: PLC0415 - imports deeplake

    if dry_run is not None:
        run.step(f"Nothing was sent; the lines are in {dry_run}")
    if result.earlier:
        run.step(result.earlier)
    _list(run, list(grouped_lines([*result.refused, *result.with_status("unknown")])))
    _list(run, list(map(str, result.notes)))
    for reason, count in Counter(outcome.reason for outcome in result.skipped).items():
        run.warn(f"{count:,} skipped: {reason}; --existing overwrite imports them anyway.")


def _list(run: Run, lines: Sequence[str]) -> None:
    for line in lines[:_REFUSED_SHOWN]:
        run.warn(in_options(line))
    if len(lines) > _REFUSED_SHOWN:
        run.warn(f"and {len(lines) - _REFUSED_SHOWN:,} more; write all with --report FILE")
