"""Making data rows of what clients upload; a row is accepted or rejected on its own."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from deeplake_labelbox.sandbox.global_keys import fault_of
from deeplake_labelbox.sandbox.remote_files import RemoteFileError, fetch, is_reachable, upload_at
from deeplake_labelbox.sandbox.store import DataRowRecord, now
from deeplake_labelbox.sandbox.video_probe import media_attributes

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.store import Store, TaskRecord

MAX_ROWS = 150_000


class ManifestError(Exception):
    """A manifest or one of its chunks cannot be read."""


class DataRowUpload:
    """Reads a manifest and its chunks back by their URLs, and makes their data rows."""

    def __init__(self, store: Store, urls: FileUrls) -> None:
        self._store = store
        self._urls = urls

    def specs(self, manifest_url: str) -> list[dict[str, Any]]:
        """The payloads of all data rows.

        Raises:
            ManifestError: Something of it cannot be read, or it counts other rows than it has.
        """
        manifest = self._json(manifest_url)
        try:
            chunks = [self._json(url) for url in manifest["chunk_uris"]]
            payloads = [item["payload"] for chunk in chunks for item in chunk]
            count = manifest["item_count"]
        except (KeyError, TypeError) as error:
            raise ManifestError("The manifest or a chunk is not of the expected form") from error
        if count != len(payloads):
            raise ManifestError(f"The manifest counts {count} rows, its chunks {len(payloads)}")
        if count > MAX_ROWS:
            raise ManifestError(f"An upload takes at most {MAX_ROWS} data rows, got {count}")
        return payloads

    def create(self, payloads: list[dict[str, Any]], task: TaskRecord) -> None:
        """Make the data rows, and note in the task which were made and which were rejected."""
        for payload in payloads:
            try:
                row = self._row(payload)
            except (RemoteFileError, _RejectedRowError) as error:
                task.rejected_rows.append({**payload, "message": str(error)})
            else:
                self._store.data_rows[row.id] = row
                task.created_rows.append(row.id)

    def _json(self, url: str) -> Any:
        upload = upload_at(url, self._store, self._urls)
        if upload is None:
            raise ManifestError("There is no upload at a URL of the manifest")
        try:
            return json.loads(upload.content)
        except ValueError as error:
            raise ManifestError("An upload of the manifest is no JSON") from error

    def _row(self, payload: dict[str, Any]) -> DataRowRecord:
        dataset = self._store.datasets.get(str(payload.get("dataset_id")))
        if dataset is None or dataset.deleted:
            raise _RejectedRowError("Dataset not found")
        row_data = payload.get("row_data")
        if not isinstance(row_data, str) or not row_data:
            raise _RejectedRowError("Row data is missing")
        key = payload.get("global_key")
        if key is not None:
            fault = fault_of(str(key))
            if fault is not None:
                raise _RejectedRowError(fault)
            if self._store.data_row_by_global_key(key) is not None:
                raise _RejectedRowError(f"Duplicate global key: '{key}'")
        row = DataRowRecord(
            id=self._store.identifiers.new(),
            dataset_id=dataset.id,
            created_at=now(),
            created_by=self._store.user.email,
            external_id=payload.get("external_id"),
            global_key=key,
            metadata_fields=payload.get("metadata_fields") or [],
            attachments=payload.get("attachments") or [],
        )
        self._set_content(row, row_data, payload)
        return row

    def _set_content(self, row: DataRowRecord, url: str, payload: dict[str, Any]) -> None:
        upload = upload_at(url, self._store, self._urls)
        name = PurePosixPath(unquote(urlsplit(url).path)).name or "video.mp4"
        if upload is not None:
            # Clients get the name of an upload wrong; the external id is mostly its path.
            row.file = upload.file
            row.file_name = PurePosixPath(row.external_id or upload.filename).name or name
            row.media_attributes = media_attributes(upload.file)
        else:
            row.external_url = url
            row.file_name = name
            if not is_reachable(url):
                return
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "video")
                file.write_bytes(fetch(url, self._store, self._urls))
                row.media_attributes = media_attributes(file)
        if not row.media_attributes and payload.get("media_type", "VIDEO").upper() == "VIDEO":
            raise _RejectedRowError("The file is no video that can be processed")


class _RejectedRowError(Exception):
    pass
