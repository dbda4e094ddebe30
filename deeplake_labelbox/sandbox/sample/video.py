"""Generate a video of the sample project: its pictures, its file, its annotations."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

import av
import numpy as np

from deeplake_labelbox.sandbox.sample import sprites
from deeplake_labelbox.sandbox.sample.annotations import annotation_lines
from deeplake_labelbox.sandbox.sample.canvas import Canvas, rasterize
from deeplake_labelbox.sandbox.sample.tracks import Outline

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from deeplake_labelbox.sandbox.sample.answers import Answer, FrameAnswer
    from deeplake_labelbox.sandbox.sample.tracks import SampleTrack

Codec = Literal["libx264", "libvpx-vp9"]

_OPTIONS: dict[Codec, dict[str, str]] = {
    # Always two B-frames, so that decoding and display order differ in every H.264 file.
    "libx264": {"preset": "veryfast", "crf": "16", "bf": "2", "b_strategy": "0", "g": "16"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "28", "b": "0"},
}
_CONTAINERS: dict[Codec, str] = {"libx264": "mp4", "libvpx-vp9": "webm"}


class Scene(Protocol):
    """Draws the pictures of a video."""

    def background(self, canvas: Canvas) -> None:
        """Draw the parts that are the same on every frame."""

    def foreground(self, canvas: Canvas, video: SampleVideo, frame: int) -> None:
        """Draw the objects and answers of ``video`` on ``frame`` (1-based)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleVideo:
    """A short video and the label that belongs to it.

    Attributes:
        name: The name of the file.
        width: Pixels.
        height: Pixels.
        frame_rate: Frames per second.
        frame_count: Number of frames.
        scene: Draws the pictures.
        codec: The FFmpeg encoder.
        tracks: The objects, later ones in front.
        frame_answers: Answers on some frames.
        global_answers: Answers for the whole video.
        labeled: Whether the data row has a label.
        external_id: External id of the data row, or None.
        global_key: Global key of the data row, or None.
        private: Whether the file needs authentication.
        mask_format: Kind of mask URL in the export.
        created_by: The email address of the labeler.
    """

    name: str
    width: int
    height: int
    frame_rate: Fraction
    frame_count: int
    scene: Scene
    codec: Codec = "libx264"
    tracks: tuple[SampleTrack, ...] = ()
    frame_answers: tuple[FrameAnswer, ...] = ()
    global_answers: tuple[Answer, ...] = ()
    labeled: bool = True
    external_id: str | None = None
    global_key: str | None = None
    private: bool = False
    mask_format: Literal["composite", "single"] = "composite"
    created_by: str = "ada@sandbox.test"

    @property
    def annotations(self) -> list[dict[str, Any]]:
        """Return the label as new lines of Labelbox's import NDJSON, without ``dataRow``."""
        return annotation_lines(self)

    def answers_at(self, frame: int) -> tuple[Answer, ...]:
        """Return the frame answers on ``frame`` (1-based)."""
        return tuple(given.answer for given in self.frame_answers if given.covers(frame))

    def mask_at(self, track: SampleTrack, frame: int) -> NDArray[np.bool_]:
        """Return the (height, width) mask of a raster-segmentation track on ``frame`` (1-based)."""
        shape = track.shape_at(frame)
        if isinstance(shape, Outline):
            return rasterize(shape, self.width, self.height)
        return np.zeros((self.height, self.width), np.bool_)

    def pictures(self) -> list[NDArray[np.uint8]]:
        """Return all frames as drawn, before encoding: (height, width, 3) uint8 RGB."""
        empty = Canvas(self.width, self.height)
        self.scene.background(empty)
        return [self._picture(empty.copy(), frame) for frame in range(1, self.frame_count + 1)]

    def _picture(self, canvas: Canvas, frame: int) -> NDArray[np.uint8]:
        self.scene.foreground(canvas, self, frame)
        sprites.draw_frame_number(canvas, frame)
        return canvas.to_array()

    def encode(self) -> bytes:
        """Return the video file; it is encoded once per process."""
        return _encode(self)


@cache
def _encode(video: SampleVideo) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=_CONTAINERS[video.codec]) as container:
        stream = container.add_stream(
            video.codec, rate=video.frame_rate, options=_OPTIONS[video.codec]
        )
        stream.width, stream.height = video.width, video.height
        stream.pix_fmt = "yuv420p"
        # One thread gives the same bytes on every machine.
        stream.thread_count = 1
        for picture in video.pictures():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return target.getvalue()
