import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_json import ONTOLOGY, PATIENT

from deeplake_labelbox._model.annotations import Feature
from deeplake_labelbox._model.ontology import (
    Classification,
    Ontology,
    Option,
    Tool,
    slug,
    walk_classifications,
)
from deeplake_labelbox.errors import OntologyError


class Normalized:
    """Like a `labelbox.Ontology`."""

    normalized = ONTOLOGY


@pytest.mark.parametrize("source", [ONTOLOGY, Normalized(), Ontology.from_normalized(ONTOLOGY)])
def test_an_ontology_is_read_from_whatever_holds_one(source):
    ontology = Ontology.of(source)

    assert [(tool.name, tool.kind) for tool in ontology.tools] == [
        ("car", "rectangle"),
        ("person", "rectangle"),
        ("nose", "point"),
        ("lane", "line"),
        ("road", "raster-segmentation"),
    ]
    assert [(c.name, c.kind, c.scope) for c in ontology.classifications] == [
        ("weather", "radio", "index"),
        ("seen", "checklist", "index"),
        ("note", "text", "index"),
        ("place", "radio", "global"),
    ]
    assert [c.name for c in walk_classifications(ontology.tools[0].classifications)] == [
        "color",
        "shade",
        "flags",
        "plate",
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"tools": [{"name": "car"}]},
        {"tools": [{"tool": "rectangle"}]},
        {"tools": [{"name": "", "tool": "rectangle"}]},
        {"tools": [{"name": None, "tool": "rectangle"}]},
        {"tools": ["car"]},
        {"tools": 3},
        {"classifications": [{"name": "a"}]},
        {"classifications": [{"type": "radio"}]},
        {"classifications": [{"name": "a", "type": "radio", "options": [{"label": "x"}]}]},
        {"classifications": [{"name": "a", "type": "radio", "options": [{"value": ""}]}]},
    ],
)
def test_an_ontology_that_lacks_what_all_have_is_refused(broken):
    with pytest.raises(OntologyError, match="cannot be read"):
        Ontology.of(broken)


@pytest.mark.parametrize("source", [None, 3, "cl123", [ONTOLOGY]])
def test_something_else_than_an_ontology_is_refused(source):
    with pytest.raises(OntologyError, match=f"got {type(source).__name__}"):
        Ontology.of(source)


def test_a_bottomless_ontology_is_refused():
    classification = {"name": "a", "type": "radio", "options": []}
    classification["options"].append({"value": "x", "options": [classification]})

    with pytest.raises(OntologyError):
        Ontology.of({"classifications": [classification]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["tools", "classifications", "options", "name", "tool", "type", "value"]
            ),
            children,
            max_size=4,
        )
    ),
)


@PATIENT
@given(JSON)
def test_random_json_is_an_ontology_or_refused(anything):
    with contextlib.suppress(OntologyError):
        assert isinstance(Ontology.of(anything), Ontology)


def test_features_are_found_by_schema_id_whatever_they_are_called_now():
    ontology = Ontology(tools=(Tool("a", "point", "id-a"), Tool("b", "point", "id-b")))

    assert ontology.tool(Feature("id-b", "a", "a")).name == "b"
    assert ontology.tool(Feature("id-c", "a", "a")) is None


@pytest.mark.parametrize(
    ("feature", "index"),
    [
        (Feature(None, "A-", "a_"), 1),
        (Feature(None, "A+", "a_"), 0),
        (Feature("id", "A-", None), 1),
        (Feature(None, None, "A-"), 1),
        (Feature(None, None, "a_"), 0),
        (Feature(None, "B", "a_"), None),
        (Feature(None, "Minus", None), 1),
        (Feature(None, None, None), None),
    ],
)
def test_without_schema_ids_names_count_before_slugs(feature, index):
    grades = Classification(
        "grade", "radio", "grade", options=(Option("A+", "Plus"), Option("A-", "Minus"))
    )

    assert grades.option(feature) == index


def test_names_in_other_scripts_are_told_apart():
    animals = Classification(
        "动物", "radio", "动物", options=(Option("猫", "猫"), Option("狗", "狗"))
    )

    assert animals.option(Feature(None, "狗", slug("狗"))) == 1
    assert animals.option(Feature(None, "鸟", slug("鸟"))) is None


def test_of_two_tools_of_one_name_the_one_of_the_kind_is_meant():
    ontology = Ontology(tools=(Tool("car", "rectangle"), Tool("car", "point")))

    assert ontology.tool(Feature(None, "car", "car"), "point").kind == "point"
    assert ontology.tool(Feature(None, "car", "car"), "rectangle").kind == "rectangle"
    assert ontology.tool(Feature(None, "car", "car"), "line").kind == "rectangle"


def test_the_kind_does_not_overrule_the_schema_id():
    ontology = Ontology(tools=(Tool("car", "rectangle", "r"), Tool("car", "point", "p")))

    assert ontology.tool(Feature("r", "car", "car"), "point").kind == "rectangle"


def test_slugs_are_what_labelbox_makes_of_names():
    assert slug("Named-Entity 2") == "named_entity_2"
