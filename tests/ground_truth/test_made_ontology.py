"""An import that creates the ontology of its project from its source."""

import numpy as np
import pytest
from cvat_files import box, document, task, track

from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError, OntologyError

AT = {"data_row": "one.mp4", "track": "a", "frame": 3}
PIXELS = np.zeros((48, 64), dtype=bool)
PIXELS[3:9, 4:10] = True
CAR = {
    **AT,
    "class": "vehicle",
    "box": [1, 2, 3, 4],
    "answers": {"color": "red", "flags": ["dirty", "parked"], "plate": "HB 1"},
}
EVERY_KIND = [
    CAR,
    {**AT, "frame": 4, "class": "vehicle", "box": [1, 2, 3, 4], "answers": {"color": "blue"}},
    {**AT, "class": "nose", "point": [1.5, 2.25]},
    {**AT, "class": "lane", "line": [[0, 0], [5, 6.5]]},
    {**AT, "class": "road", "mask": PIXELS},
    {"data_row": "one.mp4", "frames": (2, 4), "answers": {"weather": "sun"}},
    {"data_row": "two.mp4", "frames": 5, "answers": {"weather": {"rain": {"heavy": "yes"}}}},
    {"data_row": "two.mp4", "answers": {"place": "town"}},
]
KINDS = {
    "color": "radio",
    "heavy": "radio",
    "place": "radio",
    "plate": "text",
    "weather": "radio",
}
OPTIONS = {"make_ontology": True, "answer_kinds": KINDS, "mapping": {"vehicle": "car"}}


@pytest.fixture
def project(project):
    """A project with two videos and without ontology."""
    project._record.ontology_id = None
    return project


def described(project):
    """Kind of each tool and classification, with the options."""

    def asked(items):
        return {
            item.name: (item.kind, {o.value: asked(o.classifications) for o in item.options})
            for item in items
        }

    found = Ontology.from_normalized(project.ontology_normalized)
    scopes = {item.name: item.scope for item in found.classifications}
    tools = {tool.name: (tool.kind, asked(tool.classifications)) for tool in found.tools}
    return tools, asked(found.classifications), scopes


def test_every_kind_of_annotation_gets_its_tool_or_classification(
    imported, project, labels_of, tmp_path
):
    planned = imported(iter(EVERY_KIND), dry_run=tmp_path / "lines.ndjson", **OPTIONS)
    assert project.ontology_id is None
    assert "'Target' would be created: car (rectangle), nose (point)," in str(planned)
    result = imported(iter(EVERY_KIND), **OPTIONS)
    assert "'Target' was created: car (rectangle), nose (point)," in str(result)
    assert len(result.accepted) == len(result.annotations) == 7
    assert described(project) == (
        {
            "car": (
                "rectangle",
                {
                    "color": ("radio", {"red": {}, "blue": {}}),
                    "flags": ("checklist", {"dirty": {}, "parked": {}}),
                    "plate": ("text", {}),
                },
            ),
            "nose": ("point", {}),
            "lane": ("line", {}),
            "road": ("raster-segmentation", {}),
        },
        {
            "weather": ("radio", {"sun": {}, "rain": {"heavy": ("radio", {"yes": {}})}}),
            "place": ("radio", {"town": {}}),
        },
        {"weather": "index", "place": "global"},
    )
    labels = labels_of(project)
    assert len(parse_label(labels["one.mp4"][0]).tracks) == 4

    before = project.ontology_id
    again = imported(EVERY_KIND, make_ontology=True, mapping=OPTIONS["mapping"])
    assert project.ontology_id == before  # which tells the kinds of the answers, too
    assert again.sent == 0
    green = {**CAR, "frame": 9, "answers": {"color": "green"}}
    more = [*EVERY_KIND, {**CAR, "class": "dog"}, green]
    with pytest.raises(OntologyError, match=r"lacks the option 'green' of 'color', 'dog' \(rect"):
        imported(more, **OPTIONS)
    assert project.ontology_id == before


def attribute(name, kind, *values):
    listed = "\n".join(values)
    return (
        f"<attribute><name>{name}</name><input_type>{kind}</input_type>"
        f"<values>{listed}</values></attribute>"
    )


def test_kinds_and_options_come_from_attributes_of_cvat(imported, project, tmp_path):
    asked = attribute("color", "select", "red", "blue") + attribute("old", "checkbox", "false")
    asked += attribute("plate", "text", "")
    labels = f"<labels><label><name>car</name><attributes>{asked}</attributes></label></labels>"
    drawn = "".join(
        f'<attribute name="{name}">{value}</attribute>'
        for name, value in {"color": "red", "old": "true", "plate": "HB 1"}.items()
    )
    shape = box(1).replace("/>", f">{drawn}</box>")
    (tmp_path / "a.xml").write_text(
        document(task().replace("</task>", f"{labels}</task>"), track(shape))
    )
    result = imported(tmp_path / "a.xml", make_ontology=True)
    assert len(result.accepted) == len(result.annotations) == 1
    tools, _, _ = described(project)
    questions = {
        "color": ("radio", {"red": {}, "blue": {}}),
        "old": ("radio", {"true": {}, "false": {}}),
        "plate": ("text", {}),
    }
    assert tools == {"car": ("rectangle", questions)}


@pytest.mark.parametrize(
    ("source", "options", "error", "message"),
    [
        ([CAR], {}, ConfigurationError, r"to 'color' and 'plate' may be texts or options; say whi"),
        (
            [CAR, {**AT, "class": "vehicle", "mask": PIXELS}],
            {"answer_kinds": {"color": "radio", "plate": "text"}},
            OntologyError,
            "'vehicle' is both a rectangle and a raster-segmentation in the source",
        ),
        (
            [CAR],
            {"answer_kinds": {"color": "radio", "plate": "text", "shade": "text"}},
            ConfigurationError,
            "names 'shade', which the source does not have; it has 'color', 'flags', 'pla",
        ),
        ([CAR], {"mapping": {"cat": "dog"}}, ConfigurationError, "`mapping` names 'cat'"),
        ([CAR], {"answer_kinds": {"color": "dropdown"}}, ConfigurationError, "has 'dropdown' for"),
        (
            [{**AT, "data_row": "three.mp4", "class": "car", "box": [1, 2, 3, 4]}],
            {},
            AnnotationSourceError,
            "No video of the source matches",
        ),
        ([CAR], {"make_ontology": False}, OntologyError, "or pass `make_ontology=True` to create"),
        (
            [CAR],
            {"make_ontology": False, "answer_kinds": KINDS},
            ConfigurationError,
            "`answer_kinds` needs `make_ontology=True`",
        ),
    ],
)
def test_an_unclear_ontology_is_refused_and_not_created(
    imported, project, source, options, error, message
):
    with pytest.raises(error, match=message):
        imported(source, **{"make_ontology": True, **options})
    assert project.ontology_id is None
