"""Name and frame count of a data row's video, from its export."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from deeplake_labelbox._model.json_values import as_frame_number, as_mapping, as_text


def data_row_name(row: Mapping[str, Any]) -> str:
    """Return the external id of a data row, or its URL without the query, or its path."""
    data_row = row["data_row"]
    name = as_text(data_row.get("external_id"))
    return without_signature(name or str(data_row["row_data"]))


def video_name(row: Mapping[str, Any]) -> str:
    """Return the file name of a data row's video without its ending."""
    return PurePosixPath(data_row_name(row).replace("\\", "/")).stem


def without_signature(url: str) -> str:
    """Remove user, query and fragment of a URL, which may hold secrets; keep any other text."""
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:  # not a URL, such as half of an IPv6 address
        return url.partition("?")[0]
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def declared_frames(row: Mapping[str, Any]) -> int | None:
    """Return the frame count that Labelbox read from the container; it may be wrong."""
    count = as_mapping(row.get("media_attributes")).get("frame_count")
    return as_frame_number(count)
