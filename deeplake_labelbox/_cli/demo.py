"""``deeplake-labelbox demo``: make a dataset of a sample project, without an account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from deeplake_labelbox._cli import options
from deeplake_labelbox._cli.one_writer import one_writer
from deeplake_labelbox._cli.running import Run, running, writing
from deeplake_labelbox._cli.sandbox import start_sandbox
from deeplake_labelbox._cli.summary import finish, show_dataset, show_opening
from deeplake_labelbox._store.frames.registry import DEFAULT, FrameStorage
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    import deeplake

_MARKER: Final = ".deeplake-labelbox-demo"
_MARKED: Final = (
    "Made by `deeplake-labelbox demo`, which replaces dataset/ and contact-sheet.png.\n"
)


def demo(
    *,
    frame_storage: Annotated[
        FrameStorage, typer.Option("--frames", help="How frames are stored; see create.")
    ] = DEFAULT,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            file_okay=False,
            help="Folder for dataset/ and contact-sheet.png.",
        ),
    ] = Path("deeplake-labelbox-demo"),
    ray_address: options.RayAddress = None,
    ray_cpus: options.RayCpus = 2,
    verbose: options.Verbose = False,
) -> None:
    """Turn a sample project into a dataset, in seconds and without an account.

    A Labelbox sandbox runs on this machine, with a sample project of three short videos. The real
    Labelbox SDK exports it, its videos are decoded, its labels are applied, and a contact sheet
    shows the result. Running it again replaces what it made.
    """
    with running(verbose=verbose) as run, one_writer(str(output / "dataset")):
        _check_folder(output)
        with writing(output):
            output.mkdir(parents=True, exist_ok=True)
            (output / _MARKER).write_text(_MARKED, "utf-8")
        from deeplake_labelbox._jobs.create import create_dataset  # noqa: PLC0415 - imports deeplake

        run.continues = False
        run.step("Starting a Labelbox sandbox with a sample project")
        with start_sandbox(sample=True) as box:
            path = str(output / "dataset")
            report = create_dataset(
                path,
                box.sample.project_id,
                group_mapping={"raster-segmentation": "mask"},
                frame_storage=frame_storage,
                overwrite=True,
                lb_client=box.client(),
                ray_address=ray_address,
                ray_cpus=ray_cpus,
                progress=run.progress,
            )
        sheet = _draw(run, report.dataset, output)
        show_dataset(run, report.dataset, path, report)
        run.result()
        run.result(f"Contact sheet: {sheet}")
        show_opening(run, path, report.dataset, has_creds=False)
        finish(run, report, None)


def _check_folder(output: Path) -> None:
    """Refuse a folder that the demo did not make, unless it is empty."""
    if not output.exists() or (output / _MARKER).is_file():
        return
    if any(output.iterdir()):
        raise ConfigurationError(
            f"The folder {output} has files that the demo did not make; choose another --output."
        )


def _draw(run: Run, dataset: deeplake.Dataset, output: Path) -> Path:
    from deeplake_labelbox._pictures.contact_sheet import draw_contact_sheet  # noqa: PLC0415 - imports deeplake

    run.step("Drawing a contact sheet")
    path = output / "contact-sheet.png"
    with writing(path):
        draw_contact_sheet(dataset, frames=6).save(path, optimize=True)
    return path
