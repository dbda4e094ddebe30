from label_json import box, checklist, frame, label, line, mask, option, point, radio, text

from deeplake_labelbox._labelbox.export_ontology import ontology_of_export
from deeplake_labelbox._model.ontology import Classification, Ontology, Option, Tool


def inferred(*labels, project_id="p"):
    return ontology_of_export(
        [{"projects": {"p": {"labels": [each]}}} for each in labels], project_id
    )


def question(name, kind, *options, scope="global"):
    return Classification(name, kind, name, scope, None, options)


def test_tools_and_everything_asked_below_them_are_gathered_from_all_rows():
    first = label(
        {
            1: frame(box("c", (1, 2, 3, 4), radio("color", "red", text("shade", "dark")))),
            2: frame(point("n"), line("l", (0, 0), (1, 1)), mask("m", "u")),
        }
    )
    second = label(
        {1: frame(box("c", (1, 2, 3, 4), radio("color", "blue"), checklist("flags", option("a"))))}
    )

    assert inferred(first, second) == Ontology(
        tools=(
            Tool(
                "car",
                "rectangle",
                classifications=(
                    question(
                        "color",
                        "radio",
                        Option("red", "red", classifications=(question("shade", "text"),)),
                        Option("blue", "blue"),
                    ),
                    question("flags", "checklist", Option("a", "a")),
                ),
            ),
            Tool("nose", "point"),
            Tool("lane", "line"),
            Tool("road", "raster-segmentation"),
        )
    )


def test_frame_and_global_classifications_keep_their_scope():
    ontology = inferred(
        label({1: frame(answers=(radio("weather", "sun"),))}, classifications=[text("note", "x")])
    )

    assert ontology.classifications == (
        question("weather", "radio", Option("sun", "sun"), scope="index"),
        question("note", "text"),
    )


def test_schema_ids_are_kept_and_make_one_of_what_was_renamed():
    first = {**radio("weather", "sun"), "feature_schema_id": "w"}
    renamed = {**radio("Weather?", "rain"), "feature_schema_id": "w"}
    (found,) = inferred(
        label({1: frame(answers=(first,))}), label({1: frame(answers=(renamed,))})
    ).classifications

    assert (found.name, found.feature_schema_id) == ("weather", "w")
    assert [o.value for o in found.options] == ["sun", "rain"]


def test_a_name_drawn_in_two_kinds_is_two_tools():
    nose = {**point("n"), "name": "car"}
    ontology = inferred(label({1: frame(box("c"), nose)}))

    assert [(tool.name, tool.kind) for tool in ontology.tools] == [
        ("car", "rectangle"),
        ("car", "point"),
    ]


def test_things_without_a_name_get_one():
    nameless = {"feature_id": "s", "point": {"x": 1, "y": 2}}

    assert inferred(label({1: frame(nameless)})).tools == (Tool("unnamed", "point"),)


def test_other_projects_and_rows_without_labels_tell_nothing():
    labels = (label({1: frame(box("c"))}),)

    assert inferred(*labels, project_id="other") == Ontology()
    assert ontology_of_export([{}, {"projects": {"p": {"labels": [None, 3]}}}], "p") == Ontology()
