"""The export of a Labelbox project on disk: a sequence of data rows, read one by one."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, overload

from deeplake_labelbox._counts import counted
from deeplake_labelbox._labelbox.json_array import iterate_array
from deeplake_labelbox._labelbox.line_index import LineIndex, RowWriter
from deeplake_labelbox._labelbox.spool import TemporaryFolder, replacing
from deeplake_labelbox._model.data_rows import data_row_name, declared_frames
from deeplake_labelbox._model.json_values import as_list, as_mapping, parse_int
from deeplake_labelbox._model.rows import (
    MAX_ROW_BYTES,
    check_row,
    list_ids,
    parse_row,
    without_lone_surrogates,
)
from deeplake_labelbox._notebook_tables import description, table
from deeplake_labelbox._video_names import distinct_names
from deeplake_labelbox.errors import ExportEmptyError, ExportFormatError

_BOM: Final = b"\xef\xbb\xbf"
_LOOK: Final = 4096
_SHOWN: Final = 10

ExportSource = str | os.PathLike[str] | Iterable[Mapping[str, Any]]
"""What ``ProjectExport.load`` takes: a path, data rows, or a ``ProjectExport``."""


class ProjectExport(Sequence[dict[str, Any]]):
    """The data rows of a Labelbox project, read from an NDJSON file on access.

    It is made by ``ProjectExporter.export`` and by ``ProjectExport.load``.

    A slice is a ``ProjectExport`` over the same file. Reading is thread-safe. A pickled copy reads
    the same file: ``save`` an export that was made without a path before you pass it to a process
    that outlives it. The rows are as Labelbox wrote them, with signed URLs that work for some days:
    keep the file as private as the videos.

    Attributes:
        path: The NDJSON file.
        export_errors: The errors that Labelbox reported, unchanged; empty for a loaded export.

    Example:
        ```python
        export = ProjectExport.load("project.ndjson")
        print(len(export), export[0]["data_row"]["id"], export.project_ids)
        ```
    """

    def __init__(
        self,
        path: Path,
        index: LineIndex,
        *,
        folder: TemporaryFolder | None = None,
        export_errors: Sequence[Any] = (),
    ) -> None:
        self.path = Path(os.path.realpath(path))
        self.export_errors: tuple[Any, ...] = tuple(export_errors)
        self._starts = index.starts
        self._sizes = index.sizes
        self._project_names = index.project_names
        self._folder = folder
        self._is_whole = True
        self._signature = _signature(os.stat(self.path))  # noqa: PTH116 - beside fstat

    @classmethod
    def load(cls, source: ExportSource, *, max_row_bytes: int = MAX_ROW_BYTES) -> ProjectExport:
        """Open a saved export, or write data rows in memory to a temporary file.

        Args:
            source: The path of an NDJSON file or of a JSON array, UTF-8 with or without byte order
                mark; data rows as dicts; or a ``ProjectExport``, which is returned unchanged. An
                NDJSON file is read in place, anything else is copied to a temporary file that
                lives as long as the ``ProjectExport``.
            max_row_bytes: The longest data row that is accepted, in bytes.

        Returns:
            The export, every row of it checked.

        Raises:
            ExportFormatError: If there is no such file, or it is not an export of a video project.
            MediaTypeError: If a data row is not a video.
            ExportEmptyError: If there is no data row.
        """
        if isinstance(source, ProjectExport):
            return source
        if isinstance(source, (str, os.PathLike)):
            return cls._load_file(_existing_file(source), max_row_bytes)
        if isinstance(source, (Mapping, bytes)) or not isinstance(source, Iterable):
            raise ExportFormatError(
                f"An export cannot be a {type(source).__name__}; pass the path of an NDJSON or "
                "JSON file, or a list of data rows."
            )
        rows = ((f"item {i} of the list of data rows", row) for i, row in enumerate(source))
        return cls._spool(rows, "The list of data rows", max_row_bytes)

    @classmethod
    def _load_file(cls, path: Path, max_row_bytes: int) -> ProjectExport:
        try:
            with path.open("rb") as file:
                start, first = _sniff(file, path.name)
                file.seek(start)
                if first == b"[":
                    values = iterate_array(file, path.name, max_row_bytes)
                    rows = ((f"line {n} of {path.name}", value) for n, value in values)
                    return cls._spool(rows, path.name, max_row_bytes)
                index = _index_lines(file, start, path.name, max_row_bytes)
        except OSError as error:
            raise ExportFormatError(
                f"{path} cannot be read: {error.strerror or type(error).__name__}; "
                "pass a file that you may read."
            ) from error
        return cls(path, _not_empty(index, path.name))

    @classmethod
    def _spool(
        cls, rows: Iterable[tuple[str, object]], name: str, max_row_bytes: int
    ) -> ProjectExport:
        folder = TemporaryFolder()
        path = folder.path / "project.ndjson"
        index = LineIndex()
        with replacing(path) as file:
            writer = RowWriter(file, index)
            for where, value in rows:
                row = check_row(value, where)
                # escaped to ASCII, because UTF-8 cannot encode lone surrogates; replaced when read
                line = _dump(row, where)
                row = without_lone_surrogates(row, line)
                if len(line) > max_row_bytes:
                    raise ExportFormatError(_too_long(where, max_row_bytes))
                writer.write(line, row, where)
        return cls(path, _not_empty(index, name), folder=folder)

    @property
    def project_ids(self) -> tuple[str, ...]:
        """The ids of all projects of the data rows, in order of first appearance."""
        return tuple(self._project_names)

    def project_name(self, project_id: str) -> str | None:
        """Return the name of a project, or None if the export does not have it.

        Raises:
            ExportFormatError: If no data row belongs to the project.
        """
        if project_id not in self._project_names:
            raise ExportFormatError(
                f"The export {self.path.name} has no data row of project {project_id!r}; it has "
                f"{list_ids(self._project_names)}. Use one of these ids, or export the project."
            )
        return self._project_names[project_id]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the data rows to an NDJSON file; an older file is replaced once it is complete.

        Args:
            path: The file; its folder must exist.

        Returns:
            The path.

        Raises:
            ConfigurationError: If the file cannot be written.
        """
        if self._is_whole and os.path.realpath(path) == str(self.path):
            return Path(path)  # the same file; replacing it would invalidate the offsets
        with replacing(Path(path)) as target, self._open() as source:
            for start, size in zip(self._starts, self._sizes, strict=True):
                source.seek(start)
                target.write(source.read(size))
                target.write(b"\n")
        return Path(path)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, item: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, item: slice) -> ProjectExport: ...
    def __getitem__(self, item: int | slice) -> dict[str, Any] | ProjectExport:
        if isinstance(item, slice):
            part = object.__new__(type(self))
            part.__dict__.update(self.__dict__)
            part._starts = self._starts[item]
            part._sizes = self._sizes[item]
            part._is_whole = False
            return part
        start, size = self._starts[item], self._sizes[item]
        with self._open() as file:
            return self._read(file, start, size)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self._open() as file:
            for start, size in zip(self._starts, self._sizes, strict=True):
                yield self._read(file, start, size)

    def __repr__(self) -> str:
        return f"ProjectExport({str(self.path)!r}, {counted(len(self), 'data row')})"

    def _repr_html_(self) -> str:
        shown = list(itertools.islice(self, _SHOWN))
        names = [f"{self.project_name(key) or ''} ({key})" for key in self.project_ids]
        short_names = distinct_names(
            (data_row_name(row), str(row["data_row"]["id"])) for row in shown
        )
        rows = [
            (
                short_name,
                str(row["data_row"]["id"]),
                declared_frames(row) or "",
                sum(
                    len(as_list(as_mapping(project).get("labels")))
                    for project in as_mapping(row.get("projects")).values()
                ),
            )
            for short_name, row in zip(short_names, shown, strict=True)
        ]
        left = f"<p>… and {len(self) - len(shown):,} more</p>" if len(self) > len(shown) else ""
        about = description([("project", ", ".join(names)), ("data rows", len(self))])
        return about + table(("video", "data row", "declared frames", "labels"), rows) + left

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_folder": None}

    def _open(self) -> BinaryIO:
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise ExportFormatError(
                f"The export {self.path} is no longer there "
                f"({error.strerror or type(error).__name__}); load or export it again."
            ) from error
        if _signature(os.fstat(file.fileno())) != self._signature:
            file.close()
            raise ExportFormatError(
                f"The export {self.path} has changed since it was opened; load it again."
            )
        return file

    def _read(self, file: BinaryIO, start: int, size: int) -> dict[str, Any]:
        file.seek(start)
        return parse_row(file.read(size), f"the row at byte {start} of {self.path.name}")


