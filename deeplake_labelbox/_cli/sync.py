"""``deeplake-labelbox sync``: update a dataset from its Labelbox project."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import read_creds, read_presigner
from deeplake_labelbox._cli.running import SAME_COMMAND, Run, check_writable, running
from deeplake_labelbox._cli.summary import finish
from deeplake_labelbox._cli.tables import WIDE
from deeplake_labelbox._counts import counted

if TYPE_CHECKING:
    from deeplake_labelbox._sync.report import SyncReport

_CHANGES_SHOWN: Final = 100
_ID: Final = 25  # characters; at 60 columns this leaves a line to the id of a label
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?\+00:00")


def sync(
    dataset: options.Dataset,
    *,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            rich_help_panel=options.LABELS,
            help="Delete the rows of videos that left the project.",
        ),
    ] = False,
    verify_frames: options.VerifyFrames = True,
    branch: options.WriteBranch = None,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", rich_help_panel=options.STORAGE, help="Merge the branch into main."
        ),
    ] = False,
    tag: Annotated[
        str | None,
        typer.Option(
            "--tag",
            metavar="NAME",
            rich_help_panel=options.STORAGE,
            help="Tag the resulting version, so that a training run can refer to it.",
        ),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(
            "--wait",
            metavar="SECONDS",
            min=0,
            rich_help_panel=options.STORAGE,
            help="How long to wait for another sync of the dataset to end.",
        ),
    ] = 600.0,
    url_presigner: options.Sign = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            rich_help_panel=options.LABELBOX,
            help="Compare all videos, not only those with activity since the last sync.",
        ),
    ] = False,
    retry: Annotated[
        bool,
        typer.Option(
            "--retry/--no-retry",
            rich_help_panel=options.LABELBOX,
            help="Retry videos that failed or are incomplete.",
        ),
    ] = True,
    lb_api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    ray_address: options.RayAddress = None,
    ray_cpus: options.RayCpus = 2,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            rich_help_panel=options.OUTCOME,
            help="Print the changes, and write nothing.",
        ),
    ] = False,
    fail_on_error: options.FailOnError = False,
    report: options.ReportFile = None,
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
) -> None:
    """Update a dataset from its Labelbox project: labels, new videos, ontology.

    Only what changed since the last sync is exported, and written in one commit. If nothing
    changed, there is no commit.

    [bold]Examples[/]

    deeplake-labelbox sync ./clips --dry-run

    deeplake-labelbox sync ./clips --branch labelbox --merge --tag run-8
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._labelbox.client import connect  # noqa: PLC0415 - not needed for --help
        from deeplake_labelbox._sync.sync import sync_dataset  # noqa: PLC0415 - imports deeplake

        check_writable(report)
        run.resume = SAME_COMMAND
        outcome = sync_dataset(
            dataset,
            branch=branch,
            merge=merge,
            tag=tag,
            wait=wait,
            prune=prune,
            full=full,
            retry=retry,
            verify_frames=verify_frames,
            dry_run=dry_run,
            fail_on_error=fail_on_error,
            url_presigner=read_presigner(url_presigner),
            deeplake_creds=read_creds(deeplake_creds),
            deeplake_token=deeplake_token,
            lb_client=connect(lb_api_key, endpoint=endpoint),
            ray_address=ray_address,
            ray_cpus=ray_cpus,
            progress=run.progress,
        )
        if as_json:
            run.result_json(asdict(outcome))
        else:
            _show(run, dataset, outcome)
        finish(run, outcome, report)


def _show(run: Run, path: str, outcome: SyncReport) -> None:
    """Print the changes as a table, and a line that says whether they were written."""
    if outcome.changes:
        table = Table(box=box.ROUNDED, title_justify="left", padding=(0, 1))
        table.title = Text(f"{outcome.project_name} → {path}", style="bold")
        is_narrow = run.out.width < WIDE
        columns = ("data row", "what", "before (-) and after (+)")
        for column in ("data row", "change: - before, + after") if is_narrow else columns:
            table.add_column(column, overflow="fold")
        if is_narrow:
            table.columns[0].max_width = _ID
        for change in outcome.changes[:_CHANGES_SHOWN]:
            row = Text(f"{change.name}\n{change.data_row_id}".strip())
            sides = (("-", change.before), ("+", change.after))
            values = "\n".join(f"{sign} {text}" for sign, text in sides if text)
            values = _TIME.sub(r"\1 \2 UTC", values)
            cells = [f"{change.what}\n{values}".strip()] if is_narrow else [change.what, values]
            table.add_row(row, *map(Text, cells))
        run.out.print(table)
        if len(outcome.changes) > _CHANGES_SHOWN:
            run.out.print(f"and {len(outcome.changes) - _CHANGES_SHOWN:,} more")
    done = "would be written" if outcome.dry_run else "committed"
    words = f"{outcome.summary}; {done}" if outcome.changes else "nothing changed"
    run.result(f"{words} (branch {outcome.branch}, {counted(outcome.exported, 'video')} exported)")
    if outcome.merged:
        run.result(f"Merged {outcome.branch} into main")
    if outcome.tag is not None:
        run.result(f'Tagged as {outcome.tag}: ds.tags["{outcome.tag}"].open()')
