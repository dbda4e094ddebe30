"""The zoo: a small video of every kind that a project may hold, and what comes out of each.

Run it for the table in Markdown::

    python tests/video_zoo.py
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import video_files
from video_files import read_number, write_video

from deeplake_labelbox._video import FrameExtractor
from deeplake_labelbox.errors import VideoDecodeError, VideoError

FRAMES = 20
ALL = tuple(range(FRAMES))


@dataclass(frozen=True)
class ZooVideo:
    """A video of the zoo.

    Attributes:
        kind: What is special about it.
        file: Its name; the suffix tells the container.
        make: Writes it to a path.
        drawn: The numbers on the pictures that a player shows, in order: what is labeled.
        problem: Part of the sentence that tells what is wrong; "" for whole videos.
        least: How many frames come out of it, at least, where something is wrong.
        goes_on: Whether frames come out behind the damage.
        size: Of the pictures, as displayed.
    """

    kind: str
    file: str
    make: Callable[[Path], object]
    drawn: tuple[int, ...] = ALL
    problem: str = ""
    least: int = 0
    goes_on: bool = False
    size: tuple[int, int] = (96, 64)


def _write(path: Path, **options: object) -> None:
    write_video(path, **{"frames": FRAMES, **options})


def _hidden(path: Path, *, skip: int, show: int) -> None:
    _write(path, b_frames=2)
    video_files.set_edit_list(path, skip_ticks=512 * skip, show_seconds=show / 25)


def _joined(path: Path) -> None:
    first = path.with_suffix(".first.ts")
    _write(first, frames=FRAMES // 2, b_frames=2)
    _write(path, frames=FRAMES // 2, first=FRAMES // 2, b_frames=2)
    path.write_bytes(first.read_bytes() + path.read_bytes())
    first.unlink()


def _declared(path: Path, count: int) -> None:
    _write(path, codec="mpeg4")
    video_files.set_declared_frames(path, count)


def _from_plain(path: Path, change: Callable[[Path, Path], object], **options: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "plain.mp4")
        _write(plain, **options)
        change(plain, path)


def _cover(plain: Path, path: Path) -> None:
    video_files.write_cover_picture(path, plain)


def _later(plain: Path, path: Path) -> None:
    video_files.write_remuxed(plain, path, shift=12800 * 9)


def _swapped(plain: Path, path: Path) -> None:
    video_files.write_remuxed(plain, path, swap_times=(6, 7))


def _cut(path: Path, keep: float, **options: object) -> None:
    _write(path, **options)
    video_files.truncate(path, keep)


def _noise(path: Path, at: int, **options: object) -> None:
    _write(path, **options)
    video_files.blank_packet(path, at)


X264 = {"codec": "libx264", "gop": 5}
X265 = {"codec": "libx265", "options": {"x265-params": "log-level=none"}}
VP9 = {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}}
AV1 = {"codec": "libsvtav1", "options": {"preset": "12"}, "size": (128, 96)}
LONG_GAPS = [40 * n + (5000 if n > 9 else 0) + 7 * (n % 3) for n in range(FRAMES)]

ZOO = (
    ZooVideo("H.264 with B-frames", "b-frames.mp4", partial(_write, b_frames=3)),
    ZooVideo(
        "H.264 with an open GOP",
        "open-gop.mp4",
        partial(_write, b_frames=3, options={"x264-params": "open-gop=1"}),
    ),
    ZooVideo("HEVC", "hevc.mp4", partial(_write, **X265)),
    ZooVideo("HEVC in Matroska", "hevc.mkv", partial(_write, **X265)),
    ZooVideo("VP9", "vp9.webm", partial(_write, **VP9)),
    ZooVideo("AV1", "av1.mp4", partial(_write, **AV1), size=(128, 96)),
    ZooVideo("MPEG-4 in AVI", "mpeg4.avi", partial(_write, codec="mpeg4", b_frames=2)),
    ZooVideo("MPEG-TS", "stream.ts", partial(_write, b_frames=2)),
    ZooVideo("two MPEG-TS joined byte by byte", "joined.ts", _joined),
    ZooVideo(
        "fragmented MP4",
        "fragmented.mp4",
        partial(_write, container_options={"movflags": "frag_keyframe+empty_moov"}),
    ),
    ZooVideo("index (moov) at the end", "index-last.mp4", _write),
    ZooVideo(
        "index (moov) at the start",
        "index-first.mp4",
        partial(_write, container_options={"movflags": "faststart"}),
    ),
    ZooVideo(
        "WebM without a declared count",
        "live.webm",
        partial(_write, container_options={"live": "1"}, **VP9),
    ),
    ZooVideo("10 bit", "10-bit.mp4", partial(_write, pixel_format="yuv420p10le")),
    ZooVideo("4:4:4", "444.mp4", partial(_write, pixel_format="yuv444p")),
    ZooVideo("odd size", "odd.webm", partial(_write, size=(97, 63), **VP9), size=(97, 63)),
    ZooVideo(
        "anamorphic pixels (SAR 4:3)",
        "anamorphic.mp4",
        partial(_write, sample_aspect_ratio=Fraction(4, 3)),
    ),
    *(
        ZooVideo(
            f"rotated {degrees}°",
            f"rotated-{degrees}.mp4",
            partial(video_files.write_rotated, degrees=degrees, frames=FRAMES),
        )
        for degrees in (90, 180, 270)
    ),
    ZooVideo(
        "variable frame rate with long gaps",
        "variable.mp4",
        partial(_write, times=LONG_GAPS, time_base=Fraction(1, 1000), b_frames=2),
    ),
    ZooVideo("non-zero start", "starts-at-9s.mkv", partial(_from_plain, change=_later, b_frames=2)),
    ZooVideo(
        "times that go back", "back.mp4", partial(_from_plain, change=_swapped, codec="mpeg4")
    ),
    ZooVideo(
        "edit list that hides frames at the start",
        "hides-start.mp4",
        partial(_hidden, skip=4, show=16),
        drawn=tuple(range(4, FRAMES)),
    ),
    ZooVideo(
        "edit list that hides frames at the end",
        "hides-end.mp4",
        partial(_hidden, skip=0, show=15),
        drawn=tuple(range(15)),
    ),
    ZooVideo("declared count too high", "declares-99.avi", partial(_declared, count=99)),
    ZooVideo("declared count too low", "declares-7.avi", partial(_declared, count=7)),
    ZooVideo(
        "two video streams",
        "two-streams.mp4",
        partial(video_files.write_two_streams, frames=FRAMES),
    ),
    ZooVideo("cover picture as a further stream", "cover.mp4", partial(_from_plain, change=_cover)),
    ZooVideo(
        "audio only",
        "audio.mp4",
        video_files.write_audio_only,
        problem="has no video stream, only: audio",
    ),
    ZooVideo(
        "truncated in the middle, index at the start",
        "cut.mp4",
        partial(_cut, keep=0.8, container_options={"movflags": "faststart"}, **X264),
        problem="is truncated: it ends at byte",
        least=6,
    ),
    ZooVideo(
        "truncated in the middle, index at the end",
        "cut-index.mp4",
        partial(_cut, keep=0.5),
        problem="is truncated: it ends before its index",
    ),
    ZooVideo(
        "truncated in the middle, Matroska",
        "cut.mkv",
        partial(_cut, keep=0.8),
        problem="is truncated: it ends at byte",
        least=6,
    ),
    ZooVideo(
        "damaged in the middle, H.264 in MP4",
        "damaged.mp4",
        partial(_noise, at=7, **X264),
        problem="lacks its frames",
        least=14,
        goes_on=True,
    ),
    ZooVideo(
        "damaged in the middle, HEVC in MP4",
        "damaged-hevc.mp4",
        partial(_noise, at=7, gop=5, **X265),
        problem="lacks its frames",
        least=14,
        goes_on=True,
    ),
    ZooVideo(
        "damaged in the middle, Matroska",
        "damaged.mkv",
        partial(_noise, at=7, **X264),
        problem="could be decoded only up to",
        least=4,
    ),
    ZooVideo(
        "zero bytes",
        "empty.mp4",
        Path.touch,
        problem="the file is empty",
    ),
    ZooVideo(
        "an HTML error page saved as MP4",
        "page.mp4",
        lambda path: path.write_text("<!DOCTYPE html><html><body>Not Found</body></html>"),
        problem="the file is an HTML or XML page",
    ),
)


def write_zoo(folder: Path) -> dict[str, Path]:
    """Write all videos; their paths by file name."""
    paths = {}
    for video in ZOO:
        paths[video.file] = folder / video.file
        video.make(paths[video.file])
    return paths


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_zoo(Path(folder))
        rows = [_row(video, paths[video.file]) for video in ZOO]
    head = ("video", "container, codec", "declared", "packets", "rows", "size", "turned", "outcome")
    for row in (head, ("---",) * len(head), *rows):
        sys.stdout.write(f"| {' | '.join(row)} |\n")


def _row(video: ZooVideo, path: Path) -> tuple[str, ...]:
    try:
        with FrameExtractor(path) as extractor:
            info, scan = extractor.info, extractor.scan
            numbers, error = [], ""
            try:
                for index, picture in _frames(extractor):
                    numbers.append((index, read_number(picture)))
            except VideoDecodeError as caught:
                error = _short(caught, path)
    except VideoError as caught:
        return video.kind, path.suffix[1:], *("-",) * 5, f"no rows: “{_short(caught, path)}”"
    wrong = [index for index, number in numbers if number != video.drawn[index]]
    outcome = f"wrong frames: {wrong}" if wrong else "every row right"
    return (
        video.kind,
        f"{path.suffix[1:]}, {info.codec}",
        str(info.declared_frames or "none"),
        str(scan.packets),
        str(len(numbers)),
        f"{info.width} x {info.height}",
        f"{info.rotation}°",
        f"{outcome}; “{error}”" if error else outcome,
    )


def _frames(extractor: FrameExtractor) -> Iterator[tuple[int, object]]:
    for batch in extractor:
        yield from zip(batch.indices.tolist(), batch.frames, strict=True)


def _short(error: VideoError, path: Path) -> str:
    return str(error).replace(f"The video {path} ", "").partition(". ")[0]


if __name__ == "__main__":
    main()
