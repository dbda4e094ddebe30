"""``deeplake-labelbox sandbox``: run a Labelbox sandbox in the foreground."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.foreground import until_stopped
from deeplake_labelbox._cli.running import running
from deeplake_labelbox._cli.summary import command_line
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox import Sandbox


def sandbox(
    *,
    port: options.Port = 0,
    sample: Annotated[
        bool, typer.Option(help="Add the sample project, with three short videos.")
    ] = True,
    verbose: options.Verbose = False,
) -> None:
    """Run a Labelbox sandbox on this machine, to try things out and for tests; Ctrl-C ends it.

    The two lines that it prints point commands and Python functions to it; `labelbox.Client` takes
    the same URL as `endpoint`. Its data is deleted when it ends.

    [bold]Example[/]

    deeplake-labelbox sandbox --port 8080
    """
    with running(verbose=verbose) as run:
        from deeplake_labelbox._labelbox.client import API_KEY_VARIABLE, ENDPOINT_VARIABLE  # noqa: PLC0415 - not needed for --help

        with until_stopped() as wait, start_sandbox(sample=sample, port=port) as box:
            run.result(f"Labelbox sandbox on {box.url}")
            if sample:
                run.result(f"  project   {box.sample.project_id}  {box.sample.name}")
            run.result()
            run.result("To use it from commands and Python functions, run in another terminal:")
            run.result(f"  export {ENDPOINT_VARIABLE}={shlex.quote(box.endpoint)}")
            run.result(f"  export {API_KEY_VARIABLE}={shlex.quote(box.api_key)}")
            if sample:
                words = ("create", box.sample.project_id, "sample-dataset")
                run.result(f"  {command_line(*words)}")
            run.result()
            run.result("Press Ctrl-C to end it.")
            wait()
        run.step("The sandbox has ended.")


def start_sandbox(*, sample: bool, port: int = 0) -> Sandbox:
    """Start a sandbox, for a command that stops it.

    Raises:
        ConfigurationError: If the sandbox extra is not installed, or the port is taken.
    """
    from deeplake_labelbox.sandbox import Sandbox, SandboxError  # noqa: PLC0415 - slow, and an extra

    try:
        return Sandbox(sample=sample, port=port).start()
    except SandboxError as error:
        raise ConfigurationError(str(error)) from error
