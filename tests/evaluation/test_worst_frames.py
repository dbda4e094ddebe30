"""The frames with the most errors: listed, drawn, and sent back to Labelbox."""

from dataclasses import replace

import pytest
from judged_objects import ONTOLOGY, changed, drawn, found, rates
from PIL import Image
from video_files import write_video

from deeplake_labelbox import (
    Box,
    create_dataset,
    evaluate,
    send_back,
)
from deeplake_labelbox.errors import ConfigurationError


def test_videos_of_worst_frames_are_sent_back(box, client, tmp_path):
    """As a batch to another project; to rework in their own, where their labels stay."""
    project = box.add_project("Back", ONTOLOGY)
    video = write_video(tmp_path / "clip.mp4", frames=4).read_bytes()
    rows = [project.add_video(video, external_id=f"{name}.mp4") for name in ("one", "two")]
    for row in rows:
        row.add_label(drawn())
    path = tmp_path / "clips"
    create_dataset(path, project.id, lb_client=client, progress=False)
    missed = changed(lambda each: each.frame in (2, 3), lambda _: None)
    predictions = [*found(video="two.mp4"), *missed]
    result = evaluate(predictions, path, progress=False)
    assert [each.frame for each in result.worst_frames] == [2, 3]

    other = box.add_project("Second look", ONTOLOGY)
    sent = send_back(result, other.id, lb_client=client)
    assert (sent.sent, sent.reworked, sent.waiting) == ((rows[0].id,), (), ())
    assert [row.id for row in other.data_rows] == [rows[0].id]
    assert other.data_rows[0].batch_id in sent.batch_ids
    assert str(sent) == f"Project {other.id}: 1 data row sent as a batch"
    again = send_back(result, other.id, lb_client=client)
    assert (again.sent, again.reworked, again.waiting) == ((), (), (rows[0].id,))
    assert again.batch_ids == ()

    sent = send_back(result, project.id, lb_client=client)
    assert (sent.sent, sent.reworked, sent.waiting) == ((), (rows[0].id,), ())
    assert [row.workflow_status == "IN_REWORK" for row in rows] == [True, False]
    assert len(rows[0].labels) == 1
    perfect = evaluate(path, path, progress=False)
    with pytest.raises(ConfigurationError, match="no worst frames"):
        send_back(perfect, project.id, lb_client=client)


def test_missed_objects_and_worst_frames(dataset):
    gone = changed(
        lambda each: (each.track == "P" and each.frame in (2, 3)) or each.frame == 3,
        lambda _: None,
    )
    result = evaluate(gone, dataset, progress=False)
    person = result.classes[1]
    assert rates(person) == (
        pytest.approx(51 / 101, abs=1e-6),
        pytest.approx(51 / 101, abs=1e-6),
        0.5,
        pytest.approx(2 * 2 / (4 + 2), abs=1e-6),
    )
    assert [(f.video, f.frame, f.missed) for f in result.worst_frames] == [
        ("one.mp4", 3, ("car", "car", "person")),
        ("one.mp4", 2, ("person",)),
    ]
    assert str(result.worst_frames[0]) == "one.mp4, frame 3: missed 2 car, person"
    for shown in (str(result), result._repr_html_()):
        assert "0.505" in shown
        assert "2 car, person" in shown
    assert (
        evaluate(gone, dataset, worst_frames=1, progress=False).worst_frames
        == (result.worst_frames[:1])
    )


def test_worst_frames_are_drawn(dataset, tmp_path):
    """A gray box around what is right, a red one around what is missed, an orange false one."""
    moved = changed(
        lambda each: each.track == "B" and each.frame == 3,
        lambda each: replace(each, geometry=Box(60, 38, 20, 20), score=0.5),
    )
    result = evaluate(moved, dataset, progress=False)
    (path,) = result.draw(dataset, tmp_path / "worst")
    assert path == tmp_path / "worst" / "1_one.mp4_frame_3.png"
    (frame,) = result.worst_frames
    assert [(each.state, each.box[:2]) for each in frame.objects] == [
        ("right", (10, 10)),
        ("missed", (60, 10)),
        ("right", (10, 40)),
    ]
    assert [(each.state, each.box[:2], each.score) for each in frame.predictions] == [
        ("right", (10, 10), 1.0),
        ("false", (60, 38), 0.5),
        ("right", (10, 40), 1.0),
    ]
    with Image.open(path) as picture:
        factor = (picture.width - 48) // (2 * 96)
        top = picture.height - 16 - 64 * factor
        edges = {
            (name, y): picture.getpixel((left + 70 * factor, top + y * factor))
            for name, left in (("labels", 16), ("predictions", 32 + 96 * factor))
            for y in (30, 38)
        }
    red, green, blue = edges["labels", 30]
    assert red > 2 * max(green, blue)
    assert edges["labels", 30] != edges["predictions", 30]
    red, green, blue = edges["predictions", 38]
    assert red > green > 2 * blue
    with pytest.raises(ConfigurationError, match="worst is a folder with files"):
        result.draw(dataset, tmp_path / "worst")
