"""Keep feature schemas: the tools and classifications that ontologies share, each with an id."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.errors import SandboxError
from deeplake_labelbox.sandbox.ontology import complete, features_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deeplake_labelbox.sandbox.store import OntologyRecord, Store


class FeatureSchemaError(Exception):
    """A change of a feature schema or ontology is refused; the message is Labelbox's."""


class FeatureSchemas:
    """The feature schemas of a sandbox, in ontologies or outside."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over all that are not deleted, each once."""
        kept = self._store.feature_schemas
        seen = {key for key, feature in kept.items() if feature is None}
        for feature in (*filter(None, kept.values()), *self._in_ontologies()):
            if feature["featureSchemaId"] not in seen:
                seen.add(feature["featureSchemaId"])
                yield feature

    def find(self, schema_id: str) -> dict[str, Any] | None:
        """Return the feature with an id."""
        return next((each for each in self if each["featureSchemaId"] == schema_id), None)

    def upsert(self, feature: dict[str, Any]) -> dict[str, Any]:
        """Create a feature, or change it in all ontologies that have it.

        Raises:
            FeatureSchemaError: It is invalid.
        """
        key = "tools" if "tool" in feature else "classifications"
        try:
            made: dict[str, Any]
            (made,) = complete({key: [feature]}, self._store.identifiers)[key]
        except (SandboxError, TypeError, AttributeError) as error:
            raise FeatureSchemaError(str(error)) from error
        schema_id = made["featureSchemaId"]
        known = self.find(schema_id)
        if known is not None:
            made["schemaNodeId"] = known["schemaNodeId"]
        self._store.feature_schemas[schema_id] = made
        for node in self._in_ontologies():
            if node["featureSchemaId"] == schema_id:
                node.update(copy.deepcopy(made))
        return made

    def rename(self, schema_id: str, title: object) -> None:
        """Change the name of a feature.

        Raises:
            FeatureSchemaError: There is no such feature, or the name is empty.
        """
        feature = self._known(schema_id)
        if not isinstance(title, str) or not title.strip():
            raise FeatureSchemaError("The title must not be empty")
        self.upsert({**feature, "name": title})

    def delete(self, schema_id: str) -> None:
        """Delete a feature that no ontology has.

        Raises:
            FeatureSchemaError: There is no such feature, or it is in use.
        """
        if self._store.feature_schemas.get(schema_id, self) is None:
            raise FeatureSchemaError("Feature schema is already deleted")
        self._known(schema_id)
        if any(each["featureSchemaId"] == schema_id for each in self._in_ontologies()):
            raise FeatureSchemaError(
                "Feature schema cannot be deleted because it is used in ontologies"
            )
        self._store.feature_schemas[schema_id] = None

    def unused(self) -> list[str]:
        """Return the ids of features that no ontology has."""
        used = {each["featureSchemaId"] for each in self._in_ontologies()}
        return [
            key for key, each in self._store.feature_schemas.items() if each and key not in used
        ]

    def insert(self, ontology: OntologyRecord, schema_id: str, position: int) -> None:
        """Put a feature into an ontology, or move it there.

        Raises:
            FeatureSchemaError: There is no such feature.
        """
        feature = self._known(schema_id)
        nodes = ontology.normalized["tools" if "tool" in feature else "classifications"]
        nodes[:] = [each for each in nodes if each["featureSchemaId"] != schema_id]
        nodes.insert(position, copy.deepcopy(feature))

    def remove(self, ontology: OntologyRecord, schema_id: str) -> bool:
        """Remove a feature from an ontology; one that labels use is only archived.

        Returns:
            Whether it was archived.

        Raises:
            FeatureSchemaError: The ontology does not have it.
        """
        for nodes in (ontology.normalized["tools"], ontology.normalized["classifications"]):
            for feature in nodes:
                if feature["featureSchemaId"] != schema_id:
                    continue
                if self._has_labels(ontology, feature):
                    ontology.archived.add(schema_id)
                    return True
                nodes.remove(feature)
                self._store.feature_schemas.setdefault(schema_id, feature)
                return False
        raise FeatureSchemaError(f"Failed to find feature schema node by id: {schema_id}")

    def delete_ontology(self, ontology: OntologyRecord) -> None:
        """Delete an ontology that no project has; its features stay.

        Raises:
            FeatureSchemaError: It is connected to a project.
        """
        projects = [
            project.id
            for project in self._store.projects.values()
            if project.ontology_id == ontology.id and not project.deleted
        ]
        if projects:
            raise FeatureSchemaError(
                "Cannot delete an ontology connected to a project. The ontology is connected to "
                f"projects: {', '.join(projects)}"
            )
        for feature in features_of(ontology.normalized):
            self._store.feature_schemas.setdefault(feature["featureSchemaId"], feature)
        del self._store.ontologies[ontology.id]

    def _known(self, schema_id: str) -> dict[str, Any]:
        feature = self.find(schema_id)
        if feature is None:
            raise FeatureSchemaError(
                f"Cannot find root schema node with feature schema id {schema_id}"
            )
        return feature

    def _in_ontologies(self) -> Iterator[dict[str, Any]]:
        for ontology in self._store.ontologies.values():
            yield from features_of(ontology.normalized)

    def _has_labels(self, ontology: OntologyRecord, feature: dict[str, Any]) -> bool:
        ids = (feature["featureSchemaId"], feature["schemaNodeId"])
        return any(
            annotation.get("schemaId") in ids or annotation.get("name") == feature["name"]
            for label in self._store.labels.values()
            if self._store.projects[label.project_id].ontology_id == ontology.id
            for annotation in label.annotations.values()
        )