def _signature(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _existing_file(source: str | os.PathLike[str]) -> Path:
    text = os.fspath(source)
    if "://" in text:
        raise ExportFormatError("An export cannot be read from a URL; download the file first.")
    if text.lstrip().startswith(("{", "[")):
        raise ExportFormatError(
            "An export cannot be passed as JSON text; pass json.loads(text), or a path."
        )
    path = Path(text)
    try:
        found = "a folder" if path.is_dir() else "" if path.is_file() else "no file"
    except (OSError, ValueError):  # a name that the file system cannot have
        found = "no file"
    if found:
        raise ExportFormatError(
            f"There is {found} at {text[:300]!r}; pass the path of a Labelbox export "
            "(NDJSON or a JSON array)."
        )
    return path


def _sniff(file: BinaryIO, name: str) -> tuple[int, bytes]:
    """Return where the text begins and its first character; refuse files that are not JSON."""
    head = file.read(_LOOK)
    start = len(_BOM) if head.startswith(_BOM) else 0
    expected = "pass a Labelbox export: UTF-8 text with one JSON object per data row"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ExportFormatError(f"{name} is UTF-16 text; {expected}.")
    if head.startswith((b"\x1f\x8b", b"PK\x03\x04")):  # gzip, ZIP
        raise ExportFormatError(f"{name} is compressed; unpack it first and {expected}.")
    first = head[start:].lstrip()[:1]
    if first == b"<":
        raise ExportFormatError(
            f"{name} looks like HTML or XML, such as an error page saved in its place; {expected}."
        )
    if first not in (b"{", b"[", b""):
        raise ExportFormatError(f"{name} does not begin with JSON; {expected}.")
    return start, first


def _index_lines(file: BinaryIO, start: int, name: str, max_row_bytes: int) -> LineIndex:
    index = LineIndex()
    number = 0
    while line := file.readline(max_row_bytes + 2):
        number += 1
        where = f"line {number} of {name}"
        if len(line.rstrip(b"\r\n")) > max_row_bytes:
            raise ExportFormatError(_too_long(where, max_row_bytes))
        if line.strip():
            if not index.starts:
                _check_one_line(file, line, name, max_row_bytes)
            index.add(parse_row(line, where), start, len(line.rstrip(b"\r\n")), where)
        start += len(line)
    return index


def _check_one_line(file: BinaryIO, line: bytes, name: str, max_row_bytes: int) -> None:
    """Refuse JSON that is printed over several lines."""
    if line.strip() != b"{" and not line.rstrip().endswith((b",", b"[", b"{", b":")):
        return
    position = file.tell()
    text = (line + file.read(max_row_bytes)).decode("utf-8", errors="replace")
    file.seek(position)
    try:
        value, _ = json.JSONDecoder(parse_int=parse_int).raw_decode(text.lstrip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return  # the parser of the line reports it
    check_row(value, f"the first object in {name}")
    raise ExportFormatError(
        f"{name} has a data row that spans several lines, but is read with one data row per line: "
        f"rewrite it with `jq -c . {name}`, or put the rows into a JSON array, [ … ]."
    )


def _dump(row: dict[str, Any], where: str) -> bytes:
    try:
        return json.dumps(row).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise ExportFormatError(
            f"The data row in {where} cannot be written as JSON ({type(error).__name__}); "
            "pass the rows as Labelbox exported them."
        ) from error


def _not_empty(index: LineIndex, name: str) -> LineIndex:
    if not index.starts:
        raise ExportEmptyError(f"{name} has no data rows; export the project again.")
    return index


def _too_long(where: str, max_row_bytes: int) -> str:
    return (
        f"{where[:1].upper()}{where[1:]} is longer than {max_row_bytes} bytes; pass a Labelbox "
        "export with one data row per line, or a larger max_row_bytes."
    )
