"""Find or create the ontology of an upload, which may be given in several forms."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import deeplake

from deeplake_labelbox._labelbox.client import labelbox_errors
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._store.dataset_ontology import ontology_of_dataset
from deeplake_labelbox._upload.normalized import are_same, completed, normalized_of
from deeplake_labelbox.errors import ConfigurationError, OntologyError

if TYPE_CHECKING:
    import labelbox

OntologyLike = Any
"""A `labelbox.Ontology`, its id, its normalized dict, this package's `Ontology`, or a Deep Lake
dataset, whose columns define it."""


class WantedOntology:
    """The ontology that the project should have.

    Args:
        client: Used to read an ontology by its id.
        given: See `OntologyLike`; None leaves the project unchanged.
        name: Name of a new ontology.

    Raises:
        OntologyError: It cannot be read.
        ConfigurationError: It has another type, or its id does not exist.
    """

    def __init__(self, client: labelbox.Client, given: OntologyLike, name: str) -> None:
        self._client = client
        self._name = name
        self._existing: labelbox.Ontology | None = None
        self._normalized: dict[str, Any] | None = None
        if given is None:
            return
        if isinstance(given, str):
            self._existing = self._by_id(given)
        elif hasattr(given, "normalized") and hasattr(given, "uid"):
            self._existing = given
        elif isinstance(given, Ontology):
            self._normalized = normalized_of(given)
        elif isinstance(given, Mapping):
            self._normalized = completed(given)
        elif isinstance(given, deeplake.Dataset | deeplake.ReadOnlyDataset):
            self._normalized = normalized_of(ontology_of_dataset(cast("deeplake.Dataset", given)))
        else:
            raise ConfigurationError(
                f"The ontology is a {type(given).__name__}; pass a labelbox.Ontology, its id, its "
                "normalized dict, an Ontology, or a Deep Lake dataset."
            )
        self._check_usable()

    @property
    def is_given(self) -> bool:
        """Whether an ontology was given."""
        return self._existing is not None or self._normalized is not None

    def check_against(self, project: labelbox.Project) -> str | None:
        """Check the project's ontology and return its id; None if it has none.

        Raises:
            OntologyError: The project has another ontology.
        """
        with labelbox_errors(f"reading the ontology of project {project.uid}"):
            current = project.ontology()
        if current is None:
            return None
        same = not self.is_given or (
            current.uid == self._existing.uid
            if self._existing is not None
            else are_same(current.normalized, self._normalized or {})
        )
        if not same:
            raise OntologyError(
                f"Project {project.name} ({project.uid}) has an ontology other than the given one: "
                f"{current.name} ({current.uid}). Leave `ontology` out to keep it, or choose "
                "another project."
            )
        return str(current.uid)

    def connect(self, project: labelbox.Project) -> str | None:
        """Connect the ontology to a project that has none; create it if it does not exist.

        Returns:
            Its id; None if no ontology was given.
        """
        if not self.is_given:
            return None
        ontology = self._existing or self._find_or_create()
        doing = f"connecting ontology {ontology.uid} to project {project.uid}"
        with labelbox_errors(doing), warnings.catch_warnings():
            # The SDK warns that it connects the editor, as intended.
            warnings.simplefilter("ignore")
            project.connect_ontology(ontology)
        return str(ontology.uid)

    def _find_or_create(self) -> labelbox.Ontology:
        import labelbox  # noqa: PLC0415 - the SDK is slow to import and not needed offline

        normalized = self._normalized or {}
        with labelbox_errors(f"creating the ontology {self._name}"):
            # An interrupted call may have created it already.
            for known in self._client.get_ontologies(self._name):
                if (
                    known.name == self._name
                    and known.media_type == labelbox.MediaType.Video
                    and are_same(known.normalized, normalized)
                ):
                    return known
            return self._client.create_ontology(
                self._name, normalized, media_type=labelbox.MediaType.Video
            )

    def _by_id(self, ontology_id: str) -> labelbox.Ontology:
        import lbox.exceptions as sdk  # noqa: PLC0415 - part of the SDK

        with labelbox_errors(f"reading ontology {ontology_id}"):
            try:
                return self._client.get_ontology(ontology_id)
            except sdk.ResourceNotFoundError as error:
                raise ConfigurationError(
                    f"Labelbox has no ontology {ontology_id} for this API key; check the id."
                ) from error

    def _check_usable(self) -> None:
        if self._existing is not None:
            kind = getattr(self._existing.media_type, "value", None)
            if kind not in (None, "VIDEO", "UNKNOWN"):
                raise OntologyError(
                    f"Ontology {self._existing.uid} is for {kind}, not for VIDEO; choose another."
                )
        elif not any((self._normalized or {}).values()):
            raise OntologyError(
                "The ontology has neither tools nor classifications; add one to label with."
            )
