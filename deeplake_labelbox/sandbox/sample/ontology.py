"""The ontology of the sample project, in the ``normalized`` form of Labelbox."""

from __future__ import annotations

from typing import Any

Question = dict[str, Any]


def _question(kind: str, name: str, *options: dict[str, Any]) -> Question:
    return {
        "type": kind,
        "name": name,
        "instructions": name,
        "required": False,
        "attributes": None,
        "options": list(options),
    }


def _option(label: str, *below: Question) -> dict[str, Any]:
    # Labelbox distinguishes the text for annotators from the slug in exports.
    return {"label": label, "value": label.replace(" ", "_"), "options": list(below)}


def _tool(kind: str, name: str, color: str, *classifications: Question) -> dict[str, Any]:
    return {
        "tool": kind,
        "name": name,
        "required": False,
        "color": color,
        "attributes": None,
        "classifications": list(classifications),
    }


def sample_ontology() -> dict[str, Any]:
    """Return a new copy of the sample ontology, without the ids that the server fills in."""
    return {
        "tools": [
            _tool(
                "rectangle",
                "car",
                "#e4572e",
                _question(
                    "radio",
                    "color",
                    _option("red"),
                    _option("blue"),
                    _option("yellow"),
                    _option("white"),
                ),
                _question(
                    "checklist",
                    "state",
                    _option("moving"),
                    _option("braking"),
                    _option("lights on"),
                ),
                _question("text", "plate"),
            ),
            _tool("rectangle", "person", "#2e86e4"),
            _tool("raster-segmentation", "road", "#9b5de5"),
            _tool("raster-segmentation", "boat", "#00bbf9"),
            _tool("point", "lamp", "#fee440"),
            _tool("line", "lane", "#00f5d4"),
        ],
        "classifications": [
            {
                **_question(
                    "radio",
                    "weather",
                    _option("sun"),
                    _option(
                        "rain",
                        _question("radio", "intensity", _option("light"), _option("heavy")),
                    ),
                    _option("fog", _question("text", "visibility")),
                ),
                "scope": "index",
            },
            {
                **_question(
                    "checklist",
                    "events",
                    _option("crossing"),
                    _option("honking"),
                    _option("boat in sight"),
                ),
                "scope": "index",
            },
            {**_question("text", "note"), "scope": "index"},
            {
                **_question(
                    "radio",
                    "scene",
                    _option(
                        "city",
                        _question("radio", "district", _option("center"), _option("suburb")),
                    ),
                    _option("harbor", _question("text", "port")),
                    _option("country road"),
                ),
                "scope": "global",
            },
            {
                **_question(
                    "checklist",
                    "camera",
                    _option("steady"),
                    _option("moving"),
                    _option("wide"),
                ),
                "scope": "global",
            },
        ],
    }
