"""`deeplake.integrations` and this package on the same project, where the former is right.

That is: one box a frame with whole coordinates, single masks of one class in a group, a radio with
a value on every frame, and ``lb_meta``. What differs there on purpose is named below.
"""

import base64
import io
from uuid import uuid4

import labelbox
import numpy as np
import pytest
from deeplake.integrations import labelbox as integrations
from PIL import Image
from sample_oracle import contents
from video_files import write_video

import deeplake_labelbox

SIZE = 48, 32
FRAMES = (12, 9)
ONTOLOGY = {
    "tools": [
        {"tool": "rectangle", "name": "car"},
        {"tool": "raster-segmentation", "name": "road"},
    ],
    "classifications": [
        {
            "type": "radio",
            "name": "weather",
            "scope": "index",
            "options": [{"value": "sun"}, {"value": "rain"}],
        }
    ],
}
GROUPS = {"raster-segmentation": "mask"}
# Columns that only this package writes.
NEW = {
    "timestamp",
    "car_track_ids",
    "car_key_frames",
    "mask_track_ids",
    "mask_key_frames",
    "lb_meta/label_id",
}
# Columns whose values differ, and how they are compared instead.
DIFFERENT = {"car", "lb_meta/frame_rate", "lb_meta/row_data"}


def mask_of(frame):
    pixels = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
    pixels[frame : frame + 8, 2 * frame : 2 * frame + 9] = 200, 10, 30
    return pixels


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def label(frames):
    key_frames = [
        {"frame": n, "bbox": {"left": 2 + 3 * n, "top": 20 - n, "width": 10, "height": 5 + n}}
        for n in (1, 5, frames)
    ]
    odd, even = ([{"start": n, "end": n} for n in range(first, frames + 1, 2)] for first in (1, 2))
    return [
        {"name": "car", "segments": [{"keyframes": key_frames}]},
        {
            "masks": {
                "frames": [{"index": n, "imBytes": png(mask_of(n))} for n in range(1, frames + 1)],
                "instances": [{"name": "road", "colorRGB": [200, 10, 30]}],
            }
        },
        {
            "name": "weather",
            "answer": [{"name": "sun", "frames": odd}, {"name": "rain", "frames": even}],
        },
    ]


@pytest.fixture(scope="module")
def project(box, tmp_path_factory):
    project = box.add_project("Both", ONTOLOGY)
    for index, frames in enumerate(FRAMES):
        path = tmp_path_factory.mktemp("both") / f"clip-{index}.mp4"
        write_video(path, frames=frames, size=SIZE)
        row = project.add_video(path, external_id=path.name, global_key=f"{index} of {project.id}")
        row.add_label(label(frames), mask_format="single")
    return project


def run(package, path, project, api_key):
    dataset, project_json = package.create_dataset_from_video_annotation_project(
        path, project.id, api_key
    )
    dataset.commit()
    converter = package.converter_for_video_project_with_id(
        project.id, lambda _: dataset, api_key, group_mapping=GROUPS, project_json=project_json
    )
    annotated = converter.dataset_with_applied_annotations()
    annotated.commit()
    return annotated


@pytest.fixture(scope="module")
def both(box, client, project):
    with pytest.MonkeyPatch.context() as patch:
        # Both make a client of their own from the key; theirs must find the sandbox.
        patch.setattr(labelbox, "Client", lambda **_: client)
        theirs = run(integrations, f"mem://theirs-{uuid4()}", project, box.api_key)
        ours = run(deeplake_labelbox, f"mem://ours-{uuid4()}", project, box.api_key)
    return theirs, ours


def columns(dataset):
    return {column.name for column in dataset.schema.columns}


def test_rows_and_columns_are_the_same(both):
    theirs, ours = both
    assert len(theirs) == len(ours) == sum(FRAMES)
    assert columns(ours) - columns(theirs) == NEW
    assert columns(theirs) - columns(ours) == set()


def test_values_are_the_same(both):
    theirs, ours = both
    expected, found = contents(theirs), contents(ours)
    for name in expected.keys() - DIFFERENT:
        assert found[name] == expected[name], name


def test_boxes_are_the_same_but_for_their_type(both):
    theirs, ours = both
    assert theirs["car"][0].dtype == np.int32
    assert ours["car"][0].dtype == np.float32
    for row in range(len(ours)):
        assert np.array_equal(theirs["car"][row], ours["car"][row])


def test_masks_are_the_same(both):
    theirs, ours = both
    for row in range(len(ours)):
        assert ours["mask"][row].any()
        assert np.array_equal(theirs["mask"][row], ours["mask"][row])
    names = [list(dataset["mask_labels"].metadata["class_names"]) for dataset in both]
    assert names == [["road"], ["road"]]
    names = [list(dataset["weather"].metadata["class_names"]) for dataset in both]
    assert names == [["sun", "rain"], ["sun", "rain"]]


def test_row_metadata_keeps_fractions_and_no_signatures(both):
    theirs, ours = both
    for row in range(len(ours)):
        assert int(ours["lb_meta/frame_rate"][row]) == theirs["lb_meta/frame_rate"][row]
        signed = theirs["lb_meta/row_data"][row]
        assert "Signature=" in signed
        assert ours["lb_meta/row_data"][row] == signed.partition("?")[0]


def test_the_project_is_named_in_the_same_way(both):
    theirs, ours = (dict(dataset.metadata["labelbox_meta"]) for dataset in both)
    assert theirs == {key: ours[key] for key in theirs}
