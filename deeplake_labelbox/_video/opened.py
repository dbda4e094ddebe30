"""OpenedVideo: a video whose file is fetched and packets are scanned, before it is decoded."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from av.video.reformatter import VideoReformatter

from deeplake_labelbox._video.chosen_frames import ChosenFrames, group_starts
from deeplake_labelbox._video.container import VideoInfo, open_container
from deeplake_labelbox._video.decoding import Decoded, VideoDecoder
from deeplake_labelbox._video.frame_choice import FrameChoice
from deeplake_labelbox._video.h264_fields import is_progressive
from deeplake_labelbox._video.orientation import Orientation
from deeplake_labelbox._video.packets import PacketTable
from deeplake_labelbox._video.prefetch import grouped
from deeplake_labelbox._video.probe import probe_video
from deeplake_labelbox._video.resize import Resize, check_resize, resized
from deeplake_labelbox._video.rgb import to_rgb
from deeplake_labelbox._video.scan import VideoScan, scan_packets
from deeplake_labelbox._video.sections import Section
from deeplake_labelbox._video.source import describe_source, open_video
from deeplake_labelbox.errors import ConfigurationError, VideoDecodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deeplake_labelbox._video.access import UrlPresigner
    from deeplake_labelbox._video.decoded_frames import DecodedFrames
    from deeplake_labelbox._video.transport import Transport

logger = logging.getLogger(__name__)

DEFAULT_MAX_BATCH_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """Consecutive frames.

    Attributes:
        frames: (H, W, 3) uint8 RGB arrays, contiguous, as displayed; (H, W, 4) if padded
            and the decoded width is a multiple of 16.
        indices: (N,) int32, 0-based, in the order in which the decoder emits frames.
        timestamps: (N,) float64 seconds from the first frame; they always increase.
    """

    frames: list[NDArray[np.uint8]]
    indices: NDArray[np.int32]
    timestamps: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFrames:
    """Which frames of a video are wanted, and how many per batch.

    Attributes:
        choice: The wanted frames. They keep the numbers and times that they have in the whole
            video; other frames are decoded only as far as needed.
        resize: The size to scale frames to, as displayed; see `Resize`. Shrinking averages areas,
            enlarging is bicubic.
        batch_size: Maximum number of frames per batch.

    Raises:
        ConfigurationError: If a value is out of range.
    """

    choice: FrameChoice = field(default_factory=FrameChoice)
    resize: Resize | None = None
    batch_size: int = 100

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ConfigurationError(f"batch_size is {self.batch_size}; give 1 or more.")
        check_resize(self.resize)


@dataclass(slots=True, kw_only=True)
class OpenedVideo:
    """A local file of a video, with its header and packets.

    Attributes:
        name: Its name in messages.
        path: The file; it may be gone once the ``with`` block of `opened_video` ends.
        info: The header of the file.
        scan: A summary of its packets.
        packets: The packets themselves.
        orientation: How its pictures are turned and stretched for display.
        delay: How many packets the decoder reads ahead of the frame that it returns.
        frame_count: Number of frames, wanted or not, up to where the video was read; set by the
            code that reads frames, such as `decode`.
        sizes: First frame (1-based), width and height, as displayed and before scaling, of each run
            of wanted frames of one size; several if the size changes within the video. Set like
            ``frame_count``.
        strict: Whether all frames came from a decoder that refuses irregular data; set like
            ``frame_count``.
        section: First and last frame of the part to decode (see `restrict`); None: all.
        frames: The frames that were decoded elsewhere, if any.
    """

    name: str
    path: Path
    info: VideoInfo
    scan: VideoScan
    packets: PacketTable
    orientation: Orientation
    delay: int
    frame_count: int = 0
    sizes: list[tuple[int, int, int]] = field(default_factory=list)
    strict: bool = True
    section: tuple[int, int] | None = None
    frames: DecodedFrames | None = None

    def restrict(self, section: Section) -> bool:
        """Decode only a section of the video from now on, if the file allows it.

        Nothing is decoded to find out, so the result is the same for equal sections of a file. If
        the file allows it, each section gives the frames that decoding the whole file gives, or an
        error.

        Returns:
            Whether the file allows it: its packets determine the numbers of all frames beyond
            doubt, and decoding can start at several of them.
        """
        packets = self.packets
        if not packets.numbered or self.scan.damage is not None:
            return False
        starts = group_starts(packets, self.info.codec)
        # Decoders may or may not return pictures before the first key frame.
        if not len(starts) or packets.numbers()[0] != 0:
            return False
        if self.info.codec == "h264":  # its fields may be in separate packets
            with open_container(self.path, self.name) as (_, stream):
                if not is_progressive(stream.codec_context.extradata or b""):
                    return False
        self.section = section.frames(starts, len(packets))
        return True

    def decode(
        self,
        wanted: WantedFrames,
        *,
        max_batch_bytes: int = DEFAULT_MAX_BATCH_BYTES,
        padded: bool = False,
    ) -> Generator[FrameBatch]:
        """Decode the wanted frames.

        Args:
            wanted: The wanted frames.
            max_batch_bytes: Maximum bytes of pixels per batch. A batch ends at whichever of the two
                limits comes first, and has at least one frame.
            padded: Whether pixels get a fourth, unused byte, which makes `encode_jpeg` faster.

        Raises:
            VideoDecodeError: After the last good frame, if the file is incomplete.
        """
        size = None
        if wanted.resize is not None:
            size = resized(self.info.width, self.info.height, wanted.resize)
            size = self.orientation.size(*size)
        for group in grouped(
            self._pictures(wanted.choice, size, padded=padded),
            lambda item: item[0].nbytes,
            max_size=max_batch_bytes,
            max_count=wanted.batch_size,
        ):
            yield FrameBatch(
                frames=[picture for picture, _, _ in group],
                indices=np.array([index for _, index, _ in group], dtype=np.int32),
                timestamps=np.array([seconds for _, _, seconds in group], dtype=np.float64),
            )
            del group  # so that its pictures are not kept while the next ones are decoded

    def _pictures(
        self, choice: FrameChoice, size: tuple[int, int] | None, *, padded: bool
    ) -> Iterator[tuple[NDArray[np.uint8], int, float]]:
        """Yield each wanted frame as displayed, its number and its time."""
        reformatter = VideoReformatter()
        for decoded, is_wanted in self.decoded(choice):
            if is_wanted:
                rgb = to_rgb(decoded.frame, reformatter, size, padded=padded)
                yield self.orientation.apply(rgb), decoded.index, decoded.timestamp

    def decoded(self, choice: FrameChoice) -> Iterator[tuple[Decoded, bool]]:
        """Decode a choice of frames without converting them, and set the attributes.

        Yields:
            Each frame, and whether it is wanted; unwanted ones only if they had to be decoded.

        Raises:
            VideoDecodeError: After the last good frame, if the file is incomplete, or the section
                cannot be decoded without the rest of the file.
        """
        if self.section is not None:
            choice = choice.within(*self.section)
        last, self.frame_count, self.sizes, self.strict = -1, 0, [], True
        if not choice.is_all and self.scan.damage is None:
            frames = ChosenFrames(
                self.path, self.name, self.packets, self.info.codec, choice, delay=self.delay
            )
            for decoded in frames:
                last = decoded.index
                self._note_size(decoded)
                yield decoded, True
            if frames.complete:
                self.frame_count = len(self.packets)
                return
            if self.section is not None:
                first, end = self.section
                raise VideoDecodeError(
                    f"{self.name} cannot be decoded from frame {first} to {end} alone; decode it "
                    f"from its start."
                )
            logger.info("%s is decoded in full to number its frames", self.name)
        picker = choice.picker()
        decoder = VideoDecoder(self.path, self.name, self.packets, self.info.frame_rate)
        for decoded in decoder:
            self.frame_count, self.strict = decoded.index + 1, decoder.strict
            wanted = picker.wants(decoded.index, decoded.timestamp) and decoded.index > last
            if wanted:
                self._note_size(decoded)
            yield decoded, wanted

    def _note_size(self, decoded: Decoded) -> None:
        shown = self.orientation.size(decoded.frame.width, decoded.frame.height)
        if not self.sizes or self.sizes[-1][1:] != shown:
            self.sizes.append((decoded.index + 1, *shown))


@contextmanager
def opened_video(
    source: str | Path,
    *,
    url_presigner: UrlPresigner | None = None,
    transport: Transport | None = None,
) -> Iterator[OpenedVideo]:
    """Fetch a video, and read its header and packets.

    Args:
        source: A path, a ``file://`` URL, or a URL (see `open_video`).
        url_presigner: Gives access to private URLs.
        transport: The HTTP client to use.

    Raises:
        VideoError: See `open_video`; `VideoDecodeError` if not even one frame can be decoded.
    """
    name = f"The video {describe_source(source)}"
    with open_video(source, url_presigner=url_presigner, transport=transport) as path:
        packets, scan = scan_packets(path, name)
        probe = probe_video(path, name)
        yield OpenedVideo(
            name=name,
            path=path,
            info=probe.info,
            scan=scan,
            packets=packets,
            orientation=probe.orientation,
            delay=probe.delay,
        )
