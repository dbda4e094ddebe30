"""A name in the mapping that the source does not have is an error, whatever the source is."""

import json

import pytest

from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError

CAR = {"data_row": "one.mp4", "track": 1, "frame": 1, "class": "car", "box": [1, 2, 3, 4]}
YOUTUBE_VIS = {
    "videos": [{"id": 1, "name": "one", "width": 64, "height": 48, "file_names": ["0.jpg"]}],
    "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "bus"}],
    "annotations": [{"id": 1, "video_id": 1, "category_id": 1, "bboxes": [[1, 2, 3, 4]]}],
}
CVAT = """<annotations><meta><task><id>5</id><source>one.mp4</source>
<labels><label><name>bus</name></label></labels></task></meta>
<track id="0" label="car"><box frame="0" outside="0" xtl="1" ytl="2" xbr="3" ybr="4"/></track>
</annotations>"""


FILES = {"one.txt": "1,1,2,3,4,5,1,1,1\n", "one.json": json.dumps(YOUTUBE_VIS), "one.xml": CVAT}


@pytest.fixture(params=FILES)
def file(request, tmp_path):
    (tmp_path / "labels.txt").write_text("car\nbus\n")
    (tmp_path / request.param).write_text(FILES[request.param])
    return tmp_path / request.param


def test_a_name_that_the_source_does_not_have(imported, file, labels_of, project):
    for source in (file, [CAR]):
        with pytest.raises(ConfigurationError, match=r"'cra', which the source does not .*'car'"):
            imported(source, mapping={"cra": "car"})
        with pytest.raises(ConfigurationError, match="'cra', which"):
            imported(source, mapping={"car": "car", "cra": ""})
    assert labels_of(project)["one.mp4"] == []


def test_a_name_that_the_source_lists_without_annotations(imported, file):
    assert len(imported(file, mapping={"bus": "car"}).accepted) == 1


def test_names_of_answers(imported):
    place = {"data_row": "one.mp4", "answers": {"where": "town"}}
    assert len(imported([place], mapping={"where": "place"}).accepted) == 1
    with pytest.raises(ConfigurationError, match="'wher', which"):
        imported([place], mapping={"wher": "place"})


def test_a_mapping_that_leaves_out_all(imported, tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(YOUTUBE_VIS))
    with pytest.raises(AnnotationSourceError, match="`mapping` leaves out all annotations"):
        imported(tmp_path / "one.json", mapping={"car": ""})


def test_left_out_names_are_not_refused(imported, tmp_path):
    (video,) = YOUTUBE_VIS["videos"]
    content = {
        **YOUTUBE_VIS,
        "videos": [{**video, "width": 32}, {**video, "id": 2, "name": "nowhere"}],
        "annotations": [
            {
                "id": f"{number}-{kind}",
                "video_id": number,
                "category_id": kind,
                "bboxes": [[1, 2, 3, 4]],
            }
            for number in (1, 2)
            for kind in (1, 2)
        ],
    }
    (tmp_path / "one.json").write_text(json.dumps(content))
    result = imported(tmp_path / "one.json", mapping={"car": "auto", "bus": ""})
    refused = [(each.data_row, each.name) for each in result.refused]
    assert refused == [("one.mp4", "auto"), ("nowhere", "auto")]
