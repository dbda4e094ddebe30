"""Run imports in a separate process that kills itself before or after it sends a chunk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__)


def run(box, project_id, annotations, *, kill_at=None, kill="before"):
    """Import plain annotations, every data row in a chunk of its own.

    Args:
        box: The sandbox.
        project_id: The project.
        annotations: The annotations, as dicts.
        kill_at: The number, from 1, of the chunk at which the process dies.
        kill: Whether it dies "before" or "after" Labelbox has taken the chunk.

    Returns:
        Whether it came to its end.
    """
    settings = {
        "endpoint": box.endpoint,
        "api_key": box.api_key,
        "project_id": project_id,
        "annotations": annotations,
        "kill_at": kill_at,
        "kill": kill,
    }
    done = subprocess.run(  # noqa: S603 - this script
        [sys.executable, str(SCRIPT), json.dumps(settings)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == 0


def _main():
    import labelbox  # noqa: PLC0415 - of the process that is killed

    from deeplake_labelbox._imports import chunks  # noqa: PLC0415 - the same
    from deeplake_labelbox._imports.importing import import_annotations  # noqa: PLC0415
    from deeplake_labelbox._labelbox.client import connect  # noqa: PLC0415 - the same

    settings = json.loads(sys.argv[1])
    chunks.MAX_LINES = 1
    create = labelbox.LabelImport.create_from_file.__func__
    sent = 0

    def dying(cls, *arguments):
        nonlocal sent
        sent += 1
        dies = sent == settings["kill_at"]
        if dies and settings["kill"] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        made = create(cls, *arguments)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    labelbox.LabelImport.create_from_file = classmethod(dying)
    import_annotations(
        settings["annotations"],
        settings["project_id"],
        None,
        lb_client=connect(settings["api_key"], endpoint=settings["endpoint"]),
        poll_seconds=0.01,
        progress=False,
    )


if __name__ == "__main__":
    _main()
