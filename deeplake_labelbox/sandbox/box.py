"""Run the sandbox: a Labelbox on 127.0.0.1."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from deeplake_labelbox.sandbox.errors import SandboxError
from deeplake_labelbox.sandbox.faults import Faults
from deeplake_labelbox.sandbox.no_proxy import loopback_without_proxy
from deeplake_labelbox.sandbox.ontology import complete
from deeplake_labelbox.sandbox.projects import SandboxProject
from deeplake_labelbox.sandbox.store import (
    IntegrationRecord,
    OntologyRecord,
    ProjectRecord,
    Store,
    now,
)

if TYPE_CHECKING:
    from labelbox import Client

    from deeplake_labelbox.sandbox.application import ReceivedRequest
    from deeplake_labelbox.sandbox.background import BackgroundTasks
    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.exports import ExportTasks
    from deeplake_labelbox.sandbox.imports import AnnotationImports
    from deeplake_labelbox.sandbox.running import RunningSandbox

_API_KEY = "sandbox-api-key"


class Sandbox:
    """A local Labelbox that the real SDK talks to over HTTP.

    It runs in a thread of this process and forgets everything when it stops.

    Args:
        sample: Whether to add the sample project: a few short videos with every kind of label.
        port: Port of the API host; a free one by default. Videos and export files are served on a
            second, free port, because Labelbox keeps them on other hosts than its API.
        api_key: The only key that is accepted.

    Attributes:
        faults: The faults to inject; see `Faults.add`.
        api_key: The only key that is accepted.

    Example:
        ```python
        from deeplake_labelbox.sandbox import Sandbox

        with Sandbox() as box:
            project = box.add_project("Street", {"tools": [{"tool": "rectangle", "name": "car"}]})
            key_frames = [
                {"frame": 1, "bbox": {"left": 2, "top": 3, "width": 20, "height": 10}},
                {"frame": 4, "bbox": {"left": 8, "top": 3, "width": 20, "height": 10}},
            ]
            row = project.add_video("clip.mp4")
            row.add_label([{"name": "car", "segments": [{"keyframes": key_frames}]}])
            box.faults.add("video", status=503)  # the first request for a video fails
            dataset, export = create_dataset_from_video_annotation_project(
                "mem://street", project.id, None, lb_client=box.client()
            )
        ```
    """

    def __init__(self, *, sample: bool = False, port: int = 0, api_key: str = _API_KEY) -> None:
        self.faults = Faults()
        self.api_key = api_key
        self._with_sample = sample
        self._sample: SandboxProject | None = None
        self._port = port
        self._running: RunningSandbox | None = None
        self._resources = ExitStack()

    def start(self) -> Self:
        """Start serving; the same as entering the context.

        Raises:
            SandboxError: The sandbox extra is not installed, or the port is in use.
        """
        if self._running is not None:
            return self
        try:
            from deeplake_labelbox.sandbox.running import RunningSandbox  # noqa: PLC0415 - extra
        except ModuleNotFoundError as error:
            raise SandboxError(
                f"The sandbox needs {error.name}, which is not installed; "
                'run: pip install "deeplake-labelbox[sandbox]"'
            ) from error
        with ExitStack() as resources:
            folder = tempfile.TemporaryDirectory(prefix="labelbox-sandbox-")
            store = Store(Path(resources.enter_context(folder)), self.faults.pending)
            self._running = RunningSandbox(store, self.api_key, self.faults, self._port)
            resources.callback(self._end)
            # The SDK downloads files with `requests` too, not only through our sessions.
            resources.enter_context(loopback_without_proxy())
            if self._with_sample:
                from deeplake_labelbox.sandbox.sample import add_sample_project  # noqa: PLC0415 - slow

                self._sample = add_sample_project(self)
            self._resources = resources.pop_all()
        return self

    def stop(self) -> None:
        """End all connections and forget everything."""
        self._resources.close()

    def _end(self) -> None:
        self._sample = None
        if self._running is not None:
            self._running.stop()
            self._running = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The API host, such as ``http://127.0.0.1:49152``."""
        return self._require_running.api_url

    @property
    def storage_url(self) -> str:
        """The host of signed URLs; it refuses requests with the API key."""
        return self._require_running.storage_url

    @property
    def endpoint(self) -> str:
        """The GraphQL endpoint, for ``labelbox.Client(endpoint=…)``."""
        return f"{self.url}/graphql"

    @property
    def rest_endpoint(self) -> str:
        """The REST endpoint, for ``labelbox.Client(rest_endpoint=…)``."""
        return self._require_running.urls.rest_endpoint

    @property
    def sample(self) -> SandboxProject:
        """The sample project.

        Raises:
            SandboxError: The sandbox was created without ``sample=True``, or is not running.
        """
        if self._sample is None:
            raise SandboxError("This sandbox has no sample; use Sandbox(sample=True).")
        return self._sample

    @property
    def exports(self) -> ExportTasks:
        """The export tasks: chunk size, and how the next export ends."""
        return self._require_running.exports

    @property
    def imports(self) -> AnnotationImports:
        """The imports of annotations, and how the next ones behave."""
        return self._require_running.imports

    @property
    def tasks(self) -> BackgroundTasks:
        """The tasks that upload data rows and fill batches, and how the next one behaves."""
        return self._require_running.tasks

    @property
    def requests(self) -> list[ReceivedRequest]:
        """All requests received so far, with their headers."""
        return self._require_running.log.received

    @property
    def projects(self) -> tuple[SandboxProject, ...]:
        """All projects, in the order of their creation."""
        return tuple(self._project_of(project_id) for project_id in self._store.projects)

    def project(self, project_id: str) -> SandboxProject:
        """Return a project by its id.

        Raises:
            SandboxError: There is no such project.
        """
        if project_id not in self._store.projects:
            raise SandboxError(f"The sandbox has no project '{project_id}'.")
        return self._project_of(project_id)

    def add_project(
        self,
        name: str,
        ontology_normalized: dict[str, Any],
        media_type: str = "VIDEO",
        *,
        consensus: bool = False,
    ) -> SandboxProject:
        """Add a project with its ontology.

        Args:
            name: Name of the project.
            ontology_normalized: ``{"tools": […], "classifications": […]}`` as Labelbox writes it;
                ids and colors are filled in where they are missing.
            media_type: As in ``labelbox.MediaType``.
            consensus: Whether a data row may have several labels. An import of ground truth then
                adds a label; otherwise it replaces the existing ones.

        Raises:
            SandboxError: The ontology is invalid.
        """
        store, moment = self._store, now()
        normalized = complete(ontology_normalized, store.identifiers)
        with store.lock:
            ontology = OntologyRecord(
                store.identifiers.new(), f"{name} ontology", normalized, media_type, moment
            )
            store.ontologies[ontology.id] = ontology
            project = ProjectRecord(
                id=store.identifiers.new(),
                name=name,
                media_type=media_type,
                created_at=moment,
                updated_at=moment,
                ontology_id=ontology.id,
                is_consensus_enabled=consensus,
            )
            store.projects[project.id] = project
        return self._project_of(project.id)

    def add_iam_integration(
        self, name: str, *, provider: str = "AWS", is_default: bool = False, valid: bool = True
    ) -> str:
        """Add an IAM integration, with which Labelbox reads a bucket; return its id.

        Args:
            name: Its name.
            provider: "AWS", "GCP" or "Azure".
            is_default: Whether it is the organization's default.
            valid: Whether Labelbox can use it.
        """
        store = self._store
        record = IntegrationRecord(
            store.identifiers.new(), name, provider, now(), is_default, valid
        )
        store.integrations[record.id] = record
        return record.id

    def client(self) -> Client:
        """Return a real ``labelbox.Client`` that talks to this sandbox."""
        from labelbox import Client  # noqa: PLC0415 - slow to import, and not needed to serve

        client = Client(
            api_key=self.api_key,
            endpoint=self.endpoint,
            rest_endpoint=self.rest_endpoint,
            app_url=self.url,
        )
        # Otherwise the SDK searches the stack and all modules for the caller, 5 to 50 ms each time.
        client.set_sdk_method("deeplake_labelbox:sandbox")
        client.connection.trust_env = False  # without the proxies of the environment
        return client

    def expire_signed_urls(self) -> None:
        """Expire every signed URL issued so far."""
        self._urls.signed.expire()

    def set_timezone(self, timezone: str | None) -> None:
        """Set the user's time zone, which applies to date filters without a zone."""
        self._store.user.timezone = timezone

    def __repr__(self) -> str:
        return f"Sandbox({self._running.api_url if self._running else 'stopped'})"

    @property
    def _require_running(self) -> RunningSandbox:
        if self._running is None:
            raise SandboxError("The sandbox is not running; use it in a with statement.")
        return self._running

    @property
    def _store(self) -> Store:
        return self._require_running.store

    @property
    def _urls(self) -> FileUrls:
        return self._require_running.urls

    def _project_of(self, project_id: str) -> SandboxProject:
        return SandboxProject(self._store, self._urls, self._store.projects[project_id])
