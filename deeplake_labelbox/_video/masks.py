"""Fetch segmentation masks ahead in threads, decode them, and match them to their frames.

A mask of one object is a PNG in which every pixel that is not black belongs to it. A composite
mask holds all objects of a frame, each in a color of its own. Both are fetched from the URLs in
the export, with the API key if the host is Labelbox's own.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from deeplake_labelbox._model.annotations import MaskReference
from deeplake_labelbox._video.access import Access, UrlPresigner, without_query
from deeplake_labelbox._video.rate_limiter import Pace
from deeplake_labelbox._video.response_body import FetchErrors
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import MaskError

logger = logging.getLogger(__name__)

MASK_ERRORS: Final = FetchErrors(
    noun="mask",
    refused_hint="Pass the API key of the project.",
    expiry_hint="URLs of composite masks expire after 30 days, so export the project again if the "
    "export is older.",
    not_found=MaskError,
    forbidden=MaskError,
    unreachable=MaskError,
    too_large=MaskError,
)

Pixels = NDArray[np.bool_] | NDArray[np.uint32]

# A PNG is hardly ever larger than its pixels; a larger body cannot be a mask of this frame.
_BYTES_PER_PIXEL = 4
_HEADROOM = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class FrameMasks:
    """The masks of one frame.

    Attributes:
        masks: (H, W, K) bool, one channel per object; all False if the mask is missing.
        problems: One sentence for each object whose mask could not be fetched or decoded.
    """

    masks: NDArray[np.bool_]
    problems: tuple[str, ...] = ()


class MaskReader:
    """Fetches and decodes masks.

    A context manager. Each distinct URL is fetched once per call of `read`, some of them before
    they are needed. If the server answers 429, all threads wait, and fewer continue.

    Args:
        transport: HTTP with its retries; shared with others.
        presigner: Returns the headers for a URL; see `labelbox_presigner`. Without one, masks are
            requested without a key.
        threads: Number of masks that are fetched and decoded at a time.
        ahead_bytes: Maximum bytes of decoded masks that are fetched ahead; at least one per thread
            is fetched ahead, whatever its size.
        held_bytes: Maximum bytes of decoded masks that are kept for a later frame; other masks are
            fetched again. Those of one frame are kept, whatever their size.
    """

    def __init__(
        self,
        transport: Transport,
        presigner: UrlPresigner | None = None,
        *,
        threads: int = 32,
        ahead_bytes: int = 64 << 20,
        held_bytes: int = 256 << 20,
    ) -> None:
        self._transport = transport
        self._presigner = presigner
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="masks")
        self._threads = threads
        self._ahead_bytes = ahead_bytes
        self._held_bytes = held_bytes
        self._pace = Pace(threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def read(
        self, frames: Sequence[Sequence[MaskReference]], height: int, width: int
    ) -> Iterator[FrameMasks]:
        """Yield the masks of each frame, in order.

        Args:
            frames: For each frame, the references of the masks of its objects.
            height: Height of the frames in pixels.
            width: Width of the frames in pixels.

        Yields:
            One `FrameMasks` per frame.
        """
        order = list(dict.fromkeys(mask.url for masks in frames for mask in masks))
        last_use = {mask.url: index for index, masks in enumerate(frames) for mask in masks}
        composite = {m.url for masks in frames for m in masks if m.color_rgb is not None}
        mask_bytes = _BYTES_PER_PIXEL * height * width
        most_ahead = max(self._threads, self._ahead_bytes // mask_bytes)
        most_held = self._held_bytes // mask_bytes
        pending: dict[str, Future[Pixels]] = {}
        ahead: set[str] = set()
        coming = iter(order)

        def ask(url: str) -> None:
            pending[url] = self._pool.submit(self._fetch, url, height, width, url in composite)

        try:
            for index, masks in enumerate(frames):
                needed = dict.fromkeys(mask.url for mask in masks)
                for url in needed.keys() - pending.keys():
                    ask(url)
                ahead -= needed.keys()
                while len(ahead) < most_ahead and (url := next(coming, "")):
                    if url not in pending and last_use[url] > index:
                        ask(url)
                        ahead.add(url)
                yield _compose(masks, pending, height, width)
                for url in needed:
                    if last_use[url] == index:
                        del pending[url]
                held = [url for url in pending if url not in ahead and url not in needed]
                for url in held[: max(len(held) - most_held, 0)]:
                    del pending[url]
        finally:
            for future in pending.values():
                future.cancel()

    def _fetch(self, url: str, height: int, width: int, composite: bool) -> Pixels:  # noqa: FBT001 - called by the pool
        body = self._transport.get_bytes(
            Access.to(url, self._presigner, MASK_ERRORS, presign_first=True),
            max_bytes=height * width * _BYTES_PER_PIXEL + _HEADROOM,
            pace=self._pace,
        )
        decode = decode_composite_mask if composite else decode_mask
        return decode(body, height, width, name=without_query(url))


def decode_mask(body: bytes, height: int, width: int, *, name: str) -> NDArray[np.bool_]:
    """Decode the mask of one object.

    Args:
        body: The PNG file.
        height: Height it must have, in pixels.
        width: Width it must have, in pixels.
        name: Its name in messages.

    Returns:
        (H, W) bool: False where a pixel is black or transparent.

    Raises:
        MaskError: If it is not a PNG, damaged, or of another size than the frame. The size is
            checked before anything is decoded.
    """
    with _opened(body, height, width, name) as image:
        if image.mode == "1":
            return np.asarray(image)
        if image.mode in ("L", "I", "I;16"):
            return np.asarray(image) > 0
        return decode_colors(image) > 0


def decode_composite_mask(body: bytes, height: int, width: int, *, name: str) -> NDArray[np.uint32]:
    """Decode the mask of all objects of a frame.

    Args:
        body: The PNG file.
        height: Height it must have, in pixels.
        width: Width it must have, in pixels.
        name: Its name in messages.

    Returns:
        (H, W) uint32: the color ``0xRRGGBB`` of each pixel, 0 if it is transparent.

    Raises:
        MaskError: See `decode_mask`.
    """
    with _opened(body, height, width, name) as image:
        return decode_colors(image)


def decode_colors(image: Image.Image) -> NDArray[np.uint32]:
    """Return (H, W) uint32 colors ``0xRRGGBB`` of a picture, 0 for transparent pixels."""
    packed = np.asarray(image.convert("RGBA")).view(">u4")[..., 0]
    colors: NDArray[np.uint32] = (packed >> 8).astype(np.uint32)
    colors[(packed & 0xFF) == 0] = 0
    return colors


@contextmanager
def _opened(body: bytes, height: int, width: int, name: str) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(body), formats=("PNG",)) as image:
            if image.size != (width, height):
                raise MaskError(
                    f"The mask {name} has {image.width} x {image.height} pixels, its frame has "
                    f"{width} x {height}; check that the export belongs to this video."
                )
            yield image
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise MaskError(
            f"The mask {name} is not a PNG that can be read ({error}); export the project again."
        ) from error
    except Image.DecompressionBombError as error:
        raise MaskError(f"The mask {name} is too large to decode: {error}.") from error


def _compose(
    masks: Sequence[MaskReference], fetched: dict[str, Future[Pixels]], height: int, width: int
) -> FrameMasks:
    composed = np.zeros((height, width, len(masks)), dtype=np.bool_)
    problems = []
    for channel, mask in enumerate(masks):
        try:
            pixels = fetched[mask.url].result()
        except MaskError as error:
            problems.append(str(error))
            continue
        if mask.color_rgb is None:
            composed[..., channel] = pixels > 0
            continue
        red, green, blue = mask.color_rgb
        composed[..., channel] = pixels == (red << 16 | green << 8 | blue)
        if not composed[..., channel].any():
            problems.append(
                f"The composite mask {without_query(mask.url)} has no pixel of the color "
                f"{mask.color_rgb} of its object."
            )
    return FrameMasks(composed, tuple(problems))
