"""The application: its commands, its help and its exit codes."""

from __future__ import annotations

import inspect as introspection
import sys
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from deeplake_labelbox._cli.annotate import annotate
from deeplake_labelbox._cli.compare import compare
from deeplake_labelbox._cli.convert import convert
from deeplake_labelbox._cli.copy import copy
from deeplake_labelbox._cli.create import create
from deeplake_labelbox._cli.demo import demo
from deeplake_labelbox._cli.evaluate import evaluate
from deeplake_labelbox._cli.export import export
from deeplake_labelbox._cli.import_ import import_
from deeplake_labelbox._cli.inspect import inspect
from deeplake_labelbox._cli.options import PANELS
from deeplake_labelbox._cli.plain_output import write_plainly
from deeplake_labelbox._cli.preview import preview
from deeplake_labelbox._cli.running import EXIT_GAPS
from deeplake_labelbox._cli.sandbox import sandbox
from deeplake_labelbox._cli.show import show
from deeplake_labelbox._cli.spelling import options_of
from deeplake_labelbox._cli.stats import stats
from deeplake_labelbox._cli.sync import sync
from deeplake_labelbox._cli.upload import upload

# Typer exits with 2 after a usage error; here, 2 means that a run finished with gaps.
_EXIT_CODES: Final = {2: 1, EXIT_GAPS: 2}

_HELP = """Labelbox video projects to Deep Lake datasets: every label on its frame.

Start with [bold]deeplake-labelbox demo[/]: it needs no account. Then set LABELBOX_API_KEY to your
key and run [bold]deeplake-labelbox create PROJECT_ID DATASET[/] with a project of your own.
"""

_EPILOG = """Exit codes: 0 success; 1 stopped by an error; 2 finished, with the problems listed; 130
stopped with Ctrl-C."""


def _flowing(text: str) -> str:
    """Join each paragraph of a help text to one line; Rich wraps it to the terminal's width."""
    paragraphs = introspection.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _without_type(params: list[Any]) -> list[Any]:
    """Hide the types of flags (``<bool>``) and arguments (``<str>``) in the help."""
    for param in params:
        if isinstance(param, TyperArgument):
            param.display_type_rich = _no_type  # type: ignore[method-assign] # it has no setting
        elif param.is_flag and param.metavar is None:
            param.metavar = ""
    return params


def _no_type(ctx: Any) -> str:  # noqa: ARG001 - the interface of typer
    return ""


class _Command(TyperCommand):
    """A command with sorted panels, short messages and its options in error messages."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters with ``--help``, sorted by panel."""
        return sorted(_without_type(super().get_params(ctx)), key=_place_of_panel)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; remove the prefix that a library puts before its messages."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command; messages name its options."""
        every = {
            name: option_names(command) for name, command in ctx.parent.command.commands.items()
        }
        with options_of(option_names(self), every):
            return super().invoke(ctx)


def _place_of_panel(param: Any) -> int:
    panel = getattr(param, "rich_help_panel", None)
    return PANELS.index(panel) if panel in PANELS else -1


def option_names(command: TyperCommand) -> dict[str, str]:
    """Return the name of each option and the metavar of each argument, by parameter."""
    return {
        str(param.name): max(param.opts, key=len)
        if isinstance(param, TyperOption)
        else str(param.metavar)
        for param in command.params
    }


class _Commands(TyperGroup):
    """The group of commands, with the exit codes of this package."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters with ``--help``."""
        return _without_type(super().get_params(ctx))

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and map the exit code."""
        write_plainly(sys.stdout)
        write_plainly(sys.stderr)
        try:
            return super().main(*args, **kwargs)
        except SystemExit as exit_:
            code = exit_.code
            raise SystemExit(
                _EXIT_CODES.get(code, code) if isinstance(code, int) else code
            ) from None


app = typer.Typer(
    name="deeplake-labelbox",
    cls=_Commands,
    help=_flowing(_HELP),
    epilog=_flowing(_EPILOG),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # its tracebacks show values, and with them the API key
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _add(command: Callable[..., None], name: str | None = None) -> None:
    app.command(name, cls=_Command, help=_flowing(command.__doc__ or ""))(command)


_add(demo)
_add(export)
_add(inspect)
_add(create)
_add(annotate)
_add(sync)
_add(upload)
_add(import_, "import")
_add(convert)
_add(evaluate)
_add(preview)
_add(show)
_add(compare)
_add(copy)
_add(stats)
_add(sandbox)


def _print_version(value: bool) -> None:  # noqa: FBT001 - the interface of typer's callbacks
    if value:
        from deeplake_labelbox._version import __version__  # noqa: PLC0415 - reads metadata of the package

        typer.echo(f"deeplake-labelbox {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass
