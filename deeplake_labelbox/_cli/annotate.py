"""``deeplake-labelbox annotate``: labels only."""

from __future__ import annotations

from typing import Annotated

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import (
    check_ontology_fits,
    read_creds,
    read_details,
    read_groups,
    read_ontology,
)
from deeplake_labelbox._cli.one_writer import one_writer
from deeplake_labelbox._cli.running import SAME_COMMAND, check_writable, running
from deeplake_labelbox._cli.summary import finish, show_dataset, show_opening


def annotate(
    dataset: options.Dataset,
    source: options.Source,
    *,
    branch: Annotated[
        str | None,
        typer.Option(
            "--branch",
            metavar="NAME",
            show_default=False,
            rich_help_panel=options.STORAGE,
            help="Write to this branch of the dataset; it is made where it is not there.",
        ),
    ] = None,
    group: options.Group = None,
    labeled_by: options.SameLabelChoice = None,
    row_detail: options.RowDetails = None,
    ontology: options.OntologyFile = None,
    creds: options.Creds = None,
    token: options.DeepLakeToken = None,
    project: options.Project = None,
    api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    fail_on_error: options.FailOnError = False,
    report: options.ReportFile = None,
    verbose: options.Verbose = False,
) -> None:
    """Apply the labels of a Labelbox project to a dataset that has its frames.

    Run it again after more was labeled: values and columns are brought up to date in a new commit.
    --group and --labels are those of the labels that are there already, unless they are given.

    [bold]Examples[/]

    deeplake-labelbox annotate ./clips cl9y0xd2m00 --group raster-segmentation=mask

    deeplake-labelbox annotate ./clips project.ndjson --branch second-pass
    """
    with running(verbose=verbose) as run, one_writer(dataset):
        from deeplake_labelbox._jobs.apply import apply_labels  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._jobs.project_source import ProjectSource  # noqa: PLC0415 - the same

        check_writable(report)
        storage, groups, known = read_creds(creds), read_groups(group), read_ontology(ontology)
        details = read_details(row_detail)
        found = ProjectSource.of(
            source, project_id=project, lb_api_key=api_key or None, endpoint=endpoint
        )
        if known is not None and found.export is not None:
            export = found.read_export(progress=run.progress)
            check_ontology_fits(known, export, found.project_id)
        run.resume = SAME_COMMAND
        outcome = apply_labels(
            dataset,
            found.project_id if found.export is None else found.export,
            branch=branch,
            project_id=found.project_id,
            group_mapping=None if group is None else groups,
            label_selection=labeled_by,
            ontology=known,
            row_details=details,
            fail_on_error=fail_on_error,
            deeplake_creds=storage,
            deeplake_token=token,
            lb_client=found.client,
            progress=run.progress,
        )
        show_dataset(run, outcome.dataset, dataset, outcome)
        show_opening(run, dataset, outcome.dataset, has_creds=storage is not None)
        finish(run, outcome, report)
