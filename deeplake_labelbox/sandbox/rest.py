"""Serve Labelbox's REST API for ontologies and feature schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from deeplake_labelbox.sandbox.feature_schemas import FeatureSchemaError, FeatureSchemas
from deeplake_labelbox.sandbox.ontology import features_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from deeplake_labelbox.sandbox.store import OntologyRecord, Store

    # (path, methods, answer from the request and its JSON body).
    RestRoute = tuple[str, list[str], Callable[[Request, dict[str, Any]], Response]]


class RestApi:
    """Answers requests to the REST API."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._features = FeatureSchemas(store)
        feature, ontology = "/feature-schemas", "/ontologies"
        node = f"{ontology}/{{ontology_id}}{feature}/{{schema_id}}"
        self.routes: list[RestRoute] = [
            (f"{feature}/unused", ["GET"], self._unused_features),
            (f"{feature}/{{schema_id}}", ["PUT"], self._upsert),
            (f"{feature}/{{schema_id}}", ["DELETE"], self._delete_feature),
            (f"{feature}/{{schema_id}}/definition", ["PATCH"], self._rename),
            (f"{ontology}/unused", ["GET"], self._unused_ontologies),
            (f"{ontology}/{{ontology_id}}", ["GET"], self._ontology),
            (f"{ontology}/{{ontology_id}}", ["DELETE"], self._delete_ontology),
            (node, ["POST"], self._insert),
            (node, ["DELETE"], self._remove),
            (f"{node}/unarchive", ["PATCH"], self._unarchive),
        ]

    async def answer(
        self, request: Request, endpoint: Callable[[Request, dict[str, Any]], Response]
    ) -> Response:
        """Answer a request to an endpoint, or refuse it as Labelbox does."""
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            return JSONResponse({"message": "The body is not JSON"}, 400)
        with self._store.lock:
            try:
                return endpoint(request, body)
            except _NotFoundError as error:
                return JSONResponse({"message": str(error)}, 404)
            except FeatureSchemaError as error:
                return JSONResponse({"message": str(error)}, 400)

    def _upsert(self, _request: Request, body: dict[str, Any]) -> Response:
        made = self._features.upsert(json.loads(body["normalized"]))
        return JSONResponse({"schemaId": made["featureSchemaId"]})

    def _rename(self, request: Request, body: dict[str, Any]) -> Response:
        self._features.rename(request.path_params["schema_id"], body.get("title"))
        return JSONResponse({"schemaId": request.path_params["schema_id"]})

    def _delete_feature(self, request: Request, _body: dict[str, Any]) -> Response:
        self._features.delete(request.path_params["schema_id"])
        return Response(status_code=204)

    def _unused_features(self, _request: Request, _body: dict[str, Any]) -> Response:
        return JSONResponse(self._features.unused())

    def _ontology(self, request: Request, _body: dict[str, Any]) -> Response:
        record = self._record(request)
        nodes = {
            key: [
                {
                    "featureSchemaId": each["featureSchemaId"],
                    "archived": each["featureSchemaId"] in record.archived,
                }
                for each in record.normalized[key]
            ]
            for key in ("tools", "classifications")
        }
        return JSONResponse({"featureSchemaNodes": {**nodes, "relationships": []}})

    def _delete_ontology(self, request: Request, _body: dict[str, Any]) -> Response:
        self._features.delete_ontology(self._record(request))
        return Response(status_code=204)

    def _unused_ontologies(self, _request: Request, _body: dict[str, Any]) -> Response:
        projects = self._store.projects.values()
        used = {project.ontology_id for project in projects if not project.deleted}
        return JSONResponse([key for key in self._store.ontologies if key not in used])

    def _insert(self, request: Request, body: dict[str, Any]) -> Response:
        schema_id = request.path_params["schema_id"]
        self._features.insert(self._record(request), schema_id, int(body.get("position") or 0))
        return JSONResponse({"schemaId": schema_id}, 201)

    def _remove(self, request: Request, _body: dict[str, Any]) -> Response:
        record = self._record(request)
        archived = self._features.remove(record, request.path_params["schema_id"])
        return JSONResponse({"archived": archived, "deleted": not archived})

    def _unarchive(self, request: Request, _body: dict[str, Any]) -> Response:
        record, schema_id = self._record(request), request.path_params["schema_id"]
        features = features_of(record.normalized)
        if not any(each["featureSchemaId"] == schema_id for each in features):
            raise _NotFoundError(f"Failed to find feature schema node by id: {schema_id}")
        record.archived.discard(schema_id)
        return JSONResponse({"unarchived": True})

    def _record(self, request: Request) -> OntologyRecord:
        ontology_id = request.path_params["ontology_id"]
        record = self._store.ontologies.get(ontology_id)
        if record is None:
            raise _NotFoundError(f"Failed to find ontology by id: {ontology_id}")
        return record


class _NotFoundError(Exception):
    pass
