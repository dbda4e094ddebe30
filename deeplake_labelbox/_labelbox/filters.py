"""Filters and parameters of an export, checked before any request.

The SDK takes dicts for both and drops unknown keys, so a misspelled key exports with the default.
Here they are types, and dicts are checked.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from itertools import product
from typing import Any, Final, Literal, Self, get_args

from deeplake_labelbox.errors import ConfigurationError

WorkflowStatus = Literal["ToLabel", "InReview", "InRework", "Done"]
DateBound = datetime | date | str | None
DateRange = tuple[DateBound, DateBound]

MAX_IDS: Final = 2_000
"""The most ids that Labelbox takes in one filter; more are exported in several tasks."""

_ID_FILTERS: Final = ("data_row_ids", "global_keys", "batch_ids")
_DATE_FILTERS: Final = ("last_activity_at", "label_created_at")
_LOCAL_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
_UTC_FORMAT: Final = "%Y-%m-%dT%H:%M:%S+0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFilters:
    """Filters for the data rows to export; a data row must match all that are set.

    Attributes:
        data_row_ids: Labelbox ids of data rows; not together with ``global_keys``.
        global_keys: Global keys of data rows.
        batch_ids: Labelbox ids of batches.
        workflow_status: Status of the data row in the project's workflow.
        last_activity_at: Earliest and latest time of the last activity on the data row, each a
            datetime, a date, a string (``"2024-01-31"``, ``"2024-01-31 12:00:00"`` or ISO 8601) or
            None for an open end. Times with an offset are converted to UTC; times without one
            are in the time zone of the user's Labelbox profile.
        label_created_at: The same for the creation time of a label.

    Raises:
        ConfigurationError: If a value cannot be used; the message names it and what is allowed.
    """

    data_row_ids: Sequence[str] | None = None
    global_keys: Sequence[str] | None = None
    batch_ids: Sequence[str] | None = None
    workflow_status: WorkflowStatus | None = None
    last_activity_at: DateRange | None = None
    label_created_at: DateRange | None = None

    def __post_init__(self) -> None:
        for name in _ID_FILTERS:
            object.__setattr__(self, name, _ids(name, getattr(self, name)))
        if self.data_row_ids is not None and self.global_keys is not None:
            raise ConfigurationError(
                "`data_row_ids` and `global_keys` cannot both be set; filter by one of them."
            )
        allowed = get_args(WorkflowStatus)
        if self.workflow_status is not None and self.workflow_status not in allowed:
            raise ConfigurationError(
                f"`workflow_status` {self.workflow_status!r} is none of {', '.join(allowed)}"
                f"{_nearest(self.workflow_status, allowed)}."
            )
        for name in _DATE_FILTERS:
            _date_range(name, getattr(self, name))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Create filters from a dict of ``labelbox.Project.export``.

        Raises:
            ConfigurationError: If a key is unknown (the message suggests the nearest) or a value
                cannot be used.
        """
        return cls(**_known(cls, values))

    def describe(self) -> str:
        """Describe the filters that are set, for a message; empty if there are none."""
        parts = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                many = field.name in _ID_FILTERS
                parts.append(f"{field.name} ({len(value)})" if many else f"{field.name} {value!r}")
        return ", ".join(parts)

    def to_sdk(self) -> Iterator[dict[str, Any]]:
        """Yield the filters as dicts for ``labelbox.Project.export``, one per task.

        Labelbox refuses more than 2,000 ids, so longer lists become several tasks.
        """
        shared: dict[str, Any] = {"workflow_status": self.workflow_status}
        for name in _DATE_FILTERS:
            bounds = _date_range(name, getattr(self, name))
            shared[name] = list(bounds) if bounds is not None else None
        parts = [[(name, part) for part in _parts(getattr(self, name))] for name in _ID_FILTERS]
        for chosen in product(*parts):
            yield {**shared, **dict(chosen)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportParams:
    """Details to export of each data row; the defaults are the details that a dataset needs.

    Attributes:
        attachments: The attachments of the data row.
        metadata_fields: Its metadata.
        embeddings: Its embeddings.
        data_row_details: Its dataset and dates.
        project_details: The ontology's id, batch, workflow status and selected label.
        label_details: Who made each label, and when.
        performance_details: Times and scores of each label, and whether it was skipped.
        interpolated_frames: Every frame of each segment instead of only key frames. The dataset
            is the same; the export is many times larger.
        media_type_override: A media type to export as, by its name (``"Video"``) or as a
            ``labelbox.MediaType``.

    Raises:
        ConfigurationError: If a value cannot be used; the message names it and what is allowed.
    """

    attachments: bool = True
    metadata_fields: bool = True
    embeddings: bool = False
    data_row_details: bool = True
    project_details: bool = True
    label_details: bool = True
    performance_details: bool = True
    interpolated_frames: bool = False
    media_type_override: object = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "media_type_override":
                _media_type(value)
            elif not isinstance(value, bool):
                raise ConfigurationError(f"{field.name} must be True or False, not {value!r}.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Create parameters from a dict of ``labelbox.Project.export``.

        Raises:
            ConfigurationError: If a key is unknown (the message suggests the nearest) or a value
                cannot be used.
        """
        return cls(**_known(cls, values))

    def to_sdk(self) -> dict[str, Any]:
        """Return the parameters as a dict for ``labelbox.Project.export``."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**values, "media_type_override": _media_type(self.media_type_override)}


def _known(cls: type[ExportFilters | ExportParams], values: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise ConfigurationError(
            f"{cls.__name__} are made from a dict, not from a {type(values).__name__}."
        )
    names = [field.name for field in fields(cls)]
    for key in values:
        if key not in names:
            raise ConfigurationError(
                f"{key!r} is none of the {cls.__name__} {', '.join(names)}"
                f"{_nearest(str(key), names)}."
            )
    return dict(values)


def _nearest(word: object, allowed: Iterable[str]) -> str:
    by_letters = {name.replace("_", "").lower(): name for name in allowed}
    letters = str(word).replace("_", "").replace(" ", "").lower()
    near = difflib.get_close_matches(letters, by_letters, n=1)
    return f"; did you mean {by_letters[near[0]]!r}?" if near else ""


def _ids(name: str, value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise ConfigurationError(f"`{name}` must be a list of strings, not {value!r}.")
    ids = tuple(dict.fromkeys(value))
    wrong = [item for item in ids if not isinstance(item, str) or not item]
    if wrong:
        raise ConfigurationError(f"`{name}` must be a list of strings; it has {wrong[0]!r}.")
    if not ids:
        raise ConfigurationError(f"`{name}` is empty; leave it out to export all data rows.")
    return ids


def _parts(ids: Sequence[str] | None) -> list[list[str] | None]:
    if ids is None:
        return [None]
    return [list(ids[start : start + MAX_IDS]) for start in range(0, len(ids), MAX_IDS)]


def _date_range(name: str, value: object) -> tuple[str | None, str | None] | None:
    """Check a range of dates and format it for the SDK.

    The SDK (7.17) replaces the offset of a time by UTC instead of converting the time, so it gets
    only UTC. It has one time zone for both ends, so they must agree.
    """
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
        raise ConfigurationError(f"`{name}` must be a pair of start and end, not {value!r}.")
    start, end = (_moment(name, bound) for bound in value)
    if start is None and end is None:
        raise ConfigurationError(f"`{name}` has neither start nor end; leave it out instead.")
    if start is not None and end is not None:
        if (start.tzinfo is None) != (end.tzinfo is None):
            raise ConfigurationError(
                f"`{name}` has an offset from UTC at one end only; give one to both, or to none."
            )
        if start > end:
            raise ConfigurationError(f"`{name}` ends before it starts; swap {start} and {end}.")
    return _sdk_time(start, value[0]), _sdk_time(end, value[1])


def _moment(name: str, bound: object) -> datetime | None:
    if bound is None:
        return None
    try:
        if isinstance(bound, str):
            bound = datetime.fromisoformat(bound.strip())
        elif isinstance(bound, date) and not isinstance(bound, datetime):
            bound = datetime(bound.year, bound.month, bound.day)  # noqa: DTZ001 - naive as given
        if isinstance(bound, datetime):
            return bound if bound.tzinfo is None else bound.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"`{name}` has {bound!r}, which is not a date; write '2024-01-31', "
            "'2024-01-31 12:00:00' or '2024-01-31T12:00:00+02:00'."
        ) from error
    raise ConfigurationError(f"`{name}` has {bound!r}; give a datetime, a date, a string or None.")


def _sdk_time(moment: datetime | None, given: object) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is not None:
        return moment.strftime(_UTC_FORMAT)
    is_date = isinstance(given, date) and not isinstance(given, datetime)
    if is_date or (isinstance(given, str) and len(given.strip()) == len("2024-01-31")):
        return moment.strftime("%Y-%m-%d")  # Labelbox decides which part of the day counts
    return moment.strftime(_LOCAL_FORMAT)


def _media_type(value: object) -> object:
    """Find the SDK's media type; the SDK is imported only when one is named."""
    if value is None:
        return None
    from labelbox.schema.media_type import MediaType  # noqa: PLC0415 - the SDK is slow to import

    found = value
    if isinstance(value, str):
        found = MediaType(value)  # accepts any spelling; unknown names become "Unsupported"
    if not isinstance(found, MediaType) or not MediaType.is_supported(found):
        names = MediaType.get_supported_members()
        raise ConfigurationError(
            f"media_type_override {value!r} is none of {', '.join(names)}{_nearest(value, names)}."
        )
    return found
