import base64
import io
from functools import cache
from itertools import pairwise

import av
import numpy as np
import pytest
from PIL import Image

from deeplake_labelbox.sandbox.sample import sample_ontology, sample_videos
from deeplake_labelbox.sandbox.sample.tracks import BoxShape, LineShape, PointShape

VIDEOS = {video.name: video for video in sample_videos()}
LABELED = [name for name, video in VIDEOS.items() if video.labeled]


@cache
def decoded(name):
    with av.open(io.BytesIO(VIDEOS[name].encode())) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", VIDEOS)
def test_files_match_their_declaration(name):
    video = VIDEOS[name]
    with av.open(io.BytesIO(video.encode())) as container:
        assert container.streams.video[0].average_rate == video.frame_rate

    assert {frame.shape for frame in decoded(name)} == {(video.height, video.width, 3)}
    assert len(decoded(name)) == video.frame_count


def test_sizes_and_rates_differ():
    assert len({(video.width, video.height) for video in VIDEOS.values()}) == len(VIDEOS)
    assert len({video.frame_rate for video in VIDEOS.values()}) == len(VIDEOS)


@pytest.mark.parametrize("name", LABELED)
def test_h264_files_are_coded_in_another_order_than_shown(name):
    with av.open(io.BytesIO(VIDEOS[name].encode())) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        times = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
    with av.open(io.BytesIO(VIDEOS[name].encode())) as container:
        types = {av.video.frame.PictureType(f.pict_type) for f in container.decode(video=0)}

    assert times != sorted(times)
    assert av.video.frame.PictureType.B in types


@pytest.mark.parametrize("name", VIDEOS)
def test_files_look_like_the_drawn_pictures(name):
    for shown, drawn in zip(decoded(name), VIDEOS[name].pictures(), strict=True):
        assert np.abs(shown.astype(int) - drawn).mean() < 4


@pytest.mark.parametrize("name", LABELED)
def test_a_box_has_its_object_in_the_middle(name):
    boxes = 0
    for frame, picture in enumerate(decoded(name), start=1):
        for track in VIDEOS[name].tracks:
            shape = track.shape_at(frame)
            if not isinstance(shape, BoxShape):
                continue
            boxes += 1
            x, y = (int(number) for number in shape.center)
            patch = picture[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3)
            off = np.abs(np.median(patch, axis=0) - track.paint).max()
            assert off < 40, f"{track.tool} {track.paint} on frame {frame}: {np.median(patch, 0)}"
    assert boxes > VIDEOS[name].frame_count


@pytest.mark.parametrize("name", LABELED)
def test_an_object_disappears_from_the_picture_with_its_box(name):
    """The picture shows the object only inside its box."""
    for frame, picture in enumerate(decoded(name), start=1):
        cars = [t for t in VIDEOS[name].tracks if isinstance(t.shape_at(frame), BoxShape)]
        for track in cars:
            box = track.shape_at(frame)
            y = int(box.center[1])
            others = [c.shape_at(frame) for c in cars if c is not track]
            for x in (int(box.left) - 6, int(box.right) + 6):
                inside = any(o.left - 8 <= x <= o.right + 8 for o in others)
                if inside or not 0 <= x < VIDEOS[name].width:
                    continue
                assert np.abs(picture[y, x].astype(int) - track.paint).max() > 20


@pytest.mark.parametrize("name", LABELED)
def test_a_lamp_shines_at_its_point(name):
    for frame, picture in enumerate(decoded(name), start=1):
        for track in VIDEOS[name].tracks:
            shape = track.shape_at(frame)
            if isinstance(shape, PointShape):
                assert picture[int(shape.y), int(shape.x)].max() > 180, (track, frame)


@pytest.mark.parametrize("name", LABELED)
def test_composite_masks_show_every_instance_where_the_track_has_it(name):
    video = VIDEOS[name]
    instances = [track for track in video.tracks if track.mask_color]
    lines = [line for line in video.annotations if "masks" in line]
    assert len(lines) == (1 if instances else 0)
    for entry in (entry for line in lines for entry in line["masks"]["frames"]):
        png = Image.open(io.BytesIO(base64.b64decode(entry["imBytes"])))
        picture = np.asarray(png.convert("RGB"))
        assert picture.shape == (video.height, video.width, 3)
        covered = np.zeros(picture.shape[:2], int)
        for track in instances:
            mask = video.mask_at(track, entry["index"])
            covered += mask
            assert mask.any() == (track.segment_at(entry["index"]) is not None)
            assert np.array_equal((picture == track.mask_color).all(axis=-1), mask)
        assert covered.max() == 1


