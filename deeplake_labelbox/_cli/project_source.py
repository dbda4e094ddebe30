"""PROJECT_ID_OR_EXPORT: a project of Labelbox, or an export that was saved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    import labelbox

    from deeplake_labelbox._labelbox.export import ProjectExport

_EXPORT_SUFFIXES = {".ndjson", ".jsonl", ".json", ".txt", ".gz", ".zip"}


@dataclass(frozen=True, slots=True)
class ProjectSource:
    """Where the data rows of a project come from.

    Attributes:
        project_id: The project.
        export: Its saved export; ``None`` where Labelbox is asked for one.
        client: The client to ask with; ``None`` without an API key, for a saved export only.
    """

    project_id: str
    export: ProjectExport | None
    client: labelbox.Client | None


def open_source(
    text: str, *, project: str | None, api_key: str | None, endpoint: str | None
) -> ProjectSource:
    """Tell a project id from a saved export; Labelbox is not asked yet.

    Args:
        text: A project id, or the path of a file.
        project: Which project of an export.
        api_key: API key of Labelbox.
        endpoint: URL of another server.

    Returns:
        The source.

    Raises:
        ConfigurationError: If it is neither, or the project is not said or not there.
        ExportFormatError: If the file is no export.
        AuthenticationError: If there is no API key for a project id.
    """
    from deeplake_labelbox._labelbox.client import connect  # noqa: PLC0415 - not needed for --help

    path = Path(text)
    if path.is_dir():
        _refuse_dataset(text)
        raise ConfigurationError(
            f"{text} is a folder; pass a project id, or the file of a saved export."
        )
    if not path.is_file():
        if path.suffix.lower() in _EXPORT_SUFFIXES or os.sep in text or "/" in text:
            raise ConfigurationError(
                f"There is no file {text}; check the path, or pass a project id."
            )
        if project is not None and project != text:
            raise ConfigurationError(
                f"--project {project} contradicts the project id {text}; give one of them."
            )
        return ProjectSource(text, None, connect(api_key, endpoint=endpoint))
    export = _load(path, project)
    client = connect(api_key, endpoint=endpoint) if api_key else None
    return ProjectSource(project or export.project_ids[0], export, client)


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


def _load(path: Path, project: str | None) -> ProjectExport:
    from deeplake_labelbox._labelbox.export import ProjectExport  # noqa: PLC0415 - not needed for --help

    export = ProjectExport.load(path)
    ids = export.project_ids
    if project is None:
        if not ids:
            raise ConfigurationError(f"{path} holds no project; export the project again.")
        if len(ids) > 1:
            raise ConfigurationError(
                f"{path} holds {len(ids)} projects; choose one with --project: {', '.join(ids)}."
            )
        return export
    export.project_name(project)  # raises where the export does not have it
    if len(ids) == 1:
        return export
    return ProjectExport.load(row for row in export if project in row["projects"])
