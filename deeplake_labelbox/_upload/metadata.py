"""Read and check the metadata of new data rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deeplake_labelbox._labelbox.client import labelbox_errors
from deeplake_labelbox._upload.global_keys import KeyedVideo
from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    import labelbox

MetadataSource = Mapping[str, Mapping[str, Any]] | Callable[[str], Mapping[str, Any]]
"""Values by metadata field: for each path or URL, or from a function of it."""


def metadata_by_key(
    client: labelbox.Client, source: MetadataSource | None, videos: Sequence[KeyedVideo]
) -> dict[str, list[dict[str, Any]]]:
    """Return the metadata of videos by global key, in the SDK's form.

    Raises:
        ConfigurationError: A path, a field or a value is invalid.
    """
    if source is None:
        return {}
    paths = {video.source.path for video in videos}
    if isinstance(source, Mapping):
        unknown = sorted(source.keys() - paths)
        if unknown:
            raise ConfigurationError(
                f"`metadata` names {unknown[0]!r}, which is not one of the videos; write the paths "
                "as in `paths`."
            )
    values = source.get if isinstance(source, Mapping) else source
    given = {
        video.global_key: [
            {"name": name, "value": value}
            for name, value in (values(video.source.path) or {}).items()
        ]
        for video in videos
    }
    _check(client, {video.global_key: video.source.name for video in videos}, given)
    return given


def _check(
    client: labelbox.Client, names: Mapping[str, str], given: Mapping[str, list[dict[str, Any]]]
) -> None:
    """Check fields and values against the metadata schemas of the organization."""
    if not any(given.values()):
        return
    with labelbox_errors("reading the metadata schemas of the organization"):
        schemas = client.get_data_row_metadata_ontology()
        known = {field.name for field in (*schemas.reserved_fields, *schemas.custom_fields)}
    for key, fields in given.items():
        for field in fields:
            if field["name"] not in known:
                raise ConfigurationError(
                    f"`metadata` gives {names[key]} the field {field['name']!r}, which the "
                    f"organization does not have; it has {', '.join(sorted(known))}. Create it in "
                    "Labelbox first."
                )
            try:
                schemas.parse_upsert_metadata([field])
            except (KeyError, ValueError, TypeError) as error:
                raise ConfigurationError(
                    f"`metadata` gives {names[key]} {field['name']} = {field['value']!r}, which "
                    f"cannot be used ({error})."
                ) from error
