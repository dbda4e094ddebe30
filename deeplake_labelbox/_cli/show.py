"""``deeplake-labelbox show``: show a dataset in the browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from typing import Annotated

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.foreground import until_stopped
from deeplake_labelbox._cli.reading import open_to_read
from deeplake_labelbox._cli.running import running


def show(
    dataset: options.Dataset,
    *,
    videos: options.Videos = None,
    annotator: options.Annotator = None,
    width: Annotated[
        int,
        typer.Option("--width", min=16, metavar="PIXELS", help="Maximum width of the pictures."),
    ] = 1280,
    port: options.Port = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    branch: options.ReadBranch = None,
    deeplake_creds: options.Creds = None,
    deeplake_token: options.DeepLakeToken = None,
    verbose: options.Verbose = False,
) -> None:
    """Show a dataset of any size in the browser; Ctrl-C ends it.

    The page is that of [bold]preview[/], with all videos and frames. A server that only this
    machine can reach reads frames when they are shown.

    [bold]Example[/]

    deeplake-labelbox show ./clips
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._pictures.page_content import PageContent  # noqa: PLC0415 - imports deeplake
        from deeplake_labelbox._pictures.page_server import PageServer  # noqa: PLC0415 - the same

        opened = open_to_read(dataset, deeplake_creds, deeplake_token, branch)
        content = PageContent(opened, videos=videos or None, annotator=annotator)
        with until_stopped() as wait, PageServer(content, width=width, port=port) as server:
            run.result(f"{dataset} on {server.url}")
            if browser and _has_screen():
                webbrowser.open(server.url)
            run.result("Press Ctrl-C to end it.")
            wait()
        run.step("The page has ended.")


def _has_screen() -> bool:
    """Whether a browser would have a window; without one it would take over the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
