"""Runs of a build or a sync in a process of its own, which kills itself at a given moment.

Moments are counted in calls of Python functions of the package and in calls of Deep Lake that
write; so a run is killed at any place of the code, also within a commit: there by a thread that
strikes while Deep Lake works.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

SCRIPT = Path(__file__)


def run(settings, *, kill_at=None, within=None):
    """Run the job; ``kill_at`` is the number of the call before or (``within`` s) in which it dies.

    Returns:
        Whether it came to its end.
    """
    done = subprocess.run(  # noqa: S603 - this script
        [sys.executable, str(SCRIPT), json.dumps({**settings, "at": kill_at, "within": within})],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == 0


def start(settings, **variables):
    """Begin the job, undisturbed, in a process with other variables of the environment."""
    text = json.dumps({**settings, "at": None, "within": None})
    return subprocess.Popen(  # noqa: S603 - this script
        [sys.executable, str(SCRIPT), text],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def calls_of(settings):
    """The names of the calls of an undisturbed run, in order; it runs in this process."""
    calls = []
    with _watched(calls.append):
        _JOBS[settings["job"]](settings)
    return calls


def _build(settings):
    import deeplake  # noqa: PLC0415 - of the process that is killed

    import deeplake_labelbox as dll  # noqa: PLC0415 - the same
    from deeplake_labelbox.errors import DatasetExistsError  # noqa: PLC0415 - the same

    try:
        dataset, _ = dll.create_dataset_from_video_annotation_project(
            settings["path"],
            settings["project_id"],
            None,
            project_json=settings["export"],
            overwrite=settings["overwrite"],
            frame_storage=settings.get("frame_storage", "png"),
            video_generator_batch_size=4,
            progress=False,
        )
    except DatasetExistsError:  # an earlier run had all frames
        dataset = deeplake.open(settings["path"])
    if settings["annotate"]:
        dll.converter_for_video_project_with_id(
            settings["project_id"],
            lambda _: dataset,
            None,
            project_json=settings["export"],
            progress=False,
        ).dataset_with_applied_annotations()


def _sync(settings):
    import labelbox  # noqa: PLC0415 - of the process that is killed

    import deeplake_labelbox as dll  # noqa: PLC0415 - the same

    client = labelbox.Client(**settings["client"])
    dll.sync_dataset(settings["path"], lb_client=client, progress=False, **settings["options"])


_JOBS = {"build": _build, "sync": _sync}


@contextmanager
def _watched(on_call):
    """Tell ``on_call`` the name of each counted call before it is made."""
    import deeplake  # noqa: PLC0415 - of the process that is killed

    import deeplake_labelbox as dll  # noqa: PLC0415 - the same

    def watched(name, function):
        def call(*args, **kwargs):
            on_call(name)
            return function(*args, **kwargs)

        return call

    columns = ("add_column", "rename_column")
    versions = ("commit", "branch", "merge", "tag")
    watched_calls = [
        (owner, name, getattr(owner, name))
        for owner, names in (
            (deeplake.Dataset, ("append", "delete", *columns, *versions)),
            (deeplake.Column, ("__setitem__",)),
            (deeplake, ("create", "delete", "open", "copy")),
            (os, ("rename",)),
            (dll.VideoOutcome, ("__init__",)),
        )
        for name in names
    ]
    for owner, name, function in watched_calls:
        setattr(owner, name, watched(name, function))
    try:
        yield
    finally:
        for owner, name, function in watched_calls:
            setattr(owner, name, function)


def _main():
    settings = json.loads(sys.argv[1])
    numbers = itertools.count(1)

    def strike(_):
        if next(numbers) != settings["at"]:
            return
        if settings["within"] is None:
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Timer(settings["within"], os.kill, (os.getpid(), signal.SIGKILL)).start()

    with _watched(strike):
        _JOBS[settings["job"]](settings)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    _main()
