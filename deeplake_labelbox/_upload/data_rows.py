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

_LOOKUP: Final = 1000
_ROWS_A_TASK: Final = 1000
_FILES_A_TASK: Final = 20
# The SDK holds every file whole in memory, so few at once; its own pool has 20 threads.
_THREADS: Final = 4
_TASK_SECONDS: Final = 3600
_SILENT: Final = "Labelbox made no data row of it, and does not say why"


def rows_by_key(client: labelbox.Client, keys: Sequence[str]) -> dict[str, str]:
    """Find the data rows with these global keys in the organization; ids by global key."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), _LOOKUP):
        some = list(keys[start : start + _LOOKUP])
        with labelbox_errors("looking for data rows by their global keys"), _quiet_sdk():
            ids = client.get_data_row_ids_for_global_keys(some)["results"]
        found |= {key: row_id for key, row_id in zip(some, ids, strict=False) if row_id}
    return found


@contextmanager
def _quiet_sdk() -> Iterator[None]:
    """Drops the SDK's warning about unknown keys, which is no error here."""
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
        """Create a data row for every video; failures are recorded, and the other videos follow.

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
        told: dict[str, str] = {}
        for error in errors or ():
            for row in error.get("failedDataRows") or ():
                told[str(row.get("globalKey"))] = clean(str(error.get("message")))
        # Labelbox refuses a request that the SDK repeated as a duplicate of itself: look it up.
        there = rows_by_key(self._client, keys)
        self.created |= there
        if status != "COMPLETE" and not there:
            raise LabelboxError(
                f"Labelbox's task {task.uid} ended {status} while {doing}; try again, the same "
                "call goes on where this one stopped."
            )
        self.failures |= {
            key: _explained(told.get(key, _SILENT)) for key in keys if key not in there
        }


def _explained(reason: str) -> str:
    """Labelbox's reason, and what to do if Labelbox does not say so."""
    if reason.startswith("Duplicate global key"):
        # A data row that has the key was not found before.
        return f"{reason}; that of a deleted data row is free again after some minutes"
    return reason


def _tasks(videos: Sequence[KeyedVideo]) -> Iterator[list[KeyedVideo]]:
    """Split videos into parts whose data rows are created together, so that little is lost."""
    piece: list[KeyedVideo] = []
    for video in videos:
        piece.append(video)
        files = sum(each.source.file is not None for each in piece)
        if len(piece) >= _ROWS_A_TASK or files >= _FILES_A_TASK:
            yield piece
            piece = []
    if piece:
        yield piece
