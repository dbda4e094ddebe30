"""Imports that Labelbox accepts and refuses, through the real SDK."""

import json

import numpy as np
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_projects import ONTOLOGY

from deeplake_labelbox._formats.annotations import (
    Box,
    FrameAnnotation,
    GlobalAnnotation,
    Line,
    Mask,
    ObjectAnnotation,
    Point,
)
from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox._imports.outcome import ImportResult
from deeplake_labelbox._model.interpolation import moving_coordinates
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.visibility import visible_frames
from deeplake_labelbox._video.masks import decode_composite_mask
from deeplake_labelbox.errors import (
    AlreadyLabeledError,
    AnnotationSourceError,
    ConfigurationError,
    ImportTimeoutError,
)


def car(frame, left=5.0, *, track=1, data_row="one.mp4", **more):
    box = [left, 6.0, 7.0, 8.0]
    return {
        "data_row": data_row,
        "track": track,
        "frame": frame,
        "class": "car",
        "box": box,
        **more,
    }


VIDEO = {"width": 64, "height": 48, "frame_count": 40}


def reasons(result):
    return [outcome.reason for outcome in result.refused]


def test_every_kind_of_annotation(imported, labels_of, project):
    square = np.zeros((48, 64), dtype=bool)
    square[3:9, 4:10] = True
    at = {"data_row": "one.mp4", "track": "a"}
    result = imported(
        [
            ObjectAnnotation(
                **at,
                frame=3,
                class_name="car",
                geometry=Box(1, 2, 3, 4),
                answers={"color": "red", "flags": ["dirty", "parked"], "plate": "HB 1"},
            ),
            ObjectAnnotation(**at, frame=3, class_name="nose", geometry=Point(1.5, 2.25)),
            ObjectAnnotation(
                **at, frame=3, class_name="lane marking", geometry=Line([(0, 0), (5, 6.5)])
            ),
            ObjectAnnotation(**at, frame=3, class_name="road", geometry=Mask(square)),
            FrameAnnotation(
                data_row="one.mp4", frames=(2, 4), answers={"weather": "sun", "seen": ["bus"]}
            ),
            FrameAnnotation(
                data_row="one.mp4", frames=5, answers={"weather": {"rain": {"color": "blue"}}}
            ),
            FrameAnnotation(data_row="one.mp4", frames=(7, 9), answers={"note": "line\u2028end"}),
            GlobalAnnotation(data_row="one.mp4", answers={"place": "town"}),
        ]
    )
    assert not result.refused
    assert not result.gaps
    assert len(result.accepted) == 8
    labels = labels_of(project)
    assert labels["two.mp4"] == []
    label = parse_label(labels["one.mp4"][0])
    assert sorted(track.kind for track in label.tracks) == [
        "line",
        "point",
        "raster-segmentation",
        "rectangle",
    ]
    (box,) = [track for track in label.tracks if track.kind == "rectangle"]
    assert box.coordinates.tolist() == [[1, 2, 3, 4]]
    told = {a.feature.name: [o.feature.value for o in a.options] or a.text for a in box.answers[0]}
    assert told == {"color": ["red"], "flags": ["dirty", "parked"], "plate": "HB 1"}
    (weather,) = [answer for answer in label.frame_answers if answer.feature.name == "weather"]
    assert weather.answers[2].options[0].feature.value == "sun"
    assert weather.answers[5].options[0].answers[0].options[0].feature.value == "blue"
    (note,) = [answer for answer in label.frame_answers if answer.kind == "text"]
    assert note.answers[7].text == "line\u2028end"
    assert label.global_answers[0].options[0].feature.value == "town"


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    visible=st.lists(st.lists(st.booleans(), min_size=40, max_size=40), min_size=1, max_size=4),
    tolerance=st.sampled_from([0.0, 0.5]),
    seed=st.integers(0, 99),
)
def test_any_boxes_come_back_frame_by_frame(
    client, labels_of, new_target, visible, tolerance, seed
):
    """Boxes of any visibility, inside the picture or across its edge, with changing answers."""
    random = np.random.default_rng(seed)
    given = []
    wanted = {}
    for number, there in enumerate(visible):
        moved = np.cumsum(random.integers(-3, 4, (40, 4)) * random.choice([0.001, 1.5]), axis=0)
        places = np.round(moved + np.array([-200, -200, 400, 400]), 3)
        for frame in (1 + np.flatnonzero(there)).tolist():
            place = places[frame - 1].tolist()
            answer = ["red", "blue"][frame // 7 % 2]
            wanted[(f"car{number}", frame)] = (place, answer)
            given.append(
                {
                    "data_row": "one.mp4",
                    "track": number,
                    "frame": frame,
                    "class": "car",
                    "box": place,
                    "answers": {"color": answer, "plate": f"car{number}"},
                }
            )
    project = new_target()
    result = import_annotations(
        given, project.id, None, tolerance=tolerance, lb_client=client, progress=False
    )
    assert {outcome.status for outcome in result} <= {"accepted"}
    if not given:
        return
    label = parse_label(labels_of(project)["one.mp4"][0])
    got = {}
    for track in label.tracks:
        shown = visible_frames(track, 40)
        for frame, place, last in zip(
            shown.frames.tolist(), moving_coordinates(track, shown), shown.answered, strict=True
        ):
            answers = {a.feature.name: a for a in track.answers[last]}
            name = answers["plate"].text
            got[(name, frame)] = (place, answers["color"].options[0].feature.value)
    assert got.keys() == wanted.keys()
    for key, (place, answer) in wanted.items():
        assert np.abs(got[key][0] - place).max() <= tolerance + 1e-6
        assert got[key][1] == answer


def test_masks_of_any_frames_come_back(imported, labels_of, box, project):
    random = np.random.default_rng(3)
    given, wanted = [], {}
    for track, name in ((1, "road"), (2, "road"), (3, "sky")):
        row = 15 * track - 12
        for frame in range(1, 41):
            if frame % (7 + track) < 4:
                continue
            pixels = np.zeros((48, 64), dtype=bool)
            pixels[row : row + 5, 3 : 6 + frame // 9] = True
            wanted.setdefault(frame, set()).add(pixels.tobytes())
            given.append(
                {
                    "data_row": "one.mp4",
                    "track": track,
                    "frame": frame,
                    "class": name,
                    "mask": pixels,
                }
            )
    random.shuffle(given)
    result = imported(given)
    assert not result.refused
    assert len({outcome.uuid for outcome in result}) == 1
    (label,) = labels_of(project)["one.mp4"]
    tracks = [t for t in parse_label(label).tracks if t.kind == "raster-segmentation"]
    got, fetched = {}, {}
    for track in tracks:
        shown = visible_frames(track, 40)
        for frame, mask in zip(
            shown.frames.tolist(), GEOMETRIES[track.kind].interpolated(track, shown), strict=True
        ):
            if mask.url not in fetched:
                body = requests.get(mask.url, headers=box.client().headers, timeout=10).content
                fetched[mask.url] = decode_composite_mask(body, 48, 64, name="mask")
            red, green, blue = mask.color_rgb
            pixels = fetched[mask.url] == (red << 16 | green << 8 | blue)
            got.setdefault(frame, set()).add(pixels.tobytes())
    assert got == wanted
    assert len(fetched) < 40, "masks that did not change are held"


def test_refused_lines_carry_labelbox_reason(imported, box, labels_of, project, tmp_path):
    box.imports.refuse = lambda line: "The truck is no car" if line["name"] == "nose" else None
    result = imported(
        [car(1), {"data_row": "one.mp4", "track": 1, "frame": 1, "class": "nose", "point": [1, 2]}]
    )
    assert [outcome.name for outcome in result.accepted] == ["car"]
    assert reasons(result) == ["Refused: The truck is no car"]
    assert len(labels_of(project)["one.mp4"]) == 1
    result.save(tmp_path / "result.json")
    assert ImportResult.load(tmp_path / "result.json") == result


def test_what_does_not_fit_is_refused_before_it_is_sent(imported):
    line = {"data_row": "one.mp4", "track": 1, "frame": 2}
    result = imported(
        [
            car(1, answers={"colour": "red"}),
            car(41, track=2),
            {**line, "class": "cat", "box": [0, 0, 1, 1]},
            {**line, "class": "road", "box": [0, 0, 1, 1]},
            {**line, "class": "sky", "mask": np.zeros((48, 64), dtype=bool)},
            car(3, track=3, answers={"color": {"red": {"shade": "dark"}}}),
            {"data_row": "one.mp4", "frames": [1, 3], "answers": {"place": "town"}},
            {"data_row": "one.mp4", "answers": {"place": "sea", "mood": "good"}},
            car(1, data_row="three.mp4"),
        ]
    )
    assert {(outcome.name, outcome.track) for outcome in result.accepted} == {
        ("car", "1"),
        ("car", "3"),
    }
    told = "\n".join(map(str, result.refused))
    for words in (
        "it begins in frame 41, but the video in Labelbox has only 40 frames",
        "the project has no tool 'cat'; did you mean 'car'?",
        "it is a rectangle, but the tool in the project is a raster-segmentation",
        "the mask is empty (frame 2)",
        "the project asks it once per video, but the answer changes",
        "'place' of the project has no option 'sea'; it has 'town', 'land'",
        "the project has no classification 'mood'",
        "the project has no data row 'three.mp4'",
    ):
        assert words in told, told
    gaps = "\n".join(map(str, result.gaps))
    assert "'car' has no classification 'colour'; did you mean 'color'?" in gaps
    assert "answers below the option 'red' of 'color' of 'car' are dropped" in gaps


def test_polygons_are_refused_by_name(box, client):
    target = box.add_project("Polygons", {"tools": [{"tool": "polygon", "name": "lake"}]})
    target.add_video(row_data="https://videos.test/a.mp4", external_id="a.mp4", media_attributes={})
    lake = {"data_row": "a.mp4", "track": 1, "frame": 1, "class": "lake", "line": [[0, 0], [1, 1]]}
    result = import_annotations([lake], target.id, None, lb_client=client, progress=False)
    assert reasons(result) == ["Labelbox cannot import polygons to videos"]
    assert result.sent == 0


def test_a_double_import_sends_nothing(imported, labels_of, project):
    first = imported([car(1), car(2)])
    again = imported([car(1), car(2)])
    assert (first.sent, again.sent) == (1, 0)
    assert [outcome.status for outcome in again] == ["accepted"]
    assert "1 of 1 import was sent by an earlier run" in str(again)
    other = imported([car(1), car(2, left=30)])
    assert other.sent == 0
    assert [outcome.reason for outcome in other.skipped] == ["the data row has labels already"]
    with pytest.raises(AlreadyLabeledError, match="nothing was sent"):
        imported([car(1), car(2, left=30)], existing="fail")
    replaced = imported([car(1), car(2, left=30)], existing="overwrite")
    assert replaced.sent == 1
    (label,) = labels_of(project)["one.mp4"]
    assert parse_label(label).tracks[0].coordinates[-1].tolist() == [30, 6, 7, 8]
    assert imported([car(1), car(2)], existing="overwrite", import_name="anew").sent == 1


def test_a_project_with_consensus_keeps_every_import(imported, labels_of, box, project, client):
    def run(annotations, target, **options):
        return import_annotations(
            annotations, target.id, None, lb_client=client, progress=False,
            poll_seconds=0.001, **options,
        )  # fmt: skip

    target = box.add_project("Consensus", ONTOLOGY, consensus=True)
    target.add_video(row_data="https://v.test/1.mp4", external_id="one.mp4", media_attributes=VIDEO)
    run([car(1)], target)
    for number, annotation in enumerate((car(1, left=30), car(1, track=2)), 2):
        result = run([annotation], target, existing="overwrite")
        (note,) = result.notes
        assert note.what.startswith("1 data row had labels: the project has consensus")
        assert note.what in str(result)
        assert len(labels_of(target)["one.mp4"]) == number
    assert run([car(1, track=3)], target).sent == 0
    imported([car(1)])
    (note,) = imported([car(1, track=2)], existing="overwrite").notes
    assert "may replace them with this import" in note.what
    assert len(labels_of(project)["one.mp4"]) == 1


def test_an_import_waits_for_labels_of_an_earlier_one(imported, labels_of, box, project):
    box.faults.lag("labels", 0.5)
    imported([car(1)])
    other = imported([car(1, track=2), car(1, track=3, data_row="two.mp4")])
    assert [outcome.reason for outcome in other.skipped] == ["the data row has labels already"]
    assert [outcome.data_row for outcome in other.accepted] == ["two.mp4"]
    box.faults.clear()
    assert {name: len(labels) for name, labels in labels_of(project).items()} == {
        "one.mp4": 1,
        "two.mp4": 1,
    }


def test_labels_that_were_deleted_do_not_stop_an_import(imported, project, monkeypatch):
    monkeypatch.setattr("deeplake_labelbox._imports.run.LAG_DELAYS", (0.01,))
    imported([car(1)])
    (row, _) = project.data_rows
    row.delete_label(row.labels[0])
    assert len(imported([car(1, track=2)]).accepted) == 1


def test_unreviewed_pre_labels_are_found(imported, box):
    imported([car(1)], import_as="pre-labels")
    result = imported([car(2)])
    assert [outcome.reason for outcome in result.skipped] == ["the data row has pre-labels already"]
    box.imports.forget_files()
    result = imported([car(2)])
    assert len(result.accepted) == 1
    assert any("can no longer be read" in gap.what for gap in result.gaps)


def test_an_import_that_failed_as_a_whole_is_sent_again(imported, box):
    box.imports.next_state = "FAILED"
    failed = imported([car(1)])
    assert reasons(failed) == ["the whole import failed in Labelbox; run it again"]
    again = imported([car(1)])
    assert len(again.accepted) == 1
    assert again.files[0].name == f"{failed.files[0].name} (2)"


def test_a_wait_times_out_and_can_be_resumed(imported, box):
    box.imports.next_polls = 20
    with pytest.raises(ImportTimeoutError, match="nothing is sent twice"):
        imported([car(1)], timeout=1e-6)
    result = imported([car(1)], poll_seconds=0)
    assert (result.sent, len(result.accepted)) == (0, 1)


def test_expired_statuses_are_reported(imported, box):
    imported([car(1)])
    box.imports.forget_files()
    result = imported([car(1)])
    assert [outcome.status for outcome in result] == ["unknown"]


def test_a_dry_run_writes_the_lines_and_sends_nothing(imported, labels_of, project, tmp_path):
    out = tmp_path / "out.ndjson"
    result = imported([car(1), car(2, left=6), car(3, left=7)], dry_run=out)
    assert [outcome.status for outcome in result] == ["not sent"]
    (line,) = map(json.loads, out.read_text("ascii").splitlines())
    assert line["name"] == "car"
    assert [key["frame"] for key in line["segments"][0]["keyframes"]] == [1, 3]
    assert labels_of(project)["one.mp4"] == []
    assert line["uuid"] == json.loads(out.read_bytes())["uuid"]


def test_uuids_are_the_same_every_time_and_differ_between_objects(imported, tmp_path):
    uuids = []
    for attempt in range(2):
        out = tmp_path / f"{attempt}.ndjson"
        imported([car(1), car(1, track=2), car(1, data_row="two.mp4")], dry_run=out)
        uuids.append([json.loads(line)["uuid"] for line in out.read_text().splitlines()])
    assert uuids[0] == uuids[1]
    assert len(set(uuids[0])) == 3


def test_data_rows_may_be_named(imported, project):
    row = project.data_rows[1]
    result = imported([car(1, data_row="somewhere")], data_rows={"somewhere": row.id})
    assert result.accepted[0].data_row_id == row.id
    nameless = {key: value for key, value in car(1).items() if key != "data_row"}
    assert imported([nameless], data_rows="one").accepted[0].data_row == "one.mp4"


def test_names_that_two_data_rows_share_match_neither(imported, project):
    project.add_video(row_data="https://videos.test/x/one.mp4", external_id="a/one.mp4")
    project.add_video(row_data="https://videos.test/y/one.mp4", external_id="b/one.mp4")
    result = imported([car(1, data_row="one"), car(1, data_row="two.mp4")])
    assert "data rows of the project are called 'one'" in reasons(result)[0]
    assert imported([car(1, data_row="a/one.mp4")]).accepted


def test_a_generator_is_read_one_video_at_a_time(imported):
    rows = ["one.mp4", "two.mp4"]
    assert len(imported(car(1, data_row=row) for row in rows).accepted) == 2
    with pytest.raises(AnnotationSourceError, match="are not consecutive"):
        imported(car(1, data_row=row) for row in [*rows, "one.mp4"])


@pytest.mark.parametrize(
    "annotation",
    [
        {},
        7,
        car(0),
        car(1.5),
        car(1, extra=1),
        {**car(1), "box": [1, 2, 3]},
        {**car(1), "point": [1, 2]},
        {**car(1), "answers": {"color": 7}},
        {"data_row": "one.mp4", "frames": [4, 2], "answers": {"note": "x"}},
        {"data_row": 3, "answers": {"note": "x"}},
        {"data_row": "one.mp4", "track": 1, "frame": 1, "class": "road", "mask": [[[1]]]},
    ],
)
def test_annotations_that_cannot_be_read_are_named(imported, annotation):
    with pytest.raises(AnnotationSourceError, match="Annotation 1 "):
        imported([car(1), annotation])


@pytest.mark.parametrize(
    "options",
    [
        {"import_as": "labels"},
        {"existing": "keep"},
        {"tolerance": -1},
        {"timeout": 0},
        {"source_format": "kitti"},
        {"frame_step": 0},
        {"first_number": 2},
        {"frame_step": 5},
    ],
)
def test_options_are_checked(imported, options):
    with pytest.raises(ConfigurationError):
        imported([car(1)], **options)


def test_two_classes_of_the_source_may_become_one(imported, labels_of, project):
    given = [car(1), {**car(1, left=30), "class": "taxi"}]
    result = imported(given, mapping={"taxi": "car"})
    assert len({outcome.uuid for outcome in result.accepted}) == 2
    (label,) = labels_of(project)["one.mp4"]
    assert len(parse_label(label).tracks) == 2


def test_one_classification_takes_one_answer(imported):
    place = {"data_row": "one.mp4", "answers": {"place": "town", "where": "land"}}
    result = imported([place], mapping={"where": "place"})
    assert [outcome.name for outcome in result.accepted] == ["place"]
    assert reasons(result) == ["something else in the source answers it already"]


def test_ambiguous_names_are_replaced_by_ids(box, client, tmp_path):
    sky = {"type": "text", "name": "sky", "instructions": "How is the sky?", "scope": "index"}
    road = {"type": "text", "name": "road", "scope": "index"}
    target = box.add_project(
        "Unclear",
        {"tools": [{"tool": "rectangle", "name": "road"}], "classifications": [sky, road]},
    )
    target.add_video(row_data="https://videos.test/a.mp4", external_id="a.mp4", media_attributes={})
    given = [
        {"data_row": "a.mp4", "track": 1, "frame": 1, "class": "road", "box": [1, 2, 3, 4]},
        {"data_row": "a.mp4", "frames": [1, 2], "answers": {"sky": "blue", "road": "wet"}},
    ]
    out = tmp_path / "out.ndjson"
    import_annotations(given, target.id, None, lb_client=client, progress=False, dry_run=out)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert all("schemaId" in line and "name" not in line for line in lines)
    result = import_annotations(given, target.id, None, lb_client=client, progress=False)
    assert len(result.accepted) == 3


def test_an_answer_ends_with_an_empty_one(imported, tmp_path):
    """As the SDK writes it: an empty list on the key frame after the last answer."""
    out = tmp_path / "out.ndjson"
    imported([car(1, answers={"color": "red"}), car(2), car(3)], dry_run=out)
    (line,) = map(json.loads, out.read_text().splitlines())
    answered = [key["classifications"] for key in line["segments"][0]["keyframes"]]
    assert [len(answers) for answers in answered] == [1, 0, 0]


def test_frames_after_the_end_are_counted(imported):
    (gap,) = imported([car(frame) for frame in (40, 41, 42)]).gaps
    assert gap.frame == 41
    assert gap.what == "'car' 1: 2 frames left out: the video in Labelbox has only 40"
