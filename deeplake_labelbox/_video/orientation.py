"""Turn decoded pictures for display: phones film sideways and store the rotation in a matrix."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from av.sidedata.sidedata import Type as SideDataType

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """A turn by a right angle, mirrored or not: transpose first, then flip.

    Attributes:
        transposed: Rows become columns.
        columns_flipped: Left and right are exchanged, after the transposition.
        rows_flipped: Top and bottom are exchanged, after the transposition.
    """

    transposed: bool = False
    columns_flipped: bool = False
    rows_flipped: bool = False

    @classmethod
    def of_frame(cls, frame: av.VideoFrame) -> Orientation:
        """Return the orientation of a frame's display matrix; upright if it has none.

        The matrix is (a, b, u, c, d, v, x, y, w), int32, in native byte order; a point (p, q) of
        the decoded picture is shown at (a p + c q + x, b p + d q + y) (libavutil/display.h).
        Angles other than right ones, which players ignore too, count as the nearest right angle.
        """
        # PyAV 18 types this as the dict of the one kind that it unpacks, PyAV 19 as what it is.
        entries: Any = frame.side_data
        for position in range(len(entries)):
            if entries[position].type == SideDataType.DISPLAYMATRIX:
                a, b, _, c, d = struct.unpack_from("=5i", bytes(entries[position]))
                if abs(a) + abs(d) >= abs(b) + abs(c):
                    return cls(columns_flipped=a < 0, rows_flipped=d < 0)
                return cls(transposed=True, columns_flipped=c < 0, rows_flipped=b < 0)
        return cls()

    @property
    def rotation(self) -> int:
        """Degrees clockwise: 0, 90, 180 or 270 (before the mirroring, when `mirrored`)."""
        if self.transposed:
            return 270 if self.rows_flipped else 90
        return 180 if self.rows_flipped else 0

    @property
    def mirrored(self) -> bool:
        """Whether left and right are exchanged beyond the rotation."""
        if self.transposed:
            return self.columns_flipped == self.rows_flipped
        return self.columns_flipped != self.rows_flipped

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height as displayed, from those as decoded."""
        return (height, width) if self.transposed else (width, height)

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn an (H, W, 3) picture; the result is contiguous, and the same array when upright."""
        if self.transposed:
            picture = picture.transpose(1, 0, 2)
        if self.rows_flipped:
            picture = picture[::-1]
        if self.columns_flipped:
            picture = picture[:, ::-1]
        return np.ascontiguousarray(picture)
