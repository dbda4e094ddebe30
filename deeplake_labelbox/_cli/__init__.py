"""The command line, ``deeplake-labelbox``. A command a module; the rest is what they share."""

from deeplake_labelbox._cli.application import main

__all__ = ["main"]
