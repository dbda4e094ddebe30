"""Labels of a dataset into a project with another ontology: matched by tool name and kind."""

from uuid import uuid4

import pytest
from video_files import write_video

import deeplake_labelbox as dl
from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError

FRAMES = 6


def radio(name, *values, **more):
    return {"type": "radio", "name": name, "options": [{"value": v} for v in values], **more}


def text(name, **more):
    return {"type": "text", "name": name, **more}


def checklist(name, *values, **more):
    return radio(name, *values, **more) | {"type": "checklist"}


COLOR = radio("color", "red", "blue")
NO_QUESTIONS = [{"tool": "rectangle", "name": "person"}, {"tool": "rectangle", "name": "car"}]
QUESTIONS = [
    {"tool": "rectangle", "name": "person", "classifications": [COLOR]},
    {"tool": "rectangle", "name": "car", "classifications": [text("plate"), COLOR]},
]
WEATHER = radio("weather", "sun", "rain", scope="index")
GROUPS = (
    {},
    {"rectangle": "object"},
    {"radio": "choice"},
    {"rectangle": "object", "radio": "choice", "text": "words"},
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("other") / "clip.mp4"
    return write_video(path, frames=FRAMES, size=(64, 48))


@pytest.fixture(scope="module")
def new_project(box, clip):
    """``new_project(ontology)``: a project with the clip."""

    def made(tools=NO_QUESTIONS, classifications=(), *, label=None, name="clip.mp4"):
        ontology = {"tools": tools, "classifications": list(classifications)}
        project = box.add_project("Other", ontology)
        row = project.add_video(clip, external_id=name)
        if label is not None:
            row.add_label(label)
        return project

    return made


@pytest.fixture(scope="module")
def dataset_of(client):
    def made(project, groups):
        dataset, export = dl.create_dataset_from_video_annotation_project(
            f"mem://other-{uuid4()}", project.id, None, lb_client=client, progress=False
        )
        converter = dl.converter_for_video_project_with_id(
            project.id,
            lambda _: dataset,
            None,
            groups,
            project_json=export,
            lb_client=client,
            progress=False,
        )
        converter.dataset_with_applied_annotations()
        assert not converter.report.gaps
        return dataset

    return made


@pytest.fixture
def send(client):
    def imported(dataset, project, **options):
        return import_annotations(
            dataset, project.id, None, lb_client=client, progress=False, **options
        )

    return imported


def thing(name, left, *answers):
    key_frames = [
        {
            "frame": n,
            "bbox": {"left": left + n, "top": 5, "width": 9, "height": 8},
            **({"classifications": list(answers)} if answers else {}),
        }
        for n in (1, FRAMES)
    ]
    return {"name": name, "segments": [{"keyframes": key_frames}]}


def answer(name, value):
    return {"name": name, "answer": value if name == "plate" else {"name": value}}


ASKED = [
    thing("person", 3, answer("color", "blue")),
    thing("person", 13, answer("color", "red")),
    thing("car", 33, answer("plate", "M 1"), answer("color", "red")),
]
PLAIN = [thing("person", 3), thing("person", 13), thing("car", 33)]


def objects_of(project, labels_of):
    """Class, left edge in the first frame, and answers of each object."""
    (label,) = labels_of(project)["clip.mp4"]
    found = []
    for track in parse_label(label).tracks:
        answers = {
            a.feature.name: a.text or [o.feature.value for o in a.options] for a in track.answers[0]
        }
        found.append((track.feature.name, float(track.coordinates[0][0]), answers))
    return sorted(found, key=lambda each: each[1])


@pytest.mark.parametrize("groups", GROUPS, ids=str)
@pytest.mark.parametrize("asked", [False, True], ids=["without questions", "with questions"])
@pytest.mark.parametrize("wanted", [False, True], ids=["to none", "to questions"])
def test_a_tool_is_matched_whatever_its_classifications(
    new_project, dataset_of, send, labels_of, groups, asked, wanted
):
    tools = QUESTIONS if asked else NO_QUESTIONS
    dataset = dataset_of(new_project(tools, label=ASKED if asked else PLAIN), groups)
    target = new_project(QUESTIONS if wanted else NO_QUESTIONS)
    result = send(dataset, target)
    assert len(result.accepted) == len(result.annotations) == 3
    both = asked and wanted
    assert objects_of(target, labels_of) == [
        ("person", 4.0, {"color": ["blue"]} if both else {}),
        ("person", 14.0, {"color": ["red"]} if both else {}),
        ("car", 34.0, {"plate": "M 1", "color": ["red"]} if both else {}),
    ]
    told = [gap.what for gap in result.gaps]
    if not asked or wanted:
        assert told == []
    else:  # once a class and question
        assert len(told) == 3
        for question in ("'person' has no classification 'color'", "'car' has no classification"):
            assert any(question in what for what in told)


@pytest.mark.parametrize("groups", GROUPS, ids=str)
def test_answers_that_fit_are_carried_over(new_project, dataset_of, send, labels_of, groups):
    dataset = dataset_of(new_project(QUESTIONS, label=ASKED), groups)
    tools = [
        {"tool": "rectangle", "name": "person", "classifications": [radio("color", "red")]},
        {"tool": "rectangle", "name": "car", "classifications": [text("color"), text("plate")]},
    ]
    target = new_project(tools)
    result = send(dataset, target)
    assert len(result.accepted) == 3
    assert objects_of(target, labels_of) == [
        ("person", 4.0, {}),
        ("person", 14.0, {"color": ["red"]}),
        ("car", 34.0, {"plate": "M 1"}),
    ]
    no_option, no_text = sorted((gap.what for gap in result.gaps), reverse=True)
    assert "'color' of 'person' has no option 'blue'" in no_option
    assert "'color' of 'car' is a text; it cannot be answered with 'red'" in no_text


@pytest.mark.parametrize("groups", GROUPS, ids=str)
def test_a_tool_of_another_kind_is_reported(new_project, dataset_of, send, labels_of, groups):
    dataset = dataset_of(new_project(QUESTIONS, label=ASKED), groups)
    target = new_project([{"tool": "line", "name": "person"}, NO_QUESTIONS[1]])
    result = send(dataset, target)
    assert [outcome.name for outcome in result.accepted] == ["car"]
    reason = "it is a rectangle, but the tool in the project is a line"
    assert [outcome.reason for outcome in result.refused] == [reason] * 2
    assert [each[0] for each in objects_of(target, labels_of)] == ["car"]


@pytest.mark.parametrize("groups", [GROUPS[0], GROUPS[-1]], ids=str)
@pytest.mark.parametrize(
    ("wanted", "outcome"),
    [
        (WEATHER, "rain"),
        (radio("weather", "sun", "rain"), "rain"),  # global: it holds in all frames
        (checklist("weather", "rain", scope="index"), "rain"),
        (radio("weather", "sun", scope="index"), "has no option 'rain'"),
        (text("weather", scope="index"), "is a text; it cannot be answered with 'rain'"),
        (radio("sky", "sun", "rain", scope="index"), "the project has no classification 'weather'"),
    ],
)
def test_frame_classifications(new_project, dataset_of, send, labels_of, groups, wanted, outcome):
    everywhere = [{"start": 1, "end": FRAMES}]
    label = [{"name": "weather", "answer": {"name": "rain", "frames": everywhere}}]
    dataset = dataset_of(new_project(classifications=[WEATHER], label=label), groups)
    target = new_project(classifications=[wanted])
    result = send(dataset, target)
    if outcome != "rain":
        (refused,) = result.annotations
        assert outcome in refused.reason
        assert labels_of(target)["clip.mp4"] == []
        return
    assert len(result.accepted) == len(result.annotations) == 1
    assert not result.gaps
    label = parse_label(labels_of(target)["clip.mp4"][0])
    answers = [a for track in label.frame_answers for a in track.answers.values()]
    answers += label.global_answers
    assert {o.feature.value for a in answers for o in a.options} == {"rain"}


def test_no_video_of_the_source_is_in_the_project(new_project, dataset_of, send):
    dataset = dataset_of(new_project(label=PLAIN), {})
    target = new_project(name="another.mp4")
    with pytest.raises(AnnotationSourceError, match=r"No video of the source matches .*clip\.mp4"):
        send(dataset, target)
    assert send(dataset, target, data_rows={"clip.mp4": "another.mp4"}).accepted


def test_the_dataset_knows_its_group_mapping(new_project, dataset_of, send):
    dataset = dataset_of(new_project(label=PLAIN), {"rectangle": "object"})
    with pytest.raises(ConfigurationError, match="were written with `group_mapping="):
        send(dataset, new_project(), group_mapping={"rectangle": "box"})
    assert len(send(dataset, new_project(), group_mapping={"rectangle": "object"}).accepted) == 3


def test_a_dataset_without_labels_is_refused(client, new_project, send):
    project = new_project()
    dataset, _ = dl.create_dataset_from_video_annotation_project(
        f"mem://other-{uuid4()}", project.id, None, lb_client=client, progress=False
    )
    with pytest.raises(AnnotationSourceError, match="No labels were applied"):
        send(dataset, project)
