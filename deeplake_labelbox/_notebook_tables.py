"""Small HTML tables by which objects show themselves in notebooks, in the notebook's colors."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any, Final

MOST_ROWS: Final = 30
_SHORT: Final = 24


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, most: int = MOST_ROWS) -> str:
    """An HTML table.

    Args:
        head: Names of the columns.
        rows: The cells of each row: numbers are grouped and stand at the right, all else is text.
        most: How many rows are shown; what is left out is counted.
    """
    every = list(rows)
    body = ["".join(_cell(value) for value in row) for row in every[:most]]
    if len(every) > most:
        body.append(f'<td colspan="{len(head)}">… and {len(every) - most:,} more</td>')
    titles = "".join(
        f'<th scope="col" style="text-align:left">{html.escape(name)}</th>' for name in head
    )
    lines = "".join(f"<tr>{cells}</tr>" for cells in body)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"


def description(pairs: Iterable[tuple[str, Any]]) -> str:
    """A table of names and values."""
    lines = "".join(
        f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>{_cell(value)}</tr>'
        for name, value in pairs
    )
    return f"<table><tbody>{lines}</tbody></table>"


def _cell(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")
        return f'<td style="text-align:right">{text}</td>'
    text = str(value)
    wrapped = "" if len(text) > _SHORT else ";white-space:nowrap"
    return f'<td style="text-align:left{wrapped}">{html.escape(text)}</td>'
