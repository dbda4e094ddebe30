"""``deeplake-labelbox annotate``: labels only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

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
from deeplake_labelbox._cli.project_source import open_source
from deeplake_labelbox._cli.running import SAME_COMMAND, check_writable, running
from deeplake_labelbox._cli.summary import finish, show_dataset, show_opening, whole_report
from deeplake_labelbox._cli.whole_job import LabelOptions, apply_labels
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    import deeplake

    from deeplake_labelbox._store.applied_labels import AppliedLabels


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
        from deeplake_labelbox._store.labelbox_meta import (  # noqa: PLC0415 - imports deeplake
            LabelboxMeta,
        )
        from deeplake_labelbox._store.location import DatasetLocation  # noqa: PLC0415 - the same

        check_writable(report)
        storage, details = read_creds(creds), read_details(row_detail)
        location = DatasetLocation.of(dataset, storage, None, token)
        groups, known = read_groups(group), read_ontology(ontology)
        found = open_source(source, project=project, api_key=api_key, endpoint=endpoint)
        opened = location.open()
        LabelboxMeta.read(opened)  # says so before Labelbox is asked, where it is another dataset
        before = _applied(opened, branch)
        if before is not None and group is None:
            groups = dict(before.group_mapping)
        choice = labeled_by or _selection(before)
        labels = LabelOptions(groups, known, fail_on_error, choice, details)
        if labels.ontology is not None and found.export is not None:
            check_ontology_fits(labels.ontology, found.export, found.project_id)
        run.resume = SAME_COMMAND
        with _branch(opened, branch) as loader:
            made, applied = apply_labels(run, found, loader, labels)
        outcome = whole_report(LabelboxMeta.read(made), run.report, applied)
        show_dataset(run, made, dataset, outcome)
        show_opening(run, dataset, made, has_creds=storage is not None)
        finish(run, outcome, report)


def _applied(dataset: deeplake.Dataset, branch: str | None) -> AppliedLabels | None:
    """How the labels were applied that the branch has already."""
    from deeplake_labelbox._store.applied_labels import AppliedLabels  # noqa: PLC0415 - imports deeplake
    from deeplake_labelbox._store.location import dataset_errors  # noqa: PLC0415 - the same

    with dataset_errors(f"opening branch {branch!r}"):
        if branch is not None and branch in dataset.branches.names():
            return AppliedLabels.read(dataset.branches[branch].open())
        return AppliedLabels.read(dataset)


def _selection(applied: AppliedLabels | None) -> Literal["selected", "newest", "all"]:
    """Which of several labels counted; ``"selected"`` where that is not known."""
    choices: tuple[Literal["newest", "all"], ...] = ("newest", "all")
    was = "" if applied is None else applied.label_selection
    return next((choice for choice in choices if choice == was), "selected")


@contextmanager
def _branch(
    dataset: deeplake.Dataset, name: str | None
) -> Iterator[Callable[[str], deeplake.Dataset]]:
    """Opens a branch, made where it is not there; one that was made goes again after an error."""
    from deeplake_labelbox._store.location import dataset_errors  # noqa: PLC0415 - imports deeplake

    if name is None:
        yield lambda _: dataset
        return
    if not name.strip():
        raise ConfigurationError("--branch has an empty name; give the branch a name.")
    made: list[deeplake.Branch] = []

    def load(_: str) -> deeplake.Dataset:
        with dataset_errors(f"opening branch {name!r}"):
            if name not in dataset.branches.names():
                made.append(dataset.branch(name))
            return dataset.branches[name].open()

    try:
        yield load
    except BaseException:
        for branch in made:
            branch.delete()
        raise
