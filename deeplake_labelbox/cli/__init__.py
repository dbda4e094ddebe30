"""The command line, ``deeplake-labelbox``. A command a module; the rest is what they share."""

from deeplake_labelbox.cli.application import main

__all__ = ["main"]
