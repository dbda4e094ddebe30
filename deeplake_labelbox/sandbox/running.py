"""Run a sandbox: its server and the parts that know its addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deeplake_labelbox.sandbox.application import ApiHost, RequestLog, StorageHost, two_hosts
from deeplake_labelbox.sandbox.background import BackgroundTasks
from deeplake_labelbox.sandbox.export_rendering import FileUrls
from deeplake_labelbox.sandbox.exports import ExportTasks
from deeplake_labelbox.sandbox.graphql.context import Services
from deeplake_labelbox.sandbox.imports import AnnotationImports
from deeplake_labelbox.sandbox.serving import HOST, BackgroundServer, listen
from deeplake_labelbox.sandbox.signing import SignedUrls

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.faults import Faults
    from deeplake_labelbox.sandbox.store import Store


class RunningSandbox:
    """Serves a store until it is stopped.

    Raises:
        SandboxError: The port is in use.
    """

    def __init__(self, store: Store, api_key: str, faults: Faults, port: int) -> None:
        self.store = store
        api, storage = listen(port), listen(0)
        storage_port = storage.getsockname()[1]
        self.api_url = f"http://{HOST}:{api.getsockname()[1]}"
        self.storage_url = f"http://{HOST}:{storage_port}"
        self.urls = FileUrls(f"{self.api_url}/api/v1", SignedUrls(self.storage_url))
        self.exports = ExportTasks(store)
        self.imports = AnnotationImports(store, self.urls)
        self.tasks = BackgroundTasks(store)
        self.log = RequestLog()
        box = Services(store, self.exports, self.imports, self.tasks, self.urls)
        hosts = two_hosts(
            ApiHost(box, api_key, faults, self.log).app,
            StorageHost(box, faults, self.log).app,
            storage_port,
        )
        self._server = BackgroundServer(hosts, [api, storage])
        self._server.start()

    def stop(self) -> None:
        """End all connections and close the ports."""
        self._server.stop()
