"""Pages of the site that are made from the package: the command line and the Python reference."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import deeplake_labelbox
from deeplake_labelbox._cli.application import app

ROOT: Final = Path(__file__).parent.parent
PACKAGE: Final = "deeplake_labelbox"

# Pictures that stand elsewhere in the repository, where pages show them to its readers too.
PICTURES: Final = {
    "contact-sheet.png": ROOT / "notebooks" / "contact-sheet.png",
    "results.png": ROOT / "benchmarks" / "results" / "results.png",
}

# The pages of what stands at the top of the package, by the rooms that the names are in.
ROOMS: Final = {
    "_jobs": "Datasets",
    "_sync": "Datasets",
    "_labelbox": "Datasets",
    "_model": "Datasets",
    "_store": "Reading",
    "_evaluation": "Evaluation",
    "_compare": "Evaluation",
    "_video": "Videos",
    "_pictures": "Pictures",
    "_formats": "Annotations",
    "_imports": "Annotations",
    "_upload": "Uploads",
}
# What public methods return, although nobody imports it.
RETURNED: Final = {
    "Reading": [
        "_store.objects.Objects",
        "_store.answers.Answers",
        "_store.objects.FamilyObjects",
        "_store.frames.sequence.Frames",
        "_store.videos.Video",
    ],
}


def on_config(config: MkDocsConfig) -> None:
    """List the pages of the Python reference."""
    config.nav[-1]["Python"] = [{title: f"api/{title.lower()}.md"} for title in api_pages()]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add what is not written by hand."""
    for name, path in PICTURES.items():
        files.append(File.generated(config, f"pictures/{name}", abs_src_path=str(path)))
    files.append(File.generated(config, "commands.md", content=commands_page()))
    for title, names in api_pages().items():
        text = "\n\n".join([_heading(title), *(f"::: {name}" for name in names)])
        files.append(File.generated(config, f"api/{title.lower()}.md", content=text))


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Show the site's own copies of these pictures."""
    for name, path in PICTURES.items():
        markdown = markdown.replace(f"../../{path.relative_to(ROOT)}", f"pictures/{name}")
    return markdown


def on_page_content(html: str, **_: Any) -> str:
    """Link public names that stand as code in texts."""
    # Titles, links and blocks of code are left as they are.
    parts = re.split(r"(<(a|h[1-6]|pre|autoref)\b.*?</\2>)", html, flags=re.DOTALL)
    linked = (re.sub(r"<code>(\w+)(\(\))?</code>", _link, part) for part in parts[::3])
    return "".join(text for pair in zip(linked, [*parts[1::3], ""], strict=True) for text in pair)


def api_pages() -> dict[str, list[str]]:
    """The public names, with their modules, by the titles of the pages."""
    pages: dict[str, list[str]] = {title: [] for title in ROOMS.values()}
    modules = public_modules()
    for name in sorted(deeplake_labelbox.__all__, key=lambda name: (name[0].isupper(), name)):
        home = deeplake_labelbox._HOMES.get(name, "errors").partition(".")[0]
        if home not in modules:
            title = ROOMS.get(home, home.strip("_").capitalize())
            pages.setdefault(title, []).append(f"{PACKAGE}.{name}")
    for title, names in RETURNED.items():
        pages[title] += [f"{PACKAGE}.{name}" for name in names]
    for module in modules:
        pages[module] = [f"{PACKAGE}.{module}.{name}" for name in names_of(module)]
    return pages


def public_modules() -> list[str]:
    """Modules and folders at the top of the package that users import."""
    names = (module.name for module in iter_modules(deeplake_labelbox.__path__))
    return [name for name in names if not name.startswith("_")]


@cache
def names_of(module: str) -> list[str]:
    """The names that users import from a public module."""
    there = import_module(f"{PACKAGE}.{module}".rstrip("."))
    if hasattr(there, "__all__"):
        return list(there.__all__)
    own = [
        name for name, it in vars(there).items() if inspect.isclass(it) or inspect.isfunction(it)
    ]
    return [name for name in own if vars(there)[name].__module__ == there.__name__]


def commands_page() -> str:
    """All that ``--help`` tells of each command."""
    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="deeplake-labelbox")
    parts = ["# Command line", _plain(group.help), _plain(group.epilog)]
    for name, command in group.commands.items():
        inner = typer.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(inner)).replace("{", "").replace("}", "")
        parts += [f"## {name}", f"```\ndeeplake-labelbox {name} {usage}\n```", _plain(command.help)]
        parts += _option_tables(command, inner)
    return "\n\n".join(parts)


def _option_tables(command: Any, context: typer.Context) -> Iterator[str]:
    panels: dict[str, list[str]] = defaultdict(list)
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record is not None:
            spelled, told = record[0], record[1].replace("|", r"\|")
            default = "Options" if param.opts[0].startswith("-") else "Arguments"
            panel = getattr(param, "rich_help_panel", None) or default
            panels[panel].append(f"| `{spelled.strip()}` | {' '.join(told.split())} |")
    for panel, rows in panels.items():
        yield "\n".join([f"| {panel} | |", "| --- | --- |", *rows])


def _plain(text: str) -> str:
    """A help text of Rich as Markdown, with its examples as a block of code."""
    text = re.sub(r"\[bold\](.*?)\[/(?:bold)?\]", r"**\1**", text)
    return re.sub(
        r"(?:^deeplake-labelbox .*\n*)+",
        lambda found: "```bash\n" + re.sub(r"\n+", "\n", found[0].strip()) + "\n```\n\n",
        text,
        flags=re.MULTILINE,
    ).strip()


def _heading(title: str) -> str:
    """The heading of a page, with what a module says of itself."""
    if title not in public_modules():
        return f"# {title}"
    return f"# {PACKAGE}.{title}\n\n{inspect.getdoc(import_module(f'{PACKAGE}.{title}'))}"


def _link(found: re.Match[str]) -> str:
    name, text = found[1], found[0]
    for module in ("", *public_modules()):
        if name in names_of(module):
            place = ".".join(filter(None, (PACKAGE, module, name)))
            return f'<autoref identifier="{place}" optional>{text}</autoref>'
    return text
