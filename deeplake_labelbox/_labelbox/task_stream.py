"""Read the files of an export task line by line, as bytes.

The SDK's own stream (7.17) writes all chunks to one temporary file in the encoding of the locale,
damages characters that two chunks share, gives up at the first network error, and leaves its file
behind when it is interrupted. So this sends the same two queries through ``client.execute`` and
keeps bytes: one chunk on disk and one line in memory at a time.
"""

from __future__ import annotations

import logging
import tempfile
import time
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import requests

from deeplake_labelbox._labelbox.client import clean, labelbox_errors
from deeplake_labelbox._loopback import loopback_session
from deeplake_labelbox._model.rows import MAX_ROW_BYTES
from deeplake_labelbox.errors import (
    ExportError,
    ExportFailedError,
    ExportFormatError,
    LabelboxUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import labelbox

StreamKind = Literal["RESULT", "ERRORS"]

RETRY_DELAYS: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between the attempts to get one chunk."""

_logger = logging.getLogger(__name__)
_TIMEOUT: Final = (10.0, 60.0)
_BLOCK: Final = 2**16
_HEADER: Final = (
    "query GetExportMetadataHeaderPyApi($where: WhereUniqueIdInput, $streamType: TaskStreamType!)"
    "{task(where: $where){exportMetadataHeader(streamType: $streamType){totalSize totalLines}}}"
)
_CHUNK: Final = (
    "query GetExportFileFromOffsetPyApi"
    "($where: WhereUniqueIdInput, $streamType: TaskStreamType!, $offset: UInt64!)"
    "{task(where: $where){exportFileFromOffset(streamType: $streamType, offset: $offset)"
    "{offsets {start end} lines {start end} file}}}"
)


class TaskStream:
    """One of the two streams of a finished export task.

    Args:
        client: The Labelbox client; chunks are downloaded without its key.
        task_id: The id of the export task.
        kind: ``"RESULT"``: the data rows; ``"ERRORS"``: the errors of the export.
        retry_delays: Seconds between the attempts to get one chunk.

    Attributes:
        total_size: Bytes of the stream; 0 when there is none.
        total_lines: Lines of the stream.

    Raises:
        LabelboxError: If the request failed.
    """

    def __init__(
        self,
        client: labelbox.Client,
        task_id: str,
        kind: StreamKind,
        *,
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        self._client = client
        self._task_id = task_id
        self._kind = kind
        self._retry_delays = retry_delays
        header = self._ask(_HEADER, "exportMetadataHeader") or {}
        self.total_size = _number(header.get("totalSize"), "totalSize")
        self.total_lines = _number(header.get("totalLines"), "totalLines")

    def lines(self, *, max_line_bytes: int = MAX_ROW_BYTES) -> Iterator[bytes]:
        """Yield the lines of the stream without their ends; blank ones are left out.

        Args:
            max_line_bytes: The longest line that is accepted.

        Raises:
            LabelboxUnavailableError: If a chunk could not be downloaded.
            ExportFailedError: If a chunk has another length than announced, after retries.
            ExportFormatError: If a line is longer than ``max_line_bytes``.
        """
        pending = bytearray()
        with tempfile.TemporaryFile() as chunk:
            offset = 0
            while offset < self.total_size:
                offset = self._fetch(chunk, offset)
                chunk.seek(0)
                # lines end at "\n" only: U+2028 and the like stay inside a string
                while piece := chunk.readline(_BLOCK):
                    pending += piece
                    if len(pending) > max_line_bytes + 1:
                        raise ExportFormatError(
                            f"Export task {self._task_id} has a line longer than {max_line_bytes} "
                            "bytes; this is not a data row."
                        )
                    if pending.endswith(b"\n"):
                        if line := bytes(pending.strip()):
                            yield line
                        pending.clear()
        if line := bytes(pending.strip()):
            yield line

    def _fetch(self, chunk: BinaryIO, offset: int) -> int:
        """Download the chunk at an offset; return the offset of the next one."""
        for delay in (*self._retry_delays, None):
            try:
                return self._attempt(chunk, offset)
            except (LabelboxUnavailableError, _ShortChunkError) as error:
                if delay is None:
                    raise
                _logger.warning("%s Trying again in %g s.", error, delay)
                time.sleep(delay)
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _attempt(self, chunk: BinaryIO, offset: int) -> int:
        # requested on every attempt: the signature in the URL may have expired
        info = self._ask(_CHUNK, "exportFileFromOffset", offset=str(offset)) or {}
        try:
            url = str(info["file"])
            start, end = (_number(info["offsets"][key], key) for key in ("start", "end"))
        except (KeyError, TypeError) as error:
            raise ExportError(
                f"Labelbox does not say where byte {offset} of export task {self._task_id} is; "
                "export the project again."
            ) from error
        if end < offset:
            raise ExportError(
                f"Labelbox goes back from byte {offset} to {end} in export task {self._task_id}; "
                "export the project again."
            )
        chunk.seek(0)
        chunk.truncate()
        try:
            # no Authorization, not even from a .netrc: signed URLs refuse it
            with (
                loopback_session() as session,
                session.get(url, stream=True, timeout=_TIMEOUT, auth=_unsigned) as response,
            ):
                response.raise_for_status()
                for block in response.iter_content(_BLOCK):
                    chunk.write(block)
                    if chunk.tell() > end - start + 1:
                        break  # a decompression bomb, or another file
        except requests.RequestException as error:
            raise LabelboxUnavailableError(
                f"A file of export task {self._task_id} could not be downloaded "
                f"({clean(str(error)).rstrip('.')}); check the network, then export again."
            ) from error
        if chunk.tell() != end - start + 1:
            raise _ShortChunkError(
                f"A file of export task {self._task_id} has {chunk.tell()} bytes instead of "
                f"{end - start + 1}; export the project again."
            )
        return end + 1

    def _ask(self, query: str, field: str, **variables: str) -> dict[str, Any] | None:
        with labelbox_errors(f"reading export task {self._task_id}"):
            reply = self._client.execute(
                query,
                {"where": {"id": self._task_id}, "streamType": self._kind, **variables},
                error_log_key="errors",
            )
        task = reply.get("task") if isinstance(reply, dict) else None
        if not isinstance(task, dict):
            raise ExportError(
                f"Labelbox does not know export task {self._task_id}; export the project again."
            )
        found = task.get(field)
        return found if isinstance(found, dict) else None


class _ShortChunkError(ExportFailedError):
    """A chunk does not have the announced length."""


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _number(value: object, name: str) -> int:
    """Read a count, which Labelbox sends as a number or as a string of digits."""
    if value is None:
        return 0
    if isinstance(value, (int, str)) and str(value).isdecimal():
        return int(value)
    raise ExportError(f"Labelbox sends {value!r} as {name} of an export; export again.")
