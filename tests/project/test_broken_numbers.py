"""Numbers that no integer, float or column holds, anywhere in an export."""

import json
import math

import pytest
import small_exports
from hypothesis import given, settings
from hypothesis import strategies as st
from label_json import PATIENT, box, frame, label, line, point, radio
from video_files import write_video

from deeplake_labelbox._jobs.inspect import inspect_video
from deeplake_labelbox._labelbox.export import ProjectExport
from deeplake_labelbox._video import Transport
from deeplake_labelbox._video.checks import check_video
from deeplake_labelbox.errors import DeepLakeLabelboxError, ExportFormatError, MediaTypeError

NUMBERS = ["NaN", "Infinity", "-Infinity", "1e308", "-1e308", "9" * 400, "9" * 5000, "1e999", "-1"]
ROW = small_exports.data_row(
    "broken",
    "clip.mp4",
    {
        **label(
            {
                1: frame(
                    box("c", (1, 2, 3, 4), radio("color", "red")),
                    point("n"),
                    line("l", (0, 0), (1, 1)),
                    {
                        "feature_id": "m",
                        "name": "road",
                        "composite_mask": {"url": "", "color_rgb": [1, 2, 3]},
                    },
                    answers=(radio("weather", "sun", ids=("w", "s")),),
                ),
                3: frame(box("c", (1, 2, 3, 4))),
            },
            {"c": [[1, 3]], "s": [[1, 2]]},
            {"c": [1, 3]},
        ),
        "label_details": {"created_at": "2024-01-01T00:00:00+00:00"},
        "performance_details": {"seconds_to_create": 1},
    },
    project_details={"selected_label_id": "a", "ontology_id": "o"},
)


def places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


PLACES = [path for path in places(ROW) if path]


IDENTITY = {("data_row",), ("data_row", "id"), ("data_row", "row_data"), ("projects",)}
IDENTITY |= {("projects", "p"), ("projects", "p", "labels")}
"""Without these a line is no data row."""


def with_numbers(row, chosen):
    """The text of a row in which numbers stand at some places."""
    row = json.loads(json.dumps(row))
    for path in chosen:
        parent = row
        for key in path[:-1]:
            parent = parent[key] if isinstance(parent, dict | list) else None
        if isinstance(parent, dict | list):
            parent[path[-1]] = f"number {chosen[path]}"
    text = json.dumps(row)
    for number in NUMBERS:
        text = text.replace(f'"number {number}"', number)
    return text


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    size = small_exports.SIZE
    path = tmp_path_factory.mktemp("numbers") / "clip.mp4"
    return write_video(path, frames=small_exports.FRAMES, size=size)


def check_job(clip, tmp_path, chosen):
    """Either an error of the package, or the other video with every label on its frame."""
    row = json.loads(json.dumps(ROW))
    row["data_row"]["row_data"] = str(clip)
    good = small_exports.data_row("good", clip, small_exports.boxes_telling(0))
    path = tmp_path / "project.ndjson"
    path.write_text(f"{with_numbers(row, chosen)}\n{json.dumps(good)}\n")
    if IDENTITY & chosen.keys():
        with pytest.raises(ExportFormatError, match=r"[Ll]ine 1 of project\.ndjson"):
            ProjectExport.load(path)
        return
    export = ProjectExport.load(path)
    dataset, report = small_exports.run(*export)
    assert all(len(str(gap)) < 1000 for gap in report.gaps)
    rows = [n for n, row_id in enumerate(dataset["lb_meta/id"][:]) if row_id == "good"]
    assert len(rows) == small_exports.FRAMES
    values = small_exports.cells(dataset, "car/car")
    for number, at in enumerate(rows):
        assert values[at] == [[number, 1, 5, 4]]


@settings(PATIENT, max_examples=15)
@given(
    st.dictionaries(st.sampled_from(PLACES), st.sampled_from(NUMBERS), min_size=1, max_size=3),
)
def test_numbers_anywhere_cost_only_what_they_stand_for(clip, tmp_path_factory, chosen):
    check_job(clip, tmp_path_factory.mktemp("export"), chosen)


@pytest.mark.parametrize("number", NUMBERS)
def test_each_number_at_every_place_that_a_number_has(clip, tmp_path, number):
    numeric = [path for path in PLACES if isinstance(value_at(path), int | float)]
    assert len(numeric) > 20
    check_job(clip, tmp_path, dict.fromkeys(numeric, number))


def value_at(path):
    value = ROW
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("number", [math.nan, math.inf, 10**400, 0, -3, "5", True])
def test_media_attributes_that_are_no_numbers_are_findings(clip, number):
    with Transport() as transport:
        info, scan, _ = inspect_video(clip, transport=transport)
    media = dict.fromkeys(("width", "height", "frame_rate", "frame_count"), number)
    found = [finding.what for finding in check_video(info, scan, media)]
    assert sum(what.startswith("Labelbox gives ") for what in found) == 4


def load(tmp_path, text):
    path = tmp_path / "export.json"
    path.write_text(text)
    return ProjectExport.load(path)


def test_a_skipped_label_may_be_of_any_kind(tmp_path):
    row = small_exports.data_row("a", "clip.mp4", {"label_kind": "Default"})
    assert len(load(tmp_path, json.dumps(row))) == 1  # its attributes say that it is a video
    del row["media_attributes"]
    with pytest.raises(MediaTypeError):
        load(tmp_path, json.dumps(row))
    row["projects"]["p"]["labels"][0]["performance_details"] = {"skipped": True}
    assert len(load(tmp_path, json.dumps(row))) == 1


@pytest.mark.parametrize("end", ["", "\n" + json.dumps(ROW, indent=2)])
def test_an_object_over_several_lines_is_told_as_such(tmp_path, end):
    with pytest.raises(ExportFormatError, match=r"spans several lines.* `jq -c \. export"):
        load(tmp_path, json.dumps(ROW, indent=2) + end)


V1 = {"ID": "a", "DataRow ID": "b", "Labeled Data": "https://x.test/a.mp4?Sig=s", "Label": {}}


@pytest.mark.parametrize(
    "text",
    [json.dumps(V1), json.dumps([V1]), json.dumps([V1], indent=2), json.dumps(V1, indent=2)],
)
def test_an_export_v1_is_told_as_such(tmp_path, text):
    with pytest.raises(
        ExportFormatError, match=r"export v1 of Labelbox.* export the project again"
    ):
        load(tmp_path, text)
    with pytest.raises(DeepLakeLabelboxError, match="a frame of a label of an export v1"):
        load(tmp_path, '{"frameNumber": 1, "objects": []}\n')
