"""Tables of numbers."""

from __future__ import annotations

from typing import Final

from rich import box
from rich.table import Table

WIDE: Final = 80
"""Terminal columns that a table of classes needs for all its numbers."""


def table_of(*columns: str) -> Table:
    """Create a table; a name that begins with # is a column of numbers."""
    shown = Table(box=box.ROUNDED, padding=(0, 1), header_style="cyan")
    for name in columns:
        if name.startswith("#"):
            shown.add_column(name[1:], justify="right", no_wrap=True)
        else:
            shown.add_column(name, overflow="fold")
    return shown