def test_a_mask_covers_the_boat_in_the_picture():
    video = VIDEOS["harbor.mp4"]
    boat = next(track for track in video.tracks if track.paint == (228, 84, 58))
    with_boat, without_boat = decoded(video.name)[35], decoded(video.name)[25]
    mask = video.mask_at(boat, 36)

    change = np.abs(with_boat.astype(int) - without_boat).max(axis=-1)
    assert np.median(change[mask]) > 60
    assert mask.sum() > 200


def test_the_sample_has_every_kind_of_annotation():
    tools = {tool["name"]: tool["tool"] for tool in sample_ontology()["tools"]}
    used = {track.tool for video in VIDEOS.values() for track in video.tracks}
    answered = {
        line["name"] for video in VIDEOS.values() for line in video.annotations if "answer" in line
    }

    assert used == set(tools)
    assert set(tools.values()) == {"rectangle", "raster-segmentation", "point", "line"}
    assert answered == {entry["name"] for entry in sample_ontology()["classifications"]}
    assert {VIDEOS[name].mask_format for name in LABELED} == {"composite", "single"}
    assert any(video.private for video in VIDEOS.values())
    assert VIDEOS["quay.webm"].annotations == []


def test_the_sample_has_the_hard_cases():
    tracks = [track for video in VIDEOS.values() for track in video.tracks]
    segments = [segment for track in tracks for segment in track.segments]
    pairs = [pair for segment in segments for pair in pairwise(segment.key_frames)]
    numbers = [
        number
        for segment in segments
        for key in segment.key_frames
        if isinstance(key.shape, BoxShape | PointShape | LineShape)
        for number in key.shape.coordinates()
    ]

    for tool in ("car", "person", "boat", "lamp", "lane"):
        assert any(len(t.segments) > 1 for t in tracks if t.tool == tool), tool
        assert any(
            s.end > s.key_frames[-1].frame for t in tracks if t.tool == tool for s in t.segments
        ), tool
    assert any(a.answers != b.answers for a, b in pairs)
    assert any(
        len(a.shape.vertices) != len(b.shape.vertices)
        for a, b in pairs
        if isinstance(a.shape, LineShape)
    )
    assert any(number % 1 for number in numbers)
    assert any(
        sum(t.tool == "car" and t.segment_at(frame) is not None for t in video.tracks) > 1
        for video in VIDEOS.values()
        for frame in range(1, video.frame_count + 1)
    )


@pytest.mark.parametrize("name", LABELED)
def test_labels_stay_within_their_video(name):
    video = VIDEOS[name]
    for track in video.tracks:
        for (_, end), (start, _) in pairwise(track.ranges()):
            assert end < start
        for segment in track.segments:
            keys = [key.frame for key in segment.key_frames]
            assert keys == sorted(set(keys))
            assert 1 <= segment.start <= keys[-1] <= segment.end <= video.frame_count
        for frame in range(1, video.frame_count + 1):
            shape = track.shape_at(frame)
            if isinstance(shape, BoxShape):
                assert shape.left >= 0 <= shape.top
                assert shape.right <= video.width + 0.001
                assert shape.bottom <= video.height
    for given in video.frame_answers:
        for start, end in given.frames:
            assert 1 <= start <= end <= video.frame_count


def test_shapes_move_linearly_and_hold_after_the_last_key_frame():
    video = VIDEOS["crossing.mp4"]
    yellow = next(track for track in video.tracks if track.paint == (246, 196, 48))
    walker = next(track for track in video.tracks if track.paint == (42, 170, 118))

    assert yellow.shape_at(7) == BoxShape(48.0, 134.0, 56.5, 26.0)
    assert yellow.shape_at(2) == BoxShape(88.0, 134.0, 56.5, 26.0)
    assert yellow.shape_at(19) is None
    assert walker.shape_at(20) == BoxShape(162.477, 160.227, 16.0, 39.636)
    assert walker.shape_at(48) == walker.shape_at(36)


def test_pictures_are_the_same_each_time():
    video = VIDEOS["quay.webm"]
    assert all(map(np.array_equal, video.pictures(), video.pictures()))
