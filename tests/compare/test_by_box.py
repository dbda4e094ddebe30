"""The labels of two people, and of a person and a model, whose objects match by their boxes."""

import pytest
from video_files import write_video

from deeplake_labelbox import Box, ObjectAnnotation, compare_labels, create_dataset
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError

ONTOLOGY = {
    "tools": [
        {
            "tool": "rectangle",
            "name": "car",
            "classifications": [
                {
                    "type": "radio",
                    "name": "color",
                    "options": [{"value": "red"}, {"value": "blue"}],
                }
            ],
        },
        {"tool": "rectangle", "name": "person"},
    ],
    "classifications": [{"type": "text", "name": "note", "scope": "index"}],
}
ADA, BOB = "ada@x.test", "bob@x.test"


def drawn(name, left, top, **more):
    """A box of 20 x 20 in all four frames."""
    box = {"left": left, "top": top, "width": 20, "height": 20}
    return {
        "name": name,
        "segments": [{"keyframes": [{"frame": 1, "bbox": box, **more}], "end": 4}],
    }


def color(name):
    return {"classifications": [{"name": "color", "answer": {"name": name}}]}


def found(track, frame, left, top, name="car", video="one.mp4"):
    return ObjectAnnotation(
        data_row=video, track=track, frame=frame, class_name=name, geometry=Box(left, top, 20, 20)
    )


@pytest.fixture(scope="module")
def dataset(box, client, tmp_path_factory):
    """What Bob labeled counts; Ada saw one car elsewhere, the other blue, and nobody."""
    folder = tmp_path_factory.mktemp("by-box")
    project = box.add_project("Compared", ONTOLOGY)
    video = write_video(folder / "clip.mp4", frames=4).read_bytes()
    one, two = (project.add_video(video, external_id=f"{name}.mp4") for name in ("one", "two"))
    note = {"name": "note", "answer": "wet", "frames": [{"start": 2, "end": 2}]}
    chosen = one.add_label(
        [drawn("car", 10, 10, **color("red")), drawn("car", 60, 10), drawn("person", 10, 40), note],
        created_by=BOB,
    )
    one.add_label([drawn("car", 10, 10, **color("blue")), drawn("car", 64, 10)], created_by=ADA)
    one.selected_label_id = chosen.id
    two.add_label([drawn("car", 10, 10)], created_by=BOB)
    path = folder / "clips"
    create_dataset(path, project.id, lb_client=client, label_selection="all", progress=False)
    return path


def test_two_annotators(dataset):
    ada = compare_labels(dataset, annotators=[BOB, ADA], progress=False)
    assert (ada.first, ada.second) == (BOB, ADA)
    assert [(change.frames, change.words) for change in ada.changes] == [
        ("2", "removed person; moved car; note: wet → none; car, color: red → blue"),
        ("3-4", "removed person; moved car; car, color: red → blue"),
        ("1", "removed person; moved car; car, color: red → blue"),
    ]
    assert ada.notes == (f"Left out, not labeled in {ADA}: two.mp4.",)
    # Four of twenty pixels to the side are an overlap of two thirds.
    near = compare_labels(
        dataset, annotators=[BOB, ADA], moved_below=0.6, classes=["car"], progress=False
    )
    assert [(change.frames, len(change)) for change in near.changes] == [
        ("2", 2),
        ("3-4", 1),
        ("1", 1),
    ]
    assert not compare_labels(dataset, annotators=[BOB], progress=False)


def test_predictions(dataset, tmp_path):
    predictions = [
        *(found("a", frame, 10, 10, "auto") for frame in (1, 2, 3, 4, 9)),
        *(found("b", frame, 61, 10, "auto") for frame in (1, 2)),
        found("c", 3, 10, 40, "person"),
        found("d", 3, 70, 40, "person"),
        found("e", 1, 1, 1, "bus"),
    ]
    result = compare_labels(dataset, predictions, mapping={"auto": "car"}, progress=False)
    assert [(change.frames, change.words) for change in result.changes] == [
        ("3", "removed car; added person"),
        ("4", "removed car, person"),
        ("1-2", "removed person"),
    ]
    assert result.notes == (
        "1 object of 'bus' left out: the dataset has no such class; map it with `mapping`.",
        "Not compared, without answers in other labels: 'color', 'note'.",
        "Left out, not labeled in other labels: two.mp4.",
        "one.mp4: 1 object of other labels left out, in frames that the dataset does not have.",
    )
    cars = compare_labels(dataset, [found("b", 1, 10, 10)], progress=False)
    lacking = "There is no object of 'person' in other labels, so all of these count as removed"
    assert any(lacking in note for note in cars.notes)
    result.write_page(tmp_path / "a.html", progress=False)
    assert (tmp_path / "a.html").read_text().count("<figure>") == 6


@pytest.mark.parametrize(
    ("other", "options", "error", "told"),
    [
        (None, {}, ConfigurationError, "nothing to compare the labels with"),
        (None, {"annotators": ["eve@x.test"]}, ConfigurationError, "no columns of annotator"),
        (None, {"annotators": [BOB, ADA], "videos": ["two.mp4"]}, ConfigurationError, "in both"),
        (None, {"versions": ["x"]}, ConfigurationError, "no version 'x'"),
        (None, {"versions": ["main"] * 3}, ConfigurationError, "give one or two"),
        (None, {"versions": ["main"], "classes": ["bus"]}, ConfigurationError, "names 'bus'"),
        ([found(1, 1, 1, 1)], {"versions": ["main"] * 2}, ConfigurationError, "are not a dataset"),
        ([found(1, 1, 1, 1)], {"mapping": {"x": "car"}}, ConfigurationError, "names 'x'"),
        ([found(1, 1, 1, 1)], {"moved_below": 0.2}, ConfigurationError, "from 0.5 to 1"),
        ([found(1, 1, 1, 1, video="x")], {}, AnnotationSourceError, "No video of the second"),
    ],
)
def test_what_cannot_be_compared_is_refused(dataset, other, options, error, told):
    with pytest.raises(error, match=told):
        compare_labels(dataset, other, **options, progress=False)
