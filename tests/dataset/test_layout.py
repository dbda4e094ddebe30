import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_json import PATIENT, layout

from deeplake_labelbox._model.annotations import Feature
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._store.layout import check_group_mapping, make_layout
from deeplake_labelbox.errors import ConfigurationError, GroupMappingError

KINDS = ["rectangle", "point", "line", "polygon", "raster-segmentation"]


def tool(name, kind="rectangle", *classifications):
    return {"name": name, "tool": kind, "classifications": list(classifications)}


def question(name, *options, kind="radio"):
    """A classification; an option is a value, or a pair of value and what is asked below it."""
    pairs = [option if isinstance(option, tuple) else (option, []) for option in options]
    return {
        "name": name,
        "type": kind,
        "scope": "index",
        "options": [{"value": value, "options": nested} for value, nested in pairs],
    }


def laid_out(*tools, classifications=(), group=None, **options):
    ontology = {"tools": list(tools), "classifications": list(classifications)}
    return make_layout(Ontology.from_normalized(ontology), group, **options)


def names(made):
    """Every column name, in the order in which the dataset gets them."""
    found = []
    for column in made.geometries:
        beside = [column.labels] if column.grouped else []
        found += [column.name, *beside, column.track_ids, column.key_frames]
        found += [answers.name for answers in column.answers]
    return found + [answers.name for answers in made.answers]


