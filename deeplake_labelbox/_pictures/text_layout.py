"""Draw text on pictures, in any script for which the machine has a font.

Pillow includes a scalable font (Aileron) with little more than ASCII. Characters that it lacks are
looked up in the system's fonts; if none has them, accents are removed, and characters that are
still missing are drawn as a box.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PIL import ImageDraw, ImageFont

from deeplake_labelbox._pictures.colors import Color

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# File names, by which Pillow finds fonts of Linux, macOS and Windows; the most complete first.
_SYSTEM_FONTS: Final = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "arial.ttf"),
    *("Arial Unicode.ttf", "Helvetica.ttc", "segoeui.ttf"),
    *("NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.ttf", "wqy-microhei.ttc", "wqy-zenhei.ttc"),
    *("DroidSansFallbackFull.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "msyh.ttc"),
    *("YuGothM.ttc", "meiryo.ttc", "malgun.ttf", "AppleSDGothicNeo.ttc"),
    *("NotoSansDevanagari-Regular.ttf", "Nirmala.ttf", "NotoSansArabic-Regular.ttf"),
    *("NotoSansThai-Regular.ttf", "NotoSansHebrew-Regular.ttf"),
)
_NO_CHARACTER: Final = "\uffff"
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Lettering:
    """A size and weight of text.

    Attributes:
        size: Height of the font in pixels.
        bold: Whether strokes are thickened.
    """

    size: int
    bold: bool = False

    @property
    def line_height(self) -> int:
        """Pixels from one line to the next."""
        return round(self.size * 1.32)

    def width(self, text: str) -> int:
        """Return the width of a line of text in pixels."""
        extra = 1 if self.bold else 0
        return round(sum(font.getlength(run) for run, font in _runs(text, self.size)) + extra)

    def draw(
        self, draw: ImageDraw.ImageDraw, position: tuple[float, float], text: str, color: Color
    ) -> None:
        """Draw a line of text.

        Args:
            draw: Where to draw.
            position: Left end and top of the line, in pixels.
            text: The line.
            color: Color of the text.
        """
        x, y = position
        baseline = y + self.size * 1.02
        for run, font in _runs(text, self.size):
            if isinstance(font, ImageFont.FreeTypeFont):
                stroke = self.size / 45 if self.bold else 0
                draw.text((x, baseline), run, color, font, anchor="ls", stroke_width=stroke)
            else:
                draw.text((x, y), run, color, font)
            x += font.getlength(run)

    def fit(self, text: str, width: float, *, keep_end: bool = False) -> str:
        """Fit the text on one line; an ellipsis replaces its end or middle if it is too wide."""
        text = " ".join(text.split())
        if self.width(text) <= width:
            return text

        def cut(kept: int) -> str:
            end = text[len(text) - kept // 2 :].lstrip() if keep_end and kept > 1 else ""
            return text[: kept - len(end)].rstrip() + _ELLIPSIS + end

        low, high = 0, len(text) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(cut(middle)) <= width:
                low = middle
            else:
                high = middle - 1
        return cut(low)

    def wrap(self, text: str, width: float, lines: int) -> list[str]:
        """Wrap the text to at most ``lines`` lines; cut the last one if it is too long."""
        words = text.split()
        wrapped: list[str] = []
        while words and len(wrapped) < lines - 1:
            count = 1
            while count < len(words) and self.width(" ".join(words[: count + 1])) <= width:
                count += 1
            wrapped.append(self.fit(" ".join(words[:count]), width))
            words = words[count:]
        if words:
            wrapped.append(self.fit(" ".join(words), width))
        return wrapped


@lru_cache(maxsize=1024)
def _runs(text: str, size: int) -> tuple[tuple[str, Font], ...]:
    """Split the text into runs of one font each."""
    runs: list[tuple[str, Font]] = []
    for character in "".join(c if c.isprintable() else " " for c in text):
        shown, font = _shown(character, size)
        if runs and runs[-1][1] is font:
            runs[-1] = (runs[-1][0] + shown, font)
        else:
            runs.append((shown, font))
    return tuple(runs)


@lru_cache(maxsize=4096)
def _shown(character: str, size: int) -> tuple[str, Font]:
    """Return a character or its replacement, and a font that has it."""
    built_in = _built_in(size)
    if _has(built_in, character):
        return character, built_in
    for name in _SYSTEM_FONTS:
        font = _system(name, size)
        if font is not None and _has(font, character):
            return character, font
    plain = "".join(
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    )
    if plain != character and all(_has(built_in, part) for part in plain):
        return plain, built_in
    return character, built_in


@lru_cache(maxsize=64)
def _built_in(size: int) -> Font:
    return ImageFont.load_default(size)


@lru_cache(maxsize=512)
def _system(name: str, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


def _has(font: Font, character: str) -> bool:
    if character == " " or not isinstance(font, ImageFont.FreeTypeFont):
        return True
    return bytes(font.getmask(character)) != _missing_glyph(font)


@lru_cache(maxsize=512)
def _missing_glyph(font: ImageFont.FreeTypeFont) -> bytes:
    return bytes(font.getmask(_NO_CHARACTER))
