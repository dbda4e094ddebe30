"""Match the videos of a source to the data rows of a project or dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Literal

from deeplake_labelbox._counts import counted
from deeplake_labelbox._formats.frame_numbers import VideoLength
from deeplake_labelbox._model.data_rows import data_row_name, without_signature
from deeplake_labelbox._model.json_values import as_list, as_mapping, as_text


@dataclass(frozen=True, slots=True)
class Target:
    """A data row that annotations may go to.

    Attributes:
        data_row_id: Its id.
        name: Its external id, or the URL or path of its video, for messages.
        names: Its names, most reliable first: global key; external id; file name; file name
            without ending.
        size: Width and height in pixels, if Labelbox knows them.
        frame_count: Number of frames, if Labelbox knows it.
        labels: Number of its labels in the project.
        frame_rate: Frames per second, if Labelbox knows it.
    """

    data_row_id: str
    name: str
    names: tuple[str | None, ...]
    size: tuple[int, int] | None
    frame_count: int | None
    labels: int
    frame_rate: float | None = None


_FILE_NAME: Final = 2
_SHOWN: Final = 3


class Targets:
    """The data rows of a project, or of a dataset.

    Args:
        rows: The rows of the project's export.
        project_id: The project.
        chosen: Data row (id, global key or external id) that the user gave for the name of a video
            in the source.
        of: What has the data rows.
    """

    def __init__(
        self,
        rows: Iterable[Mapping[str, Any]],
        project_id: str,
        chosen: Mapping[str, str] | None = None,
        of: Literal["project", "dataset"] = "project",
    ) -> None:
        self._of = of
        self._chosen = chosen or {}
        self._by_id: dict[str, Target] = {}
        for row in rows:
            target = _target(row, project_id)
            self._by_id[target.data_row_id] = target
        self._by_name: list[dict[str, list[Target]]] = []
        for level in range(_FILE_NAME + 2):
            named: dict[str, list[Target]] = {}
            for target in self._by_id.values():
                name = target.names[level]
                if name:
                    named.setdefault(name, []).append(target)
            self._by_name.append(named)

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Target]:
        """Iterate over the data rows."""
        return iter(self._by_id.values())

    def find(self, names: tuple[str, ...]) -> Target | str:
        """Find the data row of a video, or the reason why there is none.

        The names are tried in order, each first as id and global key, then as external id, then as
        file name. A name that several data rows share matches none.
        """
        chosen = {self._chosen[name]: name for name in names if name in self._chosen}
        if len(chosen) > 1:
            return (
                f"{' and '.join(map(repr, chosen.values()))} are the same video in the file, but "
                f"`data_rows` gives it several data rows; give one"
            )
        wanted = tuple(chosen) or names
        for name in wanted:
            if name in self._by_id:
                return self._by_id[name]
            for level, named in enumerate(self._by_name):
                found = named.get(name) or (
                    named.get(_file_name(name)) if level == _FILE_NAME else None
                )
                if found and len(found) == 1:
                    return found[0]
                if found:
                    return (
                        f"{len(found)} data rows of the {self._of} are called {name!r}; say which "
                        f"one with `data_rows={{'VIDEO': ID}}`"
                    )
        upload = "upload the video, or " if self._of == "project" else ""
        return (
            f"the {self._of} has no data row {' or '.join(map(repr, wanted))}; {upload}say which "
            f"one it is with `data_rows={{'VIDEO': ID}}`"
        )

    def video_length(self, names: tuple[str, ...]) -> VideoLength:
        """Return the length of a video, which is empty if it has no data row."""
        target = self.find(names)
        if isinstance(target, str):
            return VideoLength()
        return VideoLength(target.frame_count, target.frame_rate)

    def no_match(self, source: str, reasons: Mapping[str, str]) -> str:
        """Return the message of an error: no video of a source has a data row.

        Args:
            source: Name of the source in the message.
            reasons: The reason for each video, by its name.
        """
        shown = [f"{name!r}: {reason}." for name, reason in reasons.items()][:_SHOWN]
        if len(reasons) > _SHOWN:
            shown.append(f"And {len(reasons) - _SHOWN:,} more.")
        return (
            f"No video of the {source} matches a data row of the {self._of}, which has "
            f"{counted(len(self), 'data row')}. {' '.join(shown)}"
        )


def _target(row: Mapping[str, Any], project_id: str) -> Target:
    data_row = as_mapping(row.get("data_row"))
    media = as_mapping(row.get("media_attributes"))
    width, height, count = (_positive(media.get(k)) for k in ("width", "height", "frame_count"))
    rate = media.get("frame_rate")
    external_id = as_text(data_row.get("external_id"))
    file = _file_name(external_id or without_signature(str(data_row.get("row_data") or "")))
    return Target(
        data_row_id=str(data_row["id"]),
        name=data_row_name(row),
        names=(
            as_text(data_row.get("global_key")),
            external_id,
            file or None,
            PurePosixPath(file).stem or None,
        ),
        size=(width, height) if width and height else None,
        frame_count=count,
        labels=len(
            as_list(as_mapping(as_mapping(row.get("projects")).get(project_id)).get("labels"))
        ),
        frame_rate=rate if isinstance(rate, int | float) and rate > 0 else None,
    )


def _file_name(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name


def _positive(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and value > 0 else None
