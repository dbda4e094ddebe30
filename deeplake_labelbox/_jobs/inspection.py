"""Results of inspecting the videos of a project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deeplake_labelbox._files import write_json
from deeplake_labelbox._notebook_tables import table
from deeplake_labelbox._store.frames.registry import STORAGES, FrameStorage
from deeplake_labelbox._video.checks import VideoFinding
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.scan import VideoScan
from deeplake_labelbox._video_names import distinct_names


@dataclass(frozen=True, slots=True)
class VideoInspection:
    """The findings from the header and packets of one video, before it is decoded.

    Attributes:
        data_row_id: The data row.
        name: Its external id, or the name of its file.
        info: Its header; ``None`` if it could not be opened.
        scan: Its packets; ``None`` if it could not be opened.
        fetched_bytes: Bytes that were fetched for the inspection; ``None`` for local files.
        findings: Unusual properties, and frames or labels that will be missing.
    """

    data_row_id: str
    name: str
    info: VideoInfo | None = None
    scan: VideoScan | None = None
    fetched_bytes: int | None = None
    findings: tuple[VideoFinding, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows that it will have, estimated from its packets."""
        return self.scan.packets if self.scan is not None else 0

    @property
    def will_miss(self) -> bool:
        """Whether frames or labels will be missing."""
        return any(finding.costs for finding in self.findings)

    def estimated_bytes(self, storage: FrameStorage) -> int:
        """Bytes that its frames will take: see `Storage.bytes_a_pixel`."""
        if self.info is None or self.scan is None:
            return 0
        bytes_a_pixel = STORAGES[storage].bytes_a_pixel
        if bytes_a_pixel is None:
            return self.scan.stream_bytes
        return round(self.rows * self.info.width * self.info.height * bytes_a_pixel)


@dataclass(frozen=True, slots=True)
class ProjectInspection:
    """The findings from the headers and packets of a project's videos, before they are decoded.

    Attributes:
        project_id: The project.
        project_name: Its name.
        videos: One inspection per data row, in the order of the export.
    """

    project_id: str
    project_name: str
    videos: tuple[VideoInspection, ...]

    @property
    def rows(self) -> int:
        """Number of rows of all videos, estimated from their packets."""
        return sum(video.rows for video in self.videos)

    @property
    def will_miss(self) -> bool:
        """Whether frames or labels of any video will be missing."""
        return any(video.will_miss for video in self.videos)

    @property
    def short_names(self) -> list[str]:
        """Short but distinct names of the videos."""
        return distinct_names((video.name, video.data_row_id) for video in self.videos)

    def estimated_bytes(self, storage: FrameStorage) -> int:
        """Bytes that the frames of all videos will take; see `Storage.bytes_a_pixel`."""
        return sum(video.estimated_bytes(storage) for video in self.videos)

    def __iter__(self) -> Iterator[VideoInspection]:
        """The inspections by data row."""
        return iter(self.videos)

    def _repr_html_(self) -> str:
        return table(
            ("video", "codec", "size", "frames per second", "rows", "findings"),
            [
                (
                    name,
                    video.info.codec if video.info else "",
                    f"{video.info.width} x {video.info.height}" if video.info else "",
                    round(video.info.frame_rate, 3) if video.info and video.info.frame_rate else "",
                    video.rows,
                    "; ".join(
                        f"{'will be missing: ' if finding.costs else ''}{finding.what}"
                        for finding in video.findings
                    ),
                )
                for name, video in zip(self.short_names, self.videos, strict=True)
            ],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the inspection as JSON values."""
        whole = asdict(self)
        for video, values in zip(self.videos, whole["videos"], strict=True):
            if values["info"] is not None:
                ratio = values["info"]["sample_aspect_ratio"]
                values["info"]["sample_aspect_ratio"] = None if ratio is None else str(ratio)
            if video.scan is not None:
                values["scan"]["variable_rate"] = video.scan.variable_rate
            values["rows"], values["will_miss"] = video.rows, video.will_miss
        sizes = {storage: self.estimated_bytes(storage) for storage in STORAGES}
        return whole | {"rows": self.rows, "will_miss": self.will_miss, "estimated_bytes": sizes}

    def save(self, path: str | Path) -> None:
        """Write the inspection as JSON.

        Raises:
            ConfigurationError: If the file cannot be written.
        """
        write_json(path, self.to_dict())
