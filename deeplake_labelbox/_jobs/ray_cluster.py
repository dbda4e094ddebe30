"""Connect to Ray, and check its workers before anything is written."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import socket
import time
import warnings
from functools import cache
from typing import Any, Final

from deeplake_labelbox._counts import counted
from deeplake_labelbox._labelbox.client import clean
from deeplake_labelbox._steps import steps
from deeplake_labelbox._video.cores import usable_cores
from deeplake_labelbox.errors import ClusterError, ConfigurationError

# Packages that must have the same version on workers: this one, and the one that numbers and
# decodes frames.
_SAME: Final = ("deeplake-labelbox", "av")
# A cluster that grows on demand takes minutes to start its first worker.
_WAIT_FOR_CORES: Final = 600.0
_LOOK: Final = 10.0  # seconds
_ANSWER: Final = 10.0


class RayCluster:
    """Connects to Ray on first use.

    An existing connection made by `ray.init` is used, and stays open.

    Args:
        address: ``"auto"``: the connection of this process, or the cluster that this machine
            belongs to; ``"local"``: workers on this machine; or the address of a cluster.
        cores: Cores for each task.

    Raises:
        ConfigurationError: If an argument cannot be used, or Ray is not installed.
    """

    def __init__(self, address: str, cores: int) -> None:
        if not address.strip():
            raise ConfigurationError(
                "`ray_address` is empty; pass auto, local or an address like ray://host:10001."
            )
        if cores < 1:
            raise ConfigurationError(f"`ray_cpus` is {cores}; give 1 or more cores for each video.")
        if importlib.util.find_spec("ray") is None:
            raise ConfigurationError(
                '`ray_address` needs Ray; install it with pip install "deeplake-labelbox[ray]".'
            )
        self.address = address
        self.cores = cores
        self._is_connected = self._is_ours = False

    @property
    def is_remote(self) -> bool:
        """Whether this process is outside of the cluster."""
        return bool(importlib.import_module("ray").util.client.ray.is_connected())

    def connect(self, carried: bytes | None = None) -> None:
        """Connect, and check that workers can run tasks.

        Args:
            carried: An object of the user that is sent with tasks, pickled.

        Raises:
            ClusterError: If workers cannot run tasks, or the cluster cannot be reached.
            ConfigurationError: If Ray is connected to another cluster already.
        """
        if self._is_connected:
            return
        ray = importlib.import_module("ray")
        if not ray.is_initialized():
            self._init(ray)
        elif self.address != "auto":
            raise ConfigurationError(
                "Ray is connected already; pass `ray_address='auto'` to use this connection, or "
                "call ray.shutdown() first."
            )
        try:
            self._check_workers(ray, carried)
        except BaseException:
            self.close()
            raise
        self._is_connected = True

    def slots(self) -> int:
        """Return how many tasks the cluster currently has cores for.

        Raises:
            ClusterError: If the cluster is gone.
        """
        ray = importlib.import_module("ray")
        try:
            cores = sum(node["Resources"].get("CPU", 0) // self.cores for node in _nodes(ray))
        except Exception as error:  # Ray raises errors of several kinds, none of them documented
            raise ClusterError(
                f"The Ray cluster is gone: {clean(str(error)).rstrip('.')}. Call again when it is "
                f"back: what is committed is not done twice."
            ) from error
        return max(1, int(cores))

    def close(self) -> None:
        """Disconnect, if the connection was made here."""
        if self._is_ours:
            importlib.import_module("ray").shutdown()
        self._is_connected = self._is_ours = False

    def _init(self, ray: Any) -> None:
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self.address == "local":
            if usable_cores() < self.cores:
                raise ConfigurationError(
                    f"`ray_cpus` is {self.cores}, and this machine has "
                    f"{counted(usable_cores(), 'core')}; give no more than that."
                )
            options |= {"include_dashboard": False, "num_cpus": usable_cores()}
        # Ray would print the errors of tasks that are stopped on purpose.
        os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")
        try:
            _check_port(self.address)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they repeat what the error says
                ray.init(address=self.address, **options)
        except Exception as error:  # Ray raises errors of several kinds, none of them documented
            raise ClusterError(
                f"The Ray cluster {self.address!r} cannot be reached: "
                f"{clean(str(error)).rstrip('.')}. Check the address, and that the cluster runs."
            ) from error
        self._is_ours = True

    def _check_workers(self, ray: Any, carried: bytes | None) -> None:
        """Check that each node with enough cores has the same versions and can load ``carried``."""
        ours = versions()
        ask = ray.remote(max_retries=3)(_asker())
        waits = ask.options(name="check versions", num_cpus=self.cores).remote(_SAME, carried)
        until = time.monotonic() + _WAIT_FOR_CORES
        while not ray.wait([waits], timeout=_LOOK)[0]:
            if time.monotonic() > until:
                ray.cancel(waits)
                raise ClusterError(
                    f"No worker of the Ray cluster {self.address!r} had "
                    f"{counted(self.cores, 'core')} free in {_WAIT_FOR_CORES / 60:.0f} minutes; "
                    f"lower `ray_cpus`, or add workers."
                )
            steps.info("Waiting for a Ray worker with %s", counted(self.cores, "free core"))
        pinned = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        asked = [waits]
        for node in _nodes(ray):
            if node["Resources"].get("CPU", 0) >= self.cores:
                on_node = pinned(node["NodeID"], soft=True)
                options = {"name": "check versions", "num_cpus": 0, "scheduling_strategy": on_node}
                asked.append(ask.options(**options).remote(_SAME, carried))
        try:
            answers = ray.get(asked)
        except ray.exceptions.RayError as error:
            raise ClusterError(
                f"A worker of the Ray cluster {self.address!r} cannot run tasks: "
                f"{clean(str(error))}"
            ) from error
        for host, theirs, problem in answers:
            check_versions(host, theirs, ours)
            if problem:
                raise ClusterError(
                    f"The Ray worker {host} cannot load `url_presigner`: {clean(problem)}. Install "
                    f"its module on all workers, or define it in your script or notebook."
                )


@cache
def versions() -> dict[str, str | None]:
    """Return the local versions of the packages that must match on workers."""
    return dict(_asker()(_SAME, None)[1])


def check_versions(host: str, theirs: dict[str, str | None], ours: dict[str, str | None]) -> None:
    """Check that a worker has the same versions as this machine.

    Raises:
        ClusterError: If a version differs.
    """
    for name, version in ours.items():
        if theirs.get(name) != version:
            has = f"version {theirs[name]} of it" if theirs.get(name) else "none of it"
            raise ClusterError(
                f"The Ray worker {host} needs {name} {version}, as it is installed here, and has "
                f"{has}; install the same version on all workers."
            )


def _check_port(address: str) -> None:
    """Check that something listens at ``host:port``; Ray itself may try for many minutes."""
    host, colon, port = address.rpartition("://")[2].partition("/")[0].rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER).close()


def _nodes(ray: Any) -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]


def _asker() -> Any:
    """Return the function that checks a worker; Ray sends its code, as the package may be missing.

    The function returns the worker's host, its versions, and why it cannot load ``carried``.
    """

    def ask(
        names: tuple[str, ...], carried: bytes | None
    ) -> tuple[str, dict[str, str | None], str]:
        import importlib  # noqa: PLC0415 - of the worker
        import importlib.metadata  # noqa: PLC0415 - the same
        import platform  # noqa: PLC0415 - the same

        found: dict[str, str | None] = {}
        for name in names:
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                found[name] = None
        problem = ""
        try:
            importlib.import_module("ray.cloudpickle").loads(carried) if carried else None
        except Exception as error:  # noqa: BLE001 - whatever it raises, the job cannot run here
            problem = f"{type(error).__name__}: {error}"
        return platform.node(), found, problem

    return ask
