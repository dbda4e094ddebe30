"""Random labels of every kind that can be imported to videos, as hypothesis draws them."""

from __future__ import annotations

import base64
import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from random import Random

SIZE = (32, 24)
FRAMES = 16

_OPTIONS = ["red", "blue", "green"]


def _asked(name: str, kind: str, below: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A classification; ``below`` is asked below its first option."""
    options = [] if kind == "text" else [{"value": value} for value in _OPTIONS]
    if options and below:
        options[0]["options"] = below
    return {"type": kind, "name": name, "options": options}


_BELOW = [_asked("why", "text"), _asked("how", "radio", [_asked("exactly", "checklist")])]
_OF_OBJECTS = [_asked("color", "radio"), _asked("flags", "checklist"), _asked("plate", "text")]
_OVER_TIME = [_asked("sky", "radio", _BELOW), _asked("seen", "checklist", _BELOW)]
_ONCE = [_asked("place", "radio", _BELOW), _asked("goods", "checklist"), _asked("title", "text")]
ONTOLOGY: dict[str, Any] = {
    "tools": [
        {"tool": "rectangle", "name": "car", "classifications": _OF_OBJECTS},
        {"tool": "rectangle", "name": "person"},
        {"tool": "point", "name": "nose", "classifications": _OF_OBJECTS},
        {"tool": "line", "name": "lane", "classifications": _OF_OBJECTS},
        {"tool": "raster-segmentation", "name": "road"},
        {"tool": "raster-segmentation", "name": "grass"},
    ],
    "classifications": [
        *({**each, "scope": "index"} for each in (*_OVER_TIME, _asked("note", "text"))),
        *_ONCE,
    ],
}


def random_annotations(random: Random) -> list[dict[str, Any]]:
    """Annotations of a label, in the form that the sandbox takes."""
    annotations: list[dict[str, Any]] = []
    for tool in ONTOLOGY["tools"][:4]:
        annotations += [
            {"name": tool["name"], "segments": _segments(random, tool)}
            for _ in range(random.randint(0, 3))
        ]
    if random.random() < 0.7:
        annotations.append(_masks(random))
    for item in ONTOLOGY["classifications"]:
        if random.random() < 0.7:
            annotations.append({"name": item["name"], **_top_answer(random, item)})
    return annotations


def _intervals(random: Random) -> list[tuple[int, int]]:
    """Some frames' intervals, with gaps between them."""
    bounds = sorted(random.sample(range(1, FRAMES + 1), 2 * random.randint(1, 3)))
    pairs = list(zip(bounds[::2], bounds[1::2], strict=True))
    return [pair for pair, after in pairwise([*pairs, (FRAMES + 2, 0)]) if after[0] > pair[1] + 1]


def _segments(random: Random, tool: dict[str, Any]) -> list[dict[str, Any]]:
    segments = []
    for start, end in _intervals(random):
        inside = range(start, end + 1)
        drawn = {start, *random.sample(inside, random.randint(0, min(3, len(inside))))}
        keys = [
            {
                "frame": frame,
                **_geometry(random, tool["tool"]),
                "classifications": [
                    {"name": item["name"], "answer": _answer(random, item)}
                    for item in tool.get("classifications", ())
                    if random.random() < 0.6
                ],
            }
            for frame in sorted(drawn)
        ]
        segments.append({"keyframes": keys, "end": end})
    return segments


def _geometry(random: Random, kind: str) -> dict[str, Any]:
    def at(highest: float = SIZE[1]) -> float:
        return round(random.uniform(0, highest), random.choice([0, 1, 3]))

    if kind == "rectangle":
        side = round(random.uniform(0.5, 13), 2)
        return {"bbox": {"left": at(10), "top": at(10), "width": side, "height": side + 1}}
    if kind == "point":
        return {"point": {"x": at(), "y": at()}}
    return {"line": [{"x": at(), "y": at()} for _ in range(random.choice([2, 2, 3]))]}


def _masks(random: Random) -> dict[str, Any]:
    """Bands of rows, one an instance, that come and go."""
    instances = [
        {"name": random.choice(["road", "grass"]), "colorRGB": [255, 60 * band, 9]}
        for band in range(random.randint(1, 3))
    ]
    frames = []
    for index in sorted(random.sample(range(1, FRAMES + 1), random.randint(1, 6))):
        pixels = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
        for band, instance in enumerate(instances):
            if not frames or random.random() < 0.6:
                left = random.randint(0, 20)
                pixels[8 * band + 1 : 8 * band + 6, left : left + 9] = instance["colorRGB"]
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        frames.append({"index": index, "imBytes": base64.b64encode(buffer.getvalue()).decode()})
    return {"masks": {"frames": frames, "instances": instances}}


def _answer(random: Random, item: dict[str, Any]) -> Any:
    if item["type"] == "text":
        return random.choice(["a", "b b", "ü\u2028,"])
    if item["type"] == "radio":
        return _chosen(random, random.choice(item["options"]))
    chosen = random.sample(item["options"], random.randint(1, len(item["options"])))
    return [_chosen(random, option) for option in sorted(chosen, key=item["options"].index)]


def _chosen(random: Random, option: dict[str, Any]) -> dict[str, Any]:
    below = [
        {"name": item["name"], "answer": _answer(random, item)}
        for item in option.get("options", ())
        if random.random() < 0.6
    ]
    return {"name": option["value"], "classifications": below}


def _top_answer(random: Random, item: dict[str, Any]) -> dict[str, Any]:
    """An answer for the whole video, or answers over its frames."""
    if item.get("scope") != "index":
        return {"answer": _answer(random, item)}
    parts: list[dict[str, Any]] = []
    for start, end in _intervals(random):
        frames = [{"start": start, "end": end}]
        answer = _answer(random, item)
        for part in answer if isinstance(answer, list) else [answer]:
            given = part if isinstance(part, dict) else {"value": part}
            parts.append({**given, "frames": frames})
    return {"answer": parts}
