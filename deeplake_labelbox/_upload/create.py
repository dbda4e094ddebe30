"""Upload videos to a Labelbox project that is ready to label."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from deeplake_labelbox._counts import counted
from deeplake_labelbox._labelbox.client import connect
from deeplake_labelbox._labelbox.rate_limit import waiting_for_rate_limit
from deeplake_labelbox._steps import steps
from deeplake_labelbox._upload.batches import rows_in_project, send
from deeplake_labelbox._upload.data_rows import DataRowMaker, rows_by_key
from deeplake_labelbox._upload.global_keys import (
    GlobalKeyGenerator,
    KeyedVideo,
    UploadStrategy,
    deterministic_global_key,
    with_keys,
)
from deeplake_labelbox._upload.metadata import MetadataSource, metadata_by_key
from deeplake_labelbox._upload.ontology import OntologyLike, WantedOntology
from deeplake_labelbox._upload.requirements import check_file
from deeplake_labelbox._upload.result import AnnotationProject, RefusedVideo, UploadedDataRow
from deeplake_labelbox._upload.sources import VideoFile, read_sources
from deeplake_labelbox._upload.targets import (
    create_labelbox_dataset,
    create_labelbox_project,
    find_dataset,
    find_integration,
    find_project,
)
from deeplake_labelbox.errors import ConfigurationError, LabelboxError, UploadError

if TYPE_CHECKING:
    import labelbox

logger = logging.getLogger(__name__)

PreflightPolicy = Literal["fail", "skip", "warn", "off"]

_LOWEST_PRIORITY = 5


def upload_videos(
    paths: Iterable[str | os.PathLike[str]],
    *,
    project: str,
    dataset: str | None = None,
    ontology: OntologyLike = None,
    project_id: str | None = None,
    dataset_id: str | None = None,
    metadata: MetadataSource | None = None,
    priority: int = 5,
    batches_name: str | None = None,
    iam_integration: str | None = "DEFAULT",
    duplicates: UploadStrategy = "fail",
    preflight: PreflightPolicy = "fail",
    global_key_generator: GlobalKeyGenerator = deterministic_global_key,
    fail_on_error: bool = False,
    lb_client: labelbox.Client | None = None,
    lb_api_key: str | None = None,
    progress: bool = True,
) -> AnnotationProject:
    """Upload videos to Labelbox and create a project with them that is ready to label.

    Another call with the same or more videos resumes the upload. The dataset and the project are
    found by name or id, and the data rows by global key. Existing data rows are not uploaded again,
    and those in the project are not sent to it again. If another dataset has a data row with the
    same global key, that data row is used.

    Args:
        paths: Local paths, URLs or both. ``s3://`` and ``gs://`` URLs are passed to Labelbox as
            https URLs, which it reads through an IAM integration.
        project: Name of the Labelbox project, which is created if it does not exist.
        dataset: Name of the Labelbox dataset, by default that of the project; it is created if it
            does not exist.
        ontology: A ``labelbox.Ontology``, its id, its normalized dict, an `Ontology`, or a
            Deep Lake dataset, whose columns define it. A new ontology gets the project's name. None
            leaves the project unchanged.
        project_id: Id of the project, if several have the same name.
        dataset_id: Id of the dataset, if several have the same name.
        metadata: Metadata of new data rows: a mapping by path or URL as in ``paths``, or a function
            of it, to values by the name of a metadata field, which must exist in the organization.
            Existing data rows keep their metadata.
        priority: 1 (first) to 5 (last).
        batches_name: Start of the names of batches; ``<dataset>_batch-`` by default.
        iam_integration: Id or name of the IAM integration of a new dataset, "DEFAULT" for the
            organization's default if it has one, or None for none.
        duplicates: What to do with videos that have the same global key: "fail" before anything is
            uploaded, "skip" all but the first, or upload "all" with ``-2``, ``-3`` … after the key.
        preflight: What to do with local files that Labelbox does not accept (container, codec,
            size): "fail" before anything is uploaded, "skip" them, "warn", or "off" for no check.
        global_key_generator: Called with each path or URL as in ``paths``. By default the key
            is computed from the content of a file, or is the URL without its query; see
            `deterministic_global_key`.
        fail_on_error: Whether to raise if Labelbox rejects a video or cannot process it. Otherwise
            it is listed in the result, and the other videos are uploaded.
        lb_client: A ready client, instead of a key.
        lb_api_key: Labelbox API key; None reads the environment variable LABELBOX_API_KEY.
        progress: Whether to show a progress bar.

    Returns:
        The project, its data rows by path, and the refused videos with reasons.

    Raises:
        ConfigurationError: An argument is invalid, or videos occur more than once.
        VideoNotFoundError: A local file does not exist. Nothing was uploaded.
        UploadError: The preflight refuses files, or Labelbox accepted no video (with
            ``fail_on_error``: not every video).
        OntologyError: The ontology cannot be read, or the project has another one.
        MediaTypeError: The project is not a video project.
        AuthenticationError: The API key is refused.
        LabelboxError: A request to Labelbox failed. The message names what was created so far; the
            same call resumes from there.

    Example:
        ```python
        ontology = {
            "tools": [{"tool": "rectangle", "name": "car"}],
            "classifications": [
                {
                    "type": "radio",
                    "name": "weather",
                    "instructions": "How is the weather?",
                    "scope": "index",  # asked for each frame, not once per video
                    "options": [
                        {"label": "Sun", "value": "sun"},
                        {"label": "Rain", "value": "rain"},
                    ],
                }
            ],
        }
        videos = list_videos("day/*.mp4")
        uploaded = upload_videos(videos, project="Cars", ontology=ontology, lb_api_key=api_key)
        print(uploaded)
        ```
    """
    dataset_name = project if dataset is None else dataset
    _check(dataset_name, project, priority, preflight)
    sources, refused, warnings = _check_files(read_sources(paths), preflight)
    videos, repeated = with_keys(sources, global_key_generator, duplicates)
    signed = sum("?" in (video.source.url or "") for video in videos)
    if signed:
        warnings.append(
            f"Labelbox can no longer show {counted(signed, 'video')} once the signature in the URL "
            "expires."
        )
    client = connect(lb_api_key, lb_client=lb_client)
    with waiting_for_rate_limit(client):
        upload = _Upload(client, [*refused, *repeated], warnings)
        wanted = WantedOntology(client, ontology, project)
        lb_dataset = find_dataset(client, dataset_name, dataset_id)
        lb_project = find_project(client, project, project_id)
        ontology_id = None if lb_project is None else wanted.check_against(lb_project)
        integration = None if lb_dataset is not None else find_integration(client, iam_integration)
        values = metadata_by_key(client, metadata, videos)
        steps.info("Uploading %s to %s", counted(len(videos), "video"), project)
        existing = rows_by_key(client, [video.global_key for video in videos])
        try:
            if lb_dataset is None:
                lb_dataset = create_labelbox_dataset(client, dataset_name, integration)
                upload.created.append(f"dataset {dataset_name} ({lb_dataset.uid})")
            upload.add_rows(
                lb_dataset,
                videos,
                existing,
                values,
                fail_on_error=fail_on_error,
                progress=progress,
            )
            is_new = lb_project is None
            if lb_project is None:
                lb_project = create_labelbox_project(client, project)
                upload.created.append(f"project {project} ({lb_project.uid})")
            if ontology_id is None:
                ontology_id = wanted.connect(lb_project)
            prefix = batches_name or f"{dataset_name}_batch-"
            upload.send_rows(
                lb_project, prefix, priority, is_new=is_new, fail_on_error=fail_on_error
            )
        except LabelboxError as error:
            raise upload.with_progress(error) from error
        if ontology_id is None:
            upload.warnings.append(
                "The project has no ontology; connect one before labeling, or run this again with "
                "`ontology`."
            )
        return upload.result(lb_dataset, lb_project, ontology_id)


@dataclass(slots=True)
class _Upload:
    """The state of an upload."""

    client: labelbox.Client
    refused: list[RefusedVideo]
    warnings: list[str]
    created: list[str] = field(default_factory=list)
    rows: list[UploadedDataRow] = field(default_factory=list)
    batch_ids: list[str] = field(default_factory=list)

    def add_rows(
        self,
        dataset: labelbox.Dataset,
        videos: list[KeyedVideo],
        existing: dict[str, str],
        metadata: dict[str, list[dict[str, Any]]],
        *,
        fail_on_error: bool,
        progress: bool,
    ) -> None:
        maker = DataRowMaker(self.client, dataset, metadata)
        new = [video for video in videos if video.global_key not in existing]
        try:
            if new:
                maker.make(new, progress=progress)
        finally:
            if maker.created:
                self.created.append(counted(len(maker.created), "data row"))
        for video in videos:
            key, source = video.global_key, video.source
            row_id = existing.get(key) or maker.created.get(key)
            if row_id is None:
                reason = maker.failures[key]
                self.refused.append(RefusedVideo(source.path, "labelbox", reason, source.name))
            else:
                created = key not in existing
                self.rows.append(UploadedDataRow(source.path, row_id, key, created, source.name))
        self._check_refused(len(maker.failures), fail_on_error=fail_on_error)

    def send_rows(
        self,
        project: labelbox.Project,
        prefix: str,
        priority: int,
        *,
        is_new: bool,
        fail_on_error: bool,
    ) -> None:
        ids = list(dict.fromkeys(row.data_row_id for row in self.rows))
        there = set() if is_new else rows_in_project(self.client, project, ids)
        missing = [row_id for row_id in ids if row_id not in there]
        sent = send(self.client, project, missing, prefix, priority)
        self.batch_ids = sent.batch_ids
        for row in [row for row in self.rows if row.data_row_id in sent.refused]:
            self.rows.remove(row)
            reason = sent.refused[row.data_row_id]
            self.refused.append(RefusedVideo(row.path, "labelbox", reason, row.name))
        self._check_refused(len(sent.refused), fail_on_error=fail_on_error)

    def _check_refused(self, refused: int, *, fail_on_error: bool) -> None:
        """Raise if Labelbox refused all videos, or any with ``fail_on_error``."""
        if not refused:
            return
        logger.warning("Labelbox rejected %s", counted(refused, "video"))
        if fail_on_error or not self.rows:
            by_labelbox = [each for each in self.refused if each.by == "labelbox"]
            raise UploadError(
                f"Labelbox rejected {len(by_labelbox)} of "
                f"{counted(len(self.rows) + len(by_labelbox), 'video')}, the first: "
                f"{by_labelbox[0]}; see Labelbox's data requirements for videos."
            )

    def with_progress(self, error: LabelboxError) -> LabelboxError:
        """Add to an error's message what was created so far."""
        if not self.created:
            return error
        return type(error)(
            f"{error} Created so far: {', '.join(self.created)}; run this again to continue."
        )

    def result(
        self, dataset: labelbox.Dataset, project: labelbox.Project, ontology_id: str | None
    ) -> AnnotationProject:
        return AnnotationProject(
            project_id=str(project.uid),
            project_name=str(project.name),
            dataset_id=str(dataset.uid),
            dataset_name=str(dataset.name),
            ontology_id=ontology_id,
            editor_url=f"{self.client.app_url.rstrip('/')}/projects/{project.uid}",
            data_rows=tuple(self.rows),
            refused=tuple(self.refused),
            batch_ids=tuple(self.batch_ids),
            warnings=tuple(self.warnings),
        )


