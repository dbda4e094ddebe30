"""What tests of Ray run in other processes: presigners of workers, and a driver that is killed."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

SECRET = "s3cr3t-of-the-presigner"


class VaultPresigner:
    """Signs addresses of the test's own scheme; its process dies for one of them.

    Args:
        deadly: Part of the address that kills, ``""`` for none.
    """

    def __init__(self, deadly=""):
        self.deadly = deadly
        self.secret = SECRET

    def __call__(self, url):
        """Sign an address."""
        if self.deadly and self.deadly in url:
            os.kill(os.getpid(), signal.SIGKILL)
        return url.replace("vault://", "http://"), {"headers": {"X-Vault": self.secret}}


class DyingPresigner(VaultPresigner):
    """Signs addresses of the test's own scheme; the process that asks for the second one dies.

    Args:
        folder: Where processes tell each other what happened.
    """

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def __call__(self, url):
        """Sign an address."""
        number = 1
        while True:
            try:
                (self.folder / str(number)).touch(exist_ok=False)
                break
            except FileExistsError:
                number += 1
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(url)


class DyingStore:
    """Stores frames as another store does; the first worker to append a part of a video dies.

    Args:
        store: The other store.
        folder: Where processes tell each other what happened.
        frames: The parts that count are those whose first frame is among these; ``None``: all.
        in_worker: Whether it was sent to a worker.
    """

    def __init__(self, store, folder, frames=None, *, in_worker=False):
        self._store = store
        self._in_worker = in_worker
        self._frames = frames
        self._appended = folder / "appended"
        self._died = folder / "died"

    def __reduce__(self):
        sent = partial(DyingStore, in_worker=True)
        return sent, (self._store, self._died.parent, self._frames)

    def __getattr__(self, name):
        return getattr(self._store, name)

    def _counts(self, batch):
        return self._frames is None or int(batch.indices[0]) in self._frames

    def size_of(self, batch):
        """In a worker, so many bytes that each batch is sent alone."""
        return 1 << 20 if self._in_worker else self._store.size_of(batch)

    def prepare(self, video, wanted):
        """Yield a batch, and die when it is appended."""
        for batch in self._store.prepare(video, wanted):
            yield batch
            while self._counts(batch) and not self._died.exists():
                if self._appended.exists():
                    self._died.touch()
                    os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(0.01)

    def append(self, dataset, entry, batch):
        """Append it, and tell the worker."""
        entry = self._store.append(dataset, entry, batch)
        if self._counts(batch):
            self._appended.touch()
        return entry


def workers_of(title):
    """The ids of the processes of Ray's workers at a task of this name."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if words.rstrip(b"\0 ") == f"ray::{title}".encode():
            found.append(int(process.name))
    return found


def build(path, rows, *, engine, store=None, url_presigner=None, report=None, **selection):
    """Make a dataset of the frames of an export of project ``p``, four frames a batch."""
    from deeplake_labelbox import ProjectExport, Report  # noqa: PLC0415 - of the killed process
    from deeplake_labelbox._jobs.create import prepare_build  # noqa: PLC0415 - the same
    from deeplake_labelbox._jobs.options import ErrorPolicy  # noqa: PLC0415 - the same
    from deeplake_labelbox._jobs.project_source import ProjectSource  # noqa: PLC0415 - the same
    from deeplake_labelbox._store.frame_selection import FrameSelection  # noqa: PLC0415 - the same
    from deeplake_labelbox._store.frames.registry import StorageOptions  # noqa: PLC0415 - the same
    from deeplake_labelbox._store.location import DatasetLocation  # noqa: PLC0415 - the same

    build, export = prepare_build(
        ProjectSource("p", ProjectExport.load(rows), None),
        DatasetLocation.of(path),
        store or StorageOptions().store(batch_size=4),
        selection=FrameSelection(**selection),
        errors=ErrorPolicy(),
        overwrite=False,
        url_presigner=url_presigner,
        batch_size=4,
        progress=False,
        report=Report() if report is None else report,
        engine=engine,
    )
    return build.run(export)


_LOCAL_RAY = """
import json, sys
import ray
ray.init(address="local", include_dashboard=False, log_to_driver=False, logging_level="error",
         **json.loads(sys.argv[1]))
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()  # until the tests close it, or end
ray.shutdown()
"""


@contextmanager
def local_ray(**options):
    """Start a Ray of this machine in a process of its own; yields its address.

    Ray forks to start its processes, and the fork of a process that has written with Deep Lake may
    wait for ever in a handler of Deep Lake (4.7.4; about once in some thousand forks).
    """
    with subprocess.Popen(  # noqa: S603 - Python itself
        [sys.executable, "-c", _LOCAL_RAY, json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process.stdout.readline().strip()


@contextmanager
def server_of_clients(cluster):
    """Serve ``ray://`` for a cluster on this machine; yields its address and its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--address={cluster}", "--host=127.0.0.1", f"--port={port}"]
    with subprocess.Popen(  # noqa: S603 - Ray itself
        [sys.executable, "-m", "ray.util.client.server", "--mode=specific-server", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            while server.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.1)
            yield f"ray://127.0.0.1:{port}", server.pid
        finally:
            server.kill()


def _main():
    """Build on Ray or in threads, and kill a process at the given append or commit of Deep Lake."""
    import deeplake  # noqa: PLC0415 - of the killed process

    from deeplake_labelbox._jobs import ray_engine  # noqa: PLC0415 - the same
    from deeplake_labelbox._jobs.engine import ThreadEngine  # noqa: PLC0415 - the same

    logging.basicConfig(level=logging.INFO)
    settings = json.loads(sys.argv[1])
    ray_engine._SECTION_FRAMES = settings.get("section", ray_engine._SECTION_FRAMES)
    calls = []

    def counted(name):
        function = getattr(deeplake.Dataset, name)

        def call(*args, **kwargs):
            calls.append(name)
            if len(calls) == settings["at"]:
                os.kill(settings.get("killed") or os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        setattr(deeplake.Dataset, name, call)

    counted("append")
    counted("commit")
    address = settings["address"]
    engine = ThreadEngine() if address is None else ray_engine.RayEngine(address, 1)
    build(settings["path"], settings["rows"], engine=engine)


if __name__ == "__main__":
    _main()
