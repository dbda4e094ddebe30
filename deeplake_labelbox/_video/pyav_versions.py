"""Hide the differences between PyAV 18 and 19 in reading videos."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Protocol

import av

if TYPE_CHECKING:
    from io import RawIOBase
    from typing import IO

    from av.container import InputContainer

# PyAV 18 raises for metadata that is not UTF-8 unless an option is set. PyAV 19 never raises
# for it, and does not have the option.
_METADATA: Final[dict[str, Any]] = (
    {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
)


class Rational(Protocol):
    """A rate or ratio: `fractions.Fraction` in PyAV 18, ``av.rational.AVRational`` in PyAV 19."""

    @property
    def numerator(self) -> int:
        """The part above the line."""

    @property
    def denominator(self) -> int:
        """The part below the line."""


def open_input(
    source: str | IO[bytes] | RawIOBase, *, options: dict[str, str], timeout: float
) -> InputContainer:
    """Open a video for reading, even if its metadata is not valid UTF-8.

    Args:
        source: A path, an FFmpeg URL, or an open file that can seek.
        options: Options for the demuxer.
        timeout: Seconds allowed to open the file and to find each packet.

    Raises:
        av.error.FFmpegError: If FFmpeg finds no video in the file.
    """
    container: InputContainer = av.open(
        source, mode="r", container_options=options, timeout=timeout, **_METADATA
    )
    return container


def to_fraction(value: Rational | None) -> Fraction | None:
    """Convert a rate or ratio; return None if it is unknown.

    PyAV 18 returns None for an unknown value, PyAV 19 a numerator or denominator of 0.
    """
    if value is None or not value.numerator or not value.denominator:
        return None
    return Fraction(value.numerator, value.denominator)
