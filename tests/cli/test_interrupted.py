"""Commands that are stopped with Ctrl-C or killed, each in a process of its own."""

import os
import signal
import subprocess
import sys

import deeplake
import pytest
from sandbox_projects import ONTOLOGY, composite_png, mask_frame
from video_files import write_video

from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox.sandbox import Sandbox

LABEL = [
    {
        "name": "car",
        "segments": [
            {"keyframes": [{"frame": 1, "bbox": {"top": 1, "left": 1, "height": 4, "width": 5}}]}
        ],
    },
    {
        "name": "road",
        "masks": {
            "frames": [mask_frame(1, composite_png(((255, 0, 0), 0), size=64))],
            "instances": [{"name": "road", "colorRGB": [255, 0, 0]}],
        },
    },
]
BOXES = "car/car"


@pytest.fixture(scope="module")
def box():
    with Sandbox() as running:
        yield running


@pytest.fixture
def project(box, tmp_path):
    project = box.add_project("Street", ONTOLOGY)
    row = project.add_video(write_video(tmp_path / "clip.mp4", frames=4, size=(64, 64)))
    row.add_label(LABEL)
    yield project
    box.faults.clear()


# A process that was started in the background ignores Ctrl-C, and so do those that it starts.
COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from deeplake_labelbox._cli import main
main()
"""


def start(box, folder, *words):
    """Start a command in a process, with its outputs to read."""
    there = {"LABELBOX_API_KEY": box.api_key, "LABELBOX_ENDPOINT": box.endpoint}
    return subprocess.Popen(  # noqa: S603 - this package
        [sys.executable, "-c", COMMAND, *words],
        cwd=folder,
        env={**os.environ, **there},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop(process, how, *, at):
    """Stop a process once it has said something; returns its exit code and what it said then."""
    for line in process.stderr:
        if at in line:
            break
    process.send_signal(how)
    said = process.stderr.read()
    process.communicate()
    return process.returncode, said


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("more", [(), ("--overwrite",)], ids=["", "overwrite"])
def test_create_again_applies_the_labels(box, project, tmp_path, run, how, more):
    # Longer than any machine needs to stop the process; it does not wait for the masks.
    box.faults.add("mask", "delay", times=None, delay=600)
    words = ("create", project.id, "clips")
    code, said = stop(start(box, tmp_path, *words, *more), how, at="Applying the labels")
    box.faults.clear()
    if how == signal.SIGINT:
        assert code == 130, said
        assert "Stopped. The frames are in clips" in said
        again = "run it again without --overwrite" if more else "run it again"
        assert f"{again} to apply them" in said
    assert BOXES not in column_names(deeplake.open(str(tmp_path / "clips")))

    there = {"LABELBOX_API_KEY": box.api_key, "LABELBOX_ENDPOINT": box.endpoint}
    again = run(*words, **there)
    assert again.exit_code == 0, again.output
    assert "Writing the frames" not in again.stderr
    dataset = deeplake.open(str(tmp_path / "clips"))
    assert dataset[BOXES][0].tolist() == [[1, 1, 5, 4]]
    assert run(*words, **there).exit_code == 1  # all is there


SCRIPT = """
import signal, time, weakref
from deeplake_labelbox._cli.interrupts import wait_for_imports

signal.signal(signal.SIGINT, signal.default_int_handler)
wait_for_imports()
try:
    {place}
    print("done")
    time.sleep(60)
except KeyboardInterrupt:
    print("stopped")
"""
MODULE = """
import os, signal, time

try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.2)
except KeyboardInterrupt as error:
    raise ImportError("initialization failed") from error
"""
PLACES = {
    "import": "import slow",
    "finalizer": "import os; weakref.finalize(set(), os.kill, os.getpid(), 2)",
    "method": """import os
    class Dying:
        def __del__(self):
            os.kill(os.getpid(), 2)
    Dying()""",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_an_interrupt_waits_where_python_would_lose_it(tmp_path, place):
    (tmp_path / "slow.py").write_text(MODULE)
    done = subprocess.run(  # noqa: S603 - this package
        [sys.executable, "-c", SCRIPT.format(place=place)],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split()[-1:] == ["stopped"], done.stderr
    assert not done.stderr
