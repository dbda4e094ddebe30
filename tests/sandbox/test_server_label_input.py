"""Labels that do not fit the ontology or the form are refused with a reason."""

import pytest
from sandbox_projects import box_at, car, composite_png, mask_frame, new_project

from deeplake_labelbox.sandbox import SandboxError

RED = (255, 0, 0)


@pytest.fixture(scope="module")
def row(box):
    return new_project(box).add_video(row_data="https://videos.test/a.mp4")


def classified(*classifications):
    return car(box_at(1, classifications=list(classifications)))


def masks(frames=None, instances=None, **more):
    frames = [mask_frame(1, composite_png((RED, 0)))] if frames is None else frames
    instances = instances or [{"name": "road", "colorRGB": list(RED)}]
    return {"masks": {"frames": frames, "instances": instances}, **more}


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ("car", "Annotation 0 is not a dict"),
        ({"answer": "x"}, "neither a 'name' nor a 'schemaId'"),
        ({"name": "truck"}, "names 'truck', which the ontology does not have; it has 'car'"),
        ({"name": "car"}, r"Annotation 0 \('car'\) needs 'segments'"),
        ({"name": "car", "segments": [{}]}, "has a segment without 'keyframes'"),
        ({"name": "road", "segments": []}, "no key frames in a video; give its masks"),
        (car("frame"), "has the key frame 'frame'"),
        (car(box_at(0)), "has the frame number 0; frames are whole numbers from 1"),
        (car(box_at(1.0)), "has the frame number 1.0"),
        (car({"frame": 1, "point": {"x": 1, "y": 1}}), "is a rectangle; give its key frame a"),
        (car({**box_at(1), "line": []}), "its key frame cannot have a 'line'"),
        (car({"frame": 1, "bbox": {"top": 1}}), "needs top, left, height, width"),
        (car(box_at(1, left=float("nan"))), "has left = nan"),
        (car(box_at(1, left="3")), "has left = '3'"),
        (car(box_at(2), box_at(2)), r"two key frames on one frame \(\[2, 2\]\)"),
        (car(box_at(1), end="5"), "has a segment whose end is '5'"),
        (
            {"name": "car", "segments": [{"keyframes": [box_at(1)], "end": 4}] * 2},
            "has two segments on frame 1",
        ),
        (
            {"name": "lane marking", "segments": [{"keyframes": [{"frame": 1, "line": []}]}]},
            "needs its line as a list",
        ),
        (
            classified({"name": "wheels"}),
            "no classification 'wheels' in the ontology; it has 'color'",
        ),
        (classified({"answer": "x"}), "has a classification without a name"),
        (classified({"schemaId": "x", "answer": "x"}), "no classification with schema id 'x'"),
        (classified({"name": "color"}), "has no 'answer'"),
        (
            classified({"name": "color", "answer": {"name": "pink"}}),
            "has no option 'pink'; its options are 'red', 'blue'",
        ),
        (classified({"name": "color", "answer": "red"}), "is a radio; give an answer as"),
        (classified({"name": "color", "answer": [{"name": "red"}]}), "is a radio; give it one"),
        (classified({"name": "flags", "answer": {"name": "dirty"}}), "is a checklist; give its"),
        (classified({"name": "plate", "answer": 5}), "is a text; give its answer as a string"),
        (
            classified(*[{"name": "plate", "answer": "x"}] * 2),
            "answers classification 'plate' twice",
        ),
        (
            classified(
                {
                    "name": "color",
                    "answer": {"name": "red", "classifications": [{"name": "x", "answer": ""}]},
                }
            ),
            "Option 'red' of classification 'color' of annotation 0 .* has no classification 'x'",
        ),
        (car(box_at(1, classifications={})), "needs its classifications as a list"),
        ({"name": "weather", "answer": {"name": "sun"}}, "is per frame; give its 'frames'"),
        (
            {"name": "weather", "answer": {"name": "sun"}, "frames": [{"start": 3, "end": 2}]},
            "has the frame range",
        ),
        (
            {
                "name": "weather",
                "answer": [
                    {"name": "sun", "frames": [{"start": 1, "end": 3}]},
                    {"name": "rain", "frames": [{"start": 3, "end": 4}]},
                ],
            },
            "has two answers on frame 3",
        ),
        (
            {"name": "place", "answer": {"name": "town"}, "frames": [{"start": 1, "end": 2}]},
            "gives frames to a global classification",
        ),
        ({"masks": {}}, "needs 'masks'"),
        (masks([{"index": 1, "instanceURI": "https://x.test"}]), "as base64 PNG in 'imBytes'"),
        (masks([{"index": 1, "imBytes": "!"}]), "imBytes that are not base64"),
        (
            masks([mask_frame(1, b"text")]),
            "The composite mask of annotation 0 on frame 1 is not a PNG",
        ),
        (masks([mask_frame(1, composite_png((RED, 0)))] * 2), "a second composite mask on frame 1"),
        (
            masks(instances=[{"name": "car", "colorRGB": [1, 1, 1]}]),
            "not a raster-segmentation tool",
        ),
        (masks(instances=[{"name": "road", "colorRGB": [1, 1]}]), "has the colorRGB"),
        (masks(instances=[{"name": "road", "colorRGB": [0, 0, 0]}]), "the background"),
        (masks(instances=[{"name": "road", "colorRGB": [1, 2, 3]}]), r"no pixel of the color"),
        (masks(instances=[{"name": "road", "colorRGB": [255, 0, 0]}] * 2), "two instances of the"),
        (masks(segments=[[3, 1]]), r"has the segment \[3, 1\]"),
    ],
)
def test_a_bad_annotation_is_refused(row, annotation, message):
    with pytest.raises(SandboxError, match=message):
        row.add_label([annotation])


def test_a_classification_is_answered_once_in_a_label(row):
    place = {"name": "place", "answer": {"name": "town"}}
    with pytest.raises(SandboxError, match="answers a classification twice"):
        row.add_label([place, place])


def test_a_label_id_is_used_once(row):
    row.add_label_json({"id": "cone"})
    with pytest.raises(SandboxError, match="There is already a label 'cone'"):
        row.add_label_json({"id": "cone"})


def test_a_refused_label_changes_nothing(box):
    made = new_project(box).add_video(row_data="https://videos.test/a.mp4")
    with pytest.raises(SandboxError):
        made.add_label([car(box_at(1)), {"name": "truck"}])
    assert made.selected_label_id is None
