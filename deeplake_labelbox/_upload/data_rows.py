"""Create data rows: upload a few files at a time, and record the outcome of every row."""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from deeplake_labelbox._counts import counted
from deeplake_labelbox._labelbox.client import clean, labelbox_errors
from deeplake_labelbox._progress import progress_bar
from deeplake_labelbox._upload.global_keys import KeyedVideo
from deeplake_labelbox.errors import AuthenticationError, LabelboxError, LabelboxUnavailableError

if TYPE_CHECKING:
    import labelbox

logger = logging.getLogger(__name__)

_KEYS_PER_REQUEST: Final = 1000
_ROWS_PER_TASK: Final = 1000
_FILES_PER_TASK: Final = 20
# The SDK reads each file into memory, so few at once; its own pool has 20 threads.
_THREADS: Final = 4
_TASK_SECONDS: Final = 3600
_NO_REASON: Final = "Labelbox created no data row for it and gave no reason"


def rows_by_key(client: labelbox.Client, keys: Sequence[str]) -> dict[str, str]:
    """Find data rows of the organization by their global keys; return ids by global key."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), _KEYS_PER_REQUEST):
        some = list(keys[start : start + _KEYS_PER_REQUEST])
        with labelbox_errors("looking for data rows by their global keys"), _quiet_sdk():
            ids = client.get_data_row_ids_for_global_keys(some)["results"]
        found |= {key: row_id for key, row_id in zip(some, ids, strict=False) if row_id}
    return found


@contextmanager
def _quiet_sdk() -> Iterator[None]:
    """Suppress the SDK's warning about unknown keys, which are no error here."""
    sdk_logger = logging.getLogger("labelbox.client")

    def is_shown(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("There are errors present")

    sdk_logger.addFilter(is_shown)
    try:
        yield
    finally:
        sdk_logger.removeFilter(is_shown)


class DataRowMaker:
    """Creates data rows in one Labelbox dataset.

    Args:
        client: The client.
        dataset: The dataset.
        metadata: Metadata fields of data rows by global key, in the form of the SDK.

    Attributes:
        created: Ids of the data rows created so far, by global key.
        failures: Reasons why the others were not created, by global key.
    """

    def __init__(
        self,
        client: labelbox.Client,
        dataset: labelbox.Dataset,
        metadata: Mapping[str, list[dict[str, Any]]],
    ) -> None:
        self.created: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        self._client = client
        self._dataset = dataset
        self._metadata = metadata

    def make(self, videos: Sequence[KeyedVideo], *, progress: bool) -> None:
        """Create a data row for every video; record failures and continue with the other videos.

        Raises:
            AuthenticationError: The API key is refused.
            LabelboxUnavailableError: Labelbox can no longer be reached.
            LabelboxError: Labelbox refuses the whole request.
        """
        with (
            progress_bar(desc="upload", total=len(videos), unit="video", shown=progress) as bar,
            ThreadPoolExecutor(_THREADS) as pool,
        ):
            for some in _tasks(videos):
                rows = [row for row in pool.map(self._row, some) if row is not None]
                if rows:
                    self._create(rows)
                bar.update(len(some))

    def _row(self, video: KeyedVideo) -> dict[str, Any] | None:
        source = video.source
        url = source.url
        if source.file is not None:
            kind = mimetypes.guess_type(source.file.name)[0] or "video/mp4"
            try:
                content = source.file.read_bytes()
                with labelbox_errors(f"uploading {source.name}"):
                    url = self._client.upload_data(
                        content, filename=source.file.name, content_type=kind
                    )
            except (AuthenticationError, LabelboxUnavailableError):
                raise
            except (LabelboxError, OSError) as error:
                self.failures[video.global_key] = str(error)
                return None
        return {
            "row_data": url,
            "global_key": video.global_key,
            "external_id": source.external_id,
            "media_type": "VIDEO",
            "metadata_fields": self._metadata.get(video.global_key) or None,
        }

    def _create(self, rows: list[dict[str, Any]]) -> None:
        keys = [str(row["global_key"]) for row in rows]
        doing = f"creating {counted(len(rows), 'data row')} in dataset {self._dataset.uid}"
        with labelbox_errors(doing):
            task = self._dataset.create_data_rows(rows)
            task.wait_till_done(timeout_seconds=_TASK_SECONDS)
            status = task.status
            errors = task.errors if status == "COMPLETE" else None
        reasons: dict[str, str] = {}
        for error in errors or ():
            for row in error.get("failedDataRows") or ():
                reasons[str(row.get("globalKey"))] = clean(str(error.get("message")))
        # Labelbox refuses a request that the SDK repeated as a duplicate of itself: look it up.
        there = rows_by_key(self._client, keys)
        self.created |= there
        if status != "COMPLETE" and not there:
            raise LabelboxError(
                f"Labelbox's task {task.uid} ended {status} while {doing}; run this again to "
                "continue."
            )
        self.failures |= {
            key: _explained(reasons.get(key, _NO_REASON)) for key in keys if key not in there
        }


def _explained(reason: str) -> str:
    """Return Labelbox's reason, with advice where Labelbox gives none."""
    if reason.startswith("Duplicate global key"):
        # No data row has the key, so one that had it was deleted.
        return f"{reason}; the key of a deleted data row can be used again after some minutes"
    return reason


def _tasks(videos: Sequence[KeyedVideo]) -> Iterator[list[KeyedVideo]]:
    """Split videos into small parts, so that a failure costs little."""
    part: list[KeyedVideo] = []
    for video in videos:
        part.append(video)
        files = sum(each.source.file is not None for each in part)
        if len(part) >= _ROWS_PER_TASK or files >= _FILES_PER_TASK:
            yield part
            part = []
    if part:
        yield part
