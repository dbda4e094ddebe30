"""Create, find and wait for imports in Labelbox by name.

The SDK only creates and finds imports here: its wait never times out, and it cannot read the
statuses of a failed import.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deeplake_labelbox._imports.outcome import ImportKind
from deeplake_labelbox._labelbox.client import labelbox_errors
from deeplake_labelbox._model.json_values import as_mapping, as_text
from deeplake_labelbox._progress import Waiting
from deeplake_labelbox._video.access import Access
from deeplake_labelbox._video.response_body import FetchErrors
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import (
    AnnotationImportError,
    ImportTimeoutError,
    LabelboxUnavailableError,
)

if TYPE_CHECKING:
    import labelbox

_logger = logging.getLogger(__name__)

_STATUS_ERRORS: Final = FetchErrors(
    noun="status file",
    refused_hint="Labelbox keeps it for only one day.",
    expiry_hint="",
    not_found=AnnotationImportError,
    forbidden=AnnotationImportError,
    unreachable=LabelboxUnavailableError,
    too_large=AnnotationImportError,
)
_MAX_STATUS_BYTES: Final = 1 << 30


class LabelboxImports:
    """The imports of one kind in one project.

    Args:
        client: The client.
        project_id: The project.
        kind: Ground truth or pre-labels.
        transport: HTTP for the files of imports.
        timeout: Seconds to wait for an import to end.
        poll_seconds: Seconds between polls.
    """

    def __init__(
        self,
        client: labelbox.Client,
        project_id: str,
        kind: ImportKind,
        transport: Transport,
        *,
        timeout: float,
        poll_seconds: float,
    ) -> None:
        self._client = client
        self._project_id = project_id
        self._kind = kind
        self._transport = transport
        self._timeout = timeout
        self._poll_seconds = poll_seconds

    def find(self, name: str) -> dict[str, Any] | None:
        """Find an import by name; ``None`` if there is none.

        Raises:
            LabelboxError: If the request fails.
        """
        from lbox.exceptions import ResourceNotFoundError  # noqa: PLC0415 - the SDK is slow to import

        with labelbox_errors(f"looking for the import {name!r}"):
            try:
                found = self._sdk_class().from_name(
                    self._client, self._project_id, name, as_json=True
                )
            except ResourceNotFoundError:
                return None
        return dict(found) if found else None

    def send(self, name: str, path: Path) -> bool:
        """Create an import from an NDJSON file.

        Returns:
            ``False`` if Labelbox already has one of this name.

        Raises:
            LabelboxError: If the request fails.
        """
        from lbox.exceptions import ResourceConflict  # noqa: PLC0415 - the SDK is slow to import

        with labelbox_errors(f"sending the import {name!r}"):
            try:
                self._sdk_class().create_from_file(self._client, self._project_id, name, str(path))
            except ResourceConflict:
                return False
        return True

    def wait(self, name: str) -> dict[str, Any]:
        """Wait for the end of an import.

        Returns:
            The import, ``FINISHED`` or ``FAILED``.

        Raises:
            ImportTimeoutError: If it has not ended after ``timeout`` seconds.
            AnnotationImportError: If Labelbox does not find it.
        """
        deadline = time.monotonic() + self._timeout
        waiting = Waiting("Labelbox to import the annotations")
        while True:
            found = self.find(name)
            if found is None:
                raise AnnotationImportError(
                    f"Labelbox does not find the import {name!r}, though its name is taken; run "
                    f"the import again, with another `import_name` if that does not help."
                )
            if found.get("state") != "RUNNING":
                return found
            if time.monotonic() >= deadline:
                raise ImportTimeoutError(
                    f"The import {name!r} still runs after {self._timeout:g} seconds "
                    f"({found.get('progress') or 'no progress known'}); run it again later: "
                    f"nothing is sent twice."
                )
            waiting.poll()
            time.sleep(min(self._poll_seconds, max(deadline - time.monotonic(), 0.0)))

    def statuses(self, ended: Mapping[str, Any]) -> dict[str, Mapping[str, Any]] | None:
        """Read the status of each line of an import by uuid; ``None`` if the file has expired.

        Raises:
            LabelboxUnavailableError: If the network fails.
        """
        rows = self._rows(ended, "statusFileUrl")
        if rows is None:
            return None
        return {str(row.get("uuid")): row for row in rows}

    def imported_rows(
        self, kind: ImportKind, without: frozenset[str]
    ) -> tuple[set[str], list[str]]:
        """Find the data rows of all imports of a kind, by id or global key.

        Args:
            kind: Kind of the imports.
            without: Names of imports to leave out.

        Returns:
            Ids and global keys, and the names of the imports whose files have expired.
        """
        with labelbox_errors(f"listing the imports of project {self._project_id}"):
            project = self._client.get_project(self._project_id)
            imports = list(
                project.get_label_imports()
                if kind == "ground-truth"
                else project.get_mal_prediction_imports()
            )
        found: set[str] = set()
        expired: list[str] = []
        for each in imports:
            state = getattr(each.state, "value", each.state)
            if each.name in without or state == "FAILED":
                continue
            files = {"inputFileUrl": each.input_file_url, "statusFileUrl": each.status_file_url}
            rows = self._rows(files, "statusFileUrl")
            rows = self._rows(files, "inputFileUrl") if rows is None else rows
            if rows is None:
                expired.append(str(each.name))
                continue
            for row in rows:
                named = as_mapping(row.get("dataRow"))
                if row.get("status") != "FAILURE":
                    found |= {str(key) for key in (named.get("id"), named.get("globalKey")) if key}
        return found, expired

    def _rows(self, ended: Mapping[str, Any], key: str) -> list[dict[str, Any]] | None:
        url = as_text(ended.get(key))
        if not url:
            return None
        try:
            access = Access(url, _STATUS_ERRORS)
            body = self._transport.get_bytes(access, max_bytes=_MAX_STATUS_BYTES)
        except AnnotationImportError as error:
            _logger.warning("%s", error)
            return None
        return list(_json_lines(body))

    def _sdk_class(self) -> Any:
        import labelbox  # noqa: PLC0415 - the SDK is slow to import

        if self._kind == "ground-truth":
            return labelbox.LabelImport
        return labelbox.MALPredictionImport


def reason_of(status: Mapping[str, Any]) -> str:
    """Return Labelbox's reason for refusing a line."""
    reasons = []
    for error in status.get("errors") or []:
        details = as_mapping(error)
        parts = [as_text(details.get(key)) for key in ("name", "message", "additional_info")]
        reasons.append(": ".join(part for part in parts if part))
    return "; ".join(filter(None, reasons)) or "Labelbox gave no reason"


def _json_lines(body: bytes) -> Iterator[dict[str, Any]]:
    for line in body.split(b"\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise AnnotationImportError(
                "Labelbox's status file has a line that is not JSON; run the import again to read "
                "it again."
            ) from error
        if isinstance(row, dict):
            yield row