@pytest.mark.parametrize("kind", KINDS)
def test_a_tool_is_a_column_of_its_name(kind):
    assert names(laid_out(tool("car", kind))) == ["car", "car_track_ids", "car_key_frames"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_tool_with_classifications_is_a_folder(kind):
    made = laid_out(
        tool(
            "car",
            kind,
            question("color", ("red", [question("shade", kind="text")]), "blue"),
            question("flags", "parked", kind="checklist"),
            question("plate", kind="text"),
        )
    )

    assert names(made) == [
        "car/car",
        "car/car_track_ids",
        "car/car_key_frames",
        "car/color",
        "car/color/red/shade",
        "car/flags",
        "car/plate",
    ]
    assert [answers.object_kind for answers in made.geometries[0].answers] == [
        "object choice",
        "object text",
        "object choices",
        "object text",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_grouped_kind_shares_a_column_with_labels(kind):
    made = laid_out(tool("car", kind), tool("person", kind), group={kind: "things"})

    assert names(made) == ["things", "things_labels", "things_track_ids", "things_key_frames"]
    assert [each.name for each in made.geometries[0].tools] == ["car", "person"]


def test_a_grouped_kind_with_classifications_is_a_folder():
    made = laid_out(
        tool("car", "raster-segmentation", question("color", "red")),
        tool("road", "raster-segmentation"),
        group={"raster-segmentation": "mask"},
    )

    assert names(made) == [
        "mask/mask",
        "mask/mask_labels",
        "mask/mask_track_ids",
        "mask/mask_key_frames",
        "mask/color",
    ]


def test_kinds_that_are_not_grouped_stay_as_they_are():
    made = laid_out(tool("car"), tool("nose", "point"), group={"point": "points"})

    assert names(made)[:2] == ["car", "car_track_ids"]
    assert names(made)[3:5] == ["points", "points_labels"]


def test_grouped_tools_share_a_question_of_one_name_and_all_its_options():
    made = laid_out(
        tool("car", "rectangle", question("color", "red", "blue")),
        tool("person", "rectangle", question("color", "blue", "green")),
        group={"rectangle": "box"},
    )

    (color,) = made.geometries[0].answers
    assert (color.name, color.class_names) == ("box/color", ("red", "blue", "green"))
    assert [source.classes for source in color.sources] == [(0, 1), (1, 2)]
    assert color.object_kind == "object choice"


def test_frame_and_global_classifications_are_columns_at_the_top():
    made = laid_out(
        classifications=[
            question("weather", "sun", ("rain", [question("strength", "light", "heavy")])),
            question("seen", "bus", kind="checklist"),
            question("note", kind="text"),
            {**question("place", "town"), "scope": "global"},
        ]
    )

    assert names(made) == ["weather", "weather/rain/strength", "seen", "note", "place"]
    assert [answers.frame_kind for answers in made.answers] == [
        "choices",
        "choices",
        "choices",
        "text",
        "choices",
    ]
    assert made.answers[0].class_names == ("sun", "rain")


def test_nesting_goes_on_below_options():
    deepest = question("c", "z", kind="checklist")
    made = laid_out(classifications=[question("a", ("x", [question("b", ("y", [deepest]))]))])

    assert names(made) == ["a", "a/x/b", "a/x/b/y/c"]


def test_a_group_of_radios_keeps_apart_what_different_questions_answer():
    made = laid_out(
        classifications=[question("day", "yes", "no"), question("rain", "yes", "no")],
        group={"radio": "answers"},
    )

    (answers,) = made.answers
    assert (answers.name, answers.frame_kind) == ("answers", "choices")
    assert answers.class_names == ("day/yes", "day/no", "rain/yes", "rain/no")
    assert [source.classes for source in answers.sources] == [(0, 1), (2, 3)]


def test_a_group_of_radios_below_an_object_takes_several_answers():
    made = laid_out(
        tool("car", "rectangle", question("color", "red"), question("size", "big")),
        group={"radio": "attributes"},
    )

    (answers,) = made.geometries[0].answers
    assert (answers.name, answers.object_kind) == ("car/attributes", "object choices")
    assert answers.class_names == ("color/red", "size/big")


def test_a_group_of_radios_takes_several_answers_to_questions_of_one_name_as_well():
    made = laid_out(
        tool(
            "car",
            "rectangle",
            question("color", ("yes", [question("why", "a")])),
            question("size", ("yes", [question("why", "b")])),
        ),
        group={"radio": "attributes"},
    )

    below = made.geometries[0].answers[1]
    assert (below.name, below.object_kind) == ("car/attributes/yes/attributes", "object choices")
    assert below.class_names == ("a", "b")


@pytest.mark.parametrize("taken", ["frames", "frame_idx", "timestamp", "lb_meta/id"])
def test_a_name_that_is_taken_gets_the_kind_appended(taken):
    made = laid_out(tool(taken, "point"), classifications=[question(taken, "x")], reserved=(taken,))

    assert made.geometries[0].name == f"{taken}_point"
    assert made.answers[0].name == f"{taken}_radio"
    assert f"'{taken}' is taken" in made.renamed[0]


def test_a_tool_and_a_classification_of_one_name_have_a_column_each():
    asked = question("car", "x")

    assert names(laid_out(tool("car"), classifications=[asked]))[-1] == "car_radio"
    assert "car/car_radio" in names(laid_out(tool("car", "rectangle", asked)))


def test_tools_of_one_name_and_two_kinds_have_a_column_each():
    made = laid_out(tool("car"), tool("car", "point"), tool("car", "line", question("a", "x")))

    assert [column.name for column in made.geometries] == [
        "car",
        "car_point",
        "car_line/car_line",
    ]
    for kind in ("rectangle", "point", "line"):
        column, found = made.geometry(Feature(None, "car", "car"), kind)
        assert (column.kind, found.kind) == (kind, kind)


def test_a_group_keeps_its_name_and_the_tool_of_that_name_gives_way():
    made = laid_out(tool("box", "point"), tool("car"), group={"rectangle": "box"})

    assert [column.name for column in made.geometries] == ["box_point", "box"]


def test_two_groups_of_one_name_have_a_column_each():
    made = laid_out(tool("car"), tool("nose", "point"), group={"rectangle": "a", "point": "a"})

    assert [column.name for column in made.geometries] == ["a", "a_point"]


def test_what_is_nested_follows_the_column_that_its_parent_got():
    nested = question("color", ("red", [question("shade", "dark")]))
    made = laid_out(classifications=[nested], reserved=["color"])

    assert names(made) == ["color_radio", "color_radio/red/shade"]


@pytest.mark.parametrize("suffix", ["_labels", "_track_ids", "_key_frames"])
@pytest.mark.parametrize("swapped", [False, True])
def test_tools_named_like_the_columns_beside_others_collide_with_none(suffix, swapped):
    tools = [tool("car"), tool(f"car{suffix}")]
    made = names(laid_out(*(reversed(tools) if swapped else tools)))

    assert len(set(made)) == len(made) == 6


def test_a_tool_named_like_a_folder_collides_with_none():
    made = names(laid_out(tool("car/car"), tool("car", "rectangle", question("a", "x"))))

    assert len(set(made)) == len(made)


NAMES = st.sampled_from(
    ["a", "b", "a/a", "a/b", "a_labels", "a/a_track_ids", "a_radio", "b_point", "frames", "a/x/b"]
)
QUESTIONS = st.recursive(
    st.builds(question, NAMES, kind=st.just("text")),
    lambda children: st.builds(
        lambda name, kind, nested: question(name, ("x", nested), "y", kind=kind),
        NAMES,
        st.sampled_from(["radio", "checklist"]),
        st.lists(children, max_size=2),
    ),
    max_leaves=4,
)
TOOLS = st.builds(
    lambda name, kind, asked: tool(name, kind, *asked),
    NAMES,
    st.sampled_from(KINDS),
    st.lists(QUESTIONS, max_size=2),
)
GROUPS = st.dictionaries(st.sampled_from([*KINDS, "radio", "checklist", "text"]), NAMES)


@PATIENT
@given(
    st.lists(TOOLS, max_size=4, unique_by=lambda made: (made["name"], made["tool"])),
    st.lists(QUESTIONS, max_size=3, unique_by=lambda made: made["name"]),
    GROUPS,
)
def test_no_two_columns_have_one_name_whatever_the_ontology(tools, classifications, group):
    made = laid_out(*tools, classifications=classifications, group=group, reserved=["frames"])

    found = names(made)
    assert len(set(found)) == len(found)
    assert "frames" not in found
    assert {id(each) for column in made.geometries for each in column.tools} == {
        id(each) for each in made.ontology.tools
    }


def test_kinds_of_tomorrow_have_no_column_and_are_named():
    made = laid_out(
        tool("cube", "cuboid"),
        tool("car", "rectangle", question("speed", kind="slider")),
        classifications=[question("when", kind="date")],
    )

    assert names(made)[0] == "car/car"
    assert made.answers == ()
    assert made.unsupported == (
        "tool 'cube' (cuboid)",
        "classification 'speed' (slider)",
        "classification 'when' (date)",
    )


def test_classes_keep_their_numbers_when_the_ontology_grows():
    known = {"weather": ("sun", "rain"), "box/color": ("red",)}
    made = laid_out(
        tool("car", "rectangle", question("color", "blue", "red")),
        classifications=[question("weather", "snow", "sun")],
        group={"rectangle": "box"},
        class_names=lambda column: known.get(column, ()),
    )

    (color,) = made.geometries[0].answers
    assert (color.class_names, color.sources[0].classes) == (("red", "blue"), (1, 0))
    assert made.answers[0].class_names == ("sun", "rain", "snow")
    assert made.answers[0].sources[0].classes == (2, 0)


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("bbox", "the kinds are rectangle, point"),
        ("raster_segmentation", "Did you mean 'raster-segmentation'?"),
        ("Rectangle", "Did you mean 'rectangle'?"),
        (3, "unknown kind 3"),
    ],
)
def test_an_unknown_kind_is_refused_with_a_hint(kind, hint):
    with pytest.raises(GroupMappingError, match="unknown kind") as caught:
        check_group_mapping({kind: "x"})

    assert hint in str(caught.value)
    assert isinstance(caught.value, ConfigurationError)


@pytest.mark.parametrize("name", ["", "/", " ", None, 3, "mask/", "/mask", " mask"])
def test_a_group_needs_a_name(name):
    with pytest.raises(GroupMappingError, match="a column name is needed"):
        layout(group_mapping={"rectangle": name})


@pytest.mark.parametrize("group", [None, {}])
def test_no_group_mapping_is_none(group):
    assert check_group_mapping(group) == {}
