"""The command line, ``deeplake-labelbox``: a module for each command, and what they share."""

from deeplake_labelbox._cli.interrupts import wait_for_imports

__all__ = ["main"]


def main() -> None:
    """Run the command line, and exit with its code."""
    wait_for_imports()
    try:
        from deeplake_labelbox._cli.application import app  # noqa: PLC0415 - Ctrl-C waits for it

        app()
    except KeyboardInterrupt:  # before a command runs
        raise SystemExit(130) from None
