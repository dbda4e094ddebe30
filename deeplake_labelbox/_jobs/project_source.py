"""Source of the data rows of a project: Labelbox, or a saved export."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    import labelbox

    from deeplake_labelbox._labelbox.export import ExportSource, ProjectExport
    from deeplake_labelbox._video.access import UrlPresigner

_EXPORT_SUFFIXES = {".ndjson", ".jsonl", ".json", ".txt", ".gz", ".zip"}


@dataclass(frozen=True, slots=True)
class ProjectSource:
    """A project and the source of its data rows.

    Attributes:
        project_id: The project.
        export: Its saved export; ``None`` to export it from Labelbox.
        client: The Labelbox client; ``None`` if there is a saved export and no API key.
        url_presigner: Presigner of the user.
    """

    project_id: str
    export: ExportSource | None
    client: labelbox.Client | None
    url_presigner: UrlPresigner | None = None

    @classmethod
    def of(
        cls,
        project: ExportSource,
        *,
        project_id: str | None = None,
        lb_api_key: str | None = None,
        lb_client: labelbox.Client | None = None,
        endpoint: str | None = None,
    ) -> ProjectSource:
        """Distinguish a project id from a saved export, without requests to Labelbox.

        Args:
            project: A project id, the path of a file, data rows, or a `ProjectExport`.
            project_id: Project to use, if the export holds several.
            lb_api_key: API key of Labelbox.
            lb_client: A ready client.
            endpoint: URL of another server.

        Raises:
            ConfigurationError: If ``project`` is neither, or the export holds several projects and
                ``project_id`` does not name one of them.
            ExportFormatError: If the file is not an export.
            AuthenticationError: If there is no API key for a project id.
        """
        if isinstance(project, str | os.PathLike) and not Path(project).is_file():
            text = os.fspath(project)
            _check_project_id(text)
            if project_id is not None and project_id != text:
                raise ConfigurationError(
                    f"The project id {project_id} contradicts {text}; give one of them."
                )
            return cls(text, None, _client(None, lb_api_key, lb_client, endpoint))
        export = _load(project, project_id)
        client = _client(export, lb_api_key, lb_client, endpoint)
        return cls(project_id or export.project_ids[0], export, client)

    @classmethod
    def with_id(
        cls,
        project_id: str,
        project_json: ExportSource | None,
        lb_api_key: str | None,
        lb_client: labelbox.Client | None,
    ) -> ProjectSource:
        """Create the source of a project id from arguments of `deeplake.integrations`."""
        return cls(project_id, project_json, _client(project_json, lb_api_key, lb_client, None))

    def read_export(self, *, progress: bool, fail_on_error: bool = False) -> ProjectExport:
        """Return the saved export, or export the project from Labelbox."""
        from deeplake_labelbox._labelbox.client import connect  # noqa: PLC0415 - not needed for --help
        from deeplake_labelbox._labelbox.export import ProjectExport  # noqa: PLC0415 - the same
        from deeplake_labelbox._labelbox.exporter import ProjectExporter  # noqa: PLC0415 - the same

        if self.export is not None:
            return ProjectExport.load(self.export)
        exporter = ProjectExporter(connect(None, lb_client=self.client), self.project_id)
        return exporter.export(progress=progress, fail_on_error=fail_on_error)

    @property
    def presigner(self) -> UrlPresigner | None:
        """The user's presigner; if there is an API key, it adds it for Labelbox's own hosts."""
        if self.client is None:
            return self.url_presigner
        return client_presigner(self.client, self.url_presigner)


def client_presigner(client: labelbox.Client, url_presigner: UrlPresigner | None) -> UrlPresigner:
    """Make a presigner that adds a client's API key for Labelbox's own hosts only.

    Args:
        client: The client.
        url_presigner: Presigner of the user, which is called first.
    """
    from deeplake_labelbox._labelbox.client import api_key_of, labelbox_hosts  # noqa: PLC0415 - not needed for --help
    from deeplake_labelbox._video.access import labelbox_presigner, mixed_presigner  # noqa: PLC0415 - the same

    key = labelbox_presigner(api_key_of(client), labelbox_hosts(client))
    return mixed_presigner(url_presigner, key)


def _client(
    export: ExportSource | None,
    lb_api_key: str | None,
    lb_client: labelbox.Client | None,
    endpoint: str | None,
) -> labelbox.Client | None:
    from deeplake_labelbox._labelbox.client import connect  # noqa: PLC0415 - not needed for --help

    if export is not None and lb_client is None and lb_api_key is None:
        return None
    return connect(lb_api_key, lb_client=lb_client, endpoint=endpoint)


def _check_project_id(text: str) -> None:
    path = Path(text)
    if not text:
        raise ConfigurationError(
            "The project id is empty; pass one, or the file of a saved export."
        )
    if path.is_dir():
        _refuse_dataset(text)
        raise ConfigurationError(
            f"{text} is a folder; pass a project id, or the file of a saved export."
        )
    if path.suffix.lower() in _EXPORT_SUFFIXES or os.sep in text or "/" in text:
        raise ConfigurationError(f"There is no file {text}; check the path, or pass a project id.")


def _refuse_dataset(text: str) -> None:
    from deeplake_labelbox._store.labelbox_meta import KEY, check_maker  # noqa: PLC0415 - imports deeplake
    from deeplake_labelbox._store.location import DatasetLocation  # noqa: PLC0415 - the same

    location = DatasetLocation.of(text)
    if not location.exists():
        return
    dataset = location.open_to_read()
    check_maker(dataset)
    made_of = ""
    if KEY in dataset.metadata:
        made_of = f" of project {dict(dataset.metadata[KEY])['project_id']}"
    raise ConfigurationError(
        f"{text} is a Deep Lake dataset{made_of}; pass a project id, or the file of a saved export."
    )


def _load(source: ExportSource, project_id: str | None) -> ProjectExport:
    from deeplake_labelbox._labelbox.export import ProjectExport  # noqa: PLC0415 - not needed for --help

    export = ProjectExport.load(source)
    what = os.fspath(source) if isinstance(source, str | os.PathLike) else "The export"
    ids = export.project_ids
    if project_id is None:
        if not ids:
            raise ConfigurationError(f"{what} holds no project; export the project again.")
        if len(ids) > 1:
            raise ConfigurationError(
                f"{what} holds {len(ids)} projects; choose one with `project_id`: {', '.join(ids)}."
            )
        return export
    export.project_name(project_id)  # raises if the export does not have the project
    if len(ids) == 1:
        return export
    return ProjectExport.load(row for row in export if project_id in row["projects"])
