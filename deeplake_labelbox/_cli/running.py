"""Run a command: consoles, logging, errors in one sentence, exit codes.

Results go to standard output; progress, messages and errors go to standard error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Never

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text

from deeplake_labelbox._cli.plain_output import has_unicode
from deeplake_labelbox._cli.spelling import in_options
from deeplake_labelbox.errors import ConfigurationError, DeepLakeLabelboxError
from deeplake_labelbox.report import Gap

EXIT_GAPS: Final = 64
"""Exit code of commands that finished with problems; the application maps it to 2."""

SAME_COMMAND: Final = "Run the same command again to continue: nothing is done twice."
"""Text that commands print after Ctrl-C if they can continue where they stopped."""

_STEPS: Final = "deeplake_labelbox.steps"
_SDK: Final = ("labelbox", "lbox")


@dataclass(slots=True)
class Run:
    """A command while it runs.

    Attributes:
        out: Standard output, for results.
        err: Standard error, for everything else.
        verbose: Whether logs and tracebacks are shown.
        hint: Text below an error, such as the next command to run.
        resume: Text after Ctrl-C, if the same command can continue.
        continues: Whether notes of errors, which say how to continue, apply to the command.
        gaps: Problems so far.
        started: Time when it started.
    """

    out: Console
    err: Console
    verbose: bool
    hint: str = ""
    resume: str = ""
    continues: bool = True
    gaps: list[Gap] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @property
    def progress(self) -> bool:
        """Whether to show progress bars; a log file gets only the steps."""
        return self.err.is_terminal

    @property
    def seconds(self) -> float:
        """Seconds since it started."""
        return time.monotonic() - self.started

    def step(self, text: str) -> None:
        """Print the step that starts."""
        self.err.print(Text(text), style="dim", soft_wrap=True)

    def warn(self, text: str) -> None:
        """Print a note."""
        self.err.print(Text.assemble(("Note: ", "yellow"), text), soft_wrap=True)

    def result(self, text: str = "") -> None:
        """Print a line of the result to standard output."""
        self.out.print(Text(text), soft_wrap=True)

    def result_json(self, value: Any) -> None:
        """Print a result as JSON, with escapes where the encoding lacks characters."""
        plain = not has_unicode(self.out.encoding)
        self.result(json.dumps(value, indent=2, ensure_ascii=plain))


@contextmanager
def running(*, verbose: bool) -> Iterator[Run]:
    """Run a command: errors of this package end it with a sentence and exit code 1."""
    run = Run(Console(highlight=False), Console(stderr=True, highlight=False), verbose)
    handler = _Handler(run)
    root, level = logging.getLogger(), logging.getLogger("deeplake_labelbox").level
    root.addHandler(handler)
    if verbose:
        logging.getLogger("deeplake_labelbox").setLevel(logging.DEBUG)
    logging.getLogger(_STEPS).setLevel(logging.INFO)
    try:
        yield run
    except DeepLakeLabelboxError as error:
        _fail(run, error)
    except BrokenPipeError:
        raise  # the reader of a pipe, such as `head`, has ended
    except OSError as error:
        _fail(run, _file_error(error))
    except KeyboardInterrupt as error:
        run.err.print()
        resume = " ".join(_notes(run, error)) or run.resume
        run.err.print(Text.assemble(("Stopped.", "bold"), " ", resume), soft_wrap=True)
        raise typer.Exit(130) from None
    finally:
        root.removeHandler(handler)
        logging.getLogger("deeplake_labelbox").setLevel(level)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Map errors of writing a file."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}; "
            "choose another path."
        ) from error


def _file_error(error: OSError) -> ConfigurationError:
    """Convert an error of the operating system."""
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        return ConfigurationError(f"{reason}; check the disk and your rights to it.")
    return ConfigurationError(f"{error.filename}: {reason}; check the path and your rights to it.")


def check_writable(path: Path | None) -> None:
    """Check that a file can be written, before a long job.

    Raises:
        ConfigurationError: If it is a folder, or its folder is missing or read-only.
    """
    if path is None:
        return
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder; give the file to write.")
    if not path.parent.is_dir():
        raise ConfigurationError(
            f"There is no folder {path.parent} for {path.name}; make it first."
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"{path} cannot be written: its folder is read-only for you; choose another path."
        )


def check_free(path: Path | None, *, overwrite: bool) -> None:
    """Check that a file can be written, and does not exist unless it may be replaced.

    Raises:
        ConfigurationError: If the file exists, or cannot be written.
    """
    check_writable(path)
    if path is not None and path.exists() and not overwrite:
        raise ConfigurationError(
            f"The file {path} exists already; choose another, or pass --overwrite to replace it."
        )


def _fail(run: Run, error: DeepLakeLabelboxError) -> Never:
    if run.verbose:
        run.err.print_exception(show_locals=False)
    for gap in run.gaps:
        run.warn(in_options(str(gap)))
    text = " ".join(in_options(str(error)).split())
    run.err.print(Text.assemble(("Error: ", "bold red"), text), soft_wrap=True)
    for hint in filter(None, (*_notes(run, error), run.hint)):
        run.err.print(Text(hint), soft_wrap=True)
    raise typer.Exit(1) from None


def _notes(run: Run, error: BaseException) -> list[str]:
    return [in_options(note) for note in getattr(error, "__notes__", ())] if run.continues else []


class _Handler(RichHandler):
    """Shows steps and logs above the progress bars, except gaps, which the summary lists."""

    def __init__(self, run: Run) -> None:
        super().__init__(
            level=logging.DEBUG if run.verbose else logging.INFO,
            console=run.err,
            show_time=run.verbose,
            show_path=False,
            markup=False,
        )
        self._run = run
        self.addFilter(self._is_shown)

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record above the progress bars."""
        from tqdm import tqdm  # noqa: PLC0415 - not needed for --help

        with tqdm.external_write_mode(file=sys.stderr):
            if record.name == _STEPS:
                self._run.step(record.getMessage())
            else:
                super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        """Format a record with options; remove keys and URL queries of other libraries."""
        from deeplake_labelbox._labelbox.client import clean  # noqa: PLC0415 - not needed for --help

        text = super().format(record)
        return in_options(text) if record.name.startswith("deeplake_labelbox") else clean(text)

    def _is_shown(self, record: logging.LogRecord) -> bool:
        arguments = record.args if isinstance(record.args, tuple) else ()
        gaps = [item for item in arguments if isinstance(item, Gap)]
        if record.name.startswith("deeplake_labelbox._jobs."):
            self._run.gaps += gaps  # of videos; the error names those of labels
        if self._run.verbose or record.name == _STEPS:
            return True
        if record.name.startswith(_SDK) and record.getMessage().startswith("Unknown error"):
            return False  # it is also raised as an error of this package
        return not gaps and record.levelno >= logging.WARNING
