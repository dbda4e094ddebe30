"""The examples that docstrings of the package, README.md and the pages of docs/ show."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "deeplake_labelbox"

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_FENCED = re.compile(r"^( *)```python\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^ *(deeplake-labelbox .*)$", re.MULTILINE)


@dataclass(frozen=True)
class Docstring:
    """A docstring and where it stands."""

    place: str  # like "training.frames.FrameDataset"
    text: str

    @property
    def examples(self) -> list[str]:
        return [textwrap.dedent(code) for _, code in _FENCED.findall(self.text)]

    @property
    def commands(self) -> list[str]:
        return _COMMAND.findall(self.text)


@cache
def docstrings() -> list[Docstring]:
    """All of the package, also of what is private."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found += _docstrings(ast.parse(path.read_text("utf-8")), module.removesuffix(".__init__"))
    return found


def _docstrings(node: ast.AST, place: str) -> Iterator[Docstring]:
    if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
        yield Docstring(place, text)
    for child in ast.iter_child_nodes(node):
        name = getattr(child, "name", None) if isinstance(child, _DOCUMENTED) else None
        yield from _docstrings(child, f"{place}.{name}" if name else place)


@cache
def texts() -> dict[str, str]:
    """README.md and the pages of the documentation, by name."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs" / "pages").glob("*.md"))]
    return {path.name: path.read_text("utf-8") for path in paths}


def blocks(text: str, language: str) -> list[str]:
    """The blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
