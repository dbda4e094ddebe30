"""Keep metadata of data rows: reserved and custom schemas, and their values."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deeplake_labelbox.sandbox.identifiers import Identifiers

_ENUM = "CustomMetadataEnum"


class MetadataError(Exception):
    """A metadata value or schema was refused; the message is worded like Labelbox's."""


@dataclass(slots=True)
class MetadataSchema:
    """A field of metadata; ``options`` are names by id, for enums."""

    id: str
    name: str
    kind: str
    reserved: bool = False
    options: dict[str, str] = field(default_factory=dict)

    def form(self) -> dict[str, Any]:
        """Return the schema in the form of the API."""
        options = [
            {"id": key, "name": name, "kind": "CustomMetadataEnumOption", "reserved": self.reserved}
            for key, name in self.options.items()
        ]
        return {**asdict(self), "options": options}


# Their ids are the same in every organization; the SDK's own tests use them.
_RESERVED = (
    MetadataSchema("cko8s9r5v0001h2dk9elqdidh", "tag", "CustomMetadataString", reserved=True),
    MetadataSchema(
        "cko8sdzv70006h2dk8jg64zvb", "captureDateTime", "CustomMetadataDateTime", reserved=True
    ),
    MetadataSchema(
        "cko8sbczn0002h2dkdaxb5kal",
        "split",
        _ENUM,
        reserved=True,
        options={
            "cko8sbscr0003h2dk04w86hof": "train",
            "cko8sc2yr0004h2dk69aj5x63": "valid",
            "cko8scbz70005h2dkastwhgqt": "test",
        },
    ),
)


class MetadataSchemas:
    """The metadata schemas of an organization."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._schemas = {schema.id: schema for schema in _RESERVED}

    def __iter__(self) -> Iterator[MetadataSchema]:
        """Iterate over the schemas, reserved ones first."""
        return iter(self._schemas.values())

    def upsert(self, given: dict[str, Any]) -> MetadataSchema:
        """Create or change a custom schema.

        Raises:
            MetadataError: Its name is taken, or there is no schema with its id.
        """
        schema_id = given.get("id")
        for other in self._schemas.values():
            if other.name == given["name"] and other.id != schema_id and not other.reserved:
                raise MetadataError(f"Schema with name {given['name']} already exists")
        schema = self._schemas.get(schema_id) if schema_id else None
        if schema_id and (schema is None or schema.reserved):
            raise MetadataError(f"No custom metadata schema {schema_id}")
        if schema is None:
            schema = MetadataSchema(self._identifiers.new(), given["name"], given["kind"])
            self._schemas[schema.id] = schema
        schema.name = given["name"]
        if given.get("options") is not None:
            schema.options = {
                option.get("id") or self._identifiers.new(): option["name"]
                for option in given["options"]
            }
        return schema

    def delete(self, schema_id: str) -> bool:
        """Delete a custom schema; its values are kept but no longer shown."""
        schema = self._schemas.get(schema_id)
        if schema is None or schema.reserved:
            return False
        del self._schemas[schema_id]
        return True

    def values(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Convert values from the forms that clients send to the stored form.

        Clients send schema ids or names. An enum's value is the name or id of an option, or a
        second entry whose schema id is the option's.

        Raises:
            MetadataError: A schema is unknown, or occurs twice.
        """
        counts = Counter(str(each.get("schemaId") or each.get("name")) for each in given)
        twice = [key for key, count in counts.items() if count > 1]
        if twice:
            raise MetadataError(
                f"A schemaId can only be specified once per DataRow : [{', '.join(twice)}]"
            )
        options = {key: schema for schema in self for key in schema.options}
        chosen: dict[str, tuple[MetadataSchema, Any]] = {}
        for each in given:
            key = each.get("schemaId")
            if key in options:
                chosen[options[key].id] = (options[key], options[key].options[key])
                continue
            schema = self._schemas.get(key) if key else self._named(str(each.get("name")))
            if schema is None:
                raise MetadataError(f"Metadata schema {key or each.get('name')} does not exist")
            value = each.get("value")
            if schema.kind != _ENUM:
                chosen[schema.id] = (schema, value)
            elif isinstance(value, str):
                chosen[schema.id] = (schema, schema.options.get(value, value))
        return [_kept(schema, value) for schema, value in chosen.values()]

    def custom_metadata(self, kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Convert stored values to the form that the SDK parses: an enum is two entries."""
        forms = []
        for each in kept:
            schema = self._schemas.get(str(each.get("schema_id")))
            if schema is None:
                continue
            if schema.kind != _ENUM:
                forms.append({"schemaId": schema.id, "value": each.get("value")})
                continue
            forms.append({"schemaId": schema.id, "value": {}})
            forms += [
                {"schemaId": key, "value": {}}
                for key, name in schema.options.items()
                if name == each.get("value")
            ]
        return forms

    def _named(self, name: str) -> MetadataSchema | None:
        return next((schema for schema in self if schema.name == name), None)


def merged(kept: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge stored values with newer ones, by schema."""
    by_schema = {each.get("schema_id"): each for each in (*kept, *new)}
    return list(by_schema.values())


def _kept(schema: MetadataSchema, value: Any) -> dict[str, Any]:
    return {
        "schema_id": schema.id,
        "schema_name": schema.name,
        "schema_kind": schema.kind,
        "value": value,
    }
