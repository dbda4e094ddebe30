"""Create and change data rows from uploads; each is accepted or rejected separately."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from deeplake_labelbox.sandbox.metadata import MetadataError, merged
from deeplake_labelbox.sandbox.remote_files import (
    RemoteFileError,
    fetch,
    has_bucket,
    is_reachable,
    upload_at,
)
from deeplake_labelbox.sandbox.store import DataRowRecord, global_key_fault, list_later, now
from deeplake_labelbox.sandbox.video_probe import media_attributes

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.store import Store, TaskRecord

_MAX_ROWS = 150_000
_UNPROCESSABLE = "The file is not a video that can be processed"


class ManifestError(Exception):
    """A manifest or one of its chunks cannot be read."""


class RejectedRowError(Exception):
    """A data row cannot be created or changed; the message is worded like Labelbox's."""


class DataRowUpload:
    """Reads a manifest and its chunks by their URLs, and creates their data rows."""

    def __init__(self, store: Store, urls: FileUrls) -> None:
        self._store = store
        self._urls = urls

    def specs(self, manifest_url: str) -> list[dict[str, Any]]:
        """Return all items: ``{"id": {"type", "value"}, "payload": {…}}``.

        Raises:
            ManifestError: It cannot be read, or its row count is wrong.
        """
        manifest = self._json(manifest_url)
        try:
            items = [item for url in manifest["chunk_uris"] for item in self._json(url)]
            payloads = [dict(item["payload"]) for item in items]
            count = manifest["item_count"]
        except (KeyError, TypeError, ValueError) as error:
            raise ManifestError("The manifest or a chunk has an unexpected form") from error
        if count != len(payloads):
            raise ManifestError(f"The manifest has {count} rows, but its chunks {len(payloads)}")
        if count > _MAX_ROWS:
            raise ManifestError(f"An upload can have at most {_MAX_ROWS} data rows, got {count}")
        return items

    def create(self, items: list[dict[str, Any]], task: TaskRecord) -> None:
        """Create or change the data rows, and record them and the rejected ones in the task."""
        for item in items:
            payload = item["payload"]
            try:
                row_id = self._upserted(item.get("id") or {}, payload)
            except (RemoteFileError, RejectedRowError, MetadataError) as error:
                task.rejected_rows.append({**payload, "message": str(error)})
            else:
                task.created_rows.append(row_id)

    def change(self, row: DataRowRecord, payload: dict[str, Any]) -> None:
        """Change the fields of a data row that a payload names.

        Raises:
            RejectedRowError: A value is invalid.
            RemoteFileError: Its file cannot be fetched.
        """
        key = payload.get("global_key")
        if key is not None and key != row.global_key:
            self._check_key(key)
            row.global_key = key
        row.external_id = payload.get("external_id", row.external_id)
        if payload.get("row_data") and payload["row_data"] != self._urls.row_data(row):
            row.file, row.external_url, row.fault = None, None, None
            self._set_content(row, payload)
        if "attachments" in payload:
            row.attachments = self._store.identifiers.identified(payload["attachments"])
        new = self._store.metadata_schemas.values(_metadata(payload))
        row.metadata_fields = merged(row.metadata_fields, new)

    def _json(self, url: str) -> Any:
        upload = upload_at(url, self._store, self._urls)
        if upload is None:
            raise ManifestError("A URL in the manifest is not an upload")
        try:
            return json.loads(upload.content)
        except ValueError as error:
            raise ManifestError("An upload of the manifest is not JSON") from error

    def _upserted(self, key: dict[str, str], payload: dict[str, Any]) -> str:
        if key.get("type", "AUTO") == "AUTO":
            row = self._row(payload)
            self._store.data_rows[row.id] = row
            return row.id
        found = self._store.data_row_by(key["value"], key["type"])
        if found is None:
            raise RejectedRowError("Data row not found")
        self.change(found, payload)
        return found.id

    def _row(self, payload: dict[str, Any]) -> DataRowRecord:
        dataset = self._store.datasets.get(str(payload.get("dataset_id")))
        if dataset is None or dataset.deleted:
            raise RejectedRowError("Dataset not found")
        if not payload.get("row_data"):
            if "tileLayerUrl" not in payload:
                raise RejectedRowError("Row data is missing")
            others = {"dataset_id", "media_type"}
            row_data = {key: value for key, value in payload.items() if key not in others}
            payload = {**payload, "row_data": row_data}
        key = payload.get("global_key")
        if key is not None:
            self._check_key(key)
        row = DataRowRecord(
            id=self._store.identifiers.new(),
            dataset_id=dataset.id,
            created_at=now(),
            created_by=self._store.user.email,
            external_id=payload.get("external_id"),
            global_key=key,
            metadata_fields=self._store.metadata_schemas.values(_metadata(payload)),
            attachments=self._store.identifiers.identified(payload.get("attachments") or []),
        )
        self._set_content(row, payload)
        list_later(self._store, row)
        return row

    def _check_key(self, key: object) -> None:
        fault = global_key_fault(str(key))
        if fault is not None:
            raise RejectedRowError(fault)
        if self._store.is_taken(str(key)):
            raise RejectedRowError(f"Duplicate global key: '{key}'")

    def _set_content(self, row: DataRowRecord, payload: dict[str, Any]) -> None:
        row_data, kind = payload["row_data"], payload.get("media_type")
        if not isinstance(row_data, str):
            row.external_url = _other_media(row_data, kind)
            row.media_attributes = {"mime_type": "application/json"}
            return
        upload = upload_at(row_data, self._store, self._urls)
        name = PurePosixPath(unquote(urlsplit(row_data).path)).name or "video.mp4"
        row.file_name = name
        if upload is not None:
            # The file name of an upload is not reliable; the external id is usually its path.
            row.file = upload.file
            row.file_name = PurePosixPath(row.external_id or upload.filename).name or name
        else:
            row.external_url = row_data
        attributes, row.fault = self._probe(row, kind)
        row.processed = False
        self._store.lag.later("processing", partial(_process, row, attributes))

    def _probe(self, row: DataRowRecord, kind: object) -> tuple[dict[str, Any], str | None]:
        """Return the media attributes of a data row, and why it cannot be processed.

        Every file is accepted; batches refuse files that cannot be processed.
        """
        url = row.external_url
        if url is not None and not is_reachable(url):
            # A file on another machine is accepted without a check.
            signed = self._store.datasets[row.dataset_id].signer_id is not None
            return {}, _UNPROCESSABLE if has_bucket(url) and not signed else None
        if row.file is not None:
            attributes = media_attributes(row.file)
        else:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "video")
                file.write_bytes(fetch(str(url), self._store, self._urls))
                attributes = media_attributes(file)
        is_video = str(kind or "VIDEO").upper() == "VIDEO"
        return attributes, None if attributes or not is_video else _UNPROCESSABLE


def _process(row: DataRowRecord, attributes: dict[str, Any]) -> None:
    row.media_attributes, row.processed = attributes, True


def _metadata(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return list(payload.get("metadata_fields") or payload.get("metadata") or [])


def _other_media(row_data: Any, kind: object) -> str:
    """Return row data of media other than videos; it is exported unchanged."""
    document = row_data if isinstance(row_data, dict) else {}
    pdf = document.get("pdf_url") or document.get("pdfUrl")
    detected = "application/pdf" if pdf else "application/json"
    expected = {"IMAGE": "image/*", "VIDEO": "video/*", "AUDIO": "audio/*", "TEXT": "text/*"}
    wanted = expected.get(str(kind or "").upper())
    if wanted is not None:
        raise RejectedRowError(f"Expected type {wanted}, detected: {detected}")
    return str(pdf) if pdf else json.dumps(row_data)
