"""``deeplake-labelbox annotate``: apply labels to a dataset of frames."""

from __future__ import annotations

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.arguments import (
    read_creds,
    read_details,
    read_groups,
    read_ontology,
    read_presigner,
)
from deeplake_labelbox._cli.one_writer import one_writer
from deeplake_labelbox._cli.running import SAME_COMMAND, check_writable, running
from deeplake_labelbox._cli.summary import finish, show_dataset, show_opening


def annotate(
    source: options.Source,
    dataset: options.Dataset,
    *,
    label_selection: options.SameLabelChoice = None,
    group_mapping: options.Group = None,
    row_details: options.RowDetails = None,
    ontology: options.OntologyFile = None,
    branch: options.WriteBranch = None,
    url_presigner: options.Sign = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    project_id: options.Project = None,
    lb_api_key: options.ApiKey = None,
    endpoint: options.Endpoint = None,
    fail_on_error: options.FailOnError = False,
    report: options.ReportFile = None,
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
) -> None:
    """Apply the labels of a Labelbox project to a dataset that has its frames.

    Run it again after more was labeled: a new commit updates values and columns. By default,
    --group and --labels stay as they were when labels were last applied.

    [bold]Examples[/]

    deeplake-labelbox annotate cl9y0xd2m00 ./clips --group raster-segmentation=mask

    deeplake-labelbox annotate project.ndjson ./clips --branch second-pass
    """
    with running(verbose=verbose) as run, one_writer(dataset):
        from deeplake_labelbox._jobs.apply import apply_labels  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._jobs.project_source import ProjectSource  # noqa: PLC0415 - the same

        check_writable(report)
        storage, groups = read_creds(deeplake_creds), read_groups(group_mapping)
        known, presigner = read_ontology(ontology), read_presigner(url_presigner)
        found = ProjectSource.of(
            source, project_id=project_id, lb_api_key=lb_api_key or None, endpoint=endpoint
        )
        run.resume = SAME_COMMAND
        outcome = apply_labels(
            dataset,
            found.project_id if found.export is None else found.export,
            branch=branch,
            project_id=found.project_id,
            group_mapping=None if group_mapping is None else groups,
            label_selection=label_selection,
            ontology=known,
            row_details=read_details(row_details),
            fail_on_error=fail_on_error,
            url_presigner=presigner,
            deeplake_creds=storage,
            deeplake_token=deeplake_token,
            lb_client=found.client,
            progress=run.progress,
        )
        if as_json:
            run.result_json(outcome.to_dict())
        else:
            show_dataset(run, outcome.dataset, dataset, outcome)
            show_opening(run, dataset, outcome.dataset, has_creds=storage is not None)
        finish(run, outcome, report)
