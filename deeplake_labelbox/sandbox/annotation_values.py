"""Check single values of the import form."""

from __future__ import annotations

import base64
import binascii
import math

from deeplake_labelbox.sandbox.errors import SandboxError


def frame_number(value: object, last_frame: int | None, where: str) -> int:
    """Check a frame number, counted from 1.

    Raises:
        SandboxError: It is something else.
    """
    if type(value) is not int or value < 1:
        raise refusal(where, f"has the frame number {value!r}; frames are whole numbers from 1")
    if last_frame is not None and value > last_frame:
        raise refusal(where, f"is on frame {value}, but the video has {last_frame} frames")
    return value


def geometry_numbers(value: object, names: tuple[str, ...], where: str) -> dict[str, float]:
    """Check that a geometry holds exactly these names, with numbers.

    Raises:
        SandboxError: It is something else.
    """
    if not isinstance(value, dict) or set(value) != set(names):
        raise refusal(where, f"needs {', '.join(names)} in its geometry, not {value!r}")
    for name in names:
        number = value[name]
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or not math.isfinite(number):
            raise refusal(where, f"has {name} = {number!r}; give a number of pixels")
    return {name: float(value[name]) for name in names}


def frame_interval(pair: object, where: str) -> tuple[int, int]:
    """Check a pair ``[start, end]`` of frame numbers.

    Raises:
        SandboxError: It is something else.
    """
    numbers = list(pair) if isinstance(pair, list | tuple) else []
    if [type(number) for number in numbers] != [int, int] or not 1 <= numbers[0] <= numbers[1]:
        raise refusal(where, f"has the segment {pair!r}; write [start, end] with 1 <= start <= end")
    return numbers[0], numbers[1]


def instance_color(value: object, where: str) -> tuple[int, int, int]:
    """Check the color of an instance in composite masks.

    Raises:
        SandboxError: It is something else.
    """
    parts = list(value) if isinstance(value, list | tuple) else []
    if [type(part) for part in parts] != [int, int, int] or not all(0 <= c <= 255 for c in parts):
        raise refusal(where, f"has the colorRGB {value!r}; write [red, green, blue], each 0 to 255")
    if not any(parts):
        raise refusal(where, "has an instance of the color black, which is the background")
    return parts[0], parts[1], parts[2]


def mask_png(value: object, where: str) -> bytes:
    """Decode a composite mask to the bytes of its PNG.

    Raises:
        SandboxError: It is something else.
    """
    if not isinstance(value, str | bytes):
        raise refusal(where, "needs its composite mask as base64 PNG in 'imBytes'")
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise SandboxError(
            f"The composite mask of {where} has imBytes that are not base64."
        ) from error


def refusal(where: str, fault: str) -> SandboxError:
    """Return the error for the thing that ``where`` names."""
    return SandboxError(f"{where[0].upper()}{where[1:]} {fault}.")