def _check(dataset_name: str, project_name: str, priority: int, preflight: str) -> None:
    for argument, name in (("dataset", dataset_name), ("project", project_name)):
        if not str(name).strip():
            raise ConfigurationError(f"The name of the {argument} is {name!r}; give a name.")
    if type(priority) is not int or not 1 <= priority <= _LOWEST_PRIORITY:
        raise ConfigurationError(
            f"`priority` is {priority!r}; give 1 (first) to {_LOWEST_PRIORITY} (last)."
        )
    if preflight not in get_args(PreflightPolicy):
        raise ConfigurationError(
            f"`preflight` is {preflight!r}; use 'fail', 'skip', 'warn' or 'off'."
        )


def _check_files(
    sources: list[VideoFile], policy: PreflightPolicy
) -> tuple[list[VideoFile], list[RefusedVideo], list[str]]:
    """Return the videos to upload, the refused ones, and warnings."""
    if policy == "off":
        return sources, [], []
    kept: list[VideoFile] = []
    refused: list[RefusedVideo] = []
    warnings: list[str] = []
    for source in sources:
        check = check_file(source)
        if check.refusals and policy != "warn":
            reason = "; ".join(check.refusals)
            refused.append(RefusedVideo(source.path, "preflight", reason, source.name))
            continue
        kept.append(source)
        warnings += [f"{source.name}: {each}." for each in (*check.refusals, *check.warnings)]
    if refused and (policy == "fail" or not kept):
        reasons = [f"{str(video).rstrip('.')}." for video in refused[:5]]
        raise UploadError(
            f"Labelbox does not accept {len(refused)} of {counted(len(sources), 'file')}: "
            f"{' '.join(reasons)} "
            "Nothing was uploaded; fix the files, or pass `preflight='skip'` to leave them out."
        )
    for warning in warnings:
        logger.warning("%s", warning)
    return kept, refused, warnings
